/** One look at a running host, and its form as JSON for server-sent events and `watch --json`. */

import type { BitSet } from '../base/bit-set.ts';
import { formatCpuList } from '../base/cpu-list.ts';
import type { HostSnapshot, MemoryPressure } from '../snapshot/host-snapshot.ts';
import { type InterruptKind, interruptKinds } from '../snapshot/interrupts.ts';
import type { HostJson, InterruptsJson, SampleJson } from '../snapshot/live-json.ts';
import type { DrainCounts } from './drain-counter.ts';

/** Arrays and sets are those of the sampler: read them before its next sample. */
export interface HostSample {
  /** 1, 2, …. */
  readonly number: number;
  /** Since the sampler was opened, by the monotonic clock, when the first byte of the sample was read. */
  readonly timeMs: number;
  /** Since the sample before; 0: there is none. */
  readonly sinceMs: number;
  /** From the first byte read to the last: figures of one sample are at most that far apart. */
  readonly readMs: number;
  /** What is the same in many samples: CPUs, zones, kernel. Another object when CPUs or zones have changed. */
  readonly host: HostSnapshot;
  /** CPUs that zoneinfo lists now. */
  readonly online: BitSet;
  /** Pages by list (`cpu * zones + zone`, zones of `host.machine`); -1: no such list now. */
  readonly pages: Int32Array;
  /** The same, all zones of a CPU together; -1: not online. */
  readonly pagesByCpu: Int32Array;
  readonly cpus: SampledCpus;
  /** By zone of `host.machine`; -1: not printed. */
  readonly zones: SampledZones;
  /** Newest reading (they are rarer than samples); null: not read, not readable, or only one reading so far. */
  readonly interrupts: SampledInterrupts | null;
  readonly load: SampledLoad;
  /** null: not traced. */
  readonly drains: DrainCounts | null;
}

/** CPUs without a page on any list, of those online; `isolated` CPUs (nohz_full ones included) apart from the others. */
export interface SampledCpus {
  online: number;
  empty: number;
  isolatedOnline: number;
  isolatedEmpty: number;
  parkedPages: number;
}

export interface SampledZones {
  readonly freePages: Float64Array;
  readonly minPages: Float64Array;
  readonly lowPages: Float64Array;
  readonly highPages: Float64Array;
}

export interface SampledInterrupts {
  /** When it was read, and since when it counts. */
  readonly timeMs: number;
  readonly sinceMs: number;
  /** CPU of each column. */
  readonly cpus: readonly number[];
  /** Interrupts since the reading before, by kind and column (`kind * columns + column`). */
  readonly counts: Float64Array;
  /** Counters that went backwards since the reading before (a CPU came back): nothing is counted for them. */
  readonly backwards: number;
}

export interface SampledLoad {
  /** Over a minute; null: not readable, as below. */
  loadAverage: number | null;
  /** Tasks that run or wait for a CPU, drainlab's own included. */
  runningTasks: number | null;
  /** Direct reclaims since the sample before. */
  allocationStalls: number | null;
  pressure: MemoryPressure | null;
}

const hostSchema = 'drainlab.host/1';
const sampleSchema = 'drainlab.sample/1';

/** What is sent first, and again whenever `sample.host` is another object. */
export function hostJson({ name, kernel, cpus, machine }: HostSnapshot): HostJson {
  return {
    schema: hostSchema,
    name,
    kernel,
    possible: formatCpuList(cpus.possible),
    isolated: formatCpuList(cpus.isolated),
    nohzFull: formatCpuList(cpus.nohzFull),
    nodeOfCpu: [...cpus.nodeOfCpu],
    zones: machine.zones.map(({ node, name: zone, managedPages }) => ({
      node,
      name: zone,
      managedPages: managedPages ?? null,
    })),
  };
}

/** One sample; `lists` holds the online CPUs only, in ascending order. */
export function sampleJson(sample: HostSample): SampleJson {
  const { host, online, pages, zones, cpus, load } = sample;
  const zoneCount = host.machine.zones.length;
  const cpuNumbers = [...online];
  return {
    schema: sampleSchema,
    number: sample.number,
    timeMs: thousandths(sample.timeMs),
    sinceMs: thousandths(sample.sinceMs),
    readMs: thousandths(sample.readMs),
    online: formatCpuList(cpuNumbers),
    cpus: { ...cpus },
    zones: host.machine.zones.map(({ node, name }, zone) => ({
      node,
      name,
      freePages: orNull(zones.freePages[zone]),
      minPages: orNull(zones.minPages[zone]),
      lowPages: orNull(zones.lowPages[zone]),
      highPages: orNull(zones.highPages[zone]),
      lists: cpuNumbers.map((cpu) => orNull(pages[cpu * zoneCount + zone])),
    })),
    interrupts: sample.interrupts === null ? null : interruptsJson(sample.interrupts, host.machine.isolated),
    load: {
      ...load,
      pressure: load.pressure === null ? null : { some: load.pressure.some, full: load.pressure.full },
    },
    drains: sample.drains === null ? null : { ...sample.drains },
  };
}

function interruptsJson(interrupts: SampledInterrupts, isolated: BitSet): InterruptsJson {
  const { timeMs, sinceMs, cpus, backwards } = interrupts;
  const byKind: Record<string, { all: number; isolated: number }> = {};
  for (const kind of interruptKinds) {
    byKind[kind] = {
      all: interruptsOfKind(interrupts, kind, null),
      isolated: interruptsOfKind(interrupts, kind, isolated),
    };
  }
  return {
    timeMs: thousandths(timeMs),
    sinceMs: thousandths(sinceMs),
    byKind,
    crossCpu: cpus.map((_, column) => crossCpuInterrupts(interrupts, column)),
    backwards,
  };
}

/** Interrupts of one kind since the reading before, on all CPUs or (`only`) on those of a set. */
export function interruptsOfKind(
  { counts, cpus }: SampledInterrupts,
  kind: InterruptKind,
  only: BitSet | null,
): number {
  const from = interruptKinds.indexOf(kind) * cpus.length;
  let sum = 0;
  for (let i = 0; i < cpus.length; i++) if (only === null || only.has(cpus[i])) sum += counts[from + i];
  return sum;
}

/**
 * Kinds that another CPU sends: a function call, a wake-up, irq_work. `tlb` is none of them: from 4.9 on x86 counts a TLB flush as
 * a function call too (arch/x86/mm/tlb.c), and adding both would count it twice.
 */
const sentByOthers: readonly InterruptKind[] = ['call', 'reschedule', 'irqWork', 'stop'];

export function crossCpuInterrupts({ counts, cpus }: SampledInterrupts, column: number): number {
  let sum = 0;
  for (const kind of sentByOthers) sum += counts[interruptKinds.indexOf(kind) * cpus.length + column];
  return sum;
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function orNull(value: number): number | null {
  return value < 0 ? null : value;
}

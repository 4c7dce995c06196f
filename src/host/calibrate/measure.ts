/** Measures a host: which CPUs, in which order, and what of it counts. */

import { readFileSync } from 'node:fs';
import { hostname, loadavg, release } from 'node:os';
import { formatCpuList, parseCpuList } from '../../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { kernelAtLeast } from '../../engine/machine/kernel-rules.ts';
import { decimal, percent, plural } from '../../engine/report/numbers.ts';
import { BusyCpu } from './busy-cpu.ts';
import {
  type Calibration,
  calibrationSchema,
  countedMin,
  type LineCosts,
  type RoundTrip,
} from './calibration.ts';
import { callInterrupts } from './call-interrupts.ts';
import { costsFrom } from './costs-from.ts';
import { declaredIdleStates } from './idle-exit.ts';
import { lineStride, linesBytes, measureLines } from './line-costs.ts';
import { measureRoundTrip } from './round-trip.ts';
import { type SystemCalls, systemCalls } from './system-calls.ts';

export interface CalibrateOptions {
  /** CPUs to use, the first one asks; undefined: every online CPU that is not isolated. */
  readonly cpus?: readonly number[];
  /** For all round trips together. */
  readonly seconds: number;
  readonly onProgress?: (text: string) => void;
}

/** Share of these CPUs' time that a hypervisor may take away before the figures say little. */
const stealPercentMax = 2;
/** Load of others for each CPU, before it began, that is said to disturb. */
const loadPerCpuMax = 0.2;
/** Nine tenths of the batches against the middle: more is said to be unsteady. */
const unsteady = 2;
/** Fewer interrupts for each call and CPU than this: these CPUs did not run our threads most of the time. */
const mostArrive = 0.9;

export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const cpus = options.cpus ?? usableCpus();
  const calls = await systemCalls();
  calls.registerBarrier();
  const [cpu, ...targets] = cpus;
  calls.bindTo(cpu);
  const warnings: string[] = [];
  const load = loadavg()[0];
  if (load > loadPerCpuMax * cpus.length)
    warnings.push(
      `others kept this host busy before it began (load ${load.toFixed(2)} on ${cpus.length} CPUs)`,
    );
  const stealBefore = stealOf(cpus);
  const roundTrips = await roundTripsOf(calls, cpu, targets, options, warnings);
  const lines = await linesOf(cpu, targets, options, warnings);
  const stealPercent = percentStolen(stealBefore, stealOf(cpus));
  if (stealPercent !== null && stealPercent > stealPercentMax)
    warnings.push(`the hypervisor took ${stealPercent.toFixed(1)} % of the time of these CPUs away`);
  const processor = processorText();
  const virtual = /^flags\s*:.*\bhypervisor\b/m.test(processor);
  if (virtual)
    warnings.push(
      'a virtual machine: its host can take a CPU away at any time, and every interrupt passes through it',
    );
  const idleStates = declaredIdleStates(cpu);
  if (idleStates.length === 0) warnings.push('the kernel shows no idle states with an exit latency');
  return {
    schema: calibrationSchema,
    host: {
      name: hostname(),
      kernel: release(),
      processor:
        /^(?:model name|Processor|CPU part)\s*:\s*(.*)$/m.exec(processor)?.[1].trim() ?? process.arch,
      virtual,
      cpu,
      targets: formatCpuList(targets),
      stealPercent,
    },
    warnings,
    roundTrips,
    lines,
    idleStates,
    costs: costsFrom(roundTrips, lines, virtual, kernelAtLeast(release(), '5.16')),
  };
}

/** CPUs that this process may use and that nobody wants to have quiet. */
function usableCpus(): number[] {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const quiet = new Set([...sysfsList('isolated'), ...sysfsList('nohz_full')]);
  const online = new Set(sysfsList('online'));
  return parseCpuList(allowed, '/proc/self/status').filter((cpu) => online.has(cpu) && !quiet.has(cpu));
}

function sysfsList(name: string): number[] {
  const path = `/sys/devices/system/cpu/${name}`;
  try {
    return parseCpuList(readFileSync(path, 'utf8'), path);
  } catch (error) {
    // Kernels without nohz_full have no such file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** 0, 1, 2, 4, … targets, and all of them. */
async function roundTripsOf(
  calls: SystemCalls,
  cpu: number,
  targets: readonly number[],
  options: CalibrateOptions,
  warnings: string[],
): Promise<RoundTrip[]> {
  const interrupts = interruptCounter(cpu, targets, warnings);
  if (interrupts === null) return [];
  const steps = stepsTo(targets.length);
  const trips: RoundTrip[] = [];
  const busy: BusyCpu[] = [];
  try {
    for (const count of steps) {
      while (busy.length < count) busy.push(await BusyCpu.start(targets[busy.length]));
      options.onProgress?.(`round trip to ${count} of ${targets.length} CPUs`);
      const trip = measureRoundTrip(calls, {
        targets: targets.slice(0, count),
        cpu,
        milliseconds: (options.seconds * 1000) / steps.length,
        interrupts,
        nowNs,
      });
      trips.push(trip);
      warnings.push(...remarks(trip));
    }
  } finally {
    await Promise.all(busy.map((thread) => thread.stop()));
  }
  return trips;
}

function remarks(trip: RoundTrip): string[] {
  const name =
    trip.targets === 0 ? 'calls that interrupt nobody' : `round trips to ${plural(trip.targets, 'CPU')}`;
  if (trip.callNs === null)
    return [
      `${name}: only ${trip.counted} of ${trip.batches} batches were confirmed by /proc/interrupts (${countedMin} are needed), so none counts`,
    ];
  const notes: string[] = [];
  if (trip.targets > 0 && trip.arrivedPerCall < mostArrive)
    notes.push(
      `${name}: ${percent(100 * trip.arrivedPerCall, 0)} of the interrupts were needed, since others ran on these CPUs; batches of that kind do not count`,
    );
  const { median, high } = trip.callNs;
  if (high > unsteady * median)
    notes.push(
      `${name}: unsteady, a tenth of the batches took more than ${decimal(high / median, 1)} times the middle`,
    );
  return notes;
}

function interruptCounter(
  cpu: number,
  targets: readonly number[],
  warnings: string[],
): (() => Float64Array) | null {
  if (targets.length === 0) {
    warnings.push('there is only one CPU to use: nobody can be interrupted');
    return null;
  }
  const cpuCount = Math.max(cpu, ...targets) + 1;
  const rowMissing = '/proc/interrupts has no row of call interrupts: nothing can be confirmed';
  if (callInterrupts(cpuCount) === null) {
    warnings.push(rowMissing);
    return null;
  }
  return () => {
    const counts = callInterrupts(cpuCount);
    if (counts === null)
      throw new DrainlabError(rowMissing, { code: 'E_CALIBRATE', exitCode: ExitCode.outside });
    return counts;
  };
}

/** 5 → 0, 1, 2, 4, 5. */
export function stepsTo(targets: number): number[] {
  const steps = [0];
  for (let count = 1; count < targets; count *= 2) steps.push(count);
  return [...steps, targets];
}

async function linesOf(
  cpu: number,
  targets: readonly number[],
  options: CalibrateOptions,
  warnings: string[],
): Promise<LineCosts | null> {
  // CPUs of other nodes mostly have the largest numbers.
  const farthest = targets.at(-1);
  if (farthest === undefined) return null;
  options.onProgress?.(`reading lines that CPU ${farthest} writes, on CPU ${cpu}`);
  const lines = new SharedArrayBuffer(linesBytes);
  const writer = await BusyCpu.start(farthest, lines, lineStride);
  try {
    const costs = measureLines(writer.control, farthest, lines, nowNs);
    if (!costs.counts)
      warnings.push(
        `lines written by CPU ${farthest} are read on CPU ${cpu} nearly as fast as its own: the two share a cache (threads of one core), which CPUs of a large machine do not; not counted`,
      );
    if (costs.remoteNs.high > unsteady * costs.remoteNs.median)
      warnings.push('reading lines of another CPU: unsteady, see low and high');
    return costs;
  } finally {
    await writer.stop();
  }
}

/** Time in all and stolen time of some CPUs, in ticks (/proc/stat); null: no such columns. */
function stealOf(cpus: readonly number[]): { total: number; stolen: number } | null {
  const text = readFileSync('/proc/stat', 'utf8');
  let total = 0;
  let stolen = 0;
  for (const cpu of cpus) {
    const ticks = new RegExp(`^cpu${cpu} (.*)$`, 'm').exec(text)?.[1].trim().split(/ +/).map(Number) ?? [];
    if (ticks.length < 8) return null;
    // Guest time is part of user time already.
    total += ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
    stolen += ticks[7];
  }
  return { total, stolen };
}

function percentStolen(before: ReturnType<typeof stealOf>, after: ReturnType<typeof stealOf>): number | null {
  if (before === null || after === null || after.total <= before.total) return null;
  return (100 * (after.stolen - before.stolen)) / (after.total - before.total);
}

function processorText(): string {
  return readFileSync('/proc/cpuinfo', 'utf8').split('\n\n', 1)[0];
}

function nowNs(): number {
  return performance.now() * 1e6;
}

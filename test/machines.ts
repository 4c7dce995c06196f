/** Small machines for tests of the simulator: every value is there, and what a test does not name is at rest. */

import { BitSet } from '../src/base/bit-set.ts';
import { makeDrainColumns } from '../src/engine/accounting/drain-columns.ts';
import type { DrainColumns } from '../src/engine/accounting/run.ts';
import type { DrainRequest } from '../src/engine/input/drain-request.ts';
import { Kind } from '../src/engine/input/event-log.ts';
import type { DrainStep, RunObserver } from '../src/engine/input/run-observer.ts';
import type {
  CallSpec,
  FaultSpec,
  KernelSpec,
  MachineSpec,
  RunSpec,
  Scenario,
  TaskSpec,
} from '../src/engine/input/scenario.ts';
import { costsWith } from '../src/engine/machine/costs.ts';
import { faultDefaults } from '../src/engine/machine/fault-injection.ts';
import type { Memory } from '../src/engine/machine/memory.ts';
import type { Policy } from '../src/engine/policy/policy.ts';
import { Simulation } from '../src/engine/simulation.ts';

export interface MachineByHand {
  cpus?: number;
  isolated?: readonly number[];
  offline?: readonly number[];
  version?: string;
  /** Pages of the one zone, from pfn 512 on; or `zones`. 65,536 pages: batch 15, and high 90 up to 5.13. */
  pages?: number;
  machine?: Partial<MachineSpec>;
  kernel?: Partial<KernelSpec>;
  tasks?: readonly (Partial<TaskSpec> & Pick<TaskSpec, 'kind'>)[];
  calls?: readonly (Partial<CallSpec> & Pick<CallSpec, 'cause'>)[];
  failslab?: Partial<FaultSpec>;
  failPageAlloc?: Partial<FaultSpec>;
  costs?: Record<string, number>;
  run?: Partial<RunSpec>;
}

/** Three CPUs that poll when idle, one zone, kernel 5.10, SLUB, nothing to do for one second. */
export function scenarioWith(by: MachineByHand = {}): Scenario {
  const { cpus = 3, version = '5.10', pages = 65_536 } = by;
  const online = BitSet.full(cpus);
  for (const cpu of by.offline ?? []) online.delete(cpu);
  return {
    name: 'by-hand',
    title: 'sums by hand',
    about: '',
    thread: '',
    machine: {
      cpus,
      online,
      isolated: BitSet.of(cpus, by.isolated ?? []),
      nodes: 1,
      nodeOfCpu: new Int32Array(cpus),
      zones: [{ name: 'Normal', node: 0, startPfn: 512, pages }],
      idle: 'none',
      interruptMode: 'x2apic-cluster',
      host: null,
      usedPages: 0,
      cachePages: 0,
      ...by.machine,
    },
    kernel: {
      version,
      nrCpus: 64,
      offstack: false,
      slab: 'slub',
      batchScaleMax: 5,
      minFreeKbytes: -1,
      watermarkScaleFactor: 10,
      pagelistFraction: 0,
      thp: false,
      maskBytes: -1,
      sendAllocatesMask: false,
      lastZoneDecides: false,
      ...by.kernel,
    },
    tasks: (by.tasks ?? []).map((task) => ({
      name: task.kind,
      count: 1,
      cpus: BitSet.full(cpus),
      pages: 0,
      order: 0,
      rate: 0,
      lifetimeNs: 0,
      sleepNs: 0,
      startNs: 0,
      fifo: false,
      objectBytes: 64,
      extra: {},
      ...task,
    })),
    calls: (by.calls ?? []).map((call) => ({
      cpu: 0,
      startNs: 1000,
      everyNs: 0,
      zone: -1,
      victim: -1,
      backNs: 0,
      pages: 0,
      ...call,
    })),
    faults: {
      failslab: by.failslab ? { ...faultDefaults, ...by.failslab } : null,
      failPageAlloc: by.failPageAlloc ? { ...faultDefaults, ...by.failPageAlloc } : null,
    },
    costs: costsWith(by.costs ?? {}),
    run: {
      seconds: 1,
      seed: 1,
      seeds: 1,
      policies: [],
      baseline: 'everyone',
      stepPages: 32,
      checkEvery: 1,
      maxEvents: 1e7,
      ...by.run,
    },
  };
}

export const onCpus = (cpus: number, ...members: number[]) => BitSet.of(cpus, members);

export function simulationWith(by: MachineByHand, policy: Policy, observer?: RunObserver): Simulation {
  return new Simulation(scenarioWith(by), policy, 1, observer ? { observer } : {});
}

/** Puts so many free pages on a CPU's list, straight from the free lists. */
export function park(memory: Memory, cpu: number, pages: number, zone = 0): void {
  const set = cpu * memory.zoneCount + zone;
  const before = memory.lists.count[set];
  for (let i = 0; i < pages; i++) {
    const pfn = memory.buddy.take(zone, 0, 1);
    memory.links.order[pfn] = 0;
    memory.free(cpu, pfn);
  }
  if (memory.lists.count[set] !== before + pages) throw new Error('the list gave pages back');
  memory.spentNs = 0;
}

export type DrainRow = Record<Exclude<keyof DrainColumns, 'length'>, number>;

/** The drains of a run, one object each. */
export function rowsOf({ length, ...columns }: DrainColumns): DrainRow[] {
  return Array.from({ length }, (_, row) => {
    const all = Object.entries(columns).map(([name, column]) => [name, column[row]]);
    return Object.fromEntries(all) as DrainRow;
  });
}

/** Names of a drain's columns: none is forgotten in a comparison. */
export const drainColumnNames = Object.keys(makeDrainColumns()).filter((name) => name !== 'length');

export interface SeenEvent {
  kind: string;
  timeNs: number;
  cpu: number;
  pid: number;
  pfn: number;
  a: number;
  b: number;
}

export interface SeenStep {
  drain: number;
  step: DrainStep;
  timeNs: number;
  cpu: number;
  value: number;
}

const kindNames = new Map<number, string>(Object.entries(Kind).map(([name, kind]) => [kind, name]));

/** Keeps what a run tells. */
export class Witness implements RunObserver {
  readonly requests: Array<{ cpu: number; holders: number[]; pages: number[]; concurrent: number }> = [];
  readonly steps: SeenStep[] = [];
  readonly events: SeenEvent[] = [];

  drainRequested(request: DrainRequest): void {
    const { cpu, holders, pages, concurrent } = request;
    this.requests.push({ cpu, holders: [...holders], pages: [...pages], concurrent });
  }

  drainStep(drain: number, step: DrainStep, timeNs: number, cpu: number, value: number): void {
    this.steps.push({ drain, step, timeNs, cpu, value });
  }

  event(
    kind: number,
    timeNs: number,
    cpu: number,
    pid: number,
    pfn: number,
    _: number,
    a: number,
    b: number,
  ): void {
    this.events.push({ kind: kindNames.get(kind) ?? '', timeNs, cpu, pid, pfn, a, b });
  }

  /** Kinds of the events in order, only those named. */
  kinds(...wanted: string[]): string[] {
    return this.events.map(({ kind }) => kind).filter((kind) => wanted.includes(kind));
  }

  stepsOf(drain: number): string[] {
    return this.steps.filter((step) => step.drain === drain).map(({ step }) => step);
  }
}

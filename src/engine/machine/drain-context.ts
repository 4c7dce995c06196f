/**
 * What the three carriers of a drain share: the drain in progress, the parts of the machine, what emptying one CPU's lists takes,
 * and the accounts.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import { makeDrainColumns } from '../accounting/drain-columns.ts';
import type { DrainColumns, RunCounters } from '../accounting/run.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import type { Policy } from '../policy/policy.ts';
import { DrainCosts, ZoneLocks } from './handler-cost.ts';
import type { KernelRules } from './kernel-rules.ts';
import type { MaskSupply } from './mask-supply.ts';
import type { Memory } from './memory.ts';
import type { Processors } from './processors.ts';
import { TaskState, type TaskTable } from './task-table.ts';

/** What the requester of a drain does next. */
export const Phase = {
  /** Waits for its turn (asleep at the mutex). */
  turn: 0,
  /** Spins for answers, or sleeps until all works are done. */
  answers: 1,
  /** Its own part comes next. */
  own: 2,
  /** Walks over the lists of other CPUs (remote drain). */
  walk: 3,
  /** Everything is done; the next step ends the drain. */
  over: 4,
} as const;

/** A drain in progress. */
export interface Drain {
  readonly slot: number;
  row: number;
  task: number;
  pid: number;
  cpu: CpuIndex;
  zone: number;
  forced: boolean;
  phase: number;
  readonly targets: BitSet;
  /** By CPU: when its answer was ready. */
  readonly doneNs: Float64Array;
  /** Answers that are still out. */
  pending: number;
  /** From when on handlers can take its calls. */
  queuedNs: Nanoseconds;
  /** When the requester had sent everything, or queued all works. */
  sentNs: Nanoseconds;
  mask: number;
  sendMask: number;
  back: Pages;
  /** Remote drain: CPU and zone at which the walk is. */
  walkCpu: number;
  walkZone: number;
  walkPages: Pages;
}

export interface DrainsParts {
  readonly scenario: Scenario;
  readonly rules: KernelRules;
  readonly policy: Policy;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly masks: MaskSupply;
  readonly queue: EventQueue;
  readonly counters: RunCounters;
  readonly observer: RunObserver | null;
  readonly pidOf: (task: number) => number;
}

export class DrainContext {
  readonly parts: DrainsParts;
  readonly columns: DrainColumns = makeDrainColumns();
  readonly costs: DrainCosts;
  readonly zoneLocks: ZoneLocks;

  constructor(parts: DrainsParts) {
    this.parts = parts;
    this.costs = new DrainCosts(parts.scenario.costs);
    this.zoneLocks = new ZoneLocks(parts.scenario.machine.zones.length);
  }

  /** The zone that a handler or worker drains for this drain; -1: every zone, whatever was asked for. */
  zoneOf(drain: Drain): number {
    return this.parts.rules.zoneHonoured ? drain.zone : -1;
  }

  /** Empties the lists of one CPU and returns the time it takes, waiting for the locks of the zones included. */
  drainListsNs(cpu: CpuIndex, zone: number, by: CpuIndex, nowNs: Nanoseconds, entry: boolean): Nanoseconds {
    const { memory } = this.parts;
    const zones = zone >= 0 ? 1 : memory.zoneCount;
    let time = nowNs + (entry ? this.costs.handlerNs(zones, 0, 0) : this.costs.drainNs(zones, 0, 0));
    const spentBefore = memory.spentNs;
    for (let each = 0; each < memory.zoneCount; each++) {
      if (zone >= 0 && each !== zone) continue;
      const pages = memory.drainLists(cpu, each, by);
      if (pages > 0) time = this.zoneLocks.hold(each, time, this.costs.holdNs(pages));
    }
    memory.spentNs = spentBefore;
    return time - nowNs;
  }

  /** The requester leaves its CPU until it is made runnable. */
  sleep(drain: Drain, nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    tasks.state[drain.task] = TaskState.stalled;
    processors.leave(drain.cpu, nowNs);
    processors.continueAt(drain.cpu, nowNs);
  }

  slowest(drain: Drain, doneNs: Nanoseconds): void {
    const { slowestNs } = this.columns;
    slowestNs[drain.row] = Math.max(slowestNs[drain.row], doneNs - drain.sentNs);
  }

  countIsolated(targets: BitSet, requester: CpuIndex): number {
    const { isolated } = this.parts.processors.states;
    return targets.countCommon(isolated) - (targets.has(requester) && isolated.has(requester) ? 1 : 0);
  }

  noteWaking(drains: readonly Drain[], state: number, lostResidencyNs: Nanoseconds): void {
    const { counters } = this.parts;
    if (state < 0) return;
    this.columns.idleWoken[drains[0].row]++;
    counters.idleWokenByState[state]++;
    counters.lostResidencyNs += lostResidencyNs;
  }

  noteDisturbed(cpu: CpuIndex, ns: Nanoseconds): void {
    const { counters, processors } = this.parts;
    counters.disturbedNs += ns;
    if (processors.states.isolated.has(cpu)) counters.isolatedDisturbedNs += ns;
  }

  tell(row: number, step: DrainStep, timeNs: Nanoseconds, cpu: CpuIndex, value: number): void {
    this.parts.observer?.drainStep?.(row, step, timeNs, cpu, value);
  }
}

/** The list of what waits on one CPU; made when it is first needed. */
export function waitingOn(lists: Map<CpuIndex, Drain[]>, cpu: CpuIndex): Drain[] {
  let list = lists.get(cpu);
  if (list === undefined) {
    list = [];
    lists.set(cpu, list);
  }
  return list;
}

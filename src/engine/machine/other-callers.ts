/**
 * Everybody but direct reclaim who asks for a drain, as tasks: one for each entry of `calls` in the scenario. callers.ts says how each
 * kernel version calls.
 */

import type { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { CallSpec, Scenario } from '../input/scenario.ts';
import { callPlan } from './callers.ts';
import type { Drains } from './drains.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import type { KernelRules } from './kernel-rules.ts';
import type { MaskSupply } from './mask-supply.ts';
import type { Memory } from './memory.ts';
import type { Population } from './population.ts';
import type { Processors } from './processors.ts';
import type { TaskLife } from './task-life.ts';
import { Stage, type TaskTable } from './task-table.ts';

export interface OtherCallersParts {
  readonly scenario: Scenario;
  readonly rules: KernelRules;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly population: Population;
  readonly drains: Drains;
  readonly masks: MaskSupply;
  readonly life: TaskLife;
  readonly queue: EventQueue;
}

export class OtherCallers {
  private readonly parts: OtherCallersParts;

  constructor(parts: OtherCallersParts) {
    this.parts = parts;
  }

  /** A caller's turn: its drains one after the other, then the pause until the next call. */
  call(task: number, cpu: CpuIndex, nowNs: Nanoseconds): void {
    const { tasks, memory, scenario, processors, rules, population, drains, life } = this.parts;
    const spec = scenario.calls[population.callOf(task)];
    const plan = callPlan(spec.cause, rules);
    const zone = spec.zone >= 0 ? spec.zone : memory.zoneCount - 1;
    if (tasks.phase[task] === 0) {
      this.begin(spec, cpu, nowNs);
      // zone_pcp_disable: what is freed while the call lasts goes straight on to the free lists.
      if (plan.forced) memory.closeLists(zone);
    }
    if (tasks.phase[task] < plan.drains) {
      tasks.phase[task]++;
      tasks.stage[task] = Stage.drain;
      drains.request(task, cpu, spec.cause, plan.namesZone ? zone : -1, plan.forced, 0, nowNs);
      return;
    }
    tasks.phase[task] = 0;
    if (plan.forced) memory.setLimits(processors.states.online);
    memory.spentNs = 0;
    if (spec.everyNs > 0) life.sleep(task, nowNs, spec.everyNs);
    else life.end(task, nowNs);
    processors.continueAt(cpu, nowNs);
  }

  private begin(spec: CallSpec, cpu: CpuIndex, nowNs: Nanoseconds): void {
    const { memory, scenario } = this.parts;
    const zone = scenario.machine.zones[spec.zone >= 0 ? spec.zone : memory.zoneCount - 1];
    const from = zone.startPfn + zone.pages - Math.max(1, spec.pages);
    switch (spec.cause) {
      case 'memory-offline':
        memory.emit(Kind.offlinePages, cpu, from, 0, spec.pages, 0, 0);
        return;
      case 'memory-failure':
        memory.emit(Kind.memoryFailure, cpu, from, 0, 0, 0, 0);
        return;
      case 'soft-offline':
        memory.emit(Kind.softOfflinePage, cpu, from, 0, 0, 0, 0);
        return;
      case 'contiguous-range':
        memory.emit(Kind.allocContigRange, cpu, from, 0, from + spec.pages, 0, 0);
        return;
      case 'compaction':
        memory.emit(Kind.kcompactdDoWork, cpu, 0, 0, 0, 0, 0);
        return;
      case 'cpu-offline':
        this.takeDown(spec.victim, cpu, spec.backNs, nowNs);
        return;
      default:
    }
  }

  /** A CPU goes offline: its tasks move, and the caller empties its lists (page_alloc_cpu_dead). */
  private takeDown(victim: CpuIndex, by: CpuIndex, backNs: Nanoseconds, nowNs: Nanoseconds): void {
    const { processors, memory, tasks, masks, queue } = this.parts;
    const { states } = processors;
    // Moving a running task is not modelled: a CPU goes if it is idle, and then not twice.
    if (victim === by || !states.idle.has(victim)) return;
    for (let task = 0; task < tasks.length; task++) if (tasks.cpu[task] === victim) tasks.cpu[task] = by;
    states.bringDown(victim, nowNs);
    memory.emit(Kind.cpuDead, by, 0, 0, victim, 0, 0);
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      memory.emit(Kind.drainPagesZone, by, 0, 0, victim, zone, 0);
      memory.drainLists(victim, zone, by);
    }
    masks.cache.flushCpu(victim);
    memory.setLimits(states.online);
    if (backNs > 0) queue.push(nowNs + backNs, eventOf(EventKind.cpuBack, victim));
  }
}

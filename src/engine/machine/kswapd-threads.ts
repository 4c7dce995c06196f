/** kswapd of each node as a task: when it wakes, where it runs, what one pass costs (wakeup_kswapd, balance_pgdat, mm/vmscan.c). */

import type { CpuIndex } from '../../base/units.ts';
import type { RunCounters } from '../accounting/run.ts';
import { Kind } from '../input/event-log.ts';
import type { Scenario } from '../input/scenario.ts';
import type { KernelRules } from './kernel-rules.ts';
import { Kswapd } from './kswapd.ts';
import { ZoneFlag } from './list-supply.ts';
import type { Memory } from './memory.ts';
import { firstPriority } from './page-cache.ts';
import type { Population } from './population.ts';
import type { Processors } from './processors.ts';
import { TaskState, type TaskTable } from './task-table.ts';
import { ZoneClass } from './watermarks.ts';

export interface KswapdThreadsParts {
  readonly scenario: Scenario;
  readonly rules: KernelRules;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly population: Population;
  readonly counters: RunCounters;
}

export class KswapdThreads {
  private readonly parts: KswapdThreadsParts;
  private readonly kswapd: Kswapd;

  constructor(parts: KswapdThreadsParts) {
    this.parts = parts;
    const { machine } = parts.scenario;
    this.kswapd = new Kswapd(parts.memory.marks, machine.zones, machine.nodes, parts.rules);
  }

  get wakes(): number {
    return this.kswapd.wakes;
  }

  /** Direct reclaim freed pages: a kswapd that had given up has hope again. */
  madeProgress(): void {
    for (let node = 0; node < this.parts.scenario.machine.nodes; node++) this.kswapd.madeProgress(node);
  }

  /** wakeup_kswapd for every node that the request may use. */
  wake(cpu: CpuIndex): void {
    for (let node = 0; node < this.parts.scenario.machine.nodes; node++) this.wakeOf(node, cpu);
  }

  private wakeOf(node: number, cpu: CpuIndex): void {
    const { kswapd } = this;
    const { memory, tasks, processors, population, scenario } = this.parts;
    if (!kswapd.wake(node, 0, ZoneClass.Movable, memory.buddy, memory.cache.pages(node))) return;
    const task = population.kswapdOfNode[node];
    this.setReclaimActive(node, true);
    memory.emit(Kind.kswapdWake, cpu, 0, 0, 0, 0, 0);
    if (tasks.state[task] !== TaskState.sleeping) return;
    // An idle CPU of the node if there is one, else where it ran last.
    const { idle, isolated } = processors.states;
    for (let other = idle.next(0); other >= 0; other = idle.next(other + 1)) {
      if (scenario.machine.nodeOfCpu[other] !== node || isolated.has(other)) continue;
      if (!idle.has(tasks.cpu[task])) tasks.cpu[task] = other;
      break;
    }
    processors.makeRunnable(task, memory.nowNs);
  }

  /** ZONE_RECLAIM_ACTIVE of the node's zones. */
  private setReclaimActive(node: number, active: boolean): void {
    const { memory, scenario } = this.parts;
    const { zoneFlags } = memory.lists;
    scenario.machine.zones.forEach((zone, index) => {
      if (zone.node !== node) return;
      if (active) zoneFlags[index] |= ZoneFlag.reclaimActive;
      else zoneFlags[index] &= ~ZoneFlag.reclaimActive;
    });
  }

  /** One pass of kswapd; false: its node is balanced, it sleeps. */
  balance(task: number, cpu: CpuIndex): boolean {
    const { kswapd } = this;
    const { memory, counters, scenario, population } = this.parts;
    const node = population.nodeOfKswapd(task);
    const target = kswapd.next(node, memory.buddy, memory.cache.pages(node));
    if (target === 0) {
      this.setReclaimActive(node, false);
      memory.emit(Kind.kswapdSleep, cpu, 0, 0, 0, 0, 0);
      return false;
    }
    const pass = memory.cache.shrink(
      node,
      target,
      kswapd.priority[node],
      memory.nowNs,
      (pfn) => memory.free(cpu, pfn),
      false,
    );
    kswapd.passed(node, target, pass.scanned, pass.reclaimed);
    counters.kswapdReclaimed += pass.reclaimed;
    const { costs } = scenario;
    memory.spentNs +=
      Math.round(costs.reclaimEntryNs / (firstPriority + 1)) +
      pass.scanned * costs.scanPageNs +
      pass.reclaimed * costs.reclaimPerPageNs;
    return true;
  }
}

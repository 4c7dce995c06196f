/**
 * The slow path of an allocation, as stages of the task that allocates (__alloc_pages_slowpath,
 * __alloc_pages_direct_reclaim, mm/page_alloc.c; do_try_to_free_pages, mm/vmscan.c): wake kswapd, try again at the min mark,
 * reclaim, try again, drain once if reclaim made progress, try again, and so on, until there is a page, the
 * request gives up (__GFP_NORETRY), or the OOM killer takes somebody.
 */

import type { Nanoseconds, Pfn } from '../../base/units.ts';
import { Retry, type RunCounters } from '../accounting/run.ts';
import { Kind } from '../input/event-log.ts';
import type { RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import type { Drains } from './drains.ts';
import { failsPageAlloc } from './fault-injection.ts';
import type { KernelRules } from './kernel-rules.ts';
import type { MaskSupply } from './mask-supply.ts';
import type { Memory } from './memory.ts';
import { costlyOrder, oomVictim } from './oom.ts';
import { reclaimCluster } from './page-cache.ts';
import { noPage } from './page-chains.ts';
import type { Processors } from './processors.ts';
import { Op, Stage, type TaskTable } from './task-table.ts';
import { Depth, Mark, ZoneClass } from './watermarks.ts';

export interface SlowPathParts {
  readonly scenario: Scenario;
  readonly rules: KernelRules;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly drains: Drains;
  readonly masks: MaskSupply;
  readonly counters: RunCounters;
  readonly observer: RunObserver | null;
  readonly wakeKswapd: (cpu: number) => void;
  /** Direct reclaim freed pages: kswapd has hope again. */
  readonly madeProgress: () => void;
  /** The task has its block now. */
  readonly grant: (task: number, pfn: Pfn) => void;
  /** The task sleeps for so long and is then at the same stage again. */
  readonly sleepFor: (task: number, ns: Nanoseconds) => void;
  readonly kill: (task: number, nowNs: Nanoseconds) => void;
}

export class SlowPath {
  private readonly parts: SlowPathParts;
  private readonly waitsForDisk: boolean;
  /** A victim was chosen and has not gone: nobody else is killed meanwhile. */
  private victim = -1;

  constructor(parts: SlowPathParts) {
    this.parts = parts;
    // Up to 4.5 a reclaimer waited HZ/50 for the disk between rounds.
    this.waitsForDisk = parts.rules.retryRounds === Number.POSITIVE_INFINITY;
  }

  /**
   * get_page_from_freelist at the low mark and, failing that, at the min mark: what an allocation tries before it
   * reclaims. noPage: the task is at stage `reclaim`, or (GFP_ATOMIC, injected fault) it failed.
   */
  allocate(task: number, cpu: number): Pfn {
    const { memory, tasks, masks, scenario } = this.parts;
    const order = tasks.order[task];
    const type = tasks.type[task];
    if (
      masks.failPageAlloc !== null &&
      failsPageAlloc(masks.failPageAlloc, order, { mayWait: tasks.atomic[task] === 0, highmem: type === 1 })
    ) {
      // The way into the allocator and back takes time all the same: who asks at once again holds no clock.
      memory.spentNs += scenario.costs.allocateFastNs;
      this.giveUp(task);
      return noPage;
    }
    const pfn = memory.allocate(cpu, order, type, Mark.low, Depth.normal);
    return pfn !== noPage ? pfn : this.belowLow(task, cpu);
  }

  /** The low mark was refused: kswapd wakes, the min mark counts. */
  belowLow(task: number, cpu: number): Pfn {
    const { memory, tasks, scenario, wakeKswapd } = this.parts;
    wakeKswapd(cpu);
    memory.spentNs += scenario.costs.slowPathNs;
    const pfn = this.tryMin(task, cpu);
    if (pfn !== noPage) return pfn;
    if (tasks.atomic[task] === 1) this.giveUp(task);
    else {
      tasks.stage[task] = Stage.reclaim;
      tasks.noProgress[task] = 0;
    }
    return noPage;
  }

  /** The task goes on in the slow path; its CPU is its own. Returns the time that it takes, -1 when the drain decides. */
  step(task: number, cpu: number, nowNs: Nanoseconds): Nanoseconds {
    const { tasks, drains, processors } = this.parts;
    switch (tasks.stage[task]) {
      case Stage.reclaim:
        return this.reclaim(task, cpu, nowNs);
      case Stage.reclaimed:
        return this.afterReclaim(task, cpu, nowNs);
      case Stage.drain:
        if (!drains.step(task, nowNs)) return -1;
        return tasks.op[task] === Op.call ? this.callEnded(task) : this.afterDrain(task, cpu, nowNs);
      default:
        processors.continueAt(cpu, nowNs);
        return 0;
    }
  }

  /** The OOM victim is gone. */
  gone(task: number): void {
    if (this.victim === task) this.victim = -1;
  }

  private reclaim(task: number, cpu: number, nowNs: Nanoseconds): Nanoseconds {
    const { memory, tasks, counters, scenario, rules } = this.parts;
    // Every round of __alloc_pages_slowpath looks at the free lists before it reclaims.
    if (this.retry(task, cpu)) return 0;
    if (rules.throttle && this.throttled()) {
      counters.throttled++;
      this.parts.wakeKswapd(cpu);
      this.parts.sleepFor(task, scenario.costs.throttleNs);
      return 0;
    }
    memory.emit(Kind.directReclaimBegin, cpu, 0, tasks.order[task], 0, 0, 0);
    counters.allocstall++;
    const spentBefore = memory.spentNs;
    // Isolated pages are nobody's until shrink_page_list is through; then they come to the lists of this CPU.
    const got = memory.reclaim(reclaimCluster, nowNs, (pfn) => tasks.holdings.pushHead(task, pfn));
    tasks.reclaimed[task] = got.reclaimed;
    if (got.reclaimed > 0) {
      counters.directReclaimProgress++;
      this.parts.madeProgress();
    } else counters.directReclaimNoProgress++;
    const { costs } = scenario;
    const ns =
      costs.reclaimEntryNs +
      got.scanned * costs.scanPageNs +
      got.reclaimed * costs.reclaimPerPageNs +
      (memory.spentNs - spentBefore);
    memory.spentNs = spentBefore;
    counters.directReclaimNs += ns;
    tasks.stage[task] = Stage.reclaimed;
    return ns;
  }

  private afterReclaim(task: number, cpu: number, nowNs: Nanoseconds): Nanoseconds {
    const { memory, tasks, drains } = this.parts;
    const reclaimed = tasks.reclaimed[task];
    for (let page = 0; page < reclaimed; page++) memory.free(cpu, tasks.holdings.popHead(task));
    memory.emit(Kind.directReclaimEnd, cpu, 0, 0, reclaimed, 0, 0);
    // Without progress no retry and no drain: __alloc_pages_direct_reclaim returns.
    if (reclaimed === 0) return this.withoutProgress(task);
    tasks.noProgress[task] = 0;
    if (this.retry(task, cpu)) return 0;
    memory.releaseHighatomic(cpu, tasks.type[task]);
    tasks.stage[task] = Stage.drain;
    drains.request(task, cpu, 'direct-reclaim', -1, false, reclaimed, nowNs);
    return -1;
  }

  private afterDrain(task: number, cpu: number, nowNs: Nanoseconds): Nanoseconds {
    const { tasks, drains, observer } = this.parts;
    const row = drains.lastRow();
    const got = this.retry(task, cpu);
    drains.columns.retry[row] = got ? Retry.got : Retry.failed;
    observer?.drainStep?.(row, 'retried', nowNs, cpu, got ? 1 : 0);
    if (got) return 0;
    if (tasks.noRetry[task] === 1) {
      this.giveUp(task);
      return 0;
    }
    return this.again(task);
  }

  private callEnded(task: number): Nanoseconds {
    this.parts.tasks.stage[task] = Stage.none;
    this.parts.tasks.todo[task] = 0;
    return 0;
  }

  private withoutProgress(task: number): Nanoseconds {
    const { tasks, rules, scenario, memory, counters } = this.parts;
    if (tasks.noRetry[task] === 1 || tasks.killed[task] === 1 || tasks.order[task] > costlyOrder) {
      this.giveUp(task);
      return 0;
    }
    const hopeless = !this.couldHelp() || ++tasks.noProgress[task] > Math.min(rules.retryRounds, 16);
    if (!hopeless && !this.waitsForDisk) return this.again(task);
    if (this.victim < 0) {
      this.victim = oomVictim(tasks);
      if (this.victim >= 0) {
        counters.oomKills++;
        this.parts.kill(this.victim, memory.nowNs);
      }
    }
    tasks.noProgress[task] = 0;
    tasks.stage[task] = Stage.reclaim;
    // schedule_timeout_uninterruptible(1) while the victim goes.
    this.parts.sleepFor(task, scenario.costs.tickNs);
    return 0;
  }

  /** should_reclaim_retry: would some zone be above its min mark if everything reclaimable were free? */
  private couldHelp(): boolean {
    const { memory } = this.parts;
    if (memory.cachePages === 0) return false;
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      const floor = memory.marks.floors[memory.marks.floorAt(zone, Mark.min, Depth.normal, ZoneClass.Normal)];
      if (memory.buddy.free[zone] + memory.cachePages > floor) return true;
    }
    return false;
  }

  private again(task: number): Nanoseconds {
    const { tasks, scenario } = this.parts;
    tasks.stage[task] = Stage.reclaim;
    if (!this.waitsForDisk) return 0;
    this.parts.sleepFor(task, scenario.costs.diskWaitNs);
    return 0;
  }

  /** get_page_from_freelist after reclaim or drain. */
  private retry(task: number, cpu: number): boolean {
    const { tasks, grant } = this.parts;
    const pfn = this.tryMin(task, cpu);
    if (pfn === noPage) return false;
    tasks.stage[task] = Stage.none;
    grant(task, pfn);
    return true;
  }

  private tryMin(task: number, cpu: number): Pfn {
    const { memory, tasks } = this.parts;
    const depth =
      tasks.atomic[task] === 1
        ? Depth.atomic
        : tasks.killed[task] === 1
          ? Depth.oomVictim
          : tasks.fifo[task] === 1
            ? Depth.realTime
            : Depth.normal;
    return memory.allocate(cpu, tasks.order[task], tasks.type[task], Mark.min, depth);
  }

  private giveUp(task: number): void {
    const { tasks, counters } = this.parts;
    counters.allocationFailures++;
    tasks.stage[task] = Stage.none;
    tasks.failed[task] = 1;
    tasks.missed[task] = tasks.todo[task];
    tasks.todo[task] = 0;
  }

  /** throttle_direct_reclaim: too few pages are left for anybody but kswapd. */
  private throttled(): boolean {
    const { memory } = this.parts;
    let free = 0;
    let min = 0;
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      free += memory.buddy.free[zone];
      min += memory.marks.min[zone];
    }
    return free <= min >> 1 && memory.cachePages > 0;
  }
}

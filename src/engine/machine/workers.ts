/**
 * Draining by kernel workers (4.11-5.19): drain_all_pages queues a work on `mm_percpu_wq` of each chosen CPU
 * and flushes them one by one (mm/page_alloc.c, kernel/workqueue.c). When a worker runs is up to the scheduler.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { CostSpec } from '../input/scenario.ts';

export class Workers {
  private readonly queueNs: Nanoseconds;
  private readonly switchNs: Nanoseconds;
  private readonly wakeNs: Nanoseconds;
  private readonly pollNs: Nanoseconds;
  private readonly schedulePointNs: Nanoseconds;
  private readonly preemptShare: number;
  private readonly tickNs: Nanoseconds;
  private readonly flushCheckNs: Nanoseconds;
  private readonly wakeRequesterNs: Nanoseconds;
  private readonly rtPeriodNs: Nanoseconds;
  private readonly rtRuntimeNs: Nanoseconds;

  constructor(costs: CostSpec, guest: boolean) {
    this.queueNs = costs.queueWorkNs;
    this.switchNs = costs.workerSwitchNs;
    // A reschedule interrupt to one CPU.
    this.wakeNs =
      (guest ? costs.sendPerWriteGuestNs + costs.kickGuestNs : costs.sendPerWriteNs) +
      costs.deliveryNs +
      costs.handlerEntryNs;
    this.pollNs = costs.ackPerTargetNs;
    this.schedulePointNs = costs.schedulePointNs;
    this.preemptShare = costs.wakeupPreemptPercent / 100;
    this.tickNs = costs.tickNs;
    this.flushCheckNs = costs.flushCheckNs;
    this.wakeRequesterNs = costs.wakeRequesterNs;
    this.rtPeriodNs = costs.rtPeriodNs;
    this.rtRuntimeNs = (costs.rtPeriodNs * costs.rtRuntimePercent) / 100;
  }

  /** The requester queues works on `count` CPUs, its own included: the last is queued after this time. */
  queueingNs(count: number): Nanoseconds {
    return count * this.queueNs;
  }

  /** An idle CPU: wake-up, exit from its idle state, switch to the worker. */
  delayIdleNs(exitNs: Nanoseconds, polls: boolean): Nanoseconds {
    return (polls ? this.pollNs : this.wakeNs + exitNs) + this.switchNs;
  }

  /**
   * A busy CPU. Mostly the worker, which slept, goes before the running task at the next point at which the
   * kernel schedules: `drawPreempt` < share, after twice the mean time `schedulePointNs` times `drawPoint`.
   * Otherwise at the first tick after the slice of the task is over (`remainingSliceNs`), the tick being
   * `drawPoint` of its period away. Draws are in 0 … 1. On the requester's own CPU the worker runs when
   * the requester goes to sleep: give `requester`.
   */
  delayBusyNs(
    remainingSliceNs: Nanoseconds,
    drawPreempt: number,
    drawPoint: number,
    requester = false,
  ): Nanoseconds {
    if (requester) return this.switchNs;
    if (drawPreempt < this.preemptShare)
      return this.wakeNs + Math.round(2 * this.schedulePointNs * drawPoint) + this.switchNs;
    const toTick = Math.round(this.tickNs * drawPoint);
    const ticks = Math.max(0, Math.ceil((remainingSliceNs - toTick) / this.tickNs));
    return toTick + ticks * this.tickNs + this.switchNs;
  }

  /**
   * A CPU whose SCHED_FIFO task runs without pause since `fifoSinceNs`: never (Infinity; the caller queues the work and
   * asks again when that task sleeps), unless real-time throttling (rtRuntimePercent below 100,
   * kernel/sched/rt.c) takes the CPU from it for the rest of each period.
   */
  delayFifoNs(nowNs: Nanoseconds, fifoSinceNs: Nanoseconds): Nanoseconds {
    if (this.rtRuntimeNs >= this.rtPeriodNs) return Number.POSITIVE_INFINITY;
    const into = (nowNs - fifoSinceNs) % this.rtPeriodNs;
    return (into < this.rtRuntimeNs ? this.rtRuntimeNs - into : 0) + this.switchNs;
  }

  /**
   * When the requester has flushed all works, beginning at `fromNs`: one by one in order of the mask, sleeping
   * at each that is not done (flush_work). Infinity when one never runs.
   */
  flushed(targets: BitSet, online: BitSet, fromNs: Nanoseconds, doneNs: Float64Array): Nanoseconds {
    let time = fromNs;
    for (let w = 0; w < targets.words.length; w++) {
      let bits = targets.words[w] & online.words[w];
      while (bits !== 0) {
        const cpu: CpuIndex = (w << 5) + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        time = doneNs[cpu] > time ? doneNs[cpu] + this.wakeRequesterNs : time + this.flushCheckNs;
      }
    }
    return time;
  }
}

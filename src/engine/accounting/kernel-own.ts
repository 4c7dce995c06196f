/** What the recorded kernel itself did, beside what drainlab says that the same policy would have done. */

import type { DrainOutcome } from '../input/drain-request.ts';
import { DrainStatus } from './drain-log.ts';

/** Sums over the drains of one policy of the kernel ('' where the recording does not name it). */
export class KernelSums {
  /** Carried out. */
  drains = 0;
  turnedAway = 0;
  /** Drains of which the kernel says how many interrupts it sent, and their sum. */
  drainsWithInterrupts = 0;
  interrupts = 0;
  /** What drainlab says that the same policy sends for the drains of `interrupts`; -1: it does not know that policy. */
  predictedInterrupts = 0;
  /** Drains of which the kernel says whom it drained, and the sum of those CPUs. */
  drainsWithTargets = 0;
  targets = 0;
  /** Pages that the drains brought back, where told. */
  drainsWithPages = 0;
  pages = 0;
  /** Durations of the drains that were carried out and whose end is recorded, in ns. */
  readonly durationsNs: number[] = [];
}

export class KernelOwn {
  readonly byPolicy: Map<string, KernelSums> = new Map();

  /**
   * `predicted`: interrupts of the kernel's policy by drainlab, or -1. `timed`: is the end of the drain an event of its
   * own? A requester that walks the lists itself leaves none when it returns, only that of the last page.
   */
  add(
    pending: { readonly timeNs: number; readonly status: DrainStatus },
    outcome: DrainOutcome,
    predicted: number,
    timed = true,
  ): void {
    const sums = this.sumsOf(outcome.kernelPolicy ?? '');
    if (pending.status === DrainStatus.turnedAway) {
      sums.turnedAway++;
      return;
    }
    sums.drains++;
    if (timed && outcome.endNs >= 0) sums.durationsNs.push(outcome.endNs - pending.timeNs);
    if (outcome.interruptsSent >= 0) {
      sums.drainsWithInterrupts++;
      sums.interrupts += outcome.interruptsSent;
      sums.predictedInterrupts = predicted < 0 ? -1 : sums.predictedInterrupts + predicted;
    }
    if (outcome.targets !== null) {
      sums.drainsWithTargets++;
      sums.targets += outcome.targets.count;
    }
    if (outcome.pagesDrained >= 0) {
      sums.drainsWithPages++;
      sums.pages += outcome.pagesDrained;
    }
  }

  /** Drains that did nothing name no policy: where all others name the same one, it was that. */
  finish(): void {
    const unnamed = this.byPolicy.get('');
    if (!unnamed || this.byPolicy.size !== 2) return;
    this.byPolicy.delete('');
    for (const named of this.byPolicy.values()) {
      named.drains += unnamed.drains;
      named.turnedAway += unnamed.turnedAway;
    }
  }

  private sumsOf(policy: string): KernelSums {
    let sums = this.byPolicy.get(policy);
    if (!sums) {
      sums = new KernelSums();
      this.byPolicy.set(policy, sums);
    }
    return sums;
  }
}

/** The value that `share` of the durations do not exceed (nearest rank). `sorted` must ascend and not be empty. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

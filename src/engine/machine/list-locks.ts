/**
 * Draining from afar (6.0 on): the requester takes the lock of each list set in turn and frees its pages itself
 * (drain_pages_zone, mm/page_alloc.c). Up to 6.9 all pages under one hold; from 6.10 at most batch <<
 * PCP_BATCH_SCALE_MAX a hold. The owner only tries the lock: while it is held, its page operations go to the
 * free lists (rmqueue_buddy, free_one_page).
 */

import type { ListIndex, Nanoseconds, Pages } from '../../base/units.ts';
import type { CostSpec } from '../input/scenario.ts';
import type { KernelRules } from './kernel-rules.ts';

export class ListLocks {
  private readonly heldUntil: Float64Array;
  private readonly inChunks: boolean;
  private readonly scaleMax: number;
  private readonly lockNs: Nanoseconds;
  private readonly zoneLockNs: Nanoseconds;
  private readonly freePerPageNs: Nanoseconds;

  /** `sets`: CPUs x zones; a set of lists (struct per_cpu_pages) has one lock. `scaleMax`: kernel.batchScaleMax. */
  constructor(sets: number, rules: KernelRules, scaleMax: number, costs: CostSpec) {
    this.heldUntil = new Float64Array(sets);
    this.inChunks = rules.drainInChunks;
    this.scaleMax = scaleMax;
    this.lockNs = costs.lockListNs;
    this.zoneLockNs = costs.zoneLockNs;
    this.freePerPageNs = costs.freePerPageNs;
  }

  /** Pages that one hold frees of a set that has `count`. */
  chunkPages(count: Pages, batch: Pages): Pages {
    return this.inChunks ? Math.min(count, batch << this.scaleMax) : count;
  }

  /** One hold that frees `pages` pages, the zone's lock not being contended. Nothing is locked for an empty set. */
  holdNs(pages: Pages): Nanoseconds {
    return pages === 0 ? 0 : this.lockNs + this.zoneLockNs + pages * this.freePerPageNs;
  }

  /** All holds for a set of `count` pages, if nothing is added meanwhile. */
  drainNs(count: Pages, batch: Pages): Nanoseconds {
    if (count === 0) return 0;
    const chunk = this.chunkPages(count, batch);
    const holds = Math.ceil(count / chunk);
    return holds * (this.lockNs + this.zoneLockNs) + count * this.freePerPageNs;
  }

  /** The lock of `set` is taken by the requester until `untilNs`. */
  take(set: ListIndex, untilNs: Nanoseconds): void {
    if (untilNs > this.heldUntil[set]) this.heldUntil[set] = untilNs;
  }

  /** The owner tries at `nowNs`: does it get its lists? */
  ownerGets(set: ListIndex, nowNs: Nanoseconds): boolean {
    return nowNs >= this.heldUntil[set];
  }

  /** When another requester gets the lock: drains from afar wait, they do not try. */
  freeAt(set: ListIndex, nowNs: Nanoseconds): Nanoseconds {
    return this.heldUntil[set] > nowNs ? this.heldUntil[set] : nowNs;
  }
}

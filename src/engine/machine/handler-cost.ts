/**
 * What one CPU's part of a drain takes: drain_pages / drain_local_pages over its lists (mm/page_alloc.c, all
 * versions), in an interrupt, in a worker or by the requester, and what it leaves behind in the caches.
 */

import type { Nanoseconds, Pages } from '../../base/units.ts';
import type { CostSpec } from '../input/scenario.ts';

/** Constants of a drain, taken out of the cost table once. */
export class DrainCosts {
  private readonly localListNs: Nanoseconds;
  private readonly scanPerListNs: Nanoseconds;
  private readonly zoneLockNs: Nanoseconds;
  private readonly freePerPageNs: Nanoseconds;
  private readonly entryNs: Nanoseconds;
  private readonly exitNs: Nanoseconds;
  private readonly refillBaseNs: Nanoseconds;
  private readonly refillPerPageNs: Nanoseconds;
  private readonly refillMaxNs: Nanoseconds;

  constructor(costs: CostSpec) {
    this.localListNs = costs.localListNs;
    this.scanPerListNs = costs.scanPerListNs;
    this.zoneLockNs = costs.zoneLockNs;
    this.freePerPageNs = costs.freePerPageNs;
    this.entryNs = costs.handlerEntryNs;
    this.exitNs = costs.handlerExitNs;
    this.refillBaseNs = costs.cacheRefillBaseNs;
    this.refillPerPageNs = costs.cacheRefillPerPageNs;
    this.refillMaxNs = costs.cacheRefillMaxNs;
  }

  /** The requester reads `lists` counts of other CPUs (3.4 on; up to 3.3 nobody looks). */
  scanNs(lists: number): Nanoseconds {
    return lists * this.scanPerListNs;
  }

  /** Giving `pages` pages of one zone back under its lock (free_pcppages_bulk): how long the lock is held. */
  holdNs(pages: Pages): Nanoseconds {
    return pages === 0 ? 0 : this.zoneLockNs + pages * this.freePerPageNs;
  }

  /** Looking at `zones` lists and freeing `pages` pages from `heldZones` of them, no lock being contended. */
  drainNs(zones: number, heldZones: number, pages: Pages): Nanoseconds {
    return zones * this.localListNs + heldZones * this.zoneLockNs + pages * this.freePerPageNs;
  }

  /** From the interrupt's arrival at a running CPU until its function is done: what the requester waits for. */
  handlerNs(zones: number, heldZones: number, pages: Pages): Nanoseconds {
    return this.entryNs + this.drainNs(zones, heldZones, pages);
  }

  /** What the interrupted CPU loses beyond `handlerNs`: the exit and, if it was busy, filling its caches again. */
  aftermathNs(pages: Pages, busy: boolean): Nanoseconds {
    return this.exitNs + (busy ? this.cacheRefillNs(pages) : 0);
  }

  cacheRefillNs(pages: Pages): Nanoseconds {
    return Math.min(this.refillMaxNs, this.refillBaseNs + pages * this.refillPerPageNs);
  }
}

/**
 * The locks of the zones, as times: who comes while another frees pages waits until it is done, in order of
 * coming. Handlers on many CPUs that hold pages of one zone thus run one after the other.
 */
export class ZoneLocks {
  private readonly freeAt: Float64Array;

  constructor(zones: number) {
    this.freeAt = new Float64Array(zones);
  }

  /** Comes at `nowNs`, holds the lock for `holdNs`; returns when it lets go. Calls must come in order of time. */
  hold(zone: number, nowNs: Nanoseconds, holdNs: Nanoseconds): Nanoseconds {
    const begins = this.freeAt[zone] > nowNs ? this.freeAt[zone] : nowNs;
    this.freeAt[zone] = begins + holdNs;
    return this.freeAt[zone];
  }

  /** How long somebody who comes at `nowNs` would wait. */
  waitNs(zone: number, nowNs: Nanoseconds): Nanoseconds {
    return Math.max(0, this.freeAt[zone] - nowNs);
  }
}

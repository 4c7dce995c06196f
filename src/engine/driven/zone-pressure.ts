/**
 * What the kernel's list rules ask about a zone (6.7 on): is it below its high watermark (ZONE_BELOW_HIGH), does kswapd
 * reclaim (ZONE_RECLAIM_ACTIVE)? No recording tells it. Modelled from free pages, watermarks, their boost by steals
 * (boost_watermark), events of kswapd itself and begins of direct reclaim.
 *
 * mm/page_alloc.c: get_page_from_freelist sets the first, free_unref_page_commit clears it after a give-back.
 * mm/vmscan.c: balance_pgdat reclaims from a wake-up until the high watermark is met, then takes the boost back that
 * it found when it began.
 */

import type { Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';
import type { Machine } from '../input/machine.ts';
import { ZoneFlag } from '../machine/list-supply.ts';

/** After its last event kswapd is taken to sleep so much later, if the watermark is met. */
const endsAfterNs = 10e6;
/** And so much later in any case. */
const givesUpAfterNs = 100e6;
/** Known only later: kswapd scans so long before the first page that it frees. */
const scansBeforeNs = 20e6;
/** watermark_boost_factor 15000: the boost is at most one and a half high watermarks. */
const boostMost = 1.5;
/** Pages of a page block. */
const blockPages = 512;
/** A zone of less than four page blocks is not boosted. */
const blocksLeast = 4;

export class ZonePressure {
  /** By zone: bits of ZoneFlag. */
  readonly #flags: Uint8Array;
  readonly #free: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #boost: Float64Array;
  /** By zone: pages that must stay for requests that could do without this zone, by lowmem_reserve_ratio. */
  readonly #reserve: Float64Array;
  readonly #managed: Float64Array;
  /** The zone whose watermarks kswapd looks at: the largest. */
  readonly #main: ZoneIndex;
  readonly #ahead: readonly Nanoseconds[];
  #next = 0;
  #active = false;
  #lastNs = Number.NEGATIVE_INFINITY;
  readonly #boostAtBegin: Float64Array;

  /**
   * `flags`: PcpLists' own. `free`: modelled free pages by zone. `kswapdNs`: when kswapd emits events, if that may be known
   * before; else empty.
   */
  constructor(machine: Machine, flags: Uint8Array, free: Float64Array, kswapdNs: readonly Nanoseconds[]) {
    const { zones } = machine;
    this.#flags = flags;
    this.#free = free;
    this.#ahead = kswapdNs;
    this.#low = Float64Array.from(zones, (zone) => zone.lowWatermark ?? 0);
    this.#high = Float64Array.from(zones, (zone) => zone.highWatermark ?? 0);
    this.#managed = Float64Array.from(zones, (zone) => zone.managedPages ?? 0);
    this.#boost = new Float64Array(zones.length);
    this.#boostAtBegin = new Float64Array(zones.length);
    this.#reserve = new Float64Array(zones.length);
    for (let zone = zones.length - 2; zone >= 0; zone--) {
      const above = zones.slice(zone + 1).reduce((sum, { managedPages }) => sum + (managedPages ?? 0), 0);
      // lowmem_reserve_ratio of DMA and DMA32.
      this.#reserve[zone] = Math.floor(above / 256);
    }
    this.#main = this.#managed.indexOf(Math.max(...this.#managed));
  }

  /** Every row: time goes on. */
  at(timeNs: Nanoseconds): void {
    const main = this.#main;
    if (this.#active) {
      const quietNs = timeNs - this.#lastNs;
      const met = this.#free[main] > this.#high[main] + this.#boost[main];
      if ((quietNs > endsAfterNs && met) || quietNs > givesUpAfterNs) {
        this.#active = false;
        for (let zone = 0; zone < this.#boost.length; zone++) {
          this.#boost[zone] = Math.max(0, this.#boost[zone] - this.#boostAtBegin[zone]);
        }
      }
    }
    let active = this.#active;
    if (!active && this.#ahead.length > 0) {
      while (this.#next < this.#ahead.length && this.#ahead[this.#next] <= timeNs) this.#next++;
      active = this.#next < this.#ahead.length && this.#ahead[this.#next] - timeNs <= scansBeforeNs;
    }
    this.#tell(active);
  }

  /** An event of kswapd. */
  kswapd(timeNs: Nanoseconds): void {
    this.#begin(timeNs);
  }

  /** A task reclaims itself: it has woken kswapd before. */
  directReclaim(timeNs: Nanoseconds): void {
    if (!this.#active) this.#begin(timeNs);
  }

  /** A page was taken from a block of another type. */
  stolen(zone: ZoneIndex, fallbackOrder: number, timeNs: Nanoseconds): void {
    if (blockPages >> fallbackOrder <= 1 || this.#managed[zone] < blocksLeast * blockPages) return;
    const most = Math.max(blockPages, Math.floor(boostMost * this.#high[zone]));
    this.#boost[zone] = Math.min(this.#boost[zone] + blockPages, most);
    if (zone === this.#main) this.#wakes(timeNs);
  }

  /** A block is asked of this zone. */
  allocates(zone: ZoneIndex, timeNs: Nanoseconds): void {
    const free = this.#free[zone];
    if (free <= this.#high[zone] + this.#boost[zone]) this.#flags[zone] |= ZoneFlag.belowHigh;
    if (zone === this.#main && free <= this.#low[zone] + this.#boost[zone]) this.#wakes(timeNs);
  }

  /** A list of this zone gave back. */
  gaveBack(zone: ZoneIndex): void {
    if (this.#free[zone] > this.#high[zone] + this.#boost[zone]) this.#flags[zone] &= ~ZoneFlag.belowHigh;
  }

  /** The zone from which so many pages are taken at once (__alloc_pages_bulk): the first above its low watermark. */
  zoneOfBulk(pages: Pages): ZoneIndex {
    for (let zone = this.#free.length - 1; zone >= 0; zone--) {
      if (this.#free[zone] > this.#low[zone] + this.#boost[zone] + pages + this.#reserve[zone]) return zone;
    }
    return this.#main;
  }

  /** Woken; if the watermark is met, it only looks. */
  #wakes(timeNs: Nanoseconds): void {
    const main = this.#main;
    if (!this.#active && this.#free[main] <= this.#high[main] + this.#boost[main]) this.#begin(timeNs);
  }

  #begin(timeNs: Nanoseconds): void {
    if (!this.#active) this.#boostAtBegin.set(this.#boost);
    this.#active = true;
    this.#lastNs = timeNs;
    this.#tell(true);
  }

  #tell(active: boolean): void {
    for (let zone = 0; zone < this.#flags.length; zone++) {
      if (active) this.#flags[zone] |= ZoneFlag.reclaimActive;
      else this.#flags[zone] &= ~ZoneFlag.reclaimActive;
    }
  }
}

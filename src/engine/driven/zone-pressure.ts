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

/** Once the watermark is met, kswapd sleeps so long after its last event. */
const endsAfterNs = 1e6;
/** It sleeps so long after its last event where it still had the boost to reclaim, and in any case. */
const boostEndsAfterNs = 10e6;
const givesUpAfterNs = 30e6;
/** A pass over all priorities (balance_pgdat) takes so long at most; then the boost is taken back too. */
const passNs = 20e6;
/** Known only later: kswapd scans so long before the first page that it frees. */
const scansBeforeNs = 30e6;
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
  /** Of the main zone; what small zones add is a few pages for a moment. */
  #boost = 0;
  /** By zone: pages kept from requests that could do without it. */
  readonly #reserve: Float64Array;
  readonly #managed: Pages;
  /** The zone whose watermarks kswapd looks at: the largest. */
  readonly #main: ZoneIndex;
  readonly #ahead: readonly Nanoseconds[];
  #next = 0;
  #active = false;
  #lastNs = Number.NEGATIVE_INFINITY;
  #boostAtBegin = 0;
  #beganNs = 0;
  /** Pages that this pass reclaims for the boost alone. */
  #boostLeft = 0;

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
    this.#reserve = Float64Array.from(zones, (zone) => zone.reservePages ?? 0);
    const managed = zones.map((zone) => zone.managedPages ?? 0);
    this.#managed = Math.max(...managed);
    this.#main = managed.indexOf(this.#managed);
  }

  /** Every row: time goes on. */
  at(timeNs: Nanoseconds): void {
    const main = this.#main;
    if (this.#active) {
      const quietNs = timeNs - this.#lastNs;
      if (timeNs - this.#beganNs > passNs) this.#passEnds(timeNs);
      const met = this.#free[main] > this.#mark(main);
      if (!met) this.#boostLeft = 0;
      const patienceNs = !met ? givesUpAfterNs : this.#boostLeft > 0 ? boostEndsAfterNs : endsAfterNs;
      if (quietNs > patienceNs) {
        this.#active = false;
        this.#passEnds(timeNs);
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
  kswapd(timeNs: Nanoseconds, freed: Pages): void {
    this.#begin(timeNs);
    this.#boostLeft -= freed;
  }

  /** A task reclaims itself: it has woken kswapd before. */
  directReclaim(timeNs: Nanoseconds): void {
    if (!this.#active) this.#begin(timeNs);
  }

  /** A page was taken from a block of another type. */
  stolen(zone: ZoneIndex, fallbackOrder: number, timeNs: Nanoseconds): void {
    if (zone !== this.#main || blockPages >> fallbackOrder <= 1) return;
    if (this.#managed < blocksLeast * blockPages) return;
    const most = Math.max(blockPages, Math.floor(boostMost * this.#high[zone]));
    this.#boost = Math.min(this.#boost + blockPages, most);
    this.#wakes(timeNs);
  }

  /** A block is asked of this zone. */
  allocates(zone: ZoneIndex, timeNs: Nanoseconds): void {
    const free = this.#free[zone];
    if (free <= this.#mark(zone) + this.#reserve[zone]) this.#flags[zone] |= ZoneFlag.belowHigh;
    if (zone === this.#main && free <= this.#low[zone] + this.#boost) this.#wakes(timeNs);
  }

  /** A list of this zone gave back. */
  gaveBack(zone: ZoneIndex): void {
    if (this.#free[zone] > this.#mark(zone) + this.#reserve[zone]) this.#flags[zone] &= ~ZoneFlag.belowHigh;
  }

  /** The zone from which so many pages are taken at once (__alloc_pages_bulk): the first above its low watermark. */
  zoneOfBulk(pages: Pages): ZoneIndex {
    for (let zone = this.#free.length - 1; zone >= 0; zone--) {
      const boost = zone === this.#main ? this.#boost : 0;
      if (this.#free[zone] > this.#low[zone] + boost + pages + this.#reserve[zone]) return zone;
    }
    return this.#main;
  }

  /** The high watermark, which steals lift. */
  #mark(zone: ZoneIndex): Pages {
    return this.#high[zone] + (zone === this.#main ? this.#boost : 0);
  }

  /** Woken; if the watermark is met, it only looks. */
  #wakes(timeNs: Nanoseconds): void {
    const main = this.#main;
    if (!this.#active && this.#free[main] <= this.#mark(main)) this.#begin(timeNs);
  }

  #begin(timeNs: Nanoseconds): void {
    if (!this.#active) {
      this.#beganNs = timeNs;
      this.#boostAtBegin = this.#boost;
      this.#boostLeft = this.#boost;
    }
    this.#active = true;
    this.#lastNs = timeNs;
    this.#tell(true);
  }

  /** What the boost was when the pass began is taken back. */
  #passEnds(timeNs: Nanoseconds): void {
    this.#boost = Math.max(0, this.#boost - this.#boostAtBegin);
    this.#boostAtBegin = this.#boost;
    this.#beganNs = timeNs;
  }

  #tell(active: boolean): void {
    for (let zone = 0; zone < this.#flags.length; zone++) {
      if (active) this.#flags[zone] |= ZoneFlag.reclaimActive;
      else this.#flags[zone] &= ~ZoneFlag.reclaimActive;
    }
  }
}

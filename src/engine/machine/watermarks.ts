/**
 * Watermarks of the zones and how deep a request may dig below them (mm/page_alloc.c: init_per_zone_wmark_min,
 * __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve, __zone_watermark_ok; mm/khugepaged.c:
 * set_recommended_min_free_kbytes).
 *
 * Not modelled: the temporary boost of 5.0 on (vm.watermark_boost_factor), CMA pages, the drift of the free
 * counter (percpu_drift_mark).
 */

import type { Pages, ZoneIndex } from '../../base/units.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { orderCount, pageBlockPages } from './buddy.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';

/** Which mark a request is held against. `promo` (5.18 on) is for tiered memory only. */
export const Mark = { min: 0, low: 1, high: 2, promo: 3 } as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/** How deep below the mark a request may go. */
export const Depth = {
  /** GFP_KERNEL, GFP_USER. */
  normal: 0,
  /** GFP_ATOMIC: half of the mark, and a quarter of the rest: 3/8. */
  atomic: 1,
  /** A real-time task: a quarter of the mark less; from 6.3 half of it. */
  realTime: 2,
  /** A task that the OOM killer chose: no mark at all, from 4.14 half of it. */
  oomVictim: 3,
  /** PF_MEMALLOC: no mark at all. */
  memalloc: 4,
} as const;
export type Depth = (typeof Depth)[keyof typeof Depth];

/** What the test of a larger block reads: free pages by zone, free blocks by zone * 11 + order (class Buddy). */
export interface FreeLists {
  readonly free: Int32Array;
  /** Of the types that anyone may use. */
  readonly freeBlocks: Int32Array;
  /** Of the highatomic reserve. */
  readonly reserveBlocks: Int32Array;
}

/** Highest zone that a request may use, as its class for the lowmem reserve: GFP_KERNEL Normal, user pages Movable. */
export const ZoneClass = { DMA: 0, DMA32: 1, Normal: 2, Movable: 3 } as const;
export type ZoneClass = (typeof ZoneClass)[keyof typeof ZoneClass];
const markCount = 4;
const depthCount = 5;
const classCount = 4;
const floorsPerZone = markCount * depthCount * classCount;
/** vm.lowmem_reserve_ratio of DMA, DMA32, Normal; Movable lends to nobody. */
const reserveRatio = [256, 256, 32, 0];

export interface WatermarkOptions {
  /** vm.min_free_kbytes; -1: the rule of the kernel. */
  readonly minFreeKbytes: number;
  readonly watermarkScaleFactor: number;
  /** Transparent huge pages are on: khugepaged raises min_free_kbytes at boot, where memory is 512 MiB or more. */
  readonly thp: boolean;
}

/** vm.min_free_kbytes as the kernel chooses it. */
export function defaultMinFreeKbytes(zones: readonly ZoneSpec[], rules: KernelRules, thp: boolean): number {
  let lowmem = 0;
  let lowZones = 0;
  let total = 0;
  for (const zone of zones) {
    total += zone.pages;
    if (zone.name === 'Movable') continue;
    lowmem += zone.pages;
    lowZones++;
  }
  const root = Math.floor(Math.sqrt(lowmem * 4 * 16));
  const kbytes = Math.max(128, Math.min(rules.minFreeKbytesMax, root));
  if (!thp || total * 4 < 512 * 1024) return kbytes;
  // Two page blocks for each zone, and nine for the mix of three types; not more than 5 % of the memory.
  const wanted = Math.min(pageBlockPages * lowZones * (2 + 3 * 3), Math.floor(lowmem / 20));
  return Math.max(kbytes, wanted * 4);
}

export class Watermarks {
  readonly minFreeKbytes: number;
  /** Marks of each zone in pages. */
  readonly min: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly promo: Int32Array;
  /** Pages of a zone that requests of a class must leave for lower ones: zone * 4 + class ("protection"). */
  readonly reserve: Int32Array;
  /** Order 0 may be taken while free pages of the zone are more than this; by `floorAt`. */
  readonly floors: Int32Array;
  private readonly digs: Int32Array;
  private readonly highatomicPages: Int32Array;
  private readonly classOf: Uint8Array;
  private readonly rules: KernelRules;

  constructor(zones: readonly ZoneSpec[], rules: KernelRules, options: WatermarkOptions) {
    const count = zones.length;
    this.rules = rules;
    this.classOf = Uint8Array.from(zones, (zone) => ZoneClass[zone.name]);
    this.minFreeKbytes =
      options.minFreeKbytes >= 0 ? options.minFreeKbytes : defaultMinFreeKbytes(zones, rules, options.thp);
    this.min = new Int32Array(count);
    this.low = new Int32Array(count);
    this.high = new Int32Array(count);
    this.promo = new Int32Array(count);
    this.reserve = new Int32Array(count * classCount);
    this.floors = new Int32Array(count * floorsPerZone);
    this.digs = new Int32Array(floorsPerZone * count);
    this.highatomicPages = new Int32Array(count);
    this.setMarks(zones, options.watermarkScaleFactor);
    this.setReserves(zones);
    for (let zone = 0; zone < count; zone++) this.setFloors(zone);
  }

  /** Order 0 may be taken from the zone while `free[zone]` is more than this. */
  floor(zone: ZoneIndex, mark: Mark, depth: Depth, zoneClass: ZoneClass): Pages {
    return this.floors[this.floorAt(zone, mark, depth, zoneClass)];
  }

  /** Position of a floor in `floors`, for loops that keep it. */
  floorAt(zone: ZoneIndex, mark: Mark, depth: Depth, zoneClass: ZoneClass): number {
    return ((zone * markCount + mark) * depthCount + depth) * classCount + zoneClass;
  }

  /** May a block of `order` be taken (__zone_watermark_ok)? */
  ok(
    zone: ZoneIndex,
    order: number,
    mark: Mark,
    depth: Depth,
    zoneClass: ZoneClass,
    lists: FreeLists,
  ): boolean {
    const { free, freeBlocks, reserveBlocks } = lists;
    const at = this.floorAt(zone, mark, depth, zoneClass);
    const blocks = zone * orderCount;
    const usable = free[zone] - ((1 << order) - 1);
    if (usable <= this.floors[at]) return false;
    if (order === 0 || this.takesAll(depth)) return true;
    if (this.rules.watermarkByBlocks) {
      for (let o = order; o < orderCount; o++) if (freeBlocks[blocks + o] > 0) return true;
      if (!this.mayUseReserve(depth)) return false;
      for (let o = order; o < orderCount; o++) if (reserveBlocks[blocks + o] > 0) return true;
      return false;
    }
    // Up to 4.3: blocks that are too small do not count, and each order asks for half of the order below.
    let left = usable - 2 * this.rules.watermarkExtra;
    let floor = this.digs[at];
    for (let o = 0; o < order; o++) {
      left -= freeBlocks[blocks + o] << o;
      floor >>= 1;
      if (left <= floor) return false;
    }
    return true;
  }

  /** Pages set aside as highatomic reserve: those who may not use it must leave them too (4.4 on). */
  setHighatomicPages(zone: ZoneIndex, pages: Pages): void {
    this.highatomicPages[zone] = pages;
    this.setFloors(zone);
  }

  private setMarks(zones: readonly ZoneSpec[], scaleFactor: number): void {
    const { rules } = this;
    const minPages = this.minFreeKbytes >>> 2;
    // Movable counted as low memory, with a full share of min, before 6.6.
    const movableIsLow = !kernelAtLeast(rules.version, '6.6');
    let lowmem = 0;
    for (const zone of zones) if (movableIsLow || zone.name !== 'Movable') lowmem += zone.pages;
    zones.forEach((zone, index) => {
      const share = Math.floor((minPages * zone.pages) / Math.max(1, lowmem));
      const clamped = Math.max(32, Math.min(128, Math.floor(zone.pages / 1024)));
      const min = zone.name === 'Movable' && !movableIsLow ? clamped : share;
      const scaled = rules.gapRule === 'scaled' ? Math.floor((zone.pages * scaleFactor) / 10000) : 0;
      const quarter = share >>> 2;
      const gap = Math.max(quarter, scaled);
      this.min[index] = min;
      this.low[index] = min + gap;
      this.high[index] = min + (rules.gapRule === 'scaled' ? 2 * gap : share >>> 1);
      this.promo[index] = min + 3 * gap;
    });
  }

  private setReserves(zones: readonly ZoneSpec[]): void {
    for (let zone = 0; zone < zones.length; zone++) {
      const own = this.classOf[zone];
      let above = 0;
      for (let zoneClass = own + 1; zoneClass < classCount; zoneClass++) {
        zones.forEach((other, index) => {
          if (other.node === zones[zone].node && this.classOf[index] === zoneClass) above += other.pages;
        });
        this.reserve[zone * classCount + zoneClass] = Math.floor(above / reserveRatio[own]);
      }
    }
  }

  private setFloors(zone: ZoneIndex): void {
    const marks = [this.min[zone], this.low[zone], this.high[zone], this.promo[zone]];
    for (const mark of [Mark.min, Mark.low, Mark.high, Mark.promo]) {
      for (const depth of [Depth.normal, Depth.atomic, Depth.realTime, Depth.oomVictim, Depth.memalloc]) {
        const dig = this.dig(marks[mark], depth);
        const extra =
          2 * this.rules.watermarkExtra + (this.mayUseReserve(depth) ? 0 : this.highatomicPages[zone]);
        for (let zoneClass = 0; zoneClass < classCount; zoneClass++) {
          const at = ((zone * markCount + mark) * depthCount + depth) * classCount + zoneClass;
          this.digs[at] = dig;
          // A floor of -1 always passes: whether there is a page is seen when it is taken.
          this.floors[at] = this.takesAll(depth)
            ? -1
            : dig + this.reserve[zone * classCount + zoneClass] + extra;
        }
      }
    }
  }

  /** What is left of a mark for a request of this depth, in the kernel's integer steps. */
  private dig(mark: Pages, depth: Depth): Pages {
    if (depth === Depth.normal) return mark;
    const half = mark - (mark >>> 1);
    if (depth === Depth.atomic) return half - (half >>> 2);
    if (depth === Depth.realTime)
      return kernelAtLeast(this.rules.version, '6.3') ? half : mark - (mark >>> 2);
    return half;
  }

  private takesAll(depth: Depth): boolean {
    return depth === Depth.memalloc || (depth === Depth.oomVictim && this.rules.oomVictim === 'all');
  }

  /** ALLOC_HARDER, ALLOC_OOM; from 6.3 ALLOC_RESERVES. */
  private mayUseReserve(depth: Depth): boolean {
    return this.rules.highatomic ? depth !== Depth.normal : true;
  }
}

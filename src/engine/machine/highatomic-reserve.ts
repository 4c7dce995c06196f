/**
 * Page blocks set aside for atomic requests of order 1 and more (4.4 on; mm/page_alloc.c:
 * reserve_highatomic_pageblock, unreserve_highatomic_pageblock). At most about 1 % of a zone; a block is
 * given up before a direct reclaimer drains, so that its retry may find it.
 */

import type { Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { BlockType, type Buddy, pageBlockPages } from './buddy.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import { noPage } from './page-chains.ts';
import type { Watermarks } from './watermarks.ts';

export class HighatomicReserve {
  /** Pages of reserved page blocks by zone, free or not. */
  readonly pages: Int32Array;
  private readonly limit: Int32Array;
  private readonly buddy: Buddy;
  private readonly marks: Watermarks;

  constructor(buddy: Buddy, marks: Watermarks, zones: readonly ZoneSpec[], rules: KernelRules) {
    this.buddy = buddy;
    this.marks = marks;
    this.pages = new Int32Array(zones.length);
    // 1 % and one block more; from 6.8 1 % rounded up to blocks, and nothing in a zone below 51,200 pages.
    const rounded = kernelAtLeast(rules.version, '6.8');
    this.limit = Int32Array.from(zones, (zone) => {
      const percent = Math.floor(zone.pages / 100);
      if (!rules.highatomic || (rounded && percent < pageBlockPages)) return 0;
      return rounded ? Math.ceil(percent / pageBlockPages) * pageBlockPages : percent + pageBlockPages;
    });
  }

  /** A block from the reserve for an atomic request of order > 0, or -1. It is tried before the common lists. */
  take(zone: ZoneIndex, order: number): Pfn {
    return this.pages[zone] === 0 ? noPage : this.buddy.takeOwn(zone, order, BlockType.highatomic);
  }

  /** After an atomic request of order > 0 got `pfn`: its page block joins the reserve while there is room. */
  reserve(zone: ZoneIndex, pfn: Pfn): void {
    if (this.pages[zone] >= this.limit[zone] || this.buddy.blockType(pfn) > BlockType.reclaimable) return;
    this.set(zone, pfn, BlockType.highatomic, this.pages[zone] + pageBlockPages);
  }

  /**
   * Gives the page block of the first free reserved page to `type`, and says whether there was one. The last block
   * of a zone stays unless `force` (no progress in the last round of reclaim).
   */
  release(zones: Iterable<ZoneIndex>, type: number, force = false): boolean {
    for (const zone of zones) {
      if (!force && this.pages[zone] <= pageBlockPages) continue;
      const pfn = this.buddy.firstFree(zone, BlockType.highatomic);
      if (pfn === noPage) continue;
      this.set(zone, pfn, type, Math.max(0, this.pages[zone] - pageBlockPages));
      return true;
    }
    return false;
  }

  private set(zone: ZoneIndex, pfn: Pfn, type: number, pages: Pages): void {
    this.buddy.setBlockType(zone, pfn, type);
    this.pages[zone] = pages;
    this.marks.setHighatomicPages(zone, pages);
  }
}

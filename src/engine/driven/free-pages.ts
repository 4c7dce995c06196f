/**
 * Corrections to the modelled free pages of each zone: pages that left the free lists, or a list, without an event of their
 * own. Compaction takes its targets silently; bulk allocations take from a zone that is known only when the pages are
 * freed.
 */

import type { Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import type { ZoneOfPage } from './zone-of-page.ts';

/** Where a page was told last. */
const Place = { elsewhere: 0, freeLists: 1, refilled: 2, freed: 3 } as const;

export class FreePages {
  readonly #free: Float64Array;
  readonly #zones: ZoneOfPage;
  readonly #place: Uint8Array;
  /** Tasks that compact all the time: kcompactd. */
  readonly #compactors: ReadonlySet<number>;
  /** Targets of compaction that are counted as taken but not seen yet. */
  #targets: Pages = 0;
  /** By zone: pages that bulk allocations took and that are not freed yet. */
  readonly #silent: Float64Array;

  constructor(pfnEnd: Pfn, free: Float64Array, zones: ZoneOfPage, compactors: ReadonlySet<number>) {
    this.#free = free;
    this.#zones = zones;
    this.#place = new Uint8Array(pfnEnd);
    this.#compactors = compactors;
    this.#silent = new Float64Array(free.length);
  }

  /** mm_page_alloc_zone_locked, or a steal that is a refill. */
  taken(pfn: Pfn, order: number, forList: boolean): void {
    this.#set(pfn, order, forList ? Place.refilled : Place.elsewhere);
  }

  allocated(pfn: Pfn, order: number): void {
    this.#set(pfn, order, Place.elsewhere);
  }

  /** To the free lists. */
  gaveBack(pfn: Pfn, order: number): void {
    this.#set(pfn, order, Place.freeLists);
  }

  takenSilently(zone: ZoneIndex, pages: Pages): void {
    this.#silent[zone] += pages;
  }

  /** mm_page_free. */
  freed(pfn: Pfn, order: number, pid: number, toList: boolean): void {
    const zone = this.#zones.of(pfn);
    if (zone < 0) return;
    const pages = 1 << order;
    const place = this.#place[pfn];
    if (this.#compactors.has(pid)) {
      // The source of a migration; its target was taken from the free lists.
      this.#free[zone] -= pages;
      if (place !== Place.freeLists) this.#targets += pages;
    } else if (place === Place.freeLists) {
      if (this.#targets > 0) this.#targets--;
      else this.#free[zone] -= pages;
    }
    if (order === 0 && (place === Place.refilled || place === Place.freed)) this.#wasSilent(zone);
    this.#set(pfn, order, toList ? Place.freed : Place.freeLists);
  }

  /** A page of this zone was taken by a bulk allocation. */
  #wasSilent(zone: ZoneIndex): void {
    if (this.#silent[zone] > 0) {
      this.#silent[zone]--;
      return;
    }
    const other = this.#silent.findIndex((pages) => pages > 0);
    if (other < 0) return;
    this.#silent[other]--;
    this.#free[zone]--;
    this.#free[other]++;
  }

  #set(pfn: Pfn, order: number, place: number): void {
    if (pfn >= 0) this.#place.fill(place, pfn, pfn + (1 << order));
  }
}

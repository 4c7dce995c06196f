/**
 * Pages on each (CPU, zone) list, as far as the recording tells: the counts, which pages they are, and
 * which CPUs hold any. An entry of order o counts 2^o base pages.
 *
 * A count has two parts: pages whose frame numbers were seen to enter, and pages of before the start, known
 * only by their number (`unseen`), from the moment at which the list is anchored: by a snapshot, or by a
 * drain that emptied it. Until then the count is a lower bound.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, ListIndex, Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import type { Machine } from '../input/machine.ts';
import type { Journal } from './journal.ts';
import { PageTable } from './page-table.ts';

/** Flag beside the order: the page is still in the table but was taken off its list already. */
export const takenFlag = 0x80;
export const orderMask = 0x1f;

/** A full table is swept of stale entries at most this often. */
const rowsBetweenSweeps = 1 << 20;

/** Told of every change of a CPU's pages. */
export interface PagesWatcher {
  /** Time of the row that is being followed; set before its changes. */
  timeNs: Nanoseconds;
  /** From `timeNs` on there are `pages` on the lists of `cpu`, as far as rebuilt (it may be below 0 for a moment). */
  changed(cpu: CpuIndex, pages: Pages): void;
}

export class PageLists {
  readonly cpuCount: number;
  readonly zoneCount: number;
  readonly listCount: number;
  readonly counts: Int32Array;
  /** Part of `counts`: pages whose frame number is not known. */
  readonly unseen: Int32Array;
  /** Taken by calls that emit no event: entries of these pages are still in the table, the counts are without them. */
  readonly ghosts: Int32Array;
  /** 1: the count is the whole truth, as far as rebuilt; 0: only a lower bound. */
  readonly anchored: Uint8Array;
  /** How many lists are anchored. */
  anchoredLists = 0;
  /** CPUs of which some list is not anchored. */
  readonly unanchored: BitSet;
  readonly #unanchoredLists: Int32Array;
  readonly cpuPages: Int32Array;
  /** CPUs with `cpuPages` over 0. */
  readonly holders: BitSet;
  /** CPUs in the middle of a refill or a give-back, whose counts are about to change. */
  readonly refilling: BitSet;
  readonly givingBack: BitSet;
  readonly table = new PageTable();
  /** Keeps the changes while it is set. */
  journal: Journal | null = null;
  watcher: PagesWatcher | null = null;
  readonly #cpuOfList: Uint16Array;
  /** Entries of rows before this were emptied by a drain: they are stale. */
  readonly #emptiedRow: Float64Array;
  readonly #watchRow: Float64Array;
  readonly #watchPages: Int32Array;
  readonly #zoneStart: Float64Array;
  readonly #zoneEnd: Float64Array;
  #lastZone = 0;
  #sweptRow = -rowsBetweenSweeps;

  constructor(machine: Machine) {
    this.cpuCount = machine.cpuCount;
    this.zoneCount = machine.zones.length;
    this.listCount = this.cpuCount * this.zoneCount;
    this.counts = new Int32Array(this.listCount);
    this.unseen = new Int32Array(this.listCount);
    this.ghosts = new Int32Array(this.listCount);
    this.anchored = new Uint8Array(this.listCount);
    this.unanchored = BitSet.full(this.cpuCount);
    this.#unanchoredLists = new Int32Array(this.cpuCount).fill(this.zoneCount);
    this.cpuPages = new Int32Array(this.cpuCount);
    this.holders = new BitSet(this.cpuCount);
    this.refilling = new BitSet(this.cpuCount);
    this.givingBack = new BitSet(this.cpuCount);
    this.#emptiedRow = new Float64Array(this.listCount).fill(-1);
    this.#watchRow = new Float64Array(this.listCount).fill(Number.POSITIVE_INFINITY);
    this.#watchPages = new Int32Array(this.listCount);
    this.#cpuOfList = Uint16Array.from({ length: this.listCount }, (_, list) =>
      Math.floor(list / this.zoneCount),
    );
    this.#zoneStart = Float64Array.from(machine.zones, (zone) => zone.startPfn);
    this.#zoneEnd = Float64Array.from(machine.zones, (zone) => zone.endPfn);
  }

  /** Zone whose span holds the page, or -1. Of overlapping spans (interleaved nodes) the last match stays. */
  zoneOf(pfn: Pfn): number {
    const last = this.#lastZone;
    if (pfn >= this.#zoneStart[last] && pfn < this.#zoneEnd[last]) return last;
    for (let zone = 0; zone < this.zoneCount; zone++) {
      if (pfn >= this.#zoneStart[zone] && pfn < this.#zoneEnd[zone]) {
        this.#lastZone = zone;
        return zone;
      }
    }
    return -1;
  }

  cpuOf(list: ListIndex): CpuIndex {
    return this.#cpuOfList[list];
  }

  /** Changes a count; `pages` may be negative. */
  add(list: ListIndex, pages: Pages): void {
    if (this.journal !== null) this.journal.note(list, pages);
    this.counts[list] += pages;
    const cpu = this.#cpuOfList[list];
    const before = this.cpuPages[cpu];
    const after = before + pages;
    this.cpuPages[cpu] = after;
    if (this.watcher !== null) this.watcher.changed(cpu, after);
    if (before > 0 !== after > 0) {
      if (after > 0) this.holders.add(cpu);
      else this.holders.delete(cpu);
    }
  }

  /** Slot of a page that is believed on a list or just taken off it, or -1. */
  find(pfn: Pfn): number {
    const slot = this.table.find(pfn);
    if (slot >= 0 && this.isStale(slot)) return -1;
    return slot;
  }

  /** Was the list of this entry emptied since the page entered? */
  isStale(slot: number): boolean {
    return this.table.row(slot) < this.#emptiedRow[this.table.list(slot)];
  }

  /** Row at which the last drain of this list that is over began, or -1. */
  emptiedRow(list: ListIndex): number {
    return this.#emptiedRow[list];
  }

  /** The page enters `list` with row `row`. It must not be in the table, but for a stale entry. */
  enter(pfn: Pfn, list: ListIndex, order: number, row: number): void {
    const pages = 1 << order;
    this.#insert(pfn, list, order, row);
    this.add(list, pages);
    if (row >= this.#watchRow[list]) this.#watchPages[list] += pages;
  }

  /** The page in `slot`, on a list, comes with row `row` only, and perhaps to another list. */
  reenter(slot: number, list: ListIndex, row: number): void {
    const { table } = this;
    const from = table.list(slot);
    const pages = 1 << (table.order(slot) & orderMask);
    if (from !== list) {
      this.add(from, -pages);
      this.add(list, pages);
    }
    if (table.row(slot) >= this.#watchRow[from]) this.#watchPages[from] -= pages;
    if (row >= this.#watchRow[list]) this.#watchPages[list] += pages;
    table.move(slot, list, row);
  }

  /** The page will be on `list` when the refill is complete: in the table, but not yet in the count. */
  expect(pfn: Pfn, list: ListIndex, order: number, row: number): void {
    this.#insert(pfn, list, order, row);
  }

  #insert(pfn: Pfn, list: ListIndex, order: number, row: number): void {
    const { table } = this;
    if (table.full && row - this.#sweptRow >= rowsBetweenSweeps) {
      this.#sweptRow = row;
      table.sweep((of, entered) => entered >= this.#emptiedRow[of]);
    }
    if (!table.full || table.find(pfn) >= 0) table.put(pfn, list, order, row);
    // Beyond what the table holds, a page is known only by its number.
    else this.unseen[list] += 1 << order;
  }

  /** The refill of `pages` pages that began with `row` is complete. */
  refilled(list: ListIndex, pages: Pages, row: number): void {
    this.add(list, pages);
    if (row >= this.#watchRow[list]) this.#watchPages[list] += pages;
  }

  /** The page in `slot` leaves the list that it is on. */
  leave(slot: number): void {
    const order = this.table.order(slot);
    if ((order & takenFlag) === 0) this.takeOff(slot, order & orderMask);
    this.table.remove(slot);
  }

  /** The page is on no list but stays in the table until the event that tells where it went. */
  markTaken(slot: number): void {
    this.table.setOrder(slot, this.table.order(slot) | takenFlag);
  }

  takeOff(slot: number, order: number): void {
    const list = this.table.list(slot);
    this.add(list, -(1 << order));
    if (this.table.row(slot) >= this.#watchRow[list]) this.#watchPages[list] -= 1 << order;
  }

  /** A full drain of the list begins with `row`: what enters from here on may stay. */
  beginEmptying(list: ListIndex, row: number): void {
    this.#watchRow[list] = row;
    this.#watchPages[list] = 0;
  }

  /** The drain is over: of what was there before it, nothing is left. Returns by how much the count was wrong. */
  endEmptying(list: ListIndex): Pages {
    const row = this.#watchRow[list];
    if (row === Number.POSITIVE_INFINITY) return 0;
    return this.#emptied(list, row, this.#watchPages[list]);
  }

  /** At `row` nothing is on the list. Returns by how much the count was wrong. */
  emptiedAt(list: ListIndex, row: number): Pages {
    return this.#emptied(list, row, 0);
  }

  #emptied(list: ListIndex, row: number, pages: Pages): Pages {
    const wrong = this.counts[list] - pages;
    if (wrong !== 0) this.add(list, -wrong);
    this.#emptiedRow[list] = row;
    this.#watchRow[list] = Number.POSITIVE_INFINITY;
    this.unseen[list] = 0;
    this.ghosts[list] = 0;
    return this.anchor(list) ? 0 : wrong;
  }

  /** The list's count is `pages` now: what is not in the table is unseen. */
  anchorAt(list: ListIndex, pages: Pages): void {
    const missing = pages - this.counts[list];
    this.unseen[list] += missing;
    this.add(list, missing);
    this.anchor(list);
  }

  /** True if the list was not anchored before. */
  anchor(list: ListIndex): boolean {
    if (this.anchored[list] === 1) return false;
    this.anchored[list] = 1;
    this.anchoredLists++;
    const cpu = this.#cpuOfList[list];
    if (--this.#unanchoredLists[cpu] === 0) this.unanchored.delete(cpu);
    return true;
  }
}

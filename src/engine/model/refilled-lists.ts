/**
 * What a refill proves: that the list had no page of this order and type, since only an empty one is refilled
 * (`__rmqueue_pcplist` in mm/page_alloc.c). Pages that are still believed there left it unseen. Used where the
 * rmqueue_bulk probe tells a refill from a page that goes straight to its user, which looks the same otherwise.
 *
 * The type of a refill is in its events. That of a freed page is the type of its block of pages, as far as events
 * have shown it: drained pages tell it, and so does a fallback that changes the owner of a block.
 */

import type { CpuIndex, ListIndex, Pfn } from '../../base/units.ts';

/** Pages of a block have one type: 2^9 on most machines; a smaller block size would only say less. */
const blockPages = 1 << 9;
/** Blocks whose type is remembered: those of the first 32 TiB. */
const blocksMax = 1 << 24;
/** Types that have lists of their own: unmovable, movable, reclaimable; all others are kept with movable. */
const listTypes = 3;
const movable = 1;
const orders = 16;
/** Shared by all answers that are empty. */
const none: readonly number[] = [];
/** Candidates of one list before those that have left are sorted out. */
const candidatesMax = 1 << 14;

/** Is the page still believed to be on this list, where it came with this row? */
export type StillThere = (pfn: Pfn, list: ListIndex, row: number) => boolean;

export class RefilledLists {
  readonly #still: StillThere;
  /** Block number → type + 1; 0: not known. */
  #typeOfBlock = new Uint8Array(1024);
  /** List → order and type → pages that entered since the last refill: frame number and row by turns. */
  readonly #entered: (number[] | undefined)[][];
  /** By CPU: 1 between rmqueue_bulk and its first page. */
  readonly #begun: Uint8Array;

  constructor(cpuCount: number, listCount: number, still: StillThere) {
    this.#still = still;
    this.#begun = new Uint8Array(cpuCount);
    this.#entered = new Array(listCount);
  }

  /** Probe rmqueue_bulk. */
  begins(cpu: CpuIndex): void {
    this.#begun[cpu] = 1;
  }

  /** Is this page the first of a refill? */
  isFirst(cpu: CpuIndex): boolean {
    const first = this.#begun[cpu] === 1;
    this.#begun[cpu] = 0;
    return first;
  }

  /** A page was told with the type of the block that it is in. */
  sawType(pfn: Pfn, type: number): void {
    const block = Math.floor(pfn / blockPages);
    if (block >= this.#typeOfBlock.length) {
      if (block >= blocksMax) return;
      const longer = new Uint8Array(2 ** Math.ceil(Math.log2(block + 1)));
      longer.set(this.#typeOfBlock);
      this.#typeOfBlock = longer;
    }
    this.#typeOfBlock[block] = listTypeOf(type) + 1;
  }

  /** All blocks of [pfn, pfn + 2^order) have a new owner. */
  blocksTaken(pfn: Pfn, order: number, type: number): void {
    const pages = 2 ** Math.min(order, orders);
    for (let page = pfn; page < pfn + pages; page += blockPages) this.sawType(page, type);
  }

  /** A freed page entered `list`. */
  freed(pfn: Pfn, list: ListIndex, order: number, row: number): void {
    const type = this.#typeOfBlock[Math.floor(pfn / blockPages)];
    if (type > 0) this.entered(pfn, list, order, type - 1, row);
  }

  /** A page entered the list of its type; the order is one that lists have. */
  entered(pfn: Pfn, list: ListIndex, order: number, type: number, row: number): void {
    this.#entered[list] ??= new Array(orders * listTypes).fill(undefined);
    const ofList = this.#entered[list];
    const key = keyOf(order, type);
    const pages = ofList[key];
    if (pages === undefined) ofList[key] = [pfn, row];
    else {
      pages.push(pfn, row);
      if (pages.length <= 2 * candidatesMax) return;
      // A list that really is that long is not followed: sorting out at each page would take forever.
      const there = this.#thereOf(pages, list);
      ofList[key] = there.length > candidatesMax ? [] : there;
    }
  }

  /** `list` is refilled with pages of this order and type: those believed there until now, frame number and row by turns. */
  emptied(list: ListIndex, order: number, type: number): readonly number[] {
    const key = keyOf(order, type);
    const pages = this.#entered[list]?.[key];
    if (pages === undefined || pages.length === 0) return none;
    const there = this.#thereOf(pages, list);
    // The array is kept for the next pages: refills come often.
    pages.length = 0;
    return there.length === 0 ? none : there;
  }

  #thereOf(pages: readonly number[], list: ListIndex): number[] {
    const there: number[] = [];
    for (let i = 0; i < pages.length; i += 2) {
      if (this.#still(pages[i], list, pages[i + 1])) there.push(pages[i], pages[i + 1]);
    }
    return there;
  }
}

function keyOf(order: number, type: number): number {
  return Math.min(order, orders - 1) * listTypes + listTypeOf(type);
}

function listTypeOf(type: number): number {
  return type >= 0 && type < listTypes ? type : movable;
}

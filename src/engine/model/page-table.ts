/**
 * Which pages are on a per-CPU list: page frame number → list, order, row of entry.
 *
 * An open-addressing hash table in typed arrays. Its size follows the pages that are parked (thousands to
 * a million), not the memory of the machine, so that it stays in the processor's cache and a machine of
 * terabytes costs no more. Neighbouring frames share a group of 16 slots: the kernel hands them out together.
 */

import { assert } from '../../base/assert.ts';
import type { ListIndex, Pfn } from '../../base/units.ts';

const noPfn = -1;
/** Entries beyond this (16 GiB of pages on lists) would take too much memory. */
const entriesMax = 1 << 22;
const groupBits = 4;
const groupMask = (1 << groupBits) - 1;

export class PageTable {
  #bits: number;
  #mask: number;
  #pfns: Float64Array;
  #lists: Int32Array;
  #orders: Uint8Array;
  #rows: Float64Array;
  #used = 0;

  /** `bits`: log2 of the first capacity. */
  constructor(bits = 14) {
    this.#bits = bits;
    this.#mask = (1 << bits) - 1;
    this.#pfns = new Float64Array(1 << bits).fill(noPfn);
    this.#lists = new Int32Array(1 << bits);
    this.#orders = new Uint8Array(1 << bits);
    this.#rows = new Float64Array(1 << bits);
  }

  /** Entries held. */
  get size(): number {
    return this.#used;
  }

  /** Slot of `pfn`, or -1. Valid until the next insert or remove. */
  find(pfn: Pfn): number {
    const pfns = this.#pfns;
    let slot = this.#home(pfn);
    while (pfns[slot] !== pfn) {
      if (pfns[slot] === noPfn) return -1;
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  list(slot: number): ListIndex {
    return this.#lists[slot];
  }

  order(slot: number): number {
    return this.#orders[slot];
  }

  setOrder(slot: number, order: number): void {
    this.#orders[slot] = order;
  }

  /** Number of the row with which the page came. */
  row(slot: number): number {
    return this.#rows[slot];
  }

  /** More pages are not followed one by one. */
  get full(): boolean {
    return this.#used >= entriesMax;
  }

  /** Puts the page in, over its old entry if it has one. Only where the table is not full or the page is in it. */
  put(pfn: Pfn, list: ListIndex, order: number, row: number): void {
    if (this.#used * 2 >= this.#pfns.length) this.#grow();
    const pfns = this.#pfns;
    let slot = this.#home(pfn);
    while (pfns[slot] !== noPfn && pfns[slot] !== pfn) slot = (slot + 1) & this.#mask;
    if (pfns[slot] === noPfn) {
      pfns[slot] = pfn;
      this.#used++;
    }
    this.#lists[slot] = list;
    this.#orders[slot] = order;
    this.#rows[slot] = row;
  }

  /** Changes list and row of entry of the page in `slot`. */
  move(slot: number, list: ListIndex, row: number): void {
    this.#lists[slot] = list;
    this.#rows[slot] = row;
  }

  remove(slot: number): void {
    // Backward shift: later entries of the run move up, so that no search meets a hole before its entry.
    const pfns = this.#pfns;
    const mask = this.#mask;
    let hole = slot;
    let next = (hole + 1) & mask;
    while (pfns[next] !== noPfn) {
      const home = this.#home(pfns[next]);
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        this.#copy(next, hole);
        hole = next;
      }
      next = (next + 1) & mask;
    }
    pfns[hole] = noPfn;
    this.#used--;
  }

  /** Keeps the entries for which `keep(list, row)` holds. */
  sweep(keep: (list: ListIndex, row: number) => boolean): void {
    this.#rebuild(this.#bits, keep);
  }

  #home(pfn: Pfn): number {
    const low = pfn >>> 0;
    const group = Math.imul(low >>> groupBits, 0x9e3779b1) >>> (32 - this.#bits);
    return (group & ~groupMask) | (low & groupMask);
  }

  #copy(from: number, to: number): void {
    this.#pfns[to] = this.#pfns[from];
    this.#lists[to] = this.#lists[from];
    this.#orders[to] = this.#orders[from];
    this.#rows[to] = this.#rows[from];
  }

  #grow(): void {
    assert(this.#bits <= 24, 'the table of pages has outgrown its bound');
    this.#rebuild(this.#bits + 1, () => true);
  }

  #rebuild(bits: number, keep: (list: ListIndex, row: number) => boolean): void {
    const old = { pfns: this.#pfns, lists: this.#lists, orders: this.#orders, rows: this.#rows };
    this.#bits = bits;
    this.#mask = (1 << bits) - 1;
    this.#pfns = new Float64Array(1 << bits).fill(noPfn);
    this.#lists = new Int32Array(1 << bits);
    this.#orders = new Uint8Array(1 << bits);
    this.#rows = new Float64Array(1 << bits);
    this.#used = 0;
    for (let i = 0; i < old.pfns.length; i++) {
      if (old.pfns[i] === noPfn || !keep(old.lists[i], old.rows[i])) continue;
      this.put(old.pfns[i], old.lists[i], old.orders[i], old.rows[i]);
    }
  }
}

/**
 * Work on a list that is told page by page although the kernel's count changes at once, kept for each CPU until
 * its next other event:
 *
 * - a refill (rmqueue_bulk): the count grows when all pages are there, and the first is handed out at once;
 * - a give-back (free_pcppages_bulk of 4.17–5.17): all pages leave before the first is told.
 */

import type { CpuIndex, ListIndex, Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import { type EventBlock, Kind } from '../input/event-log.ts';
import { AllocationDelay } from './allocation-delay.ts';
import type { ListRules } from './list-rules.ts';
import type { Looks } from './looks.ts';
import { orderMask, type PageLists } from './page-lists.ts';

/** Bit of a CPU's `busy` during such work. */
export const atWork = 1;

/** Give-backs of fewer pages say more about the probe than about the pages. */
const manyPages = 16;

const idle = 0;
const refilling = 1;
const givingBack = 2;

/** Kind of event → the work that it continues. */
const continues = new Uint8Array(256);
continues[Kind.pageAllocZoneLocked] = refilling;
continues[Kind.pageAllocExtfrag] = refilling;
continues[Kind.pagePcpuDrain] = givingBack;

export interface RefillListener {
  /** Task `pid` of `cpu` has refilled `list`; `head` pages of that were handed out at once. */
  refilled(cpu: CpuIndex, pid: number, list: ListIndex, head: Pages): void;
}

export class ListWork {
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #rules: ListRules;
  readonly #busy: Uint8Array;
  readonly #listener: RefillListener;
  /** By zone: pages of a refill, 0 if not known. */
  readonly #batch: Int32Array;
  readonly #delay = new AllocationDelay();
  /** By CPU: the work, its list, its pages, the first page; its task, first and last row, time of the last. */
  readonly #work: Uint8Array;
  readonly #list: Int32Array;
  readonly #pages: Int32Array;
  readonly #head: Float64Array;
  readonly #pid: Int32Array;
  readonly #row: Float64Array;
  readonly #lastRow: Float64Array;
  readonly #lastNs: Float64Array;
  /** By CPU: time of the last page of a refill whose first page is not told as allocated yet, else -1. */
  readonly #headWaitsNs: Float64Array;
  /** By CPU: when its give-back began; -1 once its first page was told, when all have left. */
  readonly #takingSinceNs: Float64Array;
  /** Shortest time in which a give-back took a page off its list. */
  #takeOffNs = Number.POSITIVE_INFINITY;

  constructor(
    lists: PageLists,
    looks: Looks,
    rules: ListRules,
    busy: Uint8Array,
    batch: Int32Array,
    listener: RefillListener,
  ) {
    this.#lists = lists;
    this.#looks = looks;
    this.#rules = rules;
    this.#busy = busy;
    this.#batch = batch;
    this.#listener = listener;
    this.#work = new Uint8Array(busy.length);
    this.#list = new Int32Array(busy.length);
    this.#pages = new Int32Array(busy.length);
    this.#head = new Float64Array(busy.length);
    this.#pid = new Int32Array(busy.length);
    this.#row = new Float64Array(busy.length);
    this.#lastRow = new Float64Array(busy.length);
    this.#lastNs = new Float64Array(busy.length);
    this.#headWaitsNs = new Float64Array(busy.length).fill(-1);
    this.#takingSinceNs = new Float64Array(busy.length).fill(-1);
  }

  /** Before a row of a CPU at work: is the work over? */
  settle(cpu: CpuIndex, kind: Kind): void {
    if (this.#work[cpu] === continues[kind]) return;
    if (this.#work[cpu] === refilling) this.#endRefill(cpu);
    else this.#endGiveBack(cpu);
  }

  /** First row of the refill of `list` that its CPU is in the middle of, or `otherwise`. */
  refillRow(list: ListIndex, otherwise: number): number {
    const owner = this.#lists.cpuOf(list);
    return this.#isRefilling(owner, list) ? this.#row[owner] : otherwise;
  }

  /** One page of a refill of `list` by its CPU: row `i` of the block. (Times are not passed on: they would be boxed.) */
  refill(block: EventBlock, i: number, list: ListIndex, row: number): void {
    const cpu = block.cpu[i];
    const pfn = block.pfn[i];
    const order = block.order[i];
    if (this.#work[cpu] === refilling && this.#list[cpu] !== list) this.#endRefill(cpu);
    if (this.#work[cpu] !== refilling) {
      this.#work[cpu] = refilling;
      this.#busy[cpu] |= atWork;
      this.#lists.refilling.add(cpu);
      this.#list[cpu] = list;
      this.#pages[cpu] = 0;
      this.#head[cpu] = pfn;
      this.#row[cpu] = row;
      this.#pid[cpu] = block.pid[i];
    }
    this.#pages[cpu] += 1 << order;
    this.#lastRow[cpu] = row;
    this.#lastNs[cpu] = block.timeNs[i];
    this.#headWaitsNs[cpu] = block.timeNs[i];
    this.#lists.expect(pfn, list, order, row);
    const batch = this.#batch[list % this.#lists.zoneCount];
    // Where interrupts go on while the list is locked, a refill may be complete and not counted for long.
    if (!this.#rules.fixedRefill || this.#rules.remoteDrains || batch === 0) return;
    if (this.#pages[cpu] >= batch << order) this.#endRefill(cpu);
  }

  /** A page leaves its list: then the refill with which it came is complete. */
  met(slot: number): void {
    const list = this.#lists.table.list(slot);
    const owner = this.#lists.cpuOf(list);
    if (this.#isRefilling(owner, list) && this.#lists.table.row(slot) >= this.#row[owner])
      this.#endRefill(owner);
  }

  /** Page `pfn` is told as allocated: since when was it off its list, at the latest? */
  leftNs(cpu: CpuIndex, pid: number, pfn: Pfn, order: number, timeNs: Nanoseconds): Nanoseconds {
    // The first page of a refill is taken as soon as that is complete: it shows by how much the event is late.
    if (this.#headWaitsNs[cpu] >= 0) {
      if (this.#head[cpu] === pfn && this.#pid[cpu] === pid) {
        this.#delay.seen(order, timeNs - this.#headWaitsNs[cpu]);
      }
      this.#headWaitsNs[cpu] = -1;
    }
    return timeNs - this.#delay.atLeast(order);
  }

  /** `pages` pages leave `list` at once and will be told one by one by CPU `cpu`. */
  giveBack(cpu: CpuIndex, list: ListIndex, pages: Pages, timeNs: Nanoseconds): void {
    this.#takingSinceNs[cpu] = timeNs;
    this.#work[cpu] = givingBack;
    this.#busy[cpu] |= atWork;
    this.#lists.givingBack.add(cpu);
    this.#list[cpu] = list;
    this.#pages[cpu] = pages;
    this.#lists.add(list, -pages);
  }

  /** A page is told as given back. False: it is no part of a give-back that was taken off at once. */
  gaveBack(cpu: CpuIndex, pfn: Pfn, order: number, timeNs: Nanoseconds): boolean {
    if (this.#work[cpu] !== givingBack || this.#pages[cpu] <= 0) return false;
    if (this.#takingSinceNs[cpu] >= 0) this.#allTaken(cpu, timeNs);
    const lists = this.#lists;
    const list = this.#list[cpu];
    const pages = 1 << order;
    // The last entry may be of a higher order than was left to take.
    if (pages > this.#pages[cpu]) lists.add(list, this.#pages[cpu] - pages);
    this.#pages[cpu] -= pages;
    const slot = lists.table.find(pfn);
    if (slot < 0) {
      if (lists.anchored[list] === 0) {
        lists.add(list, pages);
        this.#looks.heldAllAlong(list, pages);
      } else if (lists.unseen[list] >= pages) lists.unseen[list] -= pages;
    } else if (lists.isStale(slot) || lists.table.list(slot) === list) lists.table.remove(slot);
    else {
      // It was believed on another list.
      lists.leave(slot);
      lists.add(list, pages);
    }
    return true;
  }

  /** At `timeNs`, the pages that a give-back of the last moment has not taken off yet; told to `held`. */
  stillHeld(timeNs: Nanoseconds, held: (list: ListIndex, pages: Pages) => void): void {
    if (this.#takeOffNs === Number.POSITIVE_INFINITY) return;
    for (let cpu = this.#lists.givingBack.next(0); cpu >= 0; cpu = this.#lists.givingBack.next(cpu + 1)) {
      if (this.#takingSinceNs[cpu] < 0) continue;
      const taken = Math.ceil((timeNs - this.#takingSinceNs[cpu]) / this.#takeOffNs);
      if (taken < this.#pages[cpu]) held(this.#list[cpu], this.#pages[cpu] - taken);
    }
  }

  /** Between the begin of a give-back and its first told page all its pages are taken off, and the zone lock is waited for. */
  #allTaken(cpu: CpuIndex, timeNs: Nanoseconds): void {
    const pages = this.#pages[cpu];
    if (pages >= manyPages)
      this.#takeOffNs = Math.min(this.#takeOffNs, (timeNs - this.#takingSinceNs[cpu]) / pages);
    this.#takingSinceNs[cpu] = -1;
  }

  #isRefilling(cpu: CpuIndex, list: ListIndex): boolean {
    return this.#work[cpu] === refilling && this.#list[cpu] === list;
  }

  /** What was not told did not leave. */
  #endGiveBack(cpu: CpuIndex): void {
    this.#work[cpu] = idle;
    this.#busy[cpu] &= ~atWork;
    this.#lists.givingBack.delete(cpu);
    if (this.#pages[cpu] > 0) this.#lists.add(this.#list[cpu], this.#pages[cpu]);
  }

  /** The count grows by the whole refill at once, and its first page is handed out at once. */
  #endRefill(cpu: CpuIndex): void {
    const lists = this.#lists;
    const list = this.#list[cpu];
    this.#work[cpu] = idle;
    this.#busy[cpu] &= ~atWork;
    lists.refilling.delete(cpu);
    const slot = lists.find(this.#head[cpu]);
    const head = slot < 0 ? 0 : 1 << (lists.table.order(slot) & orderMask);
    const stay = this.#pages[cpu] - head;
    // Only the CPU's next event tells that the refill was complete. It was so since the last page of it, but
    // not while another CPU drained the list and did not meet these pages.
    const completeRow = Math.max(this.#lastRow[cpu], lists.emptiedRow(list));
    this.#looks.grewEarlier(list, completeRow, this.#lastNs[cpu], stay);
    lists.refilled(list, stay, this.#row[cpu]);
    if (slot >= 0) lists.markTaken(slot);
    this.#listener.refilled(cpu, this.#pid[cpu], list, head);
  }
}

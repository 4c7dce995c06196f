/**
 * A look is the state of the lists at one moment: the kernel's own look at a drain, or the printing of
 * zoneinfo. Events tell of a change a little late or a little early (a free is told before the page is on
 * its list, an allocation after the page has left), so a look stays open for a while and later events put it right.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { ListIndex, Nanoseconds, Pages } from '../../base/units.ts';
import { Journal } from './journal.ts';
import type { PageLists } from './page-lists.ts';

/** Pages by list, kept for the lists that hold any, so that a look costs what the holders cost. */
export class Look {
  row = 0;
  timeNs: Nanoseconds = 0;
  /** Lists that are kept: the first `length` of them, ascending, with their pages. */
  lists: Int32Array = new Int32Array(64);
  pages: Int32Array = new Int32Array(64);
  length = 0;
  /** Changes after the look, of looks that last. */
  journal: Journal | null = null;
  /** CPUs that were in the middle of a refill or a give-back. */
  readonly refilling: BitSet;
  readonly givingBack: BitSet;

  constructor(cpuCount: number) {
    this.refilling = new BitSet(cpuCount);
    this.givingBack = new BitSet(cpuCount);
  }

  pagesOf(list: ListIndex): Pages {
    const at = this.#place(list);
    return at < this.length && this.lists[at] === list ? this.pages[at] : 0;
  }

  add(list: ListIndex, pages: Pages): void {
    const at = this.#place(list);
    if (at < this.length && this.lists[at] === list) {
      this.pages[at] += pages;
      return;
    }
    this.#append(0, 0);
    this.lists.copyWithin(at + 1, at, this.length - 1);
    this.pages.copyWithin(at + 1, at, this.length - 1);
    this.lists[at] = list;
    this.pages[at] = pages;
  }

  /** Copies what the lists hold: of holders, or of every CPU (also of those whose sum is not over 0). */
  take(lists: PageLists, row: number, timeNs: Nanoseconds, all: boolean): void {
    this.length = 0;
    this.journal = null;
    this.row = row;
    this.timeNs = timeNs;
    this.refilling.copyFrom(lists.refilling);
    this.givingBack.copyFrom(lists.givingBack);
    const zones = lists.zoneCount;
    const next = (cpu: number) => (all ? (cpu < lists.cpuCount ? cpu : -1) : lists.holders.next(cpu));
    for (let cpu = next(0); cpu >= 0; cpu = next(cpu + 1)) {
      for (let list = cpu * zones; list < (cpu + 1) * zones; list++) {
        if (lists.counts[list] !== 0) this.#append(list, lists.counts[list]);
      }
    }
  }

  /** Where the list stands, or would stand. */
  #place(list: ListIndex): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lists[middle] < list) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #append(list: ListIndex, pages: Pages): void {
    if (this.length === this.lists.length) {
      const { lists, pages: old } = this;
      this.lists = new Int32Array(lists.length * 2);
      this.pages = new Int32Array(lists.length * 2);
      this.lists.set(lists);
      this.pages.set(old);
    }
    this.lists[this.length] = list;
    this.pages[this.length++] = pages;
  }
}

/** Looks that later events may still put right, and a store of used ones. */
export class Looks {
  /** Tells the pages that are subtracted already but leave their lists only about `timeNs`. */
  stillHeld: (timeNs: Nanoseconds, held: (list: ListIndex, pages: Pages) => void) => void = () => {};
  readonly #lists: PageLists;
  readonly #open: Look[] = [];
  readonly #withJournal: Look[] = [];
  readonly #spare: Look[] = [];

  constructor(lists: PageLists) {
    this.#lists = lists;
  }

  /** Are there open looks? Asked before each correction, so that the usual case costs one test. */
  get any(): boolean {
    return this.#open.length > 0;
  }

  /** `all`: of every CPU, not only of holders. */
  take(row: number, timeNs: Nanoseconds, all = false): Look {
    const look = this.#spare.pop() ?? new Look(this.#lists.cpuCount);
    look.take(this.#lists, row, timeNs, all);
    if (!all) this.stillHeld(timeNs, (list, pages) => look.add(list, pages));
    this.#open.push(look);
    return look;
  }

  /** From row `row` on until now, the list held `pages` more than was believed. The caller changes the count from now on. */
  amendSince(list: ListIndex, row: number, pages: Pages): void {
    const open = this.#open;
    for (let i = open.length - 1; i >= 0 && open[i].row > row; i--) open[i].add(list, pages);
    for (const look of this.#withJournal) {
      if (look.row <= row && look.journal !== null) look.journal.amend(list, row, pages);
    }
    // A journal that is still kept will note the caller's change, which is no change any more.
    if (this.#lists.journal !== null) this.#lists.journal.note(list, -pages);
  }

  /** The list grew by `pages` with row `row` at `grownNs`, which is told only now. The caller changes the count from now on. */
  grewEarlier(list: ListIndex, row: number, grownNs: Nanoseconds, pages: Pages): void {
    const open = this.#open;
    for (let i = open.length - 1; i >= 0 && open[i].row > row; i--) open[i].add(list, pages);
    for (const look of this.#withJournal) {
      if (look.row <= row && look.journal !== null) look.journal.noteAt(list, pages, grownNs);
    }
    if (this.#lists.journal !== null) this.#lists.journal.note(list, -pages);
  }

  /** A page that came with row `entered` and is told to leave now has left at `leftNs` already. The caller takes it off. */
  leftEarlier(list: ListIndex, entered: number, leftNs: Nanoseconds, pages: Pages): void {
    const open = this.#open;
    for (let i = open.length - 1; i >= 0 && open[i].timeNs > leftNs && open[i].row > entered; i--) {
      open[i].add(list, -pages);
    }
    for (const { timeNs, journal } of this.#withJournal) {
      if (timeNs > leftNs || journal === null) continue;
      journal.noteAt(list, -pages, leftNs);
    }
    if (this.#lists.journal !== null) this.#lists.journal.note(list, pages);
  }

  /** Time of the newest look that is still open. */
  get newestNs(): Nanoseconds {
    return this.#open.length === 0 ? Number.NEGATIVE_INFINITY : this.#open[this.#open.length - 1].timeNs;
  }

  /** A page of before the start shows up: in all looks so far its list, which was not anchored, held it. */
  heldAllAlong(list: ListIndex, pages: Pages): void {
    for (const look of this.#open) if (look.journal === null) look.add(list, pages);
  }

  /** From now on the look also knows the changes after it, until the journal is taken off the lists. */
  startJournal(look: Look): Journal {
    look.journal = new Journal();
    this.#withJournal.push(look);
    return look.journal;
  }

  /** No more corrections; the look stays valid until it is given back. */
  close(look: Look): void {
    remove(this.#open, look);
    if (look.journal !== null) remove(this.#withJournal, look);
  }

  giveBack(look: Look): void {
    this.close(look);
    if (this.#spare.length < 64) this.#spare.push(look);
  }
}

function remove(looks: Look[], look: Look): void {
  const at = looks.indexOf(look);
  if (at >= 0) looks.splice(at, 1);
}

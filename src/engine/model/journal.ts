/** The changes of all lists during a short time, so that a count can be told for any moment of it. */

import type { ListIndex, Nanoseconds, Pages } from '../../base/units.ts';

/** More changes than this are not kept: the time was not short. */
const changesMax = 1 << 16;

export class Journal {
  /** Row and time of the event that is being followed. */
  row = 0;
  timeNs: Nanoseconds = 0;
  /** Row and time of the last event; later ones are of no interest. */
  #lastRow = Number.POSITIVE_INFINITY;
  #lastNs: Nanoseconds = Number.POSITIVE_INFINITY;
  readonly #rows: number[] = [];
  readonly #times: Nanoseconds[] = [];
  readonly #lists: ListIndex[] = [];
  readonly #pages: Pages[] = [];

  /** The time that is of interest ends with the event that is being followed. */
  close(): void {
    this.#lastRow = this.row;
    this.#lastNs = this.timeNs;
  }

  note(list: ListIndex, pages: Pages): void {
    this.#add(list, pages, this.row, this.timeNs);
  }

  /** A change of `timeNs` that is told only now. */
  noteAt(list: ListIndex, pages: Pages, timeNs: Nanoseconds): void {
    if (timeNs <= this.#lastNs) this.#add(list, pages, this.row, timeNs);
  }

  /** The change that row `row` made was `pages` more than was noted. Nothing if the row is not in the journal. */
  amend(list: ListIndex, row: number, pages: Pages): void {
    if (row > this.#lastRow) return;
    const at = this.#rows.indexOf(row);
    if (at >= 0) this.#add(list, pages, row, this.#times[at]);
  }

  /** Lists that changed. */
  get lists(): ReadonlySet<ListIndex> {
    return new Set(this.#lists);
  }

  /** Sum of the changes of `list` up to and with `timeNs`. */
  changeUntil(list: ListIndex, timeNs: Nanoseconds): Pages {
    let pages = 0;
    for (let i = 0; i < this.#lists.length; i++) {
      if (this.#lists[i] === list && this.#times[i] <= timeNs) pages += this.#pages[i];
    }
    return pages;
  }

  /** Least and greatest value that the change of `list` had; it began with 0. */
  range(list: ListIndex): [least: Pages, most: Pages] {
    const order = [...this.#lists.keys()].filter((i) => this.#lists[i] === list);
    order.sort((a, b) => this.#times[a] - this.#times[b]);
    let least = 0;
    let most = 0;
    let pages = 0;
    for (const i of order) {
      pages += this.#pages[i];
      least = Math.min(least, pages);
      most = Math.max(most, pages);
    }
    return [least, most];
  }

  #add(list: ListIndex, pages: Pages, row: number, timeNs: Nanoseconds): void {
    if (this.#lists.length >= changesMax) return;
    this.#rows.push(row);
    this.#times.push(timeNs);
    this.#lists.push(list);
    this.#pages.push(pages);
  }
}

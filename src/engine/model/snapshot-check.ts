/**
 * Anchors the counts on the first zoneinfo snapshot and compares them with each later one. zoneinfo is
 * printed list by list without a lock, so the moment of a line lies between the `zoneinfo_show` of its
 * printing (or the mark `begin`) and the mark `end`.
 */

import type { Nanoseconds } from '../../base/units.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import type { Look, Looks } from './looks.ts';
import type { PageEvents } from './page-events.ts';
import type { PageLists } from './page-lists.ts';

const mark = /^snapshot (\d{1,9}) (begin|end)\b/;

export interface ListDifference {
  readonly snapshot: number;
  readonly list: number;
  readonly kernel: number;
  readonly rebuilt: number;
}

export class SnapshotCheck {
  compared = 0;
  equal = 0;
  readonly differences: ListDifference[] = [];
  anchored = false;
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #events: PageEvents;
  readonly #snapshots: ReadonlyMap<number, ZoneinfoSnapshot>;
  #current: ZoneinfoSnapshot | null = null;
  #look: Look | null = null;

  constructor(
    _machine: Machine,
    snapshots: readonly ZoneinfoSnapshot[],
    lists: PageLists,
    looks: Looks,
    events: PageEvents,
  ) {
    this.#lists = lists;
    this.#looks = looks;
    this.#events = events;
    this.#snapshots = new Map(snapshots.map((snapshot) => [snapshot.number, snapshot]));
  }

  /** Text written to the trace marker. */
  marker(text: string, row: number, timeNs: Nanoseconds): void {
    const match = mark.exec(text);
    if (match === null) return;
    if (match[2] === 'begin') {
      this.#current = this.#snapshots.get(Number(match[1])) ?? null;
      this.#lookNow(row, timeNs);
      return;
    }
    if (this.#current?.number === Number(match[1])) this.#finish();
  }

  /** zoneinfo is printed (again, when its buffer was too small): the last time before the end counts. */
  shown(row: number, timeNs: Nanoseconds): void {
    this.#lookNow(row, timeNs);
  }

  #lookNow(row: number, timeNs: Nanoseconds): void {
    if (this.#current === null) return;
    if (this.#look !== null) this.#looks.giveBack(this.#look);
    this.#look = this.#looks.take(row, timeNs);
    const look = this.#look;
    // Unlike a drain, a snapshot asks for every list, also those of CPUs whose sum is not over 0.
    for (let list = 0; list < this.#lists.listCount; list++) {
      const missing = this.#lists.counts[list] - look.pages[list];
      if (missing !== 0) look.add(list, missing);
    }
    this.#events.correctForWork((list, pages) => look.add(list, -pages));
  }

  #finish(): void {
    const snapshot = this.#current as ZoneinfoSnapshot;
    const look = this.#look as Look;
    for (let list = 0; list < this.#lists.listCount; list++) {
      const pages = snapshot.pages[list];
      if (pages < 0) continue;
      if (!this.anchored) {
        this.#lists.anchorAt(list, this.#lists.counts[list] + pages - look.pages[list]);
        continue;
      }
      this.compared++;
      if (look.pages[list] === pages) this.equal++;
      else
        this.differences.push({ snapshot: snapshot.number, list, kernel: pages, rebuilt: look.pages[list] });
    }
    this.anchored = true;
    this.#looks.giveBack(look);
    this.#look = null;
    this.#current = null;
  }
}

/**
 * The predicted counts beside those that zoneinfo printed. zoneinfo is printed list by list, without a lock, while the
 * other CPUs go on: the moment of a line lies between the last `zoneinfo_show` (or the mark `begin`) and the mark
 * `end`, and is taken from the line's place in the text, since printing takes as long as the text is.
 */

import type { Nanoseconds, Pages } from '../../base/units.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import type { Score } from './score.ts';

const mark = /^snapshot (\d{1,9}) (begin|end)\b/;

interface Change {
  readonly timeNs: Nanoseconds;
  readonly set: number;
  readonly before: Pages;
}

/** A count that was wrong: an event that is still to come may explain it. */
interface Wrong {
  readonly zone: number;
  readonly predicted: Pages;
  readonly kernel: Pages;
  readonly why: string;
  changesLeft: number;
}

/** How many times longer than the shortest printing one is taken to have been interrupted. */
const interruptedFrom = 4;

/** So many events of a CPU may be told after the snapshot that saw their pages gone or there. */
const inFlightMax = 2;

export class CountsAtSnapshots {
  /** Changes of counts are to be told: zoneinfo is being printed, or a count was wrong. */
  watching = false;
  #printing = false;
  readonly #wrong = new Map<number, Wrong>();
  readonly #machine: Machine;
  readonly #snapshots: ReadonlyMap<number, ZoneinfoSnapshot>;
  readonly #counts: Int32Array;
  readonly #score: Score;
  readonly #counted: (set: number) => boolean;
  readonly #why: (set: number) => string;
  #number = -1;
  #beginNs = 0;
  #shownNs: Nanoseconds[] = [];
  #changes: Change[] = [];
  /** Shortest time from the printing of the last node to the mark `end`, so far. */
  #shortestNs = Number.POSITIVE_INFINITY;
  readonly #nodes: readonly number[];

  /**
   * `counts`: predicted pages by set (cpu * zones + zone). `counted`: is what stands on this set known yet? `why`: class of
   * a deviation of this set for which nothing is found here.
   */
  constructor(
    machine: Machine,
    snapshots: readonly ZoneinfoSnapshot[],
    counts: Int32Array,
    counted: (set: number) => boolean,
    why: (set: number) => string,
    score: Score,
  ) {
    this.#machine = machine;
    this.#snapshots = new Map(snapshots.map((snapshot) => [snapshot.number, snapshot]));
    this.#counts = counts;
    this.#counted = counted;
    this.#why = why;
    this.#score = score;
    this.#nodes = [...new Set(machine.zones.map(({ node }) => node))];
  }

  /** Text written to the trace marker. */
  marker(text: string, timeNs: Nanoseconds): void {
    const match = mark.exec(text);
    if (match === null) return;
    const number = Number(match[1]);
    if (match[2] === 'begin') {
      this.#printing = this.#snapshots.has(number);
      this.#number = number;
      this.#beginNs = timeNs;
      this.#shownNs = [];
      this.#changes = [];
      this.watching = this.#printing || this.#wrong.size > 0;
      return;
    }
    if (this.#printing && this.#number === number) this.#compare(timeNs);
    this.#printing = false;
    this.watching = this.#wrong.size > 0;
  }

  /** zoneinfo_show: one node is printed, perhaps again, when the reader's buffer was too small. */
  shown(timeNs: Nanoseconds): void {
    if (this.#printing) this.#shownNs.push(timeNs);
  }

  /** While `watching`: the count of a set was `before` until now. */
  changed(set: number, before: Pages, timeNs: Nanoseconds): void {
    if (this.#counts[set] === before) return;
    if (this.#printing) this.#changes.push({ timeNs, set, before });
    const wrong = this.#wrong.get(set);
    if (wrong === undefined) return;
    wrong.changesLeft--;
    if (this.#counts[set] === wrong.kernel) this.#settle(set, wrong, 'in flight');
    else if (wrong.changesLeft === 0) this.#settle(set, wrong, wrong.why);
  }

  /** After the last row. */
  finish(): void {
    for (const [set, wrong] of this.#wrong) this.#settle(set, wrong, wrong.why);
  }

  #settle(set: number, { zone, predicted, kernel }: Wrong, why: string): void {
    this.#wrong.delete(set);
    this.#score.snapshot(zone, predicted, kernel, why);
    this.watching = this.#printing || this.#wrong.size > 0;
  }

  #compare(endNs: Nanoseconds): void {
    const snapshot = this.#snapshots.get(this.#number) as ZoneinfoSnapshot;
    const nodes = this.#nodes.length;
    const shown = this.#shownNs.slice(-nodes);
    const starts =
      shown.length === nodes
        ? shown
        : this.#nodes.map((_, n) => this.#beginNs + (n / nodes) * (endNs - this.#beginNs));
    const last = starts[nodes - 1];
    this.#shortestNs = Math.min(this.#shortestNs, endNs - last);
    // A reader that took so much longer was interrupted, and more likely after the printing than in it.
    const printedNs = endNs - last > interruptedFrom * this.#shortestNs ? last + this.#shortestNs : endNs;
    const changesOf = new Map<number, Change[]>();
    for (const change of this.#changes) {
      const known = changesOf.get(change.set);
      if (known === undefined) changesOf.set(change.set, [change]);
      else known.push(change);
    }
    const { zones } = this.#machine;
    for (let set = 0; set < this.#counts.length; set++) {
      const kernel = snapshot.pages[set];
      if (kernel < 0 || !this.#counted(set)) continue;
      const zone = set % zones.length;
      const node = this.#nodes.indexOf(zones[zone].node);
      const part = snapshot.printedAt?.[set] ?? 0.5;
      const fromNs = starts[node];
      const momentNs = fromNs + part * ((starts[node + 1] ?? printedNs) - fromNs);
      const changes = changesOf.get(set) ?? [];
      const later = changes.find(({ timeNs }) => timeNs > momentNs);
      const predicted = later?.before ?? this.#counts[set];
      if (predicted === kernel) {
        this.#score.snapshot(zone, predicted, kernel);
        continue;
      }
      const printed = changes.filter(({ timeNs }) => timeNs > fromNs);
      const had = printed.some(({ before }) => before === kernel);
      const wrong = { zone, predicted, kernel, why: this.#why(set), changesLeft: inFlightMax };
      const before = this.#wrong.get(set);
      if (before !== undefined) this.#settle(set, before, before.why);
      if (had || (printed.length > 0 && this.#counts[set] === kernel))
        this.#settle(set, wrong, 'while printed');
      else this.#wrong.set(set, wrong);
    }
  }
}

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

export class CountsAtSnapshots {
  /** zoneinfo is being printed: changes of counts are to be told. */
  printing = false;
  readonly #machine: Machine;
  readonly #snapshots: ReadonlyMap<number, ZoneinfoSnapshot>;
  readonly #counts: Int32Array;
  readonly #score: Score;
  readonly #counted: (set: number) => boolean;
  #number = -1;
  #beginNs = 0;
  #shownNs: Nanoseconds[] = [];
  #changes: Change[] = [];
  readonly #nodes: readonly number[];

  /** `counts`: predicted pages by set (cpu * zones + zone). `counted`: is what stands on this set known yet? */
  constructor(
    machine: Machine,
    snapshots: readonly ZoneinfoSnapshot[],
    counts: Int32Array,
    counted: (set: number) => boolean,
    score: Score,
  ) {
    this.#machine = machine;
    this.#snapshots = new Map(snapshots.map((snapshot) => [snapshot.number, snapshot]));
    this.#counts = counts;
    this.#counted = counted;
    this.#score = score;
    this.#nodes = [...new Set(machine.zones.map(({ node }) => node))];
  }

  /** Text written to the trace marker. */
  marker(text: string, timeNs: Nanoseconds): void {
    const match = mark.exec(text);
    if (match === null) return;
    const number = Number(match[1]);
    if (match[2] === 'begin') {
      this.printing = this.#snapshots.has(number);
      this.#number = number;
      this.#beginNs = timeNs;
      this.#shownNs = [];
      this.#changes = [];
      return;
    }
    if (this.printing && this.#number === number) this.#compare(timeNs);
    this.printing = false;
  }

  /** zoneinfo_show: one node is printed, perhaps again, when the reader's buffer was too small. */
  shown(timeNs: Nanoseconds): void {
    if (this.printing) this.#shownNs.push(timeNs);
  }

  /** While `printing`: the count of a set was `before` until now. */
  changed(set: number, before: Pages, timeNs: Nanoseconds): void {
    if (this.#counts[set] !== before) this.#changes.push({ timeNs, set, before });
  }

  #compare(endNs: Nanoseconds): void {
    const snapshot = this.#snapshots.get(this.#number) as ZoneinfoSnapshot;
    const nodes = this.#nodes.length;
    const shown = this.#shownNs.slice(-nodes);
    const starts =
      shown.length === nodes
        ? shown
        : this.#nodes.map((_, n) => this.#beginNs + (n / nodes) * (endNs - this.#beginNs));
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
      const momentNs = fromNs + part * ((starts[node + 1] ?? endNs) - fromNs);
      const changes = changesOf.get(set) ?? [];
      const later = changes.find(({ timeNs }) => timeNs > momentNs);
      const predicted = later?.before ?? this.#counts[set];
      const had = changes.some(({ timeNs, before }) => timeNs > fromNs && before === kernel);
      const moved = changes.some(({ timeNs }) => timeNs > fromNs);
      const why = had || (moved && this.#counts[set] === kernel) ? 'while printed' : 'in flight or off';
      this.#score.snapshot(zone, predicted, kernel, why);
    }
  }
}

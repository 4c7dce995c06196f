/**
 * Anchors the counts on the first zoneinfo snapshot and compares them with each later one.
 *
 * zoneinfo is printed list by list, without a lock, while the other CPUs go on: the moment of a line lies
 * between the `zoneinfo_show` of its printing (or the mark `begin`) and the mark `end`, and is taken from the
 * line's place in the text, since printing takes as long as the text is.
 */

import type { ListIndex, Nanoseconds, Pages } from '../../base/units.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import type { Look, Looks } from './looks.ts';
import type { PageLists } from './page-lists.ts';

const mark = /^snapshot (\d{1,9}) (begin|end)\b/;
/** How long after a snapshot events may tell what was in flight. */
const openNs = 500e6;
/** Calls of zoneinfo_show remembered; a reader makes a few for each node. */
const showsMax = 1 << 16;

export interface ListDifference {
  readonly snapshot: number;
  readonly list: ListIndex;
  readonly kernel: Pages;
  readonly rebuilt: Pages;
  /** The rebuilt count changed while zoneinfo was printed, and had the kernel's value in that time. */
  readonly changing: boolean;
  /** The CPU was in the middle of a refill or a give-back. */
  readonly refilling: boolean;
  readonly givingBack: boolean;
  /** By how many pages the sum over the zones of this CPU is off. */
  readonly cpuOff: Pages;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Printed {
  /** When each node's part was printed, and the end of the last. */
  readonly nodeNs: readonly Nanoseconds[];
  readonly snapshot: ZoneinfoSnapshot;
  readonly look: Look;
  readonly endNs: Nanoseconds;
  /** Anchors: the look's counts as they were believed when the lists were anchored. */
  readonly believed: Int32Array | null;
}

export class SnapshotCheck {
  compared = 0;
  equal = 0;
  readonly differences: Array<Mutable<ListDifference>> = [];
  anchored = false;
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #snapshots: ReadonlyMap<number, ZoneinfoSnapshot>;
  #current: ZoneinfoSnapshot | null = null;
  #look: Look | null = null;
  /** Times at which zoneinfo_show was called since the mark `begin`. */
  #shownNs: Nanoseconds[] = [];
  /** Zone → position of its node among the machine's nodes; how many nodes. */
  readonly #nodeOf: readonly number[];
  readonly #nodes: number;
  readonly #waiting: Printed[] = [];

  readonly #onTaken: (snapshot: ZoneinfoSnapshot, timeNs: Nanoseconds) => void;

  /** `onTaken` is told of each snapshot that was printed, with the time at which its first node was begun. */
  constructor(
    machine: Machine,
    snapshots: readonly ZoneinfoSnapshot[],
    lists: PageLists,
    looks: Looks,
    onTaken: (snapshot: ZoneinfoSnapshot, timeNs: Nanoseconds) => void = () => {},
  ) {
    this.#onTaken = onTaken;
    this.#lists = lists;
    this.#looks = looks;
    const nodes = [...new Set(machine.zones.map(({ node }) => node))];
    this.#nodes = nodes.length;
    this.#nodeOf = machine.zones.map(({ node }) => nodes.indexOf(node));
    this.#snapshots = new Map(snapshots.map((snapshot) => [snapshot.number, snapshot]));
  }

  /** Text written to the trace marker. */
  marker(text: string, row: number, timeNs: Nanoseconds): void {
    const match = mark.exec(text);
    if (match === null) return;
    if (match[2] === 'begin') {
      this.#current = this.#snapshots.get(Number(match[1])) ?? null;
      this.#begin(row, timeNs);
      return;
    }
    if (this.#current?.number === Number(match[1])) this.#finish(timeNs);
  }

  /** zoneinfo_show: one node is printed, perhaps again, when the reader's buffer was too small. */
  shown(timeNs: Nanoseconds): void {
    if (this.#current !== null && this.#shownNs.length < showsMax) this.#shownNs.push(timeNs);
  }

  #begin(row: number, timeNs: Nanoseconds): void {
    this.#shownNs = [];
    if (this.#look !== null) this.#looks.giveBack(this.#look);
    this.#look = null;
    this.#lists.journal = null;
    if (this.#current === null) return;
    // Unlike a drain, a snapshot asks for every list, also those of CPUs whose sum is not over 0.
    this.#look = this.#looks.take(row, timeNs, true);
    this.#lists.journal = this.#looks.startJournal(this.#look);
  }

  /** The last call for each node is the one that counts; without the probe the nodes share the time evenly. */
  #nodeTimes(begin: Nanoseconds, end: Nanoseconds): Nanoseconds[] {
    const nodes = this.#nodes;
    const shown = this.#shownNs.slice(-nodes);
    const starts =
      shown.length === nodes
        ? shown
        : Array.from({ length: nodes }, (_, n) => begin + (n / nodes) * (end - begin));
    return [...starts, end];
  }

  /** Compares the snapshots that no later event can put right any more. */
  advance(timeNs: Nanoseconds, all = false): void {
    while (this.#waiting.length > 0 && (all || timeNs - this.#waiting[0].endNs > openNs)) {
      const printed = this.#waiting.shift() as Printed;
      if (printed.believed !== null) this.#correctAnchor(printed, printed.believed);
      else this.#compare(printed);
      this.#looks.giveBack(printed.look);
    }
  }

  #finish(timeNs: Nanoseconds): void {
    const snapshot = this.#current as ZoneinfoSnapshot;
    const look = this.#look as Look;
    this.#look = null;
    this.#current = null;
    look.journal?.close();
    this.#lists.journal = null;
    const nodeNs = this.#nodeTimes(look.timeNs, timeNs);
    const printed = { snapshot, look, endNs: timeNs, nodeNs, believed: null };
    this.#onTaken(snapshot, nodeNs[0]);
    if (this.anchored) {
      this.#waiting.push(printed);
      return;
    }
    this.anchored = true;
    const believed = new Int32Array(this.#lists.listCount);
    for (let list = 0; list < believed.length; list++) {
      const pages = snapshot.pages[list];
      if (pages < 0) continue;
      believed[list] = this.#pagesAt(printed, list);
      this.#lists.anchorAt(list, this.#lists.counts[list] + pages - believed[list]);
    }
    this.#waiting.push({ ...printed, believed });
  }

  /** Rebuilt count at the moment at which the list's line was printed. */
  #pagesAt(printed: Printed, list: ListIndex): Pages {
    const { look, snapshot, nodeNs } = printed;
    const part = snapshot.printedAt?.[list] ?? 0.5;
    const node = this.#nodeOf[list % this.#lists.zoneCount];
    const momentNs = nodeNs[node] + part * (nodeNs[node + 1] - nodeNs[node]);
    return look.pagesOf(list) + (look.journal?.changeUntil(list, momentNs) ?? 0);
  }

  /** What was in flight at the first snapshot is known now: the lists were anchored so much too high or low. */
  #correctAnchor(printed: Printed, believed: Int32Array): void {
    for (let list = 0; list < believed.length; list++) {
      if (printed.snapshot.pages[list] < 0) continue;
      const amended = this.#pagesAt(printed, list) - believed[list];
      if (amended !== 0) this.#lists.anchorAt(list, this.#lists.counts[list] - amended);
    }
  }

  #compare(printed: Printed): void {
    const { cpuCount, zoneCount } = this.#lists;
    for (let cpu = 0; cpu < cpuCount; cpu++) {
      const first = this.differences.length;
      let cpuOff = 0;
      for (let list = cpu * zoneCount; list < (cpu + 1) * zoneCount; list++)
        cpuOff += this.#compareList(printed, list);
      for (const difference of this.differences.slice(first)) difference.cpuOff = cpuOff;
    }
  }

  /** Returns by how many pages the rebuilt count is off. */
  #compareList(printed: Printed, list: ListIndex): Pages {
    const { snapshot, look } = printed;
    const kernel = snapshot.pages[list];
    if (kernel < 0) return 0;
    this.compared++;
    const rebuilt = this.#pagesAt(printed, list);
    if (rebuilt === kernel) {
      this.equal++;
      return 0;
    }
    const [least, most] = look.journal?.range(list) ?? [0, 0];
    const change = kernel - look.pagesOf(list);
    const cpu = this.#lists.cpuOf(list);
    this.differences.push({
      snapshot: snapshot.number,
      list,
      kernel,
      rebuilt,
      changing: change >= least && change <= most && least < most,
      refilling: look.refilling.has(cpu),
      givingBack: look.givingBack.has(cpu),
      cpuOff: 0,
    });
    return rebuilt - kernel;
  }
}

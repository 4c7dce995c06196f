/**
 * Which CPU is in the middle of emptying which lists. What was on a list before it was emptied is not there
 * afterwards (drain_pages_zone, all kernels): that puts right every count that was off by then.
 */

import type { CpuIndex, ListIndex, Pages, ZoneIndex } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { ListRules } from './list-rules.ts';
import type { PageLists } from './page-lists.ts';

/** Bit of a CPU's `busy` while it empties lists. */
export const inDrain = 2;

/**
 * Kinds of events that may come while a task drains a CPU's lists; any other by that task ends it. From 6.0 on
 * interrupts go on meanwhile, in the name of the task that they interrupt: they free pages and wake others up.
 */
const partOfDrain = new Uint8Array(256);
for (const kind of [Kind.drainLocalPages, Kind.drainLocalPagesWq, Kind.drainPages]) partOfDrain[kind] = 1;
for (const kind of [Kind.drainPagesZone, Kind.freePcppagesBulk, Kind.pagePcpuDrain]) partOfDrain[kind] = 1;
export const interruptsDrain: Uint8Array = new Uint8Array(256);
for (const kind of [Kind.pageFree, Kind.pageFreeBatched, Kind.freeOnePage]) interruptsDrain[kind] = 1;
for (const kind of [Kind.callFunctionEntry, Kind.callFunctionExit]) interruptsDrain[kind] = 1;
for (const kind of [Kind.callFunctionSingleEntry, Kind.callFunctionSingleExit]) interruptsDrain[kind] = 1;

const noDrain = -1;
const noZone = -1;
const everyZone = -2;

export class Emptying {
  readonly #lists: PageLists;
  readonly #rules: ListRules;
  readonly #busy: Uint8Array;
  /** First row of the refill of `list` that its CPU is in the middle of, or `otherwise`. */
  readonly #refillRow: (list: ListIndex, otherwise: number) => number;
  /** Told by how many pages the count of an emptied list was wrong. */
  readonly #wrong: (pages: Pages) => void;
  /** By executing CPU: CPU whose lists it drains, or `noDrain`; which zone's, `everyZone` or `noZone` (not known). */
  readonly #target: Int32Array;
  readonly #zone: Int32Array;
  readonly #pid: Int32Array;
  readonly #freedMeanwhile: Uint8Array;

  constructor(
    lists: PageLists,
    rules: ListRules,
    busy: Uint8Array,
    refillRow: (list: ListIndex, otherwise: number) => number,
    wrong: (pages: Pages) => void,
  ) {
    this.#lists = lists;
    this.#rules = rules;
    this.#busy = busy;
    this.#refillRow = refillRow;
    this.#wrong = wrong;
    this.#target = new Int32Array(busy.length).fill(noDrain);
    this.#zone = new Int32Array(busy.length).fill(noZone);
    this.#pid = new Int32Array(busy.length);
    this.#freedMeanwhile = new Uint8Array(busy.length);
  }

  /** Before a row of a CPU that empties lists: is that over? */
  settle(cpu: CpuIndex, kind: Kind, pid: number): void {
    if (partOfDrain[kind] === 1) return;
    if (this.#rules.remoteDrains) {
      if (pid !== this.#pid[cpu]) return;
      if (kind === Kind.pageFree) this.#freedMeanwhile[cpu] = 1;
      if (interruptsDrain[kind] === 1) return;
    }
    this.#end(cpu);
  }

  /** CPU `cpu` begins to drain lists of CPU `target`: all of them, or some that will be told. */
  begins(cpu: CpuIndex, target: CpuIndex, all: boolean, row: number): void {
    if (target < 0 || target >= this.#lists.cpuCount) return;
    this.#target[cpu] = target;
    this.#busy[cpu] |= inDrain;
    if (!all || this.#zone[cpu] === everyZone) return;
    this.#zone[cpu] = everyZone;
    const first = target * this.#lists.zoneCount;
    for (let list = first; list < first + this.#lists.zoneCount; list++) this.#beginList(list, row);
  }

  /** CPU `cpu` begins to drain the list of CPU `target` in `zone` (-1: not known). */
  beginsZone(cpu: CpuIndex, pid: number, target: CpuIndex, zone: ZoneIndex, row: number): void {
    if (this.#target[cpu] !== noDrain) this.#end(cpu);
    if (target < 0 || target >= this.#lists.cpuCount) return;
    this.#target[cpu] = target;
    this.#busy[cpu] |= inDrain;
    this.#pid[cpu] = pid;
    this.#freedMeanwhile[cpu] = 0;
    this.#zone[cpu] = zone < 0 ? noZone : zone;
    if (zone >= 0) this.#beginList(target * this.#lists.zoneCount + zone, row);
  }

  /** CPU whose lists task `pid` drains now on CPU `cpu`, or -1. */
  targetOf(cpu: CpuIndex, pid: number): CpuIndex {
    return this.#pid[cpu] === pid ? this.#target[cpu] : -1;
  }

  /** Does CPU `cpu` drain lists of CPU `target` now? */
  drains(cpu: CpuIndex, target: CpuIndex): boolean {
    return this.#target[cpu] === target;
  }

  /**
   * A give-back of the list begins. drain_pages_zone may have waited for the lock: what is there now will be gone.
   * `whole`: outside of a drain too it is all that the list holds.
   */
  givesBack(cpu: CpuIndex, pid: number, owner: CpuIndex, zone: ZoneIndex, row: number, whole: boolean): void {
    if (!this.#rules.remoteDrains) return;
    if (this.#target[cpu] === owner && this.#zone[cpu] === zone) {
      // After a free on the drainer's own list it may be an ordinary give-back, when the drain is over.
      if (owner === cpu && this.#freedMeanwhile[cpu] === 1) this.#end(cpu);
      else this.#beginList(owner * this.#lists.zoneCount + zone, row);
    } else if (whole && this.#target[cpu] === noDrain) this.beginsZone(cpu, pid, owner, zone, row);
  }

  /** Pages of a refill that its CPU is in the middle of are on no list yet: the drain does not concern them. */
  #beginList(list: ListIndex, row: number): void {
    this.#lists.beginEmptying(list, this.#refillRow(list, row));
  }

  #end(cpu: CpuIndex): void {
    const first = this.#target[cpu] * this.#lists.zoneCount;
    const zone = this.#zone[cpu];
    this.#target[cpu] = noDrain;
    this.#busy[cpu] &= ~inDrain;
    this.#zone[cpu] = noZone;
    if (zone >= 0) this.#wrong(this.#lists.endEmptying(first + zone));
    if (zone !== everyZone) return;
    for (let list = first; list < first + this.#lists.zoneCount; list++) {
      this.#wrong(this.#lists.endEmptying(list));
    }
  }
}

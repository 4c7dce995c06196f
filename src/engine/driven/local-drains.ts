/** Drains of a CPU's own lists (up to 5.17): by whom, of which zones, and what was seen to go. */

import type { CpuIndex, Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';
import { type EventBlock, Kind } from '../input/event-log.ts';
import type { PointerTable } from '../model/pointer-table.ts';

/** Ends a drain that is no worker's: everything but what the drain itself emits. */
const within = new Uint8Array(256);
for (const kind of [Kind.drainPages, Kind.freePcppagesBulk, Kind.pagePcpuDrain]) within[kind] = 1;

export interface DrainListener {
  /** Every zone for -1. Not `whole`: at most a batch (drain_zone_pages of the vmstat worker, for zones of other nodes). */
  drainBegins(cpu: CpuIndex, zone: ZoneIndex, timeNs: Nanoseconds, whole: boolean): void;
  drainEnds(cpu: CpuIndex): void;
}

export class LocalDrains {
  readonly #pointers: PointerTable;
  readonly #listener: DrainListener;
  /** By CPU: task that drains + 1, 0: none; it is a worker. */
  readonly #pid: Float64Array;
  readonly #worker: Uint8Array;
  /** Task → zone pointer of its last drain_all_pages; by CPU, that of the work queued there. */
  readonly #asked = new Map<number, number>();
  readonly #queued: Float64Array;

  constructor(cpuCount: number, pointers: PointerTable, listener: DrainListener) {
    this.#pointers = pointers;
    this.#listener = listener;
    this.#pid = new Float64Array(cpuCount);
    this.#worker = new Uint8Array(cpuCount);
    this.#queued = new Float64Array(cpuCount);
  }

  /** Does this CPU drain just now, in this task? */
  drains(cpu: CpuIndex, pid: number): boolean {
    return this.#pid[cpu] === pid + 1;
  }

  /** Before each row of a CPU. */
  settle(cpu: CpuIndex, kind: number): void {
    if (this.#pid[cpu] !== 0 && this.#worker[cpu] === 0 && within[kind] === 0) this.#end(cpu);
  }

  row(block: EventBlock, i: number): void {
    const cpu = block.cpu[i];
    const pid = block.pid[i];
    switch (block.kind[i]) {
      case Kind.drainAllPages:
      case Kind.drainAllPagesInner:
        this.#asked.set(pid, block.a[i]);
        break;
      case Kind.drainWorkQueued:
        if (block.a[i] >= 0 && block.a[i] < this.#queued.length) {
          this.#queued[block.a[i]] = this.#asked.get(pid) ?? 0;
        }
        break;
      case Kind.drainLocalPagesWq:
        this.#begin(cpu, pid, this.#queued[cpu], true, block.timeNs[i]);
        break;
      case Kind.drainLocalPages:
        if (!this.drains(cpu, pid)) this.#begin(cpu, pid, block.a[i], false, block.timeNs[i]);
        break;
      case Kind.drainZonePages:
        if (block.a[i] > 0) this.#begin(cpu, pid, block.a[i], false, block.timeNs[i], false);
        break;
      case Kind.drainWorkEnd:
        if (this.#pid[cpu] !== 0) this.#end(cpu);
        break;
    }
  }

  #begin(
    cpu: CpuIndex,
    pid: number,
    zonePointer: number,
    worker: boolean,
    timeNs: Nanoseconds,
    whole = true,
  ): void {
    if (this.#pid[cpu] !== 0) this.#end(cpu);
    const zone = zonePointer > 0 ? this.#pointers.zoneOf(zonePointer) : -1;
    // A zone that no give-back has shown so far: nothing can be said of this drain.
    if (zonePointer > 0 && zone < 0) return;
    this.#pid[cpu] = pid + 1;
    this.#worker[cpu] = worker ? 1 : 0;
    this.#listener.drainBegins(cpu, zone, timeNs, whole);
  }

  #end(cpu: CpuIndex): void {
    this.#pid[cpu] = 0;
    this.#listener.drainEnds(cpu);
  }
}

/** Pages that drains were predicted to find and seen to give, by set, while they go on. */
export class DrainSizes {
  readonly predicted: Int32Array;
  readonly observed: Int32Array;
  /** What the model with the types in hindsight predicted. */
  readonly shadow: Int32Array;
  /** 1: this set is being drained and counts; 2: it is drained for the first time. */
  readonly state: Uint8Array;
  /** Row at which the set was drained last. */
  readonly drainedAt: Uint32Array;
  /** A refill was seen whose allocation was not told when the drain began. */
  readonly refillOpen: Uint8Array;

  constructor(sets: number) {
    this.predicted = new Int32Array(sets);
    this.observed = new Int32Array(sets);
    this.shadow = new Int32Array(sets);
    this.state = new Uint8Array(sets);
    this.drainedAt = new Uint32Array(sets);
    this.refillOpen = new Uint8Array(sets);
  }

  begin(set: number, state: 1 | 2, pages: Pages, shadow: Pages, row: number, refillOpen: boolean): void {
    this.state[set] = state;
    this.predicted[set] = pages;
    this.observed[set] = 0;
    this.shadow[set] = shadow;
    this.drainedAt[set] = row;
    this.refillOpen[set] = refillOpen ? 1 : 0;
  }
}

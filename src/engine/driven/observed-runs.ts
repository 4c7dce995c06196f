/**
 * Runs of events that belong together on one CPU, where the kernel has interrupts off meanwhile (up to 5.17): the pages of
 * one refill (mm_page_alloc_zone_locked) and of one give-back (mm_page_pcpu_drain after free_pcppages_bulk).
 */

import type { CpuIndex, ListIndex, Pages, ZoneIndex } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { PointerTable } from '../model/pointer-table.ts';

export interface RunListener {
  refilled(cpu: CpuIndex, list: ListIndex, pages: Pages): void;
  gaveBack(cpu: CpuIndex, zone: ZoneIndex, pages: Pages, pid: number): void;
}

export class ObservedRuns {
  readonly #pointers: PointerTable;
  readonly #listener: RunListener;
  /** By CPU: list of the refill that goes on, or -1; its pages. */
  readonly #refillList: Int32Array;
  readonly #refillPages: Int32Array;
  /** By CPU: pages of the give-back that goes on, -1: none; its zone (-1: not known yet), zone pointer, task. */
  readonly #givePages: Int32Array;
  readonly #giveZone: Int32Array;
  readonly #givePointer: Float64Array;
  readonly #givePid: Int32Array;
  /** (CPU * lists of a set + position of the list): pages of the give-back that goes on. */
  readonly gave: Int32Array;
  readonly #listsPerSet: number;

  constructor(cpuCount: number, listsPerSet: number, pointers: PointerTable, listener: RunListener) {
    this.#listsPerSet = listsPerSet;
    this.gave = new Int32Array(cpuCount * listsPerSet);
    this.#pointers = pointers;
    this.#listener = listener;
    this.#refillList = new Int32Array(cpuCount).fill(-1);
    this.#refillPages = new Int32Array(cpuCount);
    this.#givePages = new Int32Array(cpuCount).fill(-1);
    this.#giveZone = new Int32Array(cpuCount);
    this.#givePointer = new Float64Array(cpuCount);
    this.#givePid = new Int32Array(cpuCount);
  }

  /** Before each row of a CPU: ends what this row does not carry on. */
  settle(cpu: CpuIndex, kind: number): void {
    if (this.#refillList[cpu] >= 0 && kind !== Kind.pageAllocZoneLocked && kind !== Kind.pageAllocExtfrag) {
      this.#endRefill(cpu);
    }
    if (this.#givePages[cpu] >= 0 && kind !== Kind.pagePcpuDrain) this.#endGiveBack(cpu);
  }

  /** After the last row. */
  finish(): void {
    for (let cpu = 0; cpu < this.#givePages.length; cpu++) this.settle(cpu, Kind.other);
  }

  /** mm_page_alloc_zone_locked of a page for `list`. */
  refill(cpu: CpuIndex, list: ListIndex): void {
    if (this.#refillList[cpu] !== list) {
      if (this.#refillList[cpu] >= 0) this.#endRefill(cpu);
      this.#refillList[cpu] = list;
      this.#refillPages[cpu] = 0;
    }
    this.#refillPages[cpu]++;
  }

  /** free_pcppages_bulk. */
  giveBackBegins(cpu: CpuIndex, pid: number, zonePointer: number): void {
    this.#givePages[cpu] = 0;
    this.#givePid[cpu] = pid;
    this.#givePointer[cpu] = zonePointer;
    this.#giveZone[cpu] = this.#pointers.zoneOf(zonePointer);
    const first = cpu * this.#listsPerSet;
    this.gave.fill(0, first, first + this.#listsPerSet);
  }

  /** mm_page_pcpu_drain of a page that stood on the list at `position` of its set. */
  page(cpu: CpuIndex, pid: number, zone: ZoneIndex, position: number): void {
    // Without the probe a give-back begins with its first page, and another zone is another one.
    if (this.#givePages[cpu] >= 0 && this.#giveZone[cpu] >= 0 && this.#giveZone[cpu] !== zone)
      this.#endGiveBack(cpu);
    if (this.#givePages[cpu] < 0) this.giveBackBegins(cpu, pid, -1);
    if (this.#giveZone[cpu] < 0) {
      this.#giveZone[cpu] = zone;
      this.#pointers.setZone(this.#givePointer[cpu], zone);
    }
    this.#givePages[cpu]++;
    this.gave[cpu * this.#listsPerSet + position]++;
  }

  #endRefill(cpu: CpuIndex): void {
    this.#listener.refilled(cpu, this.#refillList[cpu], this.#refillPages[cpu]);
    this.#refillList[cpu] = -1;
  }

  #endGiveBack(cpu: CpuIndex): void {
    const pages = this.#givePages[cpu];
    this.#givePages[cpu] = -1;
    if (pages > 0) this.#listener.gaveBack(cpu, this.#giveZone[cpu], pages, this.#givePid[cpu]);
  }
}

/**
 * What belongs together in a recording of a kernel from 6.0 on, found before it is driven: which pages came by one refill
 * and for which allocation, which free a give-back followed, which walks of a drain took pages, when a freed page
 * entered its list and with which event it left.
 */

import type { CpuIndex, Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { RecordedRows } from './recorded-rows.ts';
import type { ZoneOfPage } from './zone-of-page.ts';

/** What a row means for the lists. */
export const Step = {
  none: 0,
  /** `of`: row of mm_page_alloc. The row is its own, or the first of its refill. */
  allocate: 1,
  /** A freed page comes to its list. */
  free: 2,
  /** A block taken from the free lists past the lists, by `of`. */
  takePast: 3,
  /** A block freed past the lists. */
  freePast: 4,
  /** Pages of a list are taken from afar or for its own CPU; `of`: number of the drain. */
  drain: 5,
  /** A drain that took nothing. */
  drainNothing: 6,
  /** The vmstat worker. `of`: pages that it took. */
  decay: 7,
  /** A bulk allocation ends; `of`: its number. */
  bulk: 8,
} as const;

export interface Refill {
  readonly row: number;
  readonly cpu: CpuIndex;
  readonly zone: ZoneIndex;
  readonly order: number;
  readonly type: number;
  readonly head: Pfn;
  /** The probe on rmqueue_bulk announced it. */
  readonly told: boolean;
  blocks: number;
  last: Pfn;
  closed: boolean;
}

export interface DrainedList {
  readonly cpu: CpuIndex;
  readonly zone: ZoneIndex;
  readonly pid: number;
  /** Pages that it took. */
  pages: Pages;
  /** Rows of its give-backs, and of the last page of the last. */
  readonly rows: number[];
  lastRow: number;
}

export interface BulkCall {
  readonly cpu: CpuIndex;
  readonly asked: Pages;
  /** mm_page_alloc inside the call. */
  allocations: number;
  got: Pages;
  refills: Refill[];
}

export interface LookaheadFacts {
  readonly cpuCount: number;
  readonly zones: ZoneOfPage;
  /** Pages stolen from other types enter a list with mm_page_alloc_extfrag alone, and compaction_free emits mm_page_free (6.10 on). */
  readonly reworked: boolean;
  /** The probe on rmqueue_bulk is there. */
  readonly refillsTold: boolean;
  readonly onLists: (order: number) => boolean;
}

const none = -1;
/** More pages than a bulk allocation gets are damage. */
const pagesOfCallMax = 1 << 16;
const What = { other: 0, free: 1, drain: 2, decay: 3 } as const;

interface Task {
  refills: Refill[];
  /** A refill was announced and none of its pages is told yet. */
  announced: boolean;
  what: number;
  lastFree: number;
  drain: DrainedList | null;
  bulk: number;
  decayRow: number;
  call: BulkCall | null;
  skipsFree: boolean;
  /** Rows of mm_page_free and mm_page_free_batched of the last page of a list of pages. */
  listedFree: number;
  listedRow: number;
}

export class RemoteLookahead {
  readonly step: Uint8Array;
  readonly of: Int32Array;
  /** By row of mm_page_alloc: its refill. */
  readonly refillOf = new Map<number, Refill>();
  readonly drains: DrainedList[] = [];
  readonly calls: BulkCall[] = [];
  /** By row of a free: migrate type with which the page left, -1: not told. */
  readonly leftAs: Int8Array;
  /** By row of a free: 1 if the page was in the free lists without having left a list. */
  readonly neverEntered: Uint8Array;
  /** By row of a free: pages of the give-back that it brought. */
  readonly gaveBack: Int32Array;
  /** Row of a drain → rows of mm_page_alloc that are told after it although their CPU did nothing in between. */
  readonly late = new Map<number, number[]>();
  readonly lateRows = new Set<number>();
  readonly #rows: RecordedRows;
  readonly #facts: LookaheadFacts;
  readonly #zoneByPointer = new Map<number, ZoneIndex>();
  readonly #tasks = new Map<number, Task>();
  /** pfn → row where the page entered its list; row of its mm_page_free while that may be told again. */
  readonly #entered = new Map<Pfn, number>();
  readonly #opened = new Map<Pfn, number>();

  constructor(rows: RecordedRows, facts: LookaheadFacts) {
    this.#rows = rows;
    this.#facts = facts;
    this.step = new Uint8Array(rows.length);
    this.of = new Int32Array(rows.length).fill(none);
    this.leftAs = new Int8Array(rows.length).fill(-1);
    this.neverEntered = new Uint8Array(rows.length);
    this.gaveBack = new Int32Array(rows.length);
    this.#learnZones();
    for (let row = 0; row < rows.length; row++) this.#look(row);
    for (const [number, { rows: at }] of this.drains.entries()) {
      for (const row of at) {
        this.step[row] = Step.drain;
        this.of[row] = number;
      }
    }
    this.#findLate();
  }

  /** Zones behind the pointers of probes: by the pages that give-backs name after them. */
  #learnZones(): void {
    const { kind, pid, a, pfn, length } = this.#rows;
    const pointer = new Map<number, number>();
    for (let row = 0; row < length; row++) {
      if (kind[row] === Kind.freePcppagesBulk) pointer.set(pid[row], a[row]);
      else if (kind[row] === Kind.pagePcpuDrain) {
        const last = pointer.get(pid[row]);
        const zone = this.#facts.zones.of(pfn[row]);
        if (last !== undefined && zone >= 0) this.#zoneByPointer.set(last, zone);
        pointer.delete(pid[row]);
      }
    }
  }

  #taskOf(pid: number): Task {
    let task = this.#tasks.get(pid);
    if (task === undefined) {
      task = {
        refills: [],
        announced: false,
        what: What.other,
        lastFree: none,
        drain: null,
        bulk: none,
        decayRow: none,
        call: null,
        skipsFree: false,
        listedFree: none,
        listedRow: none,
      };
      this.#tasks.set(pid, task);
    }
    return task;
  }

  #look(row: number): void {
    const rows = this.#rows;
    const pfn = rows.pfn[row];
    const order = rows.order[row];
    const task = this.#taskOf(rows.pid[row]);
    switch (rows.kind[row]) {
      case Kind.pageAllocZoneLocked:
        this.#leaves(pfn, -1, true);
        if (rows.b[row] === 1) this.#fromFreeLists(row, task);
        break;
      case Kind.pageAllocExtfrag:
        if (!this.#facts.reworked || task.refills.at(-1)?.last === pfn || !this.#facts.onLists(order)) break;
        this.#leaves(pfn, -1, true);
        this.#fromFreeLists(row, task);
        break;
      case Kind.rmqueueBulk:
        task.announced = true;
        for (const refill of task.refills) refill.closed = true;
        break;
      case Kind.pageAlloc:
        if (pfn >= 0) this.#allocated(row, task);
        break;
      case Kind.compactionFree:
        task.skipsFree = this.#facts.reworked;
        break;
      case Kind.pageFree:
        this.#freed(row, task);
        break;
      case Kind.pageFreeBatched:
        this.#freedOfMany(row, task);
        break;
      case Kind.freeOnePage: {
        const free = this.#entered.get(pfn);
        if (free === undefined) break;
        this.step[free] = Step.freePast;
        this.#entered.delete(pfn);
        if (task.lastFree === free) task.lastFree = none;
        break;
      }
      case Kind.freePcppagesBulk:
        this.#givesBack(row, task);
        break;
      case Kind.pagePcpuDrain:
        // From 6.10 on it is told with the type that its block has now.
        this.#leaves(pfn, this.#facts.reworked ? -1 : rows.a[row], false);
        this.#gave(row, task);
        break;
      case Kind.drainPagesZone: {
        const zone = this.#zoneByPointer.get(rows.b[row]);
        task.what = What.drain;
        task.drain = null;
        if (zone === undefined || rows.a[row] < 0 || rows.a[row] >= this.#facts.cpuCount) break;
        task.drain = { cpu: rows.a[row], zone, pid: rows.pid[row], pages: 0, rows: [], lastRow: row };
        this.step[row] = Step.drainNothing;
        this.of[row] = this.drains.push(task.drain) - 1;
        break;
      }
      case Kind.decayPcpHigh:
        task.what = What.decay;
        task.decayRow = row;
        this.step[row] = Step.decay;
        this.of[row] = 0;
        break;
      case Kind.allocBulk:
        task.call = { cpu: rows.cpu[row], asked: rows.a[row], allocations: 0, got: 0, refills: [] };
        break;
      case Kind.allocBulkReturn:
        if (task.call === null) break;
        task.call.got = Math.min(rows.a[row], pagesOfCallMax);
        task.call.refills = task.refills;
        task.refills = [];
        this.step[row] = Step.bulk;
        this.of[row] = this.calls.push(task.call) - 1;
        task.call = null;
        break;
    }
  }

  /** Zone behind a pointer of a probe, -1 if no page told it. */
  zoneOfPointer(pointer: number): ZoneIndex {
    return this.#zoneByPointer.get(pointer) ?? -1;
  }

  #fromFreeLists(row: number, task: Task): void {
    const rows = this.#rows;
    const pfn = rows.pfn[row];
    const zone = this.#facts.zones.of(pfn);
    if (zone < 0 || !this.#facts.onLists(rows.order[row])) return;
    const last = task.refills.at(-1);
    const same =
      last !== undefined &&
      !last.closed &&
      last.zone === zone &&
      last.order === rows.order[row] &&
      last.type === rows.a[row] &&
      last.cpu === rows.cpu[row];
    task.what = What.other;
    if (same) {
      last.blocks++;
      last.last = pfn;
      return;
    }
    if (last !== undefined) last.closed = true;
    task.refills.push({
      row,
      cpu: rows.cpu[row],
      zone,
      order: rows.order[row],
      type: rows.a[row],
      head: pfn,
      told: task.announced,
      blocks: 1,
      last: pfn,
      closed: false,
    });
    task.announced = false;
  }

  #allocated(row: number, task: Task): void {
    const rows = this.#rows;
    const pfn = rows.pfn[row];
    const order = rows.order[row];
    this.#leaves(pfn, rows.a[row], false);
    const at = task.refills.findLastIndex((refill) => refill.head === pfn && refill.order === order);
    const refill = at < 0 ? undefined : task.refills[at];
    if (refill !== undefined) task.refills.length = at;
    else for (const other of task.refills) other.closed = true;
    task.announced = false;
    task.what = What.other;
    if (!this.#facts.onLists(order)) {
      this.#set(row, Step.takePast, row);
      return;
    }
    if (task.call !== null) task.call.allocations++;
    if (refill === undefined) this.#set(row, Step.allocate, row);
    else if (this.#facts.refillsTold && !refill.told) this.#set(refill.row, Step.takePast, row);
    else {
      this.refillOf.set(row, refill);
      this.#set(refill.row, Step.allocate, row);
    }
  }

  #freed(row: number, task: Task): void {
    const rows = this.#rows;
    const pfn = rows.pfn[row];
    if (task.skipsFree) {
      task.skipsFree = false;
      return;
    }
    // A page that is freed again without an allocation was taken by a bulk allocation, which takes unmovable pages.
    this.#leaves(pfn, 0, false);
    if (!this.#facts.onLists(rows.order[row])) {
      this.#set(row, Step.freePast, row);
      return;
    }
    this.#set(row, Step.free, row);
    this.#entered.set(pfn, row);
    this.#opened.set(pfn, row);
    task.lastFree = row;
    task.what = What.free;
  }

  /** mm_page_free_batched: the page enters here. Pages of the same list that got none in between found it locked. */
  #freedOfMany(row: number, task: Task): void {
    const rows = this.#rows;
    const pfn = rows.pfn[row];
    const free = this.#opened.get(pfn);
    this.#opened.delete(pfn);
    if (free === undefined || rows.pid[free] !== rows.pid[row] || this.step[free] !== Step.free) return;
    this.step[free] = Step.none;
    this.#set(row, Step.free, free);
    if (this.#entered.get(pfn) === free) this.#entered.set(pfn, row);
    task.lastFree = row;
    task.what = What.free;
    const from = task.listedFree;
    if (from >= 0 && free > from && free < task.listedRow) {
      for (let other = from + 1; other < free; other++) {
        if (rows.kind[other] !== Kind.pageFree || rows.pid[other] !== rows.pid[row]) continue;
        if (this.step[other] !== Step.free || this.#entered.get(rows.pfn[other]) !== other) continue;
        this.step[other] = Step.freePast;
        this.#entered.delete(rows.pfn[other]);
      }
    }
    task.listedFree = free;
    task.listedRow = row;
  }

  #givesBack(row: number, task: Task): void {
    task.bulk = row;
    if (task.what === What.drain && task.drain !== null) task.drain.rows.push(row);
    else if (task.what === What.free && task.lastFree >= 0) task.decayRow = none;
  }

  #gave(row: number, task: Task): void {
    if (task.bulk < 0) return;
    const pages = 1 << this.#rows.order[row];
    if (task.what === What.drain && task.drain !== null) {
      if (task.drain.pages === 0) this.step[this.#rowOfNothing(task.drain)] = Step.none;
      task.drain.pages += pages;
      task.drain.lastRow = row;
    } else if (task.what === What.decay && task.decayRow >= 0) this.of[task.decayRow] += pages;
    else if (task.what === What.free && task.lastFree >= 0) this.gaveBack[task.lastFree] += pages;
  }

  /** Row of drain_pages_zone of a drain that turns out to take something. */
  #rowOfNothing(drain: DrainedList): number {
    return drain.lastRow;
  }

  /** The page leaves its list, or is found in the free lists. */
  #leaves(pfn: Pfn, type: number, inFreeLists: boolean): void {
    const row = this.#entered.get(pfn);
    if (row === undefined) return;
    this.#entered.delete(pfn);
    if (inFreeLists) this.neverEntered[row] = 1;
    else this.leftAs[row] = type > 2 ? 1 : type;
  }

  #set(row: number, step: number, of: number): void {
    this.step[row] = step;
    this.of[row] = of;
  }

  /** Allocations whose list was drained by another CPU since their own CPU did anything. */
  #findLate(): void {
    const rows = this.#rows;
    const lastOfCpu = new Map<CpuIndex, number>();
    const drained = new Map<string, number>();
    for (let row = 0; row < rows.length; row++) {
      const cpu = rows.cpu[row];
      const before = lastOfCpu.get(cpu) ?? none;
      lastOfCpu.set(cpu, row);
      if (this.step[row] === Step.drain) {
        const drain = this.drains[this.of[row]];
        if (drain.cpu !== cpu && drain.rows[0] === row) drained.set(`${drain.cpu} ${drain.zone}`, row);
      } else if (this.step[row] === Step.allocate && this.of[row] === row && !this.refillOf.has(row)) {
        const at = drained.get(`${cpu} ${this.#facts.zones.of(rows.pfn[row])}`);
        if (at === undefined || at <= before) continue;
        this.lateRows.add(row);
        const late = this.late.get(at);
        if (late === undefined) this.late.set(at, [row]);
        else late.push(row);
      }
    }
  }
}

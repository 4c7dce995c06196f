/**
 * Page events → counts: the rules by which an event moves a page on or off a list (mm/page_alloc.c of 5.10
 * to 7.x; `ListRules` says which). Identity decides, not the CPU of the event: a page is charged to the
 * list that it entered.
 */

import type { CpuIndex, ListIndex, Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import { type EventBlock, Kind } from '../input/event-log.ts';
import type { Machine } from '../input/machine.ts';
import { BulkAllocations } from './bulk-allocations.ts';
import { Emptying, inDrain, interruptsDrain } from './emptying.ts';
import { costlyOrder, type ListRules, type RuleEvidence } from './list-rules.ts';
import { atWork, ListWork, type RefillListener } from './list-work.ts';
import { inSection, LockedSections } from './locked-sections.ts';
import type { Looks } from './looks.ts';
import type { PageLists } from './page-lists.ts';
import { orderMask, takenFlag } from './page-lists.ts';
import { PointerTable } from './pointer-table.ts';
import { RefilledLists } from './refilled-lists.ts';

/** Kinds of events that may come while a list's lock is held. */
const underLock = new Uint8Array(256);
for (const kind of [Kind.freePcppagesBulk, Kind.pagePcpuDrain]) underLock[kind] = 1;
for (let kind = 0; kind < 256; kind++) underLock[kind] |= interruptsDrain[kind];

/** Tasks in compaction_free at once; more are damage. */
const tasksMax = 1 << 16;
/** Larger counts in probe arguments are damage. */
const countMax = 1 << 20;
/** In larger blocks no single pages are searched that were believed on a list. */
const searchOrderMax = 10;

/** Migrate type of the kernel's own pages. */
const unmovable = 0;

export class PageEvents implements RefillListener {
  readonly pointers: PointerTable;
  /** Odd things met, by name, with how often. */
  readonly notes = new Map<string, number>();
  /** By CPU: not 0 while it is in the middle of something, so that `settle` has to look at its rows. */
  readonly busy: Uint8Array;
  readonly #rules: ListRules;
  readonly #seen: RuleEvidence;
  readonly #lists: PageLists;
  readonly #looks: Looks;
  /** Order of a huge page (9 with pages of 4 KiB), from the first refill of such an order on as it told. */
  #hugeOrder = 9;
  readonly #work: ListWork;
  /** By CPU: pcp pointer of the last give-back; CPU named by the last drain_pages_zone (-1 after other events). */
  readonly #lastPcp: Int32Array;
  readonly #lastZonePointer: Int32Array;
  readonly #remoteCpu: Int32Array;
  readonly #lastRefillPfn: Float64Array;
  readonly #emptying: Emptying;
  /**
   * Zone of the last page for the kernel's own use that was taken anywhere. A bulk allocation takes its pages
   * from the first zone that is above its low mark, which all CPUs see alike.
   */
  #kernelZone: number;
  /** By zone: pages of a refill, 0 if not known. */
  readonly #batch: Int32Array;
  #sections: LockedSections | null = null;
  #refilled: RefilledLists | null = null;
  readonly #bulk = new BulkAllocations();
  readonly #compactionFree = new Set<number>();

  constructor(machine: Machine, rules: ListRules, seen: RuleEvidence, lists: PageLists, looks: Looks) {
    this.#seen = seen;
    this.#rules = rules;
    this.#lists = lists;
    this.#looks = looks;
    this.pointers = new PointerTable();
    const cpus = machine.cpuCount;
    this.busy = new Uint8Array(cpus);
    this.#batch = Int32Array.from(machine.zones, (zone) => zone.batch ?? 0);
    this.#work = new ListWork(lists, looks, rules, this.busy, this.#batch, this);
    looks.stillHeld = (timeNs, held) => this.#work.stillHeld(timeNs, held);
    this.#lastPcp = new Int32Array(cpus);
    this.#lastZonePointer = new Int32Array(cpus);
    this.#remoteCpu = new Int32Array(cpus).fill(-1);
    this.#lastRefillPfn = new Float64Array(cpus).fill(-1);
    this.#emptying = new Emptying(
      lists,
      rules,
      this.busy,
      (list, otherwise) => this.#work.refillRow(list, otherwise),
      (pages) => this.#noteWrong(pages),
    );
    this.#kernelZone = Math.max(
      0,
      machine.zones.findLastIndex((zone) => zone.name !== 'Movable'),
    );
    this.rulesChanged();
  }

  /** The rules were found to be others than believed (recordings in text). */
  rulesChanged(): void {
    if (!this.#rules.refillsTold) this.#refilled = null;
    else {
      this.#refilled ??= new RefilledLists(this.busy.length, this.#lists.listCount, (pfn, list, row) =>
        this.#isThere(pfn, list, row),
      );
    }
    if (!this.#rules.remoteDrains || this.#rules.bypassTold) this.#sections = null;
    else {
      this.#sections ??= new LockedSections(this.busy, this.#lists.listCount, (pfn, freedRow) =>
        this.#foundLocked(pfn, freedRow),
      );
    }
  }

  /** Before a row of CPU `cpu` is looked at: is what the CPU was in the middle of over? */
  settle(cpu: CpuIndex, kind: Kind, pid: number): void {
    if ((this.busy[cpu] & atWork) !== 0) this.#work.settle(cpu, kind);
    if ((this.busy[cpu] & inSection) !== 0 && underLock[kind] === 0) {
      if (kind === Kind.pageAlloc) this.#sections?.allocated(cpu, pid);
      this.#sections?.close(cpu);
    }
    if ((this.busy[cpu] & inDrain) !== 0) this.#emptying.settle(cpu, kind, pid);
  }

  /** A free found its list locked. */
  #foundLocked(pfn: Pfn, freedRow: number): void {
    const slot = this.#lists.find(pfn);
    if (slot < 0 || this.#lists.table.row(slot) !== freedRow) return;
    this.#neverEntered(pfn, this.#lists.table.order(slot) & orderMask);
  }

  pageFree(block: EventBlock, i: number, row: number): void {
    const order = block.order[i];
    const pid = block.pid[i];
    if (this.#rules.compactionFreesEmit && this.#compactionFree.delete(pid)) {
      this.#note('freed by compaction, to no list');
      return;
    }
    const cpu = block.cpu[i];
    this.#remoteCpu[cpu] = -1;
    if (!this.#rules.giveBacksTold) this.#lastZonePointer[cpu] = 0;
    if (!this.#isListOrder(order)) return;
    const pfn = block.pfn[i];
    const zone = this.#lists.zoneOf(pfn);
    if (zone < 0) {
      this.#note('page outside of every zone');
      return;
    }
    const list = cpu * this.#lists.zoneCount + zone;
    const slot = this.#lists.find(pfn);
    if (slot >= 0 && !this.#forget(slot)) this.#note('freed although believed on a list');
    this.#lists.enter(pfn, list, order, row);
    this.#refilled?.freed(pfn, list, order, row);
    if (this.#sections !== null) this.#sections.freed(cpu, pid, list, pfn, row);
  }

  /** mm_page_free_batched: told just before the page enters, unlike mm_page_free, which may be long before. */
  pageFreeBatched(block: EventBlock, i: number, row: number): void {
    const slot = this.#lists.table.find(block.pfn[i]);
    if (slot < 0) {
      if (this.#sections !== null) this.#enterAfterAll(block, i, row);
      return;
    }
    const lists = this.#lists;
    const order = lists.table.order(slot);
    if ((order & takenFlag) !== 0) return;
    const pfn = block.pfn[i];
    const from = lists.table.list(slot);
    const list = block.cpu[i] * lists.zoneCount + (from % lists.zoneCount);
    if (this.#sections !== null) {
      this.#sections.freedOfMany(block.cpu[i], block.pid[i], list, lists.table.row(slot), row);
    }
    if (lists.isStale(slot)) {
      // It was on its way when a drain emptied the list.
      lists.enter(pfn, list, order, row);
      this.#refilled?.freed(pfn, list, order, row);
      return;
    }
    if (this.#looks.any) this.#looks.amendSince(from, lists.table.row(slot), -(1 << order));
    lists.reenter(slot, list, row);
    this.#refilled?.freed(pfn, list, order, row);
  }

  /** The list was locked at mm_page_free, but not any more when the page's turn came. */
  #enterAfterAll(block: EventBlock, i: number, row: number): void {
    const zone = this.#lists.zoneOf(block.pfn[i]);
    if (zone >= 0) this.#lists.enter(block.pfn[i], block.cpu[i] * this.#lists.zoneCount + zone, 0, row);
  }

  freeOnePage(block: EventBlock, i: number): void {
    if (block.pfn[i] >= 0) this.#neverEntered(block.pfn[i], block.order[i]);
  }

  pageAlloc(block: EventBlock, i: number): void {
    const pfn = block.pfn[i];
    const cpu = block.cpu[i];
    this.#lastRefillPfn[cpu] = -1;
    if (pfn < 0) return;
    const order = block.order[i];
    this.#bulk.allocated(block.pid[i]);
    if (!this.#isListOrder(order)) return;
    const zone = this.#lists.zoneOf(pfn);
    if (order === 0 && block.a[i] === unmovable && zone >= 0) this.#kernelZone = zone;
    this.#tookEarlier(pfn, order, cpu, block.pid[i], block.timeNs[i]);
    if (this.#takeRange(pfn, order) > 0) return;
    if (zone < 0) {
      this.#note('page outside of every zone');
      return;
    }
    this.#unseenLeaves(cpu * this.#lists.zoneCount + zone, 1 << order, 'allocated page was on no list');
  }

  /** The page left its list before this event: looks in between saw the list without it. */
  #tookEarlier(pfn: Pfn, order: number, cpu: CpuIndex, pid: number, timeNs: Nanoseconds): void {
    const leftNs = this.#work.leftNs(cpu, pid, pfn, order, timeNs);
    if (this.#looks.newestNs <= leftNs) return;
    const lists = this.#lists;
    const slot = lists.find(pfn);
    if (slot < 0 || lists.table.order(slot) !== order) return;
    this.#looks.leftEarlier(lists.table.list(slot), lists.table.row(slot), leftNs, 1 << order);
  }

  zoneLocked(block: EventBlock, i: number, row: number): void {
    const pfn = block.pfn[i];
    if (pfn < 0) return;
    const order = block.order[i];
    const cpu = block.cpu[i];
    this.#lastRefillPfn[cpu] = pfn;
    const refill = this.#rules.refillField ? block.b[i] === 1 : this.#isListOrder(order);
    if (refill && order > costlyOrder) this.#hugeOrder = order;
    this.#fromBuddy(pfn, order, block, i, refill, row);
  }

  extfrag(block: EventBlock, i: number, row: number): void {
    const pfn = block.pfn[i];
    const cpu = block.cpu[i];
    if (block.d[i] === 1) this.#refilled?.blocksTaken(pfn, block.c[i], block.a[i]);
    if (this.#lastRefillPfn[cpu] === pfn) {
      this.#seen.claimAfterZoneLocked = true;
      return;
    }
    if (!this.#rules.stealsAreRefills) return;
    const order = block.order[i];
    this.#fromBuddy(pfn, order, block, i, this.#isListOrder(order), row);
  }

  freePcppagesBulk(block: EventBlock, i: number, row: number): void {
    const cpu = block.cpu[i];
    const pcp = block.c[i];
    this.#lastPcp[cpu] = pcp;
    this.#lastZonePointer[cpu] = block.a[i];
    const owner = this.#remoteCpu[cpu] >= 0 ? this.#remoteCpu[cpu] : this.pointers.ownerOf(pcp, cpu);
    if (this.#remoteCpu[cpu] >= 0 || !this.#rules.remoteDrains) this.pointers.setOwner(pcp, owner);
    const zone = this.pointers.zoneOf(block.a[i]);
    if (zone < 0) return;
    const list = owner * this.#lists.zoneCount + zone;
    this.#sections?.givesBack(cpu, block.pid[i], list, row);
    const count = block.b[i];
    // One page is what a list gives back whose `high` is below its batch, as while memory goes offline; by which the
    // batch may also become half of what zoneinfo said.
    const whole = this.#rules.smallGiveBacksEmpty && count > 1 && 2 * (count + 1) < this.#batch[zone];
    this.#emptying.givesBack(cpu, block.pid[i], owner, zone, row, whole);
    if (!this.#rules.bulkTakesFirst || count <= 0 || count > countMax) return;
    this.#work.giveBack(cpu, list, count, block.timeNs[i]);
    // Within a drain the give-back is all that the list holds: what else is believed on it is on its way off.
    if (this.#emptying.drains(cpu, owner)) this.#emptied(list, row);
  }

  pcpuDrain(block: EventBlock, i: number): void {
    const pfn = block.pfn[i];
    const order = block.order[i];
    const cpu = block.cpu[i];
    const lists = this.#lists;
    if (order > 0) this.#seen.highOrderDrained = true;
    this.#refilled?.sawType(pfn, block.a[i]);
    if (this.#lastZonePointer[cpu] > 0) {
      this.pointers.setZone(this.#lastZonePointer[cpu], lists.zoneOf(pfn));
      this.#lastZonePointer[cpu] = 0;
    }
    if (this.#work.gaveBack(cpu, pfn, order, block.timeNs[i])) return;
    if (this.#rules.remoteDrains) this.#completeIfMet(pfn);
    if (this.#sections !== null) this.#sections.gaveBack(cpu);
    if (this.#takeRange(pfn, order) > 0) return;
    const zone = lists.zoneOf(pfn);
    if (zone < 0) {
      this.#note('page outside of every zone');
      return;
    }
    const walked = this.#rules.giveBacksTold ? -1 : this.#emptying.targetOf(cpu, block.pid[i]);
    const owner = walked >= 0 ? walked : this.pointers.ownerOf(this.#lastPcp[cpu], cpu);
    this.#unseenLeaves(owner * lists.zoneCount + zone, 1 << order, 'drained page was on no list');
  }

  /** A page that leaves its list shows that the refill with which it came is complete. */
  #completeIfMet(pfn: Pfn): void {
    const slot = this.#lists.find(pfn);
    if (slot >= 0) this.#work.met(slot);
  }

  /** CPU `cpu` begins to drain lists of CPU `target`: all of them, or some that will be told. */
  drainBegins(cpu: CpuIndex, target: CpuIndex, all: boolean, row: number): void {
    this.#emptying.begins(cpu, target, all, row);
  }

  #emptied(list: ListIndex, row: number): void {
    const missing = -this.#lists.counts[list];
    if (missing > 0 && this.#lists.anchored[list] === 0) this.#looks.heldAllAlong(list, missing);
    this.#noteWrong(this.#lists.emptiedAt(list, row));
  }

  #noteWrong(pages: Pages): void {
    if (pages > 0) this.#note('pages believed on an emptied list', pages);
    if (pages < 0) this.#note('pages drained beyond the count', -pages);
  }

  /** One list is about to be emptied, by its own CPU or (6.0 on) by the one that asks. */
  drainPagesZone(block: EventBlock, i: number, row: number): void {
    const cpu = block.cpu[i];
    const target = block.a[i];
    if (target >= 0 && target < this.#lists.cpuCount) this.#remoteCpu[cpu] = target;
    // Without a probe on the give-back, its pages show what the zone pointer is.
    if (!this.#rules.giveBacksTold) this.#lastZonePointer[cpu] = block.b[i];
    this.#emptying.beginsZone(cpu, block.pid[i], target, this.pointers.zoneOf(block.b[i]), row);
  }

  rmqueueBulk(block: EventBlock, i: number): void {
    this.#refilled?.begins(block.cpu[i]);
  }

  #isThere(pfn: Pfn, list: ListIndex, row: number): boolean {
    const slot = this.#lists.find(pfn);
    if (slot < 0) return false;
    const { table } = this.#lists;
    return table.row(slot) === row && table.list(slot) === list && (table.order(slot) & takenFlag) === 0;
  }

  /** `list` had no page of this order and type, or it would not be refilled. */
  #wasEmpty(refilled: RefilledLists, list: ListIndex, order: number, type: number, pid: number): void {
    const pages = refilled.emptied(list, order, type);
    for (let i = 0; i < pages.length; i += 2) {
      const slot = this.#lists.find(pages[i]);
      if (slot < 0) continue;
      this.#note('page believed on a list that was refilled', 1 << order);
      // Only bulk allocations take silently, and only these pages: one that goes on, or one before.
      if (order > 0 || type !== unmovable) this.#lists.leave(slot);
      else if (!this.#forget(slot)) this.#bulk.foundGone(pid, 1);
    }
  }

  compactionFree(block: EventBlock, i: number): void {
    if (!this.#rules.compactionFreesEmit) return;
    if (this.#compactionFree.size >= tasksMax) this.#compactionFree.clear();
    this.#compactionFree.add(block.pid[i]);
  }

  allocBulk(block: EventBlock, i: number): void {
    this.#bulk.begin(block.pid[i], block.cpu[i]);
  }

  allocBulkReturn(block: EventBlock, i: number): void {
    const taken = this.#bulk.end(block.pid[i], block.a[i]);
    if (taken === null) return;
    const list = taken.list >= 0 ? taken.list : taken.cpu * this.#lists.zoneCount + this.#kernelZone;
    this.#lists.add(list, -taken.pages);
    this.#lists.ghosts[list] += taken.pages;
    this.#note('pages taken by bulk allocation', taken.pages);
  }

  #isListOrder(order: number): boolean {
    return order === 0 || (this.#rules.highOrders && (order <= costlyOrder || order === this.#hugeOrder));
  }

  #fromBuddy(pfn: Pfn, order: number, block: EventBlock, i: number, refill: boolean, row: number): void {
    const cpu = block.cpu[i];
    const lists = this.#lists;
    if (this.#takeRange(pfn, order, this.#rules.remoteDrains) > 0)
      this.#note('page came from the buddy lists although it was believed on a list');
    if (!refill) return;
    const zone = lists.zoneOf(pfn);
    if (zone < 0) {
      this.#note('page outside of every zone');
      return;
    }
    const list = cpu * lists.zoneCount + zone;
    const type = block.a[i];
    if (this.#refilled?.isFirst(cpu)) this.#wasEmpty(this.#refilled, list, order, type, block.pid[i]);
    this.#work.refill(block, i, list, row);
    this.#refilled?.entered(pfn, list, order, type, row);
  }

  /** For `ListWork`. */
  refilled(cpu: CpuIndex, pid: number, list: ListIndex, head: Pages): void {
    this.#sections?.refilled(cpu, pid, list);
    this.#bulk.refilled(pid, list, head);
  }

  /** Removes every page of [pfn, pfn + 2^order) that is believed on a list; returns how many pages. */
  #takeRange(pfn: Pfn, order: number, neverEntered = false): Pages {
    const lists = this.#lists;
    const slot = lists.find(pfn);
    if (slot >= 0) {
      const had = lists.table.order(slot) & orderMask;
      if (had === order || order === 0) {
        this.#leave(slot, neverEntered);
        return 1 << had;
      }
    }
    if (order === 0 || order > searchOrderMax || !this.#rules.highOrders) return 0;
    let taken = 0;
    for (let page = pfn; page < pfn + (1 << order); page++) {
      const at = lists.find(page);
      if (at < 0) continue;
      taken += 1 << (lists.table.order(at) & orderMask);
      this.#leave(at, neverEntered);
    }
    return taken;
  }

  /** `neverEntered`: the page was believed on a list since it was freed, but its list was locked then. */
  #leave(slot: number, neverEntered: boolean): void {
    const { table } = this.#lists;
    const order = table.order(slot);
    if (neverEntered && (order & takenFlag) === 0 && this.#looks.any) {
      this.#looks.amendSince(table.list(slot), table.row(slot), -(1 << order));
    }
    this.#lists.leave(slot);
  }

  /** A page that was told as freed went to the buddy lists instead: it never was on a list. */
  #neverEntered(pfn: Pfn, order: number): void {
    const slot = this.#lists.find(pfn);
    if (slot < 0) return;
    if (this.#looks.any) {
      this.#looks.amendSince(this.#lists.table.list(slot), this.#lists.table.row(slot), -(1 << order));
    }
    this.#note('freed past the lists');
    this.#lists.leave(slot);
  }

  /** A page is freed that is believed on a list: it had been taken by a call that emits no event. */
  #forget(slot: number): boolean {
    const lists = this.#lists;
    const from = lists.table.list(slot);
    const pages = 1 << (lists.table.order(slot) & orderMask);
    const taken = (lists.table.order(slot) & takenFlag) !== 0;
    lists.leave(slot);
    if (taken) return true;
    const first = Math.floor(from / lists.zoneCount) * lists.zoneCount;
    if (lists.ghosts[from] >= pages) {
      lists.ghosts[from] -= pages;
      lists.add(from, pages);
      return true;
    }
    for (let other = first; other < first + lists.zoneCount; other++) {
      if (lists.ghosts[other] < pages) continue;
      lists.ghosts[other] -= pages;
      lists.add(other, pages);
      this.#note('bulk allocation was from another zone than assumed');
      return true;
    }
    return false;
  }

  #unseenLeaves(list: ListIndex, pages: Pages, otherwise: string): void {
    const lists = this.#lists;
    if (lists.anchored[list] === 0) {
      this.#looks.heldAllAlong(list, pages);
      return;
    }
    if (lists.unseen[list] < pages) {
      this.#note(otherwise, pages);
      return;
    }
    lists.unseen[list] -= pages;
    lists.add(list, -pages);
  }

  #note(name: string, times = 1): void {
    this.notes.set(name, (this.notes.get(name) ?? 0) + times);
  }
}

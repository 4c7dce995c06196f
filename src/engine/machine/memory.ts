/**
 * The memory of a simulated machine: zones and their free lists, the per-CPU lists before them, the page cache.
 * Follows get_page_from_freelist, rmqueue and free_unref_page (mm/page_alloc.c): the watermark is looked at before the
 * lists, and the free counter leaves parked pages out, so a CPU can be refused pages that stand on its own list.
 *
 * Every operation adds its time to `spentNs`, which the event loop takes. Hot: about ten array accesses for a
 * page from or to a list.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import { BlockType, Buddy, pageBlockOrder } from './buddy.ts';
import { HighatomicReserve } from './highatomic-reserve.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import { disabledLimits, listLimits } from './list-limits.ts';
import { ListLocks } from './list-locks.ts';
import { type ListSupply, ZoneFlag } from './list-supply.ts';
import { PageCache, type Shrunk } from './page-cache.ts';
import { Chains, noPage, PageLinks } from './page-chains.ts';
import { PcpLists } from './pcp-lists.ts';
import { Depth, type Mark, Watermarks, ZoneClass } from './watermarks.ts';
import { zonelists } from './zonelists.ts';

const noZone = -1;

export class Memory implements ListSupply {
  readonly links: PageLinks;
  readonly buddy: Buddy;
  readonly marks: Watermarks;
  readonly lists: PcpLists;
  /** Identities of the pages on the lists. */
  readonly listChains: Chains;
  readonly cache: PageCache;
  readonly highatomic: HighatomicReserve;
  readonly zoneCount: number;
  /** Time of what was done since the loop last took it. */
  spentNs: Nanoseconds = 0;
  /** For rows of a recording: now, and who runs. */
  nowNs: Nanoseconds = 0;
  pid = 0;
  refills = 0;
  giveBacks = 0;
  /** Pages of the last `freeRun`. */
  freedPages: Pages = 0;
  /** Operations that met a list locked by a remote drain (6.0 on) and went to the free lists. */
  lockedOut = 0;
  /** Locks of the lists (6.0 on). */
  readonly locks: ListLocks;

  private readonly nodes: readonly number[];
  private readonly rules: KernelRules;
  private readonly scenario: Scenario;
  private readonly observer: RunObserver | null;
  /** By node * zoneCount + place: zones in the order in which an allocation tries them. -1: no more. */
  private readonly zonelist: Int32Array;
  private readonly nodeOfCpu: Int32Array;
  private readonly movableOnly: Uint8Array;
  private readonly nodeOfZone: Uint16Array;
  /** By page block of 512 pages. */
  private readonly zoneOfBlock: Uint8Array;
  private readonly allocateNs: number;
  private readonly freeNs: number;
  private readonly refillNs: number;
  private readonly givePerPageNs: number;
  private readonly zoneLockNs: number;
  private readonly buddyNs: number;
  private readonly flagsKept: boolean;

  constructor(scenario: Scenario, rules: KernelRules, observer: RunObserver | null) {
    const { machine, kernel, costs } = scenario;
    const zones = machine.zones;
    this.scenario = scenario;
    this.rules = rules;
    this.observer = observer?.event ? observer : null;
    this.zoneCount = zones.length;
    this.links = new PageLinks(Math.max(...zones.map((zone) => zone.startPfn + zone.pages)));
    this.buddy = new Buddy(this.links, zones, rules);
    this.marks = new Watermarks(zones, rules, kernel);
    this.lists = new PcpLists(
      rules,
      {
        cpuCount: machine.cpus,
        zoneCount: zones.length,
        batchScaleMax: kernel.batchScaleMax,
        thp: kernel.thp,
      },
      this,
    );
    this.listChains = new Chains(this.links, this.lists.setCount * this.lists.listsPerSet);
    this.highatomic = new HighatomicReserve(this.buddy, this.marks, zones, rules);
    this.cache = new PageCache(this.links, machine.nodes, {
      ioNs: costs.diskReadNs,
      inactiveRatio: kernelAtLeast(rules.version, '4.7') ? 'by-size' : 'one',
    });
    this.nodes = Array.from({ length: machine.nodes }, (_, node) => node);
    this.locks = new ListLocks(this.lists.setCount, rules, kernel.batchScaleMax, costs);
    this.nodeOfCpu = machine.nodeOfCpu;
    this.zonelist = zonelists(machine);
    this.movableOnly = Uint8Array.from(zones, (zone) => (zone.name === 'Movable' ? 1 : 0));
    this.nodeOfZone = Uint16Array.from(zones, ({ node }) => node);
    this.zoneOfBlock = new Uint8Array((this.links.next.length >>> pageBlockOrder) + 1);
    zones.forEach(({ startPfn, pages }, zone) => {
      const from = startPfn >>> pageBlockOrder;
      this.zoneOfBlock.fill(zone, from, ((startPfn + pages - 1) >>> pageBlockOrder) + 1);
    });
    this.allocateNs = costs.allocateFastNs;
    this.freeNs = costs.freeFastNs;
    this.refillNs = costs.refillPerPageNs;
    this.givePerPageNs = costs.freePerPageNs;
    this.zoneLockNs = costs.zoneLockNs;
    this.buddyNs = costs.buddyNs;
    this.flagsKept = rules.highRule === 'auto';
    this.setLimits(machine.online);
  }

  /** Batch and high of every set: at the start, and again when a CPU comes or goes (5.14 on). */
  setLimits(online: BitSet): void {
    const { machine, kernel } = this.scenario;
    for (let zone = 0; zone < this.zoneCount; zone++) {
      const { node, pages } = machine.zones[zone];
      let localCpus = 0;
      for (const cpu of online) if (this.nodeOfCpu[cpu] === node) localCpus++;
      const limits = listLimits(this.rules, {
        managedPages: pages,
        lowWatermark: this.marks.low[zone],
        localCpus: localCpus === 0 ? online.count : localCpus,
        fraction: kernel.pagelistFraction,
      });
      for (let cpu = 0; cpu < machine.cpus; cpu++) this.lists.setLimits(cpu * this.zoneCount + zone, limits);
    }
  }

  /** Lists of the zone keep nothing until `setLimits` is called again (zone_pcp_disable, 5.11 on). */
  closeLists(zone: ZoneIndex): void {
    const { cpus } = this.scenario.machine;
    for (let cpu = 0; cpu < cpus; cpu++) this.lists.setLimits(cpu * this.zoneCount + zone, disabledLimits);
  }

  /** One block for a task or the kernel on `cpu`, or noPage: no zone is above the mark, or none gave one. */
  allocate(cpu: CpuIndex, order: number, type: number, mark: Mark, depth: Depth): Pfn {
    const { zonelist, marks, buddy } = this;
    const { free } = buddy;
    const zoneClass = type === BlockType.movable ? ZoneClass.Movable : ZoneClass.Normal;
    const end = (this.nodeOfCpu[cpu] + 1) * this.zoneCount;
    for (let i = end - this.zoneCount; i < end; i++) {
      const zone = zonelist[i];
      if (zone === noZone) break;
      if (order === 0) {
        if (free[zone] <= marks.floors[marks.floorAt(zone, mark, depth, zoneClass)]) continue;
      } else if (!marks.ok(zone, order, mark, depth, zoneClass, buddy)) continue;
      if (this.movableOnly[zone] === 1 && type !== BlockType.movable) continue;
      const pfn =
        order > 0 && depth === Depth.atomic
          ? this.atomicFromZone(cpu, zone, order, type)
          : this.fromZone(cpu, zone, order, type);
      if (pfn !== noPage) return pfn;
    }
    return noPage;
  }

  /** A larger block for an atomic request: the highatomic reserve first, which grows with its success (4.4 on). */
  private atomicFromZone(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number): Pfn {
    let pfn = this.highatomic.take(zone, order);
    if (pfn !== noPage) {
      this.links.order[pfn] = order;
      this.spentNs += this.buddyNs;
      this.emit(Kind.pageAllocZoneLocked, cpu, pfn, order, type, 0, 0);
      this.emit(Kind.pageAlloc, cpu, pfn, order, type, 0, 0);
      return pfn;
    }
    pfn = this.fromZone(cpu, zone, order, type);
    if (pfn !== noPage) this.highatomic.reserve(zone, pfn);
    return pfn;
  }

  /**
   * Up to `blocks` blocks one after another, each to the head of a chain: as so many `allocate`, until one fails. What
   * stands on the list is moved in one go: until the next refill the free counters, and so the choice of zone, stay.
   */
  allocateRun(
    cpu: CpuIndex,
    order: number,
    type: number,
    mark: Mark,
    depth: Depth,
    blocks: number,
    to: Chains,
    chain: number,
  ): number {
    const { lists } = this;
    const inRuns = this.observer === null && lists.onLists(order);
    let got = 0;
    while (got < blocks) {
      const pfn = this.allocate(cpu, order, type, mark, depth);
      if (pfn === noPage) break;
      to.pushHead(chain, pfn);
      got++;
      if (!inRuns || got === blocks) continue;
      const zone = this.zoneOfBlock[pfn >>> pageBlockOrder];
      const list = lists.listOf(cpu * this.zoneCount + zone, order, type);
      const run = Math.min(blocks - got, lists.length[list]);
      if (run === 0 || this.isLocked(cpu, zone) || !this.isAbove(zone, order, type, mark, depth)) continue;
      lists.allocateRun(cpu, zone, order, list, run);
      this.listChains.moveHeads(list, run, to, chain);
      this.spentNs += run * this.allocateNs;
      got += run;
    }
    return got;
  }

  private isAbove(zone: ZoneIndex, order: number, type: number, mark: Mark, depth: Depth): boolean {
    const { marks, buddy } = this;
    const zoneClass = type === BlockType.movable ? ZoneClass.Movable : ZoneClass.Normal;
    return order === 0
      ? buddy.free[zone] > marks.floors[marks.floorAt(zone, mark, depth, zoneClass)]
      : marks.ok(zone, order, mark, depth, zoneClass, buddy);
  }

  /** rmqueue: from the CPU's list, or straight from the free lists. */
  private fromZone(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number): Pfn {
    const { lists } = this;
    if (lists.onLists(order)) {
      if (this.isLocked(cpu, zone)) this.lockedOut++;
      else {
        const list = lists.allocate(cpu, zone, order, type);
        if (list >= 0) {
          const pfn = this.listChains.popHead(list);
          this.spentNs += this.allocateNs;
          if (this.observer !== null) this.emit(Kind.pageAlloc, cpu, pfn, order, type, 0, 0);
          return pfn;
        }
        if (!this.rules.listLock) return noPage;
      }
    }
    const pfn = this.buddy.take(zone, order, type);
    if (pfn === noPage) return noPage;
    this.links.order[pfn] = order;
    this.spentNs += this.buddyNs;
    if (this.observer !== null) {
      this.emit(Kind.pageAllocZoneLocked, cpu, pfn, order, type, 0, 0);
      this.emit(Kind.pageAlloc, cpu, pfn, order, type, 0, 0);
    }
    return pfn;
  }

  /** __free_pages on `cpu`: to its list, by the type of the page block. */
  free(cpu: CpuIndex, pfn: Pfn): void {
    const order = this.links.order[pfn];
    const zone = this.zoneOfBlock[pfn >>> pageBlockOrder];
    const { lists } = this;
    if (this.observer !== null) this.emit(Kind.pageFree, cpu, pfn, order, 0, 0, 0);
    let type = this.buddy.blockType(pfn);
    if (!lists.onLists(order) || type === BlockType.isolate || this.isLocked(cpu, zone)) {
      if (this.observer !== null && lists.onLists(order))
        this.emit(Kind.freeOnePage, cpu, pfn, order, zone, 0, 0);
      if (lists.onLists(order) && type !== BlockType.isolate) this.lockedOut++;
      this.buddy.give(zone, pfn, order);
      this.spentNs += this.buddyNs;
      return;
    }
    // Page blocks of the highatomic reserve count as movable on the lists.
    if (type > BlockType.reclaimable) type = BlockType.movable;
    this.listChains.pushHead(lists.listOf(cpu * this.zoneCount + zone, order, type), pfn);
    this.spentNs += this.freeNs;
    lists.freed(cpu, zone, order, type);
  }

  nodeOf(pfn: Pfn): number {
    return this.nodeOfZone[this.zoneOfBlock[pfn >>> pageBlockOrder]];
  }

  /**
   * Frees up to `blocks` blocks of a chain, from its head or (`oldest`) its tail: as so many `free`. Returns how many
   * there were; `freedPages` is their size.
   */
  freeRun(cpu: CpuIndex, from: Chains, chain: number, blocks: number, oldest: boolean): number {
    const { lists, listChains, buddy } = this;
    const { order } = this.links;
    const follower = oldest ? this.links.prev : this.links.next;
    this.freedPages = 0;
    let gone = 0;
    while (gone < blocks) {
      const pfn = oldest ? from.tail[chain] : from.head[chain];
      if (pfn === noPage) break;
      const zone = this.zoneOfBlock[pfn >>> pageBlockOrder];
      const type = buddy.blockType(pfn);
      const set = cpu * this.zoneCount + zone;
      let run = 0;
      if (order[pfn] === 0 && type <= BlockType.reclaimable && this.observer === null)
        run = Math.min(blocks - gone, lists.quietFrees(set, zone));
      if (run < 2 || this.isLocked(cpu, zone)) {
        from.remove(chain, pfn);
        this.freedPages += 1 << order[pfn];
        this.free(cpu, pfn);
        gone++;
        continue;
      }
      const list = lists.listOf(set, 0, type);
      let last = pfn;
      let moved = 1;
      for (; moved < run; moved++) {
        const other = follower[last];
        if (other === noPage || order[other] !== 0) break;
        const block = other >>> pageBlockOrder;
        if (
          block !== pfn >>> pageBlockOrder &&
          (buddy.blockType(other) !== type || this.zoneOfBlock[block] !== zone)
        )
          break;
        last = other;
      }
      if (oldest) from.moveTails(chain, moved, last, listChains, list);
      else from.moveHeads(chain, moved, listChains, list);
      lists.freedQuietly(cpu, zone, list, moved);
      this.spentNs += moved * this.freeNs;
      this.freedPages += moved;
      gone += moved;
    }
    return gone;
  }

  zoneOf(pfn: Pfn): ZoneIndex {
    return this.zoneOfBlock[pfn >>> pageBlockOrder];
  }

  /** ListSupply: rmqueue_bulk. */
  take(zone: ZoneIndex, order: number, type: number, blocks: number, list: number, cpu: CpuIndex): number {
    const { buddy, listChains } = this;
    const before = listChains.tail[list];
    const came = buddy.takeRun(zone, order, type, blocks, listChains, list);
    if (this.observer !== null) {
      let pfn = before === noPage ? listChains.head[list] : this.links.next[before];
      for (; pfn !== noPage; pfn = this.links.next[pfn]) {
        this.emit(Kind.pageAllocZoneLocked, cpu, pfn, order, type, 1, 0);
      }
    }
    this.refills++;
    this.spentNs += this.zoneLockNs + (came << order) * this.refillNs;
    if (this.flagsKept && buddy.free[zone] < this.marks.high[zone])
      this.lists.zoneFlags[zone] |= ZoneFlag.belowHigh;
    return came;
  }

  /** ListSupply: free_pcppages_bulk begins. */
  giveBackBegins(zone: ZoneIndex, pages: Pages, cpu: CpuIndex): void {
    // The zone's lock is taken once for a give-back, from however many lists it takes.
    this.giveBacks++;
    this.spentNs += this.zoneLockNs;
    if (this.observer === null) return;
    const set = cpu * this.zoneCount + zone;
    this.emit(Kind.freePcppagesBulk, this.giveOn(cpu), 0, 0, zone, pages, set);
  }

  /** ListSupply: pages of one list within free_pcppages_bulk. */
  give(zone: ZoneIndex, order: number, blocks: number, list: number, cpu: CpuIndex): void {
    const { buddy, listChains } = this;
    if (order === 0 && this.observer === null) buddy.giveRun(zone, blocks, listChains, list);
    else {
      for (let i = 0; i < blocks; i++) {
        const pfn = listChains.popTail(list);
        if (this.observer !== null)
          this.emit(Kind.pagePcpuDrain, this.giveOn(cpu), pfn, order, buddy.blockType(pfn), 0, 0);
        buddy.give(zone, pfn, order);
      }
    }
    this.spentNs += (blocks << order) * this.givePerPageNs;
    if (this.flagsKept && buddy.free[zone] >= this.marks.high[zone])
      this.lists.zoneFlags[zone] &= ~ZoneFlag.belowHigh;
  }

  /** drain_pages_zone of one CPU by whoever runs on `by`; every zone if `zone` is -1. Returns the pages that went. */
  drainLists(cpu: CpuIndex, zone: ZoneIndex, by: CpuIndex, limitPages?: Pages): Pages {
    this.drainedBy = by;
    let gone = 0;
    if (zone >= 0) gone = this.lists.drain(cpu, zone, limitPages);
    else for (let each = 0; each < this.zoneCount; each++) gone += this.lists.drain(cpu, each, limitPages);
    this.drainedBy = -1;
    return gone;
  }

  /** Direct reclaim: takes pages out of the cache and gives each to `isolated`, who frees them when the reclaim is over. */
  reclaim(target: Pages, nowNs: Nanoseconds, isolated: (pfn: Pfn) => void): Readonly<Shrunk> {
    return this.cache.reclaim(this.nodes, target, nowNs, isolated);
  }

  /** Pages of files in memory: what reclaim could take in the end. */
  get cachePages(): Pages {
    let pages = 0;
    for (const node of this.nodes) pages += this.cache.pages(node);
    return pages;
  }

  /** unreserve_highatomic_pageblock, before each drain of direct reclaim (4.4 on). */
  releaseHighatomic(cpu: CpuIndex, type: number): void {
    if (!this.rules.highatomic) return;
    this.emit(Kind.unreserveHighatomic, cpu, 0, 0, 0, 0, 0);
    this.highatomic.release(this.nodes.length === 0 ? [] : this.zonelist.filter((zone) => zone >= 0), type);
  }

  /** Pages on the lists of a CPU that a drain of `zone` (-1: every zone) concerns. */
  pagesOnLists(cpu: CpuIndex, zone: ZoneIndex): Pages {
    const { count } = this.lists;
    const first = cpu * this.zoneCount;
    if (zone >= 0) return count[first + zone];
    let pages = 0;
    for (let each = 0; each < this.zoneCount; each++) pages += count[first + each];
    return pages;
  }

  freePages(): Pages {
    let pages = 0;
    for (let zone = 0; zone < this.zoneCount; zone++) pages += this.buddy.free[zone];
    return pages;
  }

  emit(kind: number, cpu: CpuIndex, pfn: Pfn, order: number, a: number, b: number, c: number): void {
    this.observer?.event?.(kind, this.nowNs, cpu, this.pid, pfn, order, a, b, c);
  }

  private drainedBy: CpuIndex = -1;

  private giveOn(owner: CpuIndex): CpuIndex {
    return this.drainedBy >= 0 ? this.drainedBy : owner;
  }

  private isLocked(cpu: CpuIndex, zone: ZoneIndex): boolean {
    return this.rules.listLock && !this.locks.ownerGets(cpu * this.zoneCount + zone, this.nowNs);
  }
}

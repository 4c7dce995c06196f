/**
 * The per-CPU page lists: how many blocks stand on each, and by which rules they are refilled and give back.
 * The simulator and `validate` (against recordings of real kernels) run this same code.
 *
 * mm/page_alloc.c, by era:
 * - up to 5.13: free_pcppages_bulk, free_unref_page_commit, __rmqueue_pcplist; fixed `batch` and `high`, order 0.
 * - 5.14–6.6: nr_pcp_free, nr_pcp_high; orders 0–3 and huge pages; frees that follow each other give back more.
 * - from 6.7: nr_pcp_alloc, nr_pcp_free, nr_pcp_high, decay_pcp_high; `high` floats between two bounds.
 *
 * Which page stands where is the business of the supply and of the caller: counts only here. A *set* is what one
 * CPU has of one zone (cpu * zoneCount + zone); a *list* is one order and migrate type of a set
 * (set * listsPerSet + position). Lengths are in blocks, counts in base pages.
 *
 * An operation takes 6 to 12 ns in bursts, 9 to 17 ns with CPUs and directions at random (Node 20, November 2026).
 */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Pages, ZoneIndex } from '../../base/units.ts';
import type { KernelRules } from './kernel-rules.ts';
import { type ListLimits, type ListSupply, ZoneFlag } from './list-supply.ts';

/** Types on the lists: unmovable 0, movable 1, reclaimable 2. */
export const listTypes = 3;
/** Largest order on the lists beside that of huge pages (PAGE_ALLOC_COSTLY_ORDER). */
const costlyOrder = 3;

const Era = { fixed: 0, scaled: 1, tuned: 2 } as const;

export interface PcpListsOptions {
  readonly cpuCount: number;
  readonly zoneCount: number;
  /** CONFIG_PCP_BATCH_SCALE_MAX (6.7 on): 0 to 6, 5 where nobody changed it. */
  readonly batchScaleMax: number;
  /** CONFIG_TRANSPARENT_HUGEPAGE: lists for huge pages, from 5.14 on. */
  readonly thp: boolean;
  /** Order of a huge page; 9 with pages of 4 KiB. */
  readonly hugeOrder?: number;
  /**
   * PCPF_FREE_HIGH_BATCH (6.7 on): the CPU's share of the cache holds more than three batches, so that frees of order
   * 1–3 leave a batch on the lists. True unless said otherwise: it takes 768 KiB.
   */
  readonly freeHighBatch?: boolean;
  /** Position before the one at which a give-back or a drain begins: 0 in every kernel. Tests move it. */
  readonly roundRobinStart?: number;
}

export class PcpLists {
  readonly cpuCount: number;
  readonly zoneCount: number;
  readonly setCount: number;
  readonly listsPerSet: number;
  /** By set: base pages on all its lists. */
  readonly count: Int32Array;
  /** By set. From 6.7 on `high` floats between the two others; before, the three are equal. */
  readonly high: Int32Array;
  readonly highMin: Int32Array;
  readonly highMax: Int32Array;
  readonly batch: Int32Array;
  /** By set: refills double with it (alloc_factor, 6.7 on). */
  readonly allocFactor: Uint8Array;
  /** By set: pages freed in a row (free_count, 6.7 on); 5.14–6.6: by how much give-backs double (free_factor). */
  readonly freeCount: Int32Array;
  /** By set: the free before was of order 1–3 (PCPF_PREV_FREE_HIGH_ORDER, 6.7 on). */
  readonly prevHighOrder: Uint8Array;
  /** By list: blocks on it. */
  readonly length: Int32Array;
  /** By zone: bits of `ZoneFlag`. Set by whoever knows; read here. */
  readonly zoneFlags: Uint8Array;
  /** By zone: the CPUs whose count is not 0. */
  readonly holders: readonly BitSet[];
  /** By position: order of the blocks on that list. */
  readonly orderAt: Uint8Array;

  readonly #supply: ListSupply;
  readonly #era: 0 | 1 | 2;
  readonly #nextType: boolean;
  readonly #highOrderFlush: boolean;
  /** Give-backs come in pieces of a batch (6.19 on). */
  readonly #inPieces: boolean;
  readonly #scaleMax: number;
  readonly #freeHighBatch: boolean;
  readonly #start: number;
  /** (order * 4 + type) → position; 255: such blocks are on no list. */
  readonly #position: Uint8Array;
  readonly #holderWords: readonly Uint32Array[];

  constructor(rules: KernelRules, options: PcpListsOptions, supply: ListSupply) {
    const { cpuCount, zoneCount } = options;
    const sets = cpuCount * zoneCount;
    this.cpuCount = cpuCount;
    this.zoneCount = zoneCount;
    this.setCount = sets;
    this.#supply = supply;
    this.#era = { 'six-batches': Era.fixed, 'low-watermark': Era.scaled, auto: Era.tuned }[rules.highRule];
    this.#nextType = rules.giveBack === 'next-type';
    this.#highOrderFlush = rules.highOrderFlush;
    this.#inPieces = rules.batchRule === '6.19';
    this.#scaleMax = options.batchScaleMax;
    this.#freeHighBatch = options.freeHighBatch ?? true;
    this.#start = options.roundRobinStart ?? 0;
    const { position, orders } = positionsOf(rules, options);
    this.#position = position;
    this.orderAt = Uint8Array.from(orders);
    this.listsPerSet = orders.length;
    this.count = new Int32Array(sets);
    this.high = new Int32Array(sets);
    this.highMin = new Int32Array(sets);
    this.highMax = new Int32Array(sets);
    // Boot page sets: nothing is kept (BOOT_PAGESET_BATCH).
    this.batch = new Int32Array(sets).fill(1);
    this.allocFactor = new Uint8Array(sets);
    this.freeCount = new Int32Array(sets);
    this.prevHighOrder = new Uint8Array(sets);
    this.length = new Int32Array(sets * this.listsPerSet);
    this.zoneFlags = new Uint8Array(zoneCount);
    this.holders = Array.from({ length: zoneCount }, () => new BitSet(cpuCount));
    this.#holderWords = this.holders.map(({ words }) => words);
  }

  /**
   * New limits of one set (pageset_update). From 6.7 on a `high` that floats already stays where it is, and comes
   * between the bounds when the list is used next.
   */
  setLimits(set: number, limits: ListLimits): void {
    this.batch[set] = limits.batch;
    if (this.#era !== Era.tuned || this.highMax[set] === 0) this.high[set] = limits.high;
    this.highMin[set] = limits.highMin;
    this.highMax[set] = limits.highMax;
  }

  /** Are blocks of this order kept on lists (pcp_allowed_order)? */
  onLists(order: number): boolean {
    return order === 0 || (order * 4 < this.#position.length && this.#position[order * 4] !== 255);
  }

  /** The list for blocks of an order for which `onLists` holds (order_to_pindex). */
  listOf(set: number, order: number, type: number): number {
    return set * this.listsPerSet + this.#position[order * 4 + type];
  }

  /**
   * One block for this CPU: the list from whose head the caller takes it, or -1 when the list is empty and the
   * zone's free lists gave nothing.
   */
  allocate(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number): number {
    const set = cpu * this.zoneCount + zone;
    const list = set * this.listsPerSet + this.#position[order * 4 + type];
    if (this.#era !== Era.fixed) this.freeCount[set] >>= 1;
    if (this.length[list] === 0 && !this.#refill(set, cpu, zone, order, type, list)) return -1;
    this.length[list]--;
    const count = this.count[set] - (1 << order);
    this.count[set] = count;
    if (count === 0) this.#holderWords[zone][cpu >>> 5] &= ~(1 << (cpu & 31));
    return list;
  }

  /** One block came to the head of `listOf(…)`: the caller has put it there. Gives back what is too much. */
  freed(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number): void {
    const set = cpu * this.zoneCount + zone;
    const position = this.#position[order * 4 + type];
    this.length[set * this.listsPerSet + position]++;
    const count = this.count[set] + (1 << order);
    this.count[set] = count;
    if (count === 1 << order) this.#holderWords[zone][cpu >>> 5] |= 1 << (cpu & 31);
    if (this.#era === Era.fixed) {
      if (count >= this.high[set]) this.#giveBack(set, cpu, zone, this.batch[set], this.#startAt(position));
    } else if (this.#era === Era.scaled) this.#freedScaled(set, cpu, zone, order, position);
    else this.#freedTuned(set, cpu, zone, order, position);
  }

  /** As so many `allocate` of one list, which has as many blocks: the caller takes them from its head. */
  allocateRun(cpu: CpuIndex, zone: ZoneIndex, order: number, list: number, blocks: number): void {
    const set = cpu * this.zoneCount + zone;
    if (this.#era !== Era.fixed) this.freeCount[set] >>= Math.min(blocks, 31);
    this.length[list] -= blocks;
    const count = this.count[set] - (blocks << order);
    this.count[set] = count;
    if (count === 0) this.#holderWords[zone][cpu >>> 5] &= ~(1 << (cpu & 31));
  }

  /** How many pages can be freed one by one to this set before one of them gives anything back or moves `high`. */
  quietFrees(set: number, zone: ZoneIndex): number {
    const flags = this.zoneFlags[zone];
    let high = this.high[set];
    if (this.#era === Era.scaled) {
      if ((flags & ZoneFlag.reclaimActive) !== 0) high = Math.min(this.batch[set] << 2, high);
    } else if (this.#era === Era.tuned) {
      if (flags !== 0) return 0;
      high = this.#clampHigh(set);
    }
    return Math.max(0, high - this.count[set] - 1);
  }

  /** As so many `freed` of order 0 to one list, not more than `quietFrees`. */
  freedQuietly(cpu: CpuIndex, zone: ZoneIndex, list: number, pages: Pages): void {
    const set = cpu * this.zoneCount + zone;
    this.length[list] += pages;
    if (this.count[set] === 0) this.#holderWords[zone][cpu >>> 5] |= 1 << (cpu & 31);
    this.count[set] += pages;
    if (this.#era !== Era.tuned) return;
    this.allocFactor[set] >>= Math.min(pages, 31);
    this.prevHighOrder[set] = 0;
    const most = this.batch[set] << this.#scaleMax;
    const freed = this.freeCount[set];
    if (freed < most) this.freeCount[set] = Math.min(freed + pages, most);
  }

  /**
   * Takes the pages of one CPU and zone back to the free lists (drain_pages_zone), at most about `limitPages`
   * (a drain in chunks from 6.10 on; drain_zone_pages of the vmstat worker). Returns how many pages went.
   */
  drain(cpu: CpuIndex, zone: ZoneIndex, limitPages: Pages = 0x7fffffff): Pages {
    const set = cpu * this.zoneCount + zone;
    const before = this.count[set];
    if (before > 0) this.#giveBack(set, cpu, zone, limitPages, this.#startAt(0));
    return before - this.count[set];
  }

  /**
   * What the vmstat worker of a CPU does each second (decay_pcp_high, 6.7 on): `high` falls by an eighth, and the
   * excess goes. Returns how many pages went.
   */
  decay(cpu: CpuIndex, zone: ZoneIndex): Pages {
    if (this.#era !== Era.tuned) return 0;
    const set = cpu * this.zoneCount + zone;
    const before = this.count[set];
    const high = this.high[set];
    const highMin = this.highMin[set];
    if (high > highMin) {
      this.high[set] = Math.max(before - (this.batch[set] << this.#scaleMax), high - (high >> 3), highMin);
    }
    const excess = before - this.high[set];
    if (excess > 0) this.#giveInPieces(set, cpu, zone, excess, this.#startAt(0));
    return before - this.count[set];
  }

  /** rmqueue_bulk for an empty list. False: the list is still empty. */
  #refill(set: number, cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, list: number): boolean {
    const blocks =
      this.#era === Era.tuned ? this.#refillTuned(set, zone, order) : this.#scaled(this.batch[set], order);
    const came = this.#supply.take(zone, order, type, blocks, list, cpu);
    if (came === 0) return false;
    this.length[list] += came;
    if (this.count[set] === 0) this.#holderWords[zone][cpu >>> 5] |= 1 << (cpu & 31);
    this.count[set] += came << order;
    return true;
  }

  /** Blocks for so many base pages: two at least, unless the lists keep nothing. */
  #scaled(pages: Pages, order: number): number {
    if (pages <= 1) return pages;
    const blocks = pages >> order;
    return blocks > 2 ? blocks : 2;
  }

  /** nr_pcp_alloc, 6.7 on. */
  #refillTuned(set: number, zone: ZoneIndex, order: number): number {
    const base = this.batch[set];
    let high = this.#clampHigh(set);
    if (high < base) return 1;
    let batch = order === 0 ? base << this.allocFactor[set] : base;
    const highMax = this.highMax[set];
    if (this.highMin[set] !== highMax && (this.zoneFlags[zone] & ZoneFlag.belowHigh) === 0) {
      high = Math.min(high + batch, highMax);
      this.high[set] = high;
    }
    if (order === 0) {
      const most = Math.max(high - this.count[set] - base, base);
      if (batch <= most && this.allocFactor[set] < this.#scaleMax) this.allocFactor[set]++;
      batch = Math.min(batch, most);
    }
    return this.#scaled(batch, order);
  }

  /** 5.14–6.6: nr_pcp_high, then nr_pcp_free. */
  #freedScaled(set: number, cpu: CpuIndex, zone: ZoneIndex, order: number, position: number): void {
    const count = this.count[set];
    const batch = this.batch[set];
    const start = this.#startAt(position);
    const factor = this.freeCount[set];
    if (this.#highOrderFlush && factor !== 0 && order !== 0 && order <= costlyOrder) {
      this.#giveBack(set, cpu, zone, count, start);
      return;
    }
    let high = this.high[set];
    if ((this.zoneFlags[zone] & ZoneFlag.reclaimActive) !== 0) high = Math.min(batch << 2, high);
    if (count < high) return;
    if (high < batch) {
      this.#giveBack(set, cpu, zone, 1, start);
      return;
    }
    const most = high - batch;
    const pages = batch << factor;
    if (pages < most) this.freeCount[set] = factor + 1;
    this.#giveBack(set, cpu, zone, clamp(pages, batch, most), start);
  }

  /** 6.7 on: free_frozen_page_commit (before: free_unref_page_commit). */
  #freedTuned(set: number, cpu: CpuIndex, zone: ZoneIndex, order: number, position: number): void {
    const batch = this.batch[set];
    this.allocFactor[set] >>= 1;
    let flush = false;
    if (order !== 0 && order <= costlyOrder) {
      const streak = this.#inPieces ? batch + (this.highMin[set] >> 1) : batch;
      flush =
        this.freeCount[set] >= streak &&
        this.prevHighOrder[set] !== 0 &&
        (!this.#freeHighBatch || this.count[set] >= batch);
      this.prevHighOrder[set] = 1;
    } else this.prevHighOrder[set] = 0;
    if (this.freeCount[set] < batch << this.#scaleMax) this.freeCount[set] += 1 << order;
    const count = this.count[set];
    const stored = this.high[set];
    // The common case of what follows: nothing moves `high`, and nothing is too much.
    if (
      count < stored &&
      stored <= this.highMax[set] &&
      stored >= this.highMin[set] &&
      this.zoneFlags[zone] === 0 &&
      !flush
    )
      return;
    const high = this.#highTuned(set, zone, batch, flush);
    if (count < high) return;
    // Leaves a batch on the lists.
    const pages = flush
      ? Math.min(count, batch << this.#scaleMax)
      : high < batch
        ? 1
        : clamp(this.freeCount[set], batch, high - batch);
    const start = this.#startAt(position);
    this.#giveInPieces(set, cpu, zone, pages, start);
  }

  /** From 6.19 on a batch at a time, so that each piece may end with a block of which only a part was asked for. */
  #giveInPieces(set: number, cpu: CpuIndex, zone: ZoneIndex, pages: Pages, start: number): void {
    if (!this.#inPieces) {
      this.#giveBack(set, cpu, zone, pages, start);
      return;
    }
    const batch = this.batch[set];
    for (let left = pages; left > 0 && this.count[set] > 0; left -= batch) {
      this.#giveBack(set, cpu, zone, Math.min(left, batch), start);
    }
  }

  /** nr_pcp_high, 6.7 on: the `high` that counts for this free. Moves the one that floats. */
  #highTuned(set: number, zone: ZoneIndex, batch: Pages, flush: boolean): Pages {
    const high = this.#clampHigh(set);
    const highMin = this.highMin[set];
    const highMax = this.highMax[set];
    if (high === 0) return 0;
    if (flush) {
      this.high[set] = Math.max(high - (batch << this.#scaleMax), highMin);
      return 0;
    }
    const flags = this.zoneFlags[zone];
    const freeCount = this.freeCount[set];
    if ((flags & ZoneFlag.reclaimActive) !== 0) {
      this.high[set] = Math.max(high - Math.max(freeCount, batch), highMin);
      return Math.min(batch << 2, this.high[set]);
    }
    if (highMin === highMax) return high;
    const count = this.count[set];
    if ((flags & ZoneFlag.belowHigh) !== 0) {
      this.high[set] = Math.max(high - Math.max(freeCount, batch), highMin);
      return Math.max(count, highMin);
    }
    // So much that a batch of frees fits; counts from the next free on.
    if (count >= high && high < freeCount + batch) {
      this.high[set] = clamp(freeCount + batch, highMin, highMax);
    }
    return high;
  }

  #clampHigh(set: number): Pages {
    const high = clamp(this.high[set], this.highMin[set], this.highMax[set]);
    this.high[set] = high;
    return high;
  }

  /** Position before the first from which pages go, after a free at `position` or for a drain (position 0). */
  #startAt(position: number): number {
    return this.#nextType ? this.#start : position - 1 + this.#start;
  }

  /** free_pcppages_bulk: `pages` base pages, or all there are. */
  #giveBack(set: number, cpu: CpuIndex, zone: ZoneIndex, pages: Pages, start: number): void {
    const want = Math.min(pages, this.count[set]);
    this.#supply.giveBackBegins?.(zone, want, cpu);
    if (this.#nextType) this.#giveRoundRobin(set, cpu, zone, want, start);
    else this.#giveListByList(set, cpu, zone, want, start);
    if (this.count[set] === 0) this.#holderWords[zone][cpu >>> 5] &= ~(1 << (cpu & 31));
  }

  /**
   * Up to 5.17: one block of the next list, one more of the one after for each empty list that was passed, and all
   * from a list that is the only one.
   */
  #giveRoundRobin(set: number, cpu: CpuIndex, zone: ZoneIndex, pages: Pages, start: number): void {
    const lists = this.listsPerSet;
    const first = set * lists;
    let position = start;
    let take = 0;
    let left = pages;
    while (left > 0) {
      do {
        take++;
        if (++position >= lists) position = 0;
      } while (this.length[first + position] === 0);
      if (take === lists) take = left;
      const list = first + position;
      const order = this.orderAt[position];
      const enough = (left + (1 << order) - 1) >> order;
      const blocks = Math.min(enough, take, this.length[list]);
      this.length[list] -= blocks;
      this.count[set] -= blocks << order;
      left -= blocks << order;
      this.#supply.give(zone, order, blocks, list, cpu);
      take -= blocks;
    }
  }

  /** From 5.18: all of the list that was just used, then all of the next that has any. */
  #giveListByList(set: number, cpu: CpuIndex, zone: ZoneIndex, pages: Pages, start: number): void {
    const lists = this.listsPerSet;
    const first = set * lists;
    let position = start;
    let left = pages;
    while (left > 0) {
      do {
        if (++position >= lists) position = 0;
      } while (this.length[first + position] === 0);
      const list = first + position;
      const order = this.orderAt[position];
      const blocks = Math.min((left + (1 << order) - 1) >> order, this.length[list]);
      this.length[list] -= blocks;
      this.count[set] -= blocks << order;
      left -= blocks << order;
      this.#supply.give(zone, order, blocks, list, cpu);
    }
  }
}

/** order_to_pindex and its inverse. */
function positionsOf(
  rules: KernelRules,
  options: PcpListsOptions,
): { position: Uint8Array; orders: number[] } {
  const hugeOrder = options.hugeOrder ?? 9;
  const position = new Uint8Array((hugeOrder + 1) * 4).fill(255);
  const orders: number[] = [];
  for (let order = 0; order <= rules.listOrders; order++) {
    for (let type = 0; type < listTypes; type++) {
      // Up to 4.3 the kernel's own numbers are unmovable, reclaimable, movable.
      position[order * 4 + type] = order * listTypes + (rules.movable === 1 || type === 0 ? type : 3 - type);
      orders.push(order);
    }
  }
  if (options.thp && rules.hugeLists > 0) {
    const first = orders.length;
    for (let type = 0; type < listTypes; type++) {
      const among = rules.hugeLists === 3 ? type : rules.hugeLists === 2 && type === 1 ? 1 : 0;
      position[hugeOrder * 4 + type] = first + among;
    }
    for (let i = 0; i < rules.hugeLists; i++) orders.push(hugeOrder);
  }
  return { position, orders };
}

/** As the kernel's clamp: the upper bound wins. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

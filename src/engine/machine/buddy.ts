/**
 * The free lists of the zones: blocks of order 0 to 10, a list for each migrate type, page blocks of order 9
 * that carry a type (mm/page_alloc.c: __rmqueue, __free_one_page; mm/page_isolation.c).
 *
 * Not modelled: the type MIGRATE_RESERVE (up to 4.3), CMA, ALLOC_NOFRAGMENT (5.0 on), shuffled lists. Pages of
 * order 10 that nobody has touched yet are not linked one by one: `untouched` of them stand behind the last
 * block of the zone's movable list, so that a machine of 256 GiB is built at once and costs little memory.
 */

import type { Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import { Chains, noPage, type PageLinks } from './page-chains.ts';

/** Types of page blocks inside the simulator; the numbers of a kernel version are only for output. */
export const BlockType = { unmovable: 0, movable: 1, reclaimable: 2, highatomic: 3, isolate: 4 } as const;

/** Largest order of a free block. */
export const maxOrder = 10;
export const orderCount = maxOrder + 1;
/** Order of a page block on x86: as large as a huge page. */
export const pageBlockOrder = 9;
export const pageBlockPages: Pages = 1 << pageBlockOrder;

const maxBlockPages = 1 << maxOrder;
/** A byte for each page: 0, or of the first page of a free block these bits, its type << 4 and its order. */
const freeBit = 0x80;
const chainBits = 0x7f;
const chainsPerZone = 128;
const typesPerZone = 8;

/**
 * Turning releases of the fallback rules: number of them that the kernel has passed. The last one came with 6.15
 * and was carried back to the stable releases of 6.12: a recorded 6.12.117 takes the smallest blocks.
 */
const Era = { from40: 1, from412: 2, from610: 3, from612: 4 } as const;

/** What the last `take` did when its own type had nothing (event mm_page_alloc_extfrag). */
export interface Fallback {
  happened: boolean;
  /** First page of the block that was found on the list of another type, its order and that type. */
  pfn: Pfn;
  order: number;
  type: number;
  /** The whole page block changed its type. */
  changedOwnership: boolean;
}

export class Buddy {
  readonly links: PageLinks;
  /** Free pages of each zone, as NR_FREE_PAGES: without pages on per-CPU lists and in isolated page blocks. */
  readonly free: Int32Array;
  /** Free blocks by zone * 11 + order, of the types that anyone may use (unmovable, movable, reclaimable). */
  readonly freeBlocks: Int32Array;
  /** Free blocks of the highatomic reserve by zone * 11 + order. */
  readonly reserveBlocks: Int32Array;
  /** Free pages in isolated page blocks, by zone. */
  readonly isolatedFree: Int32Array;
  readonly zoneCount: number;
  readonly zoneStart: Int32Array;
  readonly zoneEnd: Int32Array;
  readonly lastFallback: Fallback = {
    happened: false,
    pfn: noPage,
    order: 0,
    type: 0,
    changedOwnership: false,
  };
  private readonly era: number;
  private readonly chains: Chains;
  /** Bit o: the list of order o has blocks; by zone * 8 + type. */
  private readonly filledOrders: Int32Array;
  private readonly blockTypes: Uint8Array;
  private readonly states: Uint8Array;
  /** Blocks of order 10 from `untouchedFrom` on are free, movable and not linked. */
  private readonly untouchedFrom: Int32Array;
  private readonly untouchedEnd: Int32Array;

  constructor(links: PageLinks, zones: readonly ZoneSpec[], rules: KernelRules) {
    const zoneCount = zones.length;
    const pfnEnd = links.next.length;
    this.links = links;
    this.era = ['4.0', '4.12', '6.10', '6.12'].filter((from) => kernelAtLeast(rules.version, from)).length;
    this.zoneCount = zoneCount;
    this.free = new Int32Array(zoneCount);
    this.freeBlocks = new Int32Array(zoneCount * orderCount);
    this.reserveBlocks = new Int32Array(zoneCount * orderCount);
    this.isolatedFree = new Int32Array(zoneCount);
    this.zoneStart = Int32Array.from(zones, (zone) => zone.startPfn);
    this.zoneEnd = Int32Array.from(zones, (zone) => zone.startPfn + zone.pages);
    this.chains = new Chains(links, zoneCount * chainsPerZone);
    this.filledOrders = new Int32Array(zoneCount * typesPerZone);
    this.blockTypes = new Uint8Array((pfnEnd >>> pageBlockOrder) + 1).fill(BlockType.movable);
    this.states = new Uint8Array(pfnEnd);
    this.untouchedFrom = new Int32Array(zoneCount);
    this.untouchedEnd = new Int32Array(zoneCount);
    for (let zone = 0; zone < zoneCount; zone++) this.freeAtBoot(zone);
  }

  /**
   * A block of `order` for `type`, or -1. The smallest block of its own type that is large enough, split; else
   * one of another type (`lastFallback` tells which).
   */
  take(zone: ZoneIndex, order: number, type: number): Pfn {
    this.lastFallback.happened = false;
    const orders = this.filledOrders[zone * typesPerZone + type] >>> order;
    if (orders !== 0) return this.split(zone, order, order + lowestBit(orders), type);
    return type <= BlockType.reclaimable ? this.takeOther(zone, order, type) : noPage;
  }

  /**
   * The next `blocks` blocks of `order`, to the tail of a list: as so many `take`, which split the smallest block until
   * nothing is left of it, so its parts come in order of their addresses. Returns how many came.
   */
  takeRun(zone: ZoneIndex, order: number, type: number, blocks: number, to: Chains, list: number): number {
    const orders = this.links.order;
    let came = 0;
    while (came < blocks) {
      const filled = this.filledOrders[zone * typesPerZone + type] >>> order;
      if (filled === 0) {
        const pfn = this.take(zone, order, type);
        if (pfn === noPage) break;
        to.pushTail(list, pfn);
        came++;
        continue;
      }
      const from = order + lowestBit(filled);
      const pfn = this.chains.head[zone * chainsPerZone + (type << 4) + from];
      this.unlink(zone, pfn, freeBit | (type << 4) | from);
      const count = Math.min(1 << (from - order), blocks - came);
      const end = pfn + (count << order);
      for (let at = pfn; at < end; at += 1 << order) orders[at] = order;
      to.pushTailRun(list, pfn, count, 1 << order);
      // What is left of the block: its parts are as large as their addresses allow.
      for (let at = end; at < pfn + (1 << from); ) {
        const part = lowestBit(at - pfn);
        this.link(zone, at, part, type, false);
        at += 1 << part;
      }
      this.free[zone] -= count << order;
      came += count;
    }
    return came;
  }

  /** As take, but never from another type (__rmqueue_smallest). */
  takeOwn(zone: ZoneIndex, order: number, type: number): Pfn {
    this.lastFallback.happened = false;
    const orders = this.filledOrders[zone * typesPerZone + type] >>> order;
    return orders === 0 ? noPage : this.split(zone, order, order + lowestBit(orders), type);
  }

  /**
   * Gives a block back to the list of its page block's type and joins it with its free buddies up to order 10
   * (__free_one_page). It goes to the tail when the next larger buddy is free too, for a join soon.
   */
  give(zone: ZoneIndex, pfn: Pfn, order: number): void {
    const { states } = this;
    const start = this.zoneStart[zone];
    const end = this.zoneEnd[zone];
    if (pfn < start || pfn + (1 << order) > end || states[pfn] !== 0)
      throw new Error(`page ${pfn} (order ${order}) given back to zone ${zone} is free or not of the zone`);
    const type = this.blockTypes[pfn >>> pageBlockOrder];
    if (type === BlockType.isolate) this.isolatedFree[zone] += 1 << order;
    else this.free[zone] += 1 << order;
    let head = pfn;
    let at = order;
    while (at < maxOrder) {
      const buddy = head ^ (1 << at);
      if (buddy < start || buddy >= end) break;
      const state = states[buddy];
      if ((state & 0x8f) !== (freeBit | at)) break;
      if (at >= pageBlockOrder && !this.mayJoin(type, buddy)) break;
      this.unlink(zone, buddy, state);
      head &= buddy;
      at++;
    }
    let likely = false;
    if (at < maxOrder - 1) {
      const larger = (head & ~(1 << at)) ^ (1 << (at + 1));
      likely = larger >= start && larger < end && (states[larger] & 0x8f) === (freeBit | (at + 1));
    }
    this.link(zone, head, at, type, likely);
  }

  /**
   * Gives back so many pages from the tail of a list, as so many `give`. Neighbours that come one after another are given
   * as the blocks that they would join to.
   */
  giveRun(zone: ZoneIndex, pages: number, from: Chains, list: number): void {
    const { tail } = from;
    let left = pages;
    while (left > 0) {
      const first = from.popTail(list);
      left--;
      const step = tail[list] - first;
      if (left === 0 || (step !== 1 && step !== -1)) {
        this.give(zone, first, 0);
        continue;
      }
      let last = first;
      while (
        left > 0 &&
        tail[list] === last + step &&
        (last + step) >>> pageBlockOrder === first >>> pageBlockOrder
      ) {
        last = from.popTail(list);
        left--;
      }
      if (step === 1) {
        for (let at = first; at <= last; ) {
          const order = Math.min(at === 0 ? pageBlockOrder : lowestBit(at), highestBit(last + 1 - at));
          this.give(zone, at, order);
          at += 1 << order;
        }
      } else {
        for (let end = first + 1; end > last; ) {
          const order = Math.min(lowestBit(end), highestBit(end - last));
          end -= 1 << order;
          this.give(zone, end, order);
        }
      }
    }
  }

  /** Type of the page block in which the page lies (get_pageblock_migratetype). */
  blockType(pfn: Pfn): number {
    return this.blockTypes[pfn >>> pageBlockOrder];
  }

  /** Free blocks on one list. */
  listLength(zone: ZoneIndex, order: number, type: number): number {
    const linked = this.chains.length[zone * chainsPerZone + (type << 4) + order];
    return order === maxOrder && type === BlockType.movable ? linked + this.untouched(zone) : linked;
  }

  /** First page of the first block on the type's smallest list that is not empty, or -1. */
  firstFree(zone: ZoneIndex, type: number): Pfn {
    const orders = this.filledOrders[zone * typesPerZone + type];
    return orders === 0 ? noPage : this.chains.head[zone * chainsPerZone + (type << 4) + lowestBit(orders)];
  }

  /** Is the page in a free block (isolated ones too)? */
  isFree(zone: ZoneIndex, pfn: Pfn): boolean {
    return (
      (pfn >= this.untouchedFrom[zone] && pfn < this.untouchedEnd[zone]) || this.freeHead(pfn) !== noPage
    );
  }

  /**
   * Gives page blocks another type and moves their free pages along (move_freepages_block, set_migratetype_isolate,
   * unreserve_highatomic_pageblock). Isolated pages leave the free counter. Returns the free pages that moved.
   */
  setBlockType(zone: ZoneIndex, pfn: Pfn, type: number): Pages {
    const start = Math.max(pfn - (pfn % pageBlockPages), this.zoneStart[zone]);
    const end = Math.min(pfn - (pfn % pageBlockPages) + pageBlockPages, this.zoneEnd[zone]);
    const moved = this.takeRange(zone, start, end - start);
    this.blockTypes[pfn >>> pageBlockOrder] = type;
    for (const [head, order] of this.takenBlocks) this.give(zone, head, order);
    return moved;
  }

  /** Isolates every page block that the range touches (start_isolate_page_range). Returns free pages isolated. */
  isolate(zone: ZoneIndex, startPfn: Pfn, pages: Pages): Pages {
    return this.setRangeType(zone, startPfn, pages, BlockType.isolate);
  }

  /** Takes the isolation of these page blocks back, as movable ones (undo_isolate_page_range). */
  undoIsolate(zone: ZoneIndex, startPfn: Pfn, pages: Pages): Pages {
    return this.setRangeType(zone, startPfn, pages, BlockType.movable);
  }

  /**
   * Takes what is free in the range off the lists (__offline_isolated_pages, isolate_freepages_range); blocks
   * that stick out are split. Returns the pages; `takenBlocks` has (first page, order) of each block.
   */
  takeRange(zone: ZoneIndex, startPfn: Pfn, pages: Pages): Pages {
    const end = Math.min(startPfn + pages, this.zoneEnd[zone]);
    this.takenBlocks.length = 0;
    while (this.untouchedFrom[zone] < Math.min(end, this.untouchedEnd[zone])) this.linkUntouched(zone);
    let taken = 0;
    for (let pfn = Math.max(startPfn, this.zoneStart[zone]); pfn < end; ) {
      const head = this.freeHead(pfn);
      if (head === noPage) {
        pfn++;
        continue;
      }
      const state = this.states[head];
      const order = state & 15;
      if (head < pfn || head + (1 << order) > end) {
        this.halve(zone, head, state);
        continue;
      }
      this.unlink(zone, head, state);
      if ((state >>> 4) - 8 === BlockType.isolate) this.isolatedFree[zone] -= 1 << order;
      else this.free[zone] -= 1 << order;
      this.links.order[head] = order;
      this.takenBlocks.push([head, order]);
      taken += 1 << order;
      pfn = head + (1 << order);
    }
    return taken;
  }

  /** Blocks of the last takeRange: first page, order. */
  readonly takenBlocks: [Pfn, number][] = [];

  /** Calls `see` for each free block that is linked; blocks that nobody touched are `untouched(zone)` of order 10. */
  forEachFree(zone: ZoneIndex, see: (pfn: Pfn, order: number, type: number) => void): void {
    for (let chain = 0; chain < chainsPerZone; chain++) {
      let pfn = this.chains.head[zone * chainsPerZone + chain];
      for (; pfn !== noPage; pfn = this.links.next[pfn]) see(pfn, chain & 15, chain >>> 4);
    }
  }

  /** Free blocks of order 10 that were never touched. */
  untouched(zone: ZoneIndex): number {
    return (this.untouchedEnd[zone] - this.untouchedFrom[zone]) >>> maxOrder;
  }

  /** All memory in the largest blocks that fit (__free_pages_memory at boot); whole ones of order 10 wait untouched. */
  private freeAtBoot(zone: ZoneIndex): void {
    const end = this.zoneEnd[zone];
    const wholeStart = Math.ceil(this.zoneStart[zone] / maxBlockPages) * maxBlockPages;
    const wholeEnd = Math.max(wholeStart, end - (end % maxBlockPages));
    this.untouchedFrom[zone] = wholeStart;
    this.untouchedEnd[zone] = wholeEnd;
    this.freeBlocks[zone * orderCount + maxOrder] += this.untouched(zone);
    this.free[zone] += wholeEnd - wholeStart;
    if (wholeEnd > wholeStart) this.linkUntouched(zone);
    this.giveRange(zone, this.zoneStart[zone], Math.min(wholeStart, end) - this.zoneStart[zone]);
    if (wholeEnd < end) this.giveRange(zone, wholeEnd, end - wholeEnd);
  }

  /** Gives a range back in the largest aligned blocks (memory that comes on line, __free_contig_range). */
  giveRange(zone: ZoneIndex, startPfn: Pfn, pages: Pages): void {
    const end = startPfn + pages;
    for (let pfn = startPfn; pfn < end; ) {
      let order = pfn === 0 ? maxOrder : Math.min(maxOrder, lowestBit(pfn));
      while (pfn + (1 << order) > end) order--;
      this.give(zone, pfn, order);
      pfn += 1 << order;
    }
  }

  /** Links the next untouched block at the tail; the counters know it already. */
  private linkUntouched(zone: ZoneIndex): void {
    const pfn = this.untouchedFrom[zone];
    this.untouchedFrom[zone] = pfn + maxBlockPages;
    const list = (BlockType.movable << 4) | maxOrder;
    this.chains.pushTail(zone * chainsPerZone + list, pfn);
    this.states[pfn] = freeBit | list;
    this.filledOrders[zone * typesPerZone + BlockType.movable] |= 1 << maxOrder;
  }

  private setRangeType(zone: ZoneIndex, startPfn: Pfn, pages: Pages, type: number): Pages {
    let moved = 0;
    for (let pfn = startPfn - (startPfn % pageBlockPages); pfn < startPfn + pages; pfn += pageBlockPages)
      if (this.blockTypes[pfn >>> pageBlockOrder] !== type) moved += this.setBlockType(zone, pfn, type);
    return moved;
  }

  /** Takes the first block of the list and puts the upper halves that are not needed on the lists of `type` (expand). */
  private split(zone: ZoneIndex, order: number, from: number, type: number): Pfn {
    const pfn = this.chains.head[zone * chainsPerZone + (type << 4) + from];
    this.unlink(zone, pfn, freeBit | (type << 4) | from);
    for (let at = from; at > order; ) {
      at--;
      this.link(zone, pfn + (1 << at), at, type, false);
    }
    this.free[zone] -= 1 << order;
    this.links.order[pfn] = order;
    return pfn;
  }

  /**
   * Nothing of the own type: the largest block of another type, and with it, if it is large enough, the free
   * pages of its page block (__rmqueue_fallback). From 4.12 a movable request that takes no page block along
   * takes the smallest block instead; from 6.10 a page block is taken over only if half of it is free, and from
   * 6.12 the smallest block goes if none is.
   */
  private takeOther(zone: ZoneIndex, order: number, type: number): Pfn {
    const { era } = this;
    for (let from = maxOrder; from >= order; from--) {
      const other = this.otherType(zone, from, type);
      if (other < 0) continue;
      let steals =
        from >= pageBlockOrder >> 1 ||
        type === BlockType.reclaimable ||
        (type === BlockType.unmovable && era >= Era.from40);
      if (!steals && era >= Era.from412 && (type === BlockType.movable || era >= Era.from612)) break;
      if (steals && era >= Era.from610 && from < pageBlockOrder && !this.halfIsFree(zone, from, other)) {
        if (era >= Era.from612) continue;
        steals = false;
      }
      return this.takeFrom(zone, order, type, from, other, steals);
    }
    for (let from = order; from <= maxOrder; from++) {
      const other = this.otherType(zone, from, type);
      if (other >= 0) return this.takeFrom(zone, order, type, from, other, false);
    }
    return noPage;
  }

  /** Type whose list of that order is used in place of `type`: the first of its two fallbacks, or -1. */
  private otherType(zone: ZoneIndex, order: number, type: number): number {
    const first = type === BlockType.reclaimable ? BlockType.unmovable : BlockType.reclaimable;
    if (((this.filledOrders[zone * typesPerZone + first] >>> order) & 1) !== 0) return first;
    const second = type === BlockType.movable ? BlockType.unmovable : BlockType.movable;
    return ((this.filledOrders[zone * typesPerZone + second] >>> order) & 1) !== 0 ? second : -1;
  }

  private takeFrom(
    zone: ZoneIndex,
    order: number,
    type: number,
    from: number,
    other: number,
    steals: boolean,
  ): Pfn {
    const { era, lastFallback } = this;
    const pfn = this.chains.head[zone * chainsPerZone + (other << 4) + from];
    lastFallback.happened = true;
    lastFallback.pfn = pfn;
    lastFallback.order = from;
    lastFallback.type = other;
    if (steals && from < pageBlockOrder) {
      const own = this.freeInBlock(zone, pfn) >= pageBlockPages >> 1;
      this.moveFree(zone, pfn, type);
      if (own) this.blockTypes[pfn >>> pageBlockOrder] = type;
    } else if (steals) {
      for (let block = pfn; block < pfn + (1 << from); block += pageBlockPages)
        this.blockTypes[block >>> pageBlockOrder] = type;
    }
    lastFallback.changedOwnership = this.blockTypes[pfn >>> pageBlockOrder] === type;
    // What is left of the block goes to the list of the taker; in 3.x and from 6.10 only if it was stolen.
    const rest = steals || (era >= Era.from40 && era < Era.from610) ? type : other;
    const state = this.states[pfn];
    this.unlink(zone, pfn, state);
    this.link(zone, pfn, from, rest, false);
    // From 4.12 the search begins anew: among the moved pages there may be a smaller block.
    if (era < Era.from412 || rest !== type) return this.split(zone, order, from, rest);
    const orders = this.filledOrders[zone * typesPerZone + type] >>> order;
    return this.split(zone, order, order + lowestBit(orders), type);
  }

  private halfIsFree(zone: ZoneIndex, order: number, type: number): boolean {
    const pfn = this.chains.head[zone * chainsPerZone + (type << 4) + order];
    return this.freeInBlock(zone, pfn) >= pageBlockPages >> 1;
  }

  /** Free pages of the page block (move_freepages_block counts them); only blocks up to order 8 are met here. */
  private freeInBlock(zone: ZoneIndex, pfn: Pfn): Pages {
    const start = Math.max(pfn - (pfn % pageBlockPages), this.zoneStart[zone]);
    const end = Math.min(pfn - (pfn % pageBlockPages) + pageBlockPages, this.zoneEnd[zone]);
    let pages = 0;
    for (let at = start; at < end; ) {
      const state = this.states[at];
      const size = state === 0 ? 1 : 1 << (state & 15);
      if (state !== 0) pages += size;
      at += size;
    }
    return pages;
  }

  /** Moves the free blocks of a page block to the lists of `type` (move_freepages_block). */
  private moveFree(zone: ZoneIndex, pfn: Pfn, type: number): void {
    const start = Math.max(pfn - (pfn % pageBlockPages), this.zoneStart[zone]);
    const end = Math.min(pfn - (pfn % pageBlockPages) + pageBlockPages, this.zoneEnd[zone]);
    for (let at = start; at < end; ) {
      const state = this.states[at];
      if (state === 0) {
        at++;
        continue;
      }
      this.unlink(zone, at, state);
      this.link(zone, at, state & 15, type, true);
      at += 1 << (state & 15);
    }
  }

  /** Two page blocks join to order 10 when both types are for anyone, or the same (page_is_buddy, 5.17 on). */
  private mayJoin(type: number, buddy: Pfn): boolean {
    const other = this.blockTypes[buddy >>> pageBlockOrder];
    return type === other || (type <= BlockType.reclaimable && other <= BlockType.reclaimable);
  }

  private halve(zone: ZoneIndex, head: Pfn, state: number): void {
    const order = (state & 15) - 1;
    const type = (state >>> 4) - 8;
    this.unlink(zone, head, state);
    this.link(zone, head + (1 << order), order, type, false);
    this.link(zone, head, order, type, false);
  }

  /** First page of the linked free block that holds the page, or -1. */
  private freeHead(pfn: Pfn): Pfn {
    for (let order = 0; order <= maxOrder; order++) {
      const head = pfn & ~((1 << order) - 1);
      const state = this.states[head];
      if (state !== 0 && head + (1 << (state & 15)) > pfn) return head;
    }
    return noPage;
  }

  private link(zone: ZoneIndex, pfn: Pfn, order: number, type: number, toTail: boolean): void {
    const list = (type << 4) | order;
    if (toTail) this.chains.pushTail(zone * chainsPerZone + list, pfn);
    else this.chains.pushHead(zone * chainsPerZone + list, pfn);
    this.states[pfn] = freeBit | list;
    this.filledOrders[zone * typesPerZone + type] |= 1 << order;
    if (type <= BlockType.reclaimable) this.freeBlocks[zone * orderCount + order]++;
    else if (type === BlockType.highatomic) this.reserveBlocks[zone * orderCount + order]++;
  }

  private unlink(zone: ZoneIndex, pfn: Pfn, state: number): void {
    const chain = zone * chainsPerZone + (state & chainBits);
    const order = state & 15;
    const type = (state >>> 4) - 8;
    this.chains.remove(chain, pfn);
    this.states[pfn] = 0;
    if (this.chains.length[chain] === 0) {
      this.filledOrders[zone * typesPerZone + type] &= ~(1 << order);
      if (order === maxOrder && type === BlockType.movable && this.untouched(zone) > 0)
        this.linkUntouched(zone);
    }
    if (type <= BlockType.reclaimable) this.freeBlocks[zone * orderCount + order]--;
    else if (type === BlockType.highatomic) this.reserveBlocks[zone * orderCount + order]--;
  }
}

/** Position of the lowest bit that is set. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}

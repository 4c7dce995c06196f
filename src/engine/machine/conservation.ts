/**
 * Is every page in exactly one place? Walks all lists of a machine and compares them with the counters. For
 * tests and for runs with `checkEvery`; it costs one step for each block and throws at the first difference.
 */

import type { Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import { type Buddy, maxOrder, orderCount } from './buddy.ts';
import { type Chains, noPage } from './page-chains.ts';

/** Chains on which blocks stand that are not free; a block's order is in `PageLinks.order`. */
export interface Place {
  readonly name: string;
  readonly chains: Chains;
}

/** The per-CPU lists, as far as the check needs them (class PcpLists). */
export interface CountedLists {
  readonly setCount: number;
  readonly listsPerSet: number;
  readonly zoneCount: number;
  /** By set, in base pages. */
  readonly count: Int32Array;
  /** By list, in blocks. */
  readonly length: Int32Array;
  /** By position. */
  readonly orderAt: Uint8Array;
}

export interface Conserved {
  readonly buddy: Buddy;
  readonly lists: { readonly counts: CountedLists; readonly chains: Chains } | null;
  readonly places: readonly Place[];
  /** Pages by zone that stand nowhere: of slabs, taken off line, … */
  readonly outside: (zone: ZoneIndex) => Pages;
}

/** Throws an Error that says which page or count is wrong. */
export function checkConservation(machine: Conserved): void {
  const { buddy, lists } = machine;
  const walk = new Walk(buddy);
  for (let zone = 0; zone < buddy.zoneCount; zone++) checkFreeLists(buddy, zone, walk);
  if (lists !== null) checkLists(lists.counts, lists.chains, walk);
  for (const { name, chains } of machine.places)
    for (let chain = 0; chain < chains.length.length; chain++) walk.chain(name, chains, chain, -1, -1);
  for (let zone = 0; zone < buddy.zoneCount; zone++) {
    const outside = machine.outside(zone);
    const pages = buddy.zoneEnd[zone] - buddy.zoneStart[zone];
    if (outside < 0) throw differs(`pages outside of zone ${zone}: ${outside}`);
    const seen = walk.pages[zone] + outside;
    if (seen !== pages)
      throw differs(
        `zone ${zone} has ${pages} pages, ${walk.pages[zone]} stand on lists and ${outside} outside`,
      );
  }
}

function checkFreeLists(buddy: Buddy, zone: ZoneIndex, walk: Walk): void {
  const blocks = new Int32Array(orderCount);
  const reserved = new Int32Array(orderCount);
  let [free, isolated] = [0, 0];
  buddy.forEachFree(zone, (pfn, order, type) => {
    walk.block('the free lists', pfn, order, zone);
    if (type === 4) isolated += 1 << order;
    else free += 1 << order;
    if (type <= 2) blocks[order]++;
    else if (type === 3) reserved[order]++;
  });
  const untouched = buddy.untouched(zone);
  blocks[maxOrder] += untouched;
  free += untouched << maxOrder;
  walk.pages[zone] += untouched << maxOrder;
  walk.untouched(zone);
  equal(`free pages of zone ${zone}`, buddy.free[zone], free);
  equal(`free isolated pages of zone ${zone}`, buddy.isolatedFree[zone], isolated);
  for (let order = 0; order < orderCount; order++) {
    const at = zone * orderCount + order;
    equal(`free blocks of order ${order} in zone ${zone}`, buddy.freeBlocks[at], blocks[order]);
    equal(`free reserve blocks of order ${order} in zone ${zone}`, buddy.reserveBlocks[at], reserved[order]);
  }
}

function checkLists(counts: CountedLists, chains: Chains, walk: Walk): void {
  const { listsPerSet, setCount, zoneCount } = counts;
  for (let set = 0; set < setCount; set++) {
    let pages = 0;
    for (let position = 0; position < listsPerSet; position++) {
      const list = set * listsPerSet + position;
      const order = counts.orderAt[position];
      const length = walk.chain(`list ${position} of set ${set}`, chains, list, set % zoneCount, order);
      equal(`length of list ${position} of set ${set}`, counts.length[list], length);
      pages += length << order;
    }
    equal(`count of set ${set}`, counts.count[set], pages);
  }
}

/** Marks pages as seen, each once. */
class Walk {
  /** Pages seen, by zone. */
  readonly pages: Float64Array;
  private readonly seen: Uint8Array;
  private readonly buddy: Buddy;

  constructor(buddy: Buddy) {
    this.buddy = buddy;
    this.pages = new Float64Array(buddy.zoneCount);
    this.seen = new Uint8Array(buddy.links.next.length);
  }

  /** Blocks on the chain. `zone` and `order`: what all of them must have; -1: any. */
  chain(name: string, chains: Chains, chain: number, zone: ZoneIndex, order: number): number {
    const { next, prev, order: orders } = chains.links;
    let length = 0;
    let before = noPage;
    for (let pfn = chains.head[chain]; pfn !== noPage; pfn = next[pfn]) {
      if (prev[pfn] !== before)
        throw differs(`page ${pfn} on chain ${chain} (${name}) follows ${before}, not ${prev[pfn]}`);
      if (order >= 0 && orders[pfn] !== order)
        throw differs(`page ${pfn} of order ${orders[pfn]} is on ${name}`);
      this.block(name, pfn, orders[pfn], zone);
      before = pfn;
      length++;
    }
    if (chains.tail[chain] !== before)
      throw differs(`chain ${chain} (${name}) ends at ${before}, not ${chains.tail[chain]}`);
    equal(`length of chain ${chain} (${name})`, chains.length[chain], length);
    return length;
  }

  block(name: string, pfn: Pfn, order: number, zone: ZoneIndex): void {
    const { zoneStart, zoneEnd, zoneCount } = this.buddy;
    let home = 0;
    while (home < zoneCount && !(pfn >= zoneStart[home] && pfn + (1 << order) <= zoneEnd[home])) home++;
    if (home === zoneCount || (zone >= 0 && home !== zone))
      throw differs(`page ${pfn} of order ${order} on ${name} is not of zone ${zone}`);
    for (let page = pfn; page < pfn + (1 << order); page++) {
      if (this.seen[page] !== 0) throw differs(`page ${page} on ${name} stands somewhere else, too`);
      this.seen[page] = 1;
    }
    this.pages[home] += 1 << order;
  }

  /** Blocks that nobody touched must not stand anywhere: what stands there later is seen as a second place. */
  untouched(zone: ZoneIndex): void {
    const end = this.buddy.zoneEnd[zone] - (this.buddy.zoneEnd[zone] % (1 << maxOrder));
    for (let pfn = end - (this.buddy.untouched(zone) << maxOrder); pfn < end; pfn += 1 << maxOrder) {
      if (this.seen[pfn] !== 0) throw differs(`page ${pfn}, never touched, stands on a list`);
      this.seen[pfn] = 1;
    }
  }
}

function equal(what: string, counted: number, found: number): void {
  if (counted < 0) throw differs(`${what} is negative: ${counted}`);
  if (counted !== found) throw differs(`${what}: the counter says ${counted}, the lists ${found}`);
}

function differs(what: string): Error {
  return new Error(`pages are not conserved: ${what}`);
}

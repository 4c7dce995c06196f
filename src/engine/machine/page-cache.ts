/**
 * The reclaimable pages of the machine: clean pages of files, on an inactive and an active list for each node
 * (mm/vmscan.c: shrink_lruvec, shrink_inactive_list, shrink_active_list, get_scan_count; mm/swap.c:
 * mark_page_accessed). New pages come to the head of the inactive list, reclaim takes from its tail.
 *
 * Not modelled: anonymous pages on the lists (there is no swap, they cannot be reclaimed), dirty pages and
 * writeback, pages mapped by processes, slab shrinkers, memory cgroups, refaults (workingset_refault), the
 * multi-generational lists of 6.1 on, passing over pages of
 * zones that the request may not use. Up to 4.7 the kernel keeps the lists by zone; here they are by node.
 */

import type { Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import { Chains, noPage, type PageLinks } from './page-chains.ts';

/** Pages that a direct reclaimer wants, and that are scanned at a time (SWAP_CLUSTER_MAX). */
export const reclaimCluster: Pages = 32;
/** Reclaim begins with size >> 12 of the lists and ends with all of them (DEF_PRIORITY). */
export const firstPriority = 12;
const pagesPerGiB = 1 << 18;

const inactive = 0;
const active = 1;
/** State of a page. */
const inCache = 1;
const isActive = 2;
const referenced = 4;
const nodeShift = 3;

/** What one pass did; the object is used again. */
export interface Shrunk {
  /** Pages looked at on the inactive list, and on the active list. */
  scanned: Pages;
  deactivated: Pages;
  reclaimed: Pages;
  /** Of the scanned: passed over because they are still being read. */
  busy: Pages;
}

export interface PageCacheOptions {
  /** A page can not be reclaimed before it has been read: so long after `add`. */
  readonly ioNs?: Nanoseconds;
  /** The inactive list is short when it is shorter than the active one (up to 4.6), or by its size (4.7 on). */
  readonly inactiveRatio?: 'one' | 'by-size';
}

export class PageCache {
  private readonly lists: Chains;
  /** Bits as above, and the node of the list. */
  private readonly states: Uint16Array;
  /** µs since the start of the run at which the page was added, modulo 2^32. */
  private readonly addedUs: Uint32Array;
  private readonly ioUs: number;
  private readonly ratioBySize: boolean;
  private readonly shrunk: Shrunk = { scanned: 0, deactivated: 0, reclaimed: 0, busy: 0 };

  constructor(links: PageLinks, nodes: number, options: PageCacheOptions = {}) {
    this.lists = new Chains(links, nodes * 2);
    this.states = new Uint16Array(links.next.length);
    this.addedUs = new Uint32Array(links.next.length);
    this.ioUs = Math.ceil((options.ioNs ?? 0) / 1000);
    this.ratioBySize = (options.inactiveRatio ?? 'by-size') === 'by-size';
  }

  /** The chains: 2 * node is the inactive list, 2 * node + 1 the active one. For the check of conservation. */
  get chains(): Chains {
    return this.lists;
  }

  inactivePages(node: number): Pages {
    return this.lists.length[2 * node + inactive];
  }

  activePages(node: number): Pages {
    return this.lists.length[2 * node + active];
  }

  /** All pages of the node that reclaim could take in the end. */
  pages(node: number): Pages {
    return this.inactivePages(node) + this.activePages(node);
  }

  /** A page of that node that was just allocated (order 0) and is being read (add_to_page_cache_lru). */
  add(node: number, pfn: Pfn, nowNs: Nanoseconds): void {
    this.lists.pushHead(2 * node + inactive, pfn);
    this.states[pfn] = (node << nodeShift) | inCache;
    this.addedUs[pfn] = nowNs / 1000;
  }

  holds(pfn: Pfn): boolean {
    return this.states[pfn] !== 0;
  }

  /** Somebody reads the page: the second time it becomes active (mark_page_accessed). */
  touch(pfn: Pfn): void {
    const state = this.states[pfn];
    if ((state & (isActive | referenced)) === referenced) {
      const node = state >>> nodeShift;
      this.lists.remove(2 * node + inactive, pfn);
      this.lists.pushHead(2 * node + active, pfn);
      this.states[pfn] = (state & ~referenced) | isActive;
    } else if (state !== 0) this.states[pfn] = state | referenced;
  }

  /** Takes a page out that is freed otherwise: its file is deleted or cut (delete_from_page_cache). */
  remove(pfn: Pfn): void {
    const state = this.states[pfn];
    this.lists.remove(2 * (state >>> nodeShift) + ((state & isActive) === 0 ? inactive : active), pfn);
    this.states[pfn] = 0;
  }

  /** The page that reclaim would take next, or -1: for programs that drop their oldest pages. */
  oldest(node: number): Pfn {
    const tail = this.lists.tail[2 * node + inactive];
    return tail === noPage ? this.lists.tail[2 * node + active] : tail;
  }

  /**
   * One pass over the node's lists at one priority (shrink_lruvec): scans size >> priority of each, 32 at a time,
   * until `target` pages are free; a direct reclaimer at priority 12 scans its share to the end. `freePage` gets
   * each page that was taken out. The result is valid until the next call.
   */
  shrink(
    node: number,
    target: Pages,
    priority: number,
    nowNs: Nanoseconds,
    freePage: (pfn: Pfn) => void,
    direct = true,
  ): Readonly<Shrunk> {
    const { shrunk } = this;
    shrunk.scanned = 0;
    shrunk.deactivated = 0;
    shrunk.reclaimed = 0;
    shrunk.busy = 0;
    let fromInactive = this.inactivePages(node) >>> priority;
    let fromActive = this.activePages(node) >>> priority;
    const toTheEnd = direct && priority === firstPriority;
    while (fromInactive > 0 || fromActive > 0) {
      const some = Math.min(fromInactive, reclaimCluster);
      fromInactive -= some;
      if (some > 0) this.shrinkInactive(node, some, nowNs, freePage);
      const others = Math.min(fromActive, reclaimCluster);
      fromActive -= others;
      if (others > 0 && this.inactiveIsLow(node)) this.shrinkActive(node, others);
      if (shrunk.reclaimed >= target && !toTheEnd) break;
    }
    return shrunk;
  }

  /**
   * Direct reclaim (do_try_to_free_pages): passes over the nodes at priority 12 down to 0 until `target` pages are
   * free. No page freed means no progress: the caller does not drain.
   */
  reclaim(
    nodes: readonly number[],
    target: Pages,
    nowNs: Nanoseconds,
    freePage: (pfn: Pfn) => void,
  ): Readonly<Shrunk> {
    let [scanned, deactivated, reclaimed, busy] = [0, 0, 0, 0];
    for (let priority = firstPriority; priority >= 0 && reclaimed < target; priority--) {
      for (const node of nodes) {
        const pass = this.shrink(node, target - reclaimed, priority, nowNs, freePage);
        scanned += pass.scanned;
        deactivated += pass.deactivated;
        reclaimed += pass.reclaimed;
        busy += pass.busy;
        // shrink_zones goes through all zones before do_try_to_free_pages looks whether it is enough.
      }
    }
    const { shrunk } = this;
    shrunk.scanned = scanned;
    shrunk.deactivated = deactivated;
    shrunk.reclaimed = reclaimed;
    shrunk.busy = busy;
    return shrunk;
  }

  /** From the tail of the inactive list: what is still being read goes back to the head, all else is freed. */
  private shrinkInactive(node: number, pages: Pages, nowNs: Nanoseconds, freePage: (pfn: Pfn) => void): void {
    const { shrunk, lists, states, addedUs, ioUs } = this;
    const nowUs = Math.floor(nowNs / 1000);
    const list = 2 * node + inactive;
    for (let i = 0; i < pages; i++) {
      const pfn = lists.popTail(list);
      if (pfn === noPage) return;
      shrunk.scanned++;
      if (ioUs > 0 && (nowUs - addedUs[pfn]) >>> 0 < ioUs) {
        shrunk.busy++;
        lists.pushHead(list, pfn);
        continue;
      }
      states[pfn] = 0;
      shrunk.reclaimed++;
      freePage(pfn);
    }
  }

  /** From the tail of the active list to the head of the inactive one. */
  private shrinkActive(node: number, pages: Pages): void {
    const { shrunk, lists, states } = this;
    for (let i = 0; i < pages; i++) {
      const pfn = lists.popTail(2 * node + active);
      if (pfn === noPage) return;
      shrunk.scanned++;
      shrunk.deactivated++;
      states[pfn] &= ~isActive;
      lists.pushHead(2 * node + inactive, pfn);
    }
  }

  /** inactive_list_is_low: one to one up to 1 GiB, sqrt(10 * GiB) active pages for one inactive above (4.7 on). */
  private inactiveIsLow(node: number): boolean {
    const few = this.inactivePages(node);
    const many = this.activePages(node);
    const gib = this.ratioBySize ? Math.floor((few + many) / pagesPerGiB) : 0;
    const ratio = gib > 0 ? Math.floor(Math.sqrt(10 * gib)) : 1;
    return few * ratio < many;
  }
}

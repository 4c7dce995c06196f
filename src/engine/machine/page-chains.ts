/**
 * Page frames and the chains on which they stand. A page is on exactly one chain: a free list of the buddy
 * allocator, a per-CPU list, the holdings of a task, the page cache. All chains share one pair of link
 * columns, as the kernel's lists share `struct page.lru`. A block of order o is linked by its first page.
 */

import type { Pfn } from '../../base/units.ts';

export const noPage = -1;

/** Links and block orders of all page frames, by pfn. */
export class PageLinks {
  readonly next: Int32Array;
  readonly prev: Int32Array;
  /** Order of the block that begins at this page, while it is not free. */
  readonly order: Uint8Array;

  constructor(pfnEnd: Pfn) {
    this.next = new Int32Array(pfnEnd);
    this.prev = new Int32Array(pfnEnd);
    this.order = new Uint8Array(pfnEnd);
  }
}

/** Chains 0 … count-1 over shared links. Lengths are in blocks. */
export class Chains {
  readonly links: PageLinks;
  readonly head: Int32Array;
  readonly tail: Int32Array;
  readonly length: Int32Array;

  constructor(links: PageLinks, count: number) {
    this.links = links;
    this.head = new Int32Array(count).fill(noPage);
    this.tail = new Int32Array(count).fill(noPage);
    this.length = new Int32Array(count);
  }

  pushHead(chain: number, pfn: Pfn): void {
    const { next, prev } = this.links;
    const first = this.head[chain];
    next[pfn] = first;
    prev[pfn] = noPage;
    if (first === noPage) this.tail[chain] = pfn;
    else prev[first] = pfn;
    this.head[chain] = pfn;
    this.length[chain]++;
  }

  pushTail(chain: number, pfn: Pfn): void {
    const { next, prev } = this.links;
    const last = this.tail[chain];
    next[pfn] = noPage;
    prev[pfn] = last;
    if (last === noPage) this.head[chain] = pfn;
    else next[last] = pfn;
    this.tail[chain] = pfn;
    this.length[chain]++;
  }

  /** Puts the blocks pfn, pfn + stride, … (`count` of them) at the tail, in this order: as so many `pushTail`. */
  pushTailRun(chain: number, pfn: Pfn, count: number, stride: number): void {
    const { next, prev } = this.links;
    let last = this.tail[chain];
    if (last === noPage) this.head[chain] = pfn;
    else next[last] = pfn;
    let at = pfn;
    for (let i = 0; i < count; i++) {
      prev[at] = last;
      last = at;
      at += stride;
      next[last] = at;
    }
    next[last] = noPage;
    this.tail[chain] = last;
    this.length[chain] += count;
  }

  /** Moves `count` blocks one by one from the head of `chain`, which has as many, to the head of another one. */
  moveHeads(chain: number, count: number, to: Chains, toChain: number): void {
    const { next, prev } = this.links;
    let pfn = this.head[chain];
    let first = to.head[toChain];
    if (first === noPage) to.tail[toChain] = pfn;
    else prev[first] = pfn;
    for (let i = 0; i < count; i++) {
      const after = next[pfn];
      next[pfn] = first;
      prev[pfn] = after;
      first = pfn;
      pfn = after;
    }
    // The loop set `prev` to the block that came next: the one that lies before it now. The last one is the head.
    prev[first] = noPage;
    to.head[toChain] = first;
    to.length[toChain] += count;
    this.head[chain] = pfn;
    if (pfn === noPage) this.tail[chain] = noPage;
    else prev[pfn] = noPage;
    this.length[chain] -= count;
  }

  /**
   * Moves the last `count` blocks, of which `first` comes first, one by one from the tail of `chain` to the head of another
   * one: there they stand as they stood.
   */
  moveTails(chain: number, count: number, first: Pfn, to: Chains, toChain: number): void {
    const { next, prev } = this.links;
    const last = this.tail[chain];
    const before = prev[first];
    this.tail[chain] = before;
    if (before === noPage) this.head[chain] = noPage;
    else next[before] = noPage;
    this.length[chain] -= count;
    const after = to.head[toChain];
    next[last] = after;
    if (after === noPage) to.tail[toChain] = last;
    else prev[after] = last;
    prev[first] = noPage;
    to.head[toChain] = first;
    to.length[toChain] += count;
  }

  /** The first block, or noPage. */
  popHead(chain: number): Pfn {
    const pfn = this.head[chain];
    if (pfn === noPage) return noPage;
    const { next, prev } = this.links;
    const second = next[pfn];
    this.head[chain] = second;
    if (second === noPage) this.tail[chain] = noPage;
    else prev[second] = noPage;
    this.length[chain]--;
    return pfn;
  }

  /** The last block, or noPage. */
  popTail(chain: number): Pfn {
    const pfn = this.tail[chain];
    if (pfn === noPage) return noPage;
    const { next, prev } = this.links;
    const before = prev[pfn];
    this.tail[chain] = before;
    if (before === noPage) this.head[chain] = noPage;
    else next[before] = noPage;
    this.length[chain]--;
    return pfn;
  }

  /** Takes a block that is known to be on this chain out of it. */
  remove(chain: number, pfn: Pfn): void {
    const { next, prev } = this.links;
    const after = next[pfn];
    const before = prev[pfn];
    if (before === noPage) this.head[chain] = after;
    else next[before] = after;
    if (after === noPage) this.tail[chain] = before;
    else prev[after] = before;
    this.length[chain]--;
  }
}

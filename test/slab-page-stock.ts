/** Pages for tests of slab caches: counts what is out and refuses what the test wants refused. */

import type { SlabPages } from '../src/engine/machine/slab.ts';

export class PageStock implements SlabPages {
  tookReserve = false;
  /** Pages that can still be had. */
  left = Number.POSITIVE_INFINITY;
  /** Highest order that can be had. */
  orderMax = 10;
  takes = 0;
  gives = 0;
  pagesOut = 0;
  /** Orders that were asked for. */
  readonly asked: number[] = [];
  /** Order of each block that is out, by its first page. */
  private readonly out = new Map<number, number>();
  private nextPfn = 1024;

  take(_cpu: number, order: number): number {
    this.asked.push(order);
    const count = 2 ** order;
    if (order > this.orderMax || count > this.left) return -1;
    this.left -= count;
    this.pagesOut += count;
    this.takes++;
    const pfn = this.nextPfn;
    this.nextPfn += count;
    this.out.set(pfn, order);
    return pfn;
  }

  give(pfn: number, order: number): void {
    if (this.out.get(pfn) !== order) throw new Error(`page ${pfn} of order ${order} is not out`);
    this.out.delete(pfn);
    this.left += 2 ** order;
    this.pagesOut -= 2 ** order;
    this.gives++;
  }
}

/**
 * How long before its event a page has left its list. mm_page_alloc comes at the end of an allocation
 * (__alloc_pages of 5.10–7.x): the page was taken before and, with init_on_alloc, cleared in between, which takes
 * microseconds for a page and milliseconds for a huge one. A refill shows the delay: its first page is taken at
 * once. The shortest delay seen of an order is a bound that is never too early.
 */

import type { Nanoseconds } from '../../base/units.ts';

const orders = 14;

export class AllocationDelay {
  readonly #shortestNs = new Float64Array(orders).fill(Number.POSITIVE_INFINITY);

  /** A page of `order` was taken so long before its event. */
  seen(order: number, delayNs: Nanoseconds): void {
    if (delayNs < this.#shortestNs[order]) this.#shortestNs[order] = delayNs;
  }

  /** At least so long before its event a page of `order` has left its list; 0 if nothing is known. */
  atLeast(order: number): Nanoseconds {
    const own = this.#shortestNs[order];
    let bound = 0;
    // Clearing 2^n pages takes at least as long as clearing half of them.
    for (let lower = 0; lower < order; lower++) {
      if (this.#shortestNs[lower] !== Number.POSITIVE_INFINITY)
        bound = Math.max(bound, this.#shortestNs[lower]);
    }
    return own === Number.POSITIVE_INFINITY ? bound : own;
  }
}

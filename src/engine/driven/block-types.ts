/**
 * What is known so far of the migrate type of each page block (2 MiB): the causal stand-in for get_pfnblock_migratetype.
 * A page that leaves its list shows what its block was when the page was freed, which may be long ago: each piece of
 * knowledge has a time, and older ones do not replace newer ones.
 */

import type { Pfn } from '../../base/units.ts';

/** Pages of a block: 2^9 with huge pages of 2 MiB. */
const blockOrder = 9;
const movable = 1;

export class BlockTypes {
  /** By block: type + 1, or 0; and as of when. */
  readonly #types: Uint8Array;
  readonly #asOf: Uint32Array;

  constructor(pfnEnd: Pfn) {
    const blocks = (pfnEnd >>> blockOrder) + 1;
    this.#types = new Uint8Array(blocks);
    this.#asOf = new Uint32Array(blocks);
  }

  /** Movable where nothing is known: nearly all memory is, at boot. */
  typeOf(pfn: Pfn): number {
    const known = this.#types[pfn >>> blockOrder];
    return known > 0 ? known - 1 : movable;
  }

  /** What the type was at `asOf`, when `then` was believed: what has been learnt since of times up to that counts. */
  typeAsOf(pfn: Pfn, asOf: number, then: number): number {
    return this.#asOf[pfn >>> blockOrder] <= asOf ? this.typeOf(pfn) : then;
  }

  learn(pfn: Pfn, type: number, asOf: number): void {
    const block = Math.floor(pfn / (1 << blockOrder));
    if (asOf < this.#asOf[block]) return;
    this.#asOf[block] = asOf;
    this.#types[block] = type + 1;
  }

  /** A free block of this order was taken over by another type. */
  learnRange(pfn: Pfn, order: number, type: number, asOf: number): void {
    const blocks = order > blockOrder ? 1 << Math.min(order - blockOrder, 10) : 1;
    for (let block = 0; block < blocks; block++) this.learn(pfn + (block << blockOrder), type, asOf);
  }
}

/** What is known so far of the migrate type of each page block (2 MiB): the causal stand-in for get_pfnblock_migratetype. */

import type { Pfn } from '../../base/units.ts';

/** Pages of a block: 2^9 with huge pages of 2 MiB. */
const blockOrder = 9;
const movable = 1;

export class BlockTypes {
  /** By block: type + 1, or 0. */
  readonly #types: Uint8Array;

  constructor(pfnEnd: Pfn) {
    this.#types = new Uint8Array((pfnEnd >>> blockOrder) + 1);
  }

  /** Movable where nothing is known: nearly all memory is, at boot. */
  typeOf(pfn: Pfn): number {
    const known = this.#types[pfn >>> blockOrder];
    return known > 0 ? known - 1 : movable;
  }

  learn(pfn: Pfn, type: number): void {
    this.#types[pfn >>> blockOrder] = type + 1;
  }

  /** A free block of this order was taken over whole by another type. */
  learnRange(pfn: Pfn, order: number, type: number): void {
    const blocks = order > blockOrder ? 1 << (order - blockOrder) : 1;
    for (let block = 0; block < blocks; block++) this.learn(pfn + (block << blockOrder), type);
  }
}

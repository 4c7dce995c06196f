/**
 * First pass over a recording of a kernel up to 5.13: what is to be known about each freed page when its turn comes.
 * By number of the mm_page_free event (order 0), counted from the beginning.
 */

import { DrainlabError } from '../../base/errors.ts';
import { type EventBlock, Kind } from '../input/event-log.ts';
import type { Machine } from '../input/machine.ts';
import type { DrivenPass } from './driven.ts';

/** Bits of `FreedPages.about`. Its type (0–2) is in the two lowest; `typeUnknown` when its leaving was not recorded. */
export const typeUnknown = 3;
export const typeBits = 3;
/** Enters its list at the mm_page_free_batched that the same task emits for it later. */
export const entersLater = 4;
/** Went to the free lists instead (free_one_page: its block is isolated). */
export const entersNever = 8;

/** Page frames are kept in tables by number: 25 bytes for each page are 1.7 GB for 256 GiB. */
const pfnsMax = 2 ** 26;

/** End of the highest zone. Throws E_DRIVEN_SIZE for a machine that is too large for tables. */
export function pfnEndOf(machine: Machine): number {
  const end = Math.max(...machine.zones.map(({ endPfn }) => endPfn));
  if (end > pfnsMax) {
    throw new DrainlabError('the machine of this recording has more than 256 GiB', {
      code: 'E_DRIVEN_SIZE',
      hint: 'Validate with a recording of a smaller machine.',
    });
  }
  return end;
}

export class FreedPages implements DrivenPass {
  /** By number of the free. */
  about: Uint8Array = new Uint8Array(1 << 16);
  #count = 0;
  /** pfn → 1 + number of its last free, while it has not left; 0: none. */
  readonly #last: Int32Array;
  readonly #pid: Int32Array;
  readonly #typeOf: (migratetype: number) => number;

  constructor(machine: Machine, typeOf: (migratetype: number) => number) {
    const end = pfnEndOf(machine);
    this.#last = new Int32Array(end);
    this.#pid = new Int32Array(end);
    this.#typeOf = typeOf;
  }

  feed(block: EventBlock): void {
    const { kind, pfn, order, a, pid } = block;
    for (let i = 0; i < block.length; i++) {
      const page = pfn[i];
      switch (kind[i]) {
        case Kind.pageFree:
          if (order[i] === 0) this.#freed(page, pid[i]);
          break;
        case Kind.pageFreeBatched: {
          const last = this.#lastOf(page);
          if (last > 0 && this.#pid[page] === pid[i]) this.about[last - 1] |= entersLater;
          break;
        }
        case Kind.freeOnePage: {
          const last = order[i] === 0 ? this.#lastOf(page) : 0;
          if (last > 0) {
            this.about[last - 1] |= entersNever;
            this.#last[page] = 0;
          }
          break;
        }
        case Kind.pageAlloc:
        case Kind.pagePcpuDrain: {
          const last = order[i] <= 0 ? this.#lastOf(page) : 0;
          if (last > 0) {
            this.about[last - 1] = (this.about[last - 1] & ~typeBits) | this.#typeOf(a[i]);
            this.#last[page] = 0;
          }
          break;
        }
      }
    }
  }

  finish(): void {}

  #lastOf(pfn: number): number {
    return pfn >= 0 && pfn < this.#last.length ? this.#last[pfn] : 0;
  }

  #freed(pfn: number, pid: number): void {
    if (this.#count === this.about.length) {
      const grown = new Uint8Array(2 * this.about.length);
      grown.set(this.about);
      this.about = grown;
    }
    this.about[this.#count] = typeUnknown;
    this.#count++;
    if (pfn >= 0 && pfn < this.#last.length) {
      this.#last[pfn] = this.#count;
      this.#pid[pfn] = pid;
    }
  }
}

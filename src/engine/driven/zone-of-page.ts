/** Zone of a page by its number, from the spans that zoneinfo prints. */

import type { Pfn, ZoneIndex } from '../../base/units.ts';
import type { Machine } from '../input/machine.ts';

export class ZoneOfPage {
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];

  constructor({ zones }: Machine) {
    this.#starts = zones.map(({ startPfn }) => startPfn);
    this.#ends = zones.map(({ endPfn }) => endPfn);
  }

  /** -1: in none. */
  of(pfn: Pfn): ZoneIndex {
    for (let zone = 0; zone < this.#starts.length; zone++) {
      if (pfn >= this.#starts[zone] && pfn < this.#ends[zone]) return zone;
    }
    return -1;
  }
}

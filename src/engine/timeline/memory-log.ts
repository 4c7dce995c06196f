/** Free pages and watermarks of every zone at some moments: of a run now and then, of a recording where /proc/zoneinfo was printed. */

import type { Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';

export const watermarks = ['min', 'low', 'high'] as const;
export type Watermark = (typeof watermarks)[number];

/** A row a moment; amounts by moment and zone, `moment * zones + zone`. -1: not known. */
export interface MemoryPoints {
  readonly timeNs: Float64Array;
  readonly free: Int32Array;
  readonly min: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** The same as plain numbers. */
export type MemoryNumbers = { readonly [Column in keyof MemoryPoints]: readonly number[] };

export class MemoryLog {
  readonly #zoneCount: number;
  readonly #timeNs: Nanoseconds[] = [];
  readonly #amounts: Readonly<Record<'free' | Watermark, Pages[]>> = { free: [], min: [], low: [], high: [] };

  constructor(zoneCount: number) {
    this.#zoneCount = zoneCount;
  }

  /** Times must not go back. */
  note(
    timeNs: Nanoseconds,
    free: (zone: ZoneIndex) => Pages,
    watermark: (zone: ZoneIndex, which: Watermark) => Pages,
  ): void {
    this.#timeNs.push(timeNs);
    for (let zone = 0; zone < this.#zoneCount; zone++) {
      this.#amounts.free.push(free(zone));
      for (const which of watermarks) this.#amounts[which].push(watermark(zone, which));
    }
  }

  /** Adds moments that were kept elsewhere. */
  restore({ timeNs, ...amounts }: MemoryNumbers): void {
    const at = (zone: ZoneIndex, which: 'free' | Watermark, moment: number) =>
      amounts[which][moment * this.#zoneCount + zone] ?? -1;
    for (const [moment, each] of timeNs.entries()) {
      this.note(
        each,
        (zone) => at(zone, 'free', moment),
        (zone, which) => at(zone, which, moment),
      );
    }
  }

  /** As plain numbers. */
  numbers(): MemoryNumbers {
    return { timeNs: this.#timeNs, ...this.#amounts };
  }

  points(): MemoryPoints {
    const { free, min, low, high } = this.#amounts;
    return {
      timeNs: Float64Array.from(this.#timeNs),
      free: Int32Array.from(free),
      min: Int32Array.from(min),
      low: Int32Array.from(low),
      high: Int32Array.from(high),
    };
  }
}

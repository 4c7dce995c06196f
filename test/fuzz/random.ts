/** Seeded chance for the fuzzer: the same seed gives the same inputs (mulberry32). */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 … below-1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return below <= 0 ? 0 : ((x ^ (x >>> 14)) >>> 0) % below;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
}

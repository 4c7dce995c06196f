/**
 * How sure a percentage is: intervals by block bootstrap. Drains come in bursts, so neighbours are
 * alike; whole blocks of neighbours are drawn (circular block bootstrap, Politis and Romano 1992), of
 * the square root of the number of drains each. The generator is seeded: the same drains, the same interval.
 */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export type Interval = readonly [low: number, high: number];

/** Fewer drains say nothing about their spread. */
export const intervalDrainsMin = 20;
const resamples = 1000;
const seed = 20111230;
/** Ends of the 95 % interval among the sorted resamples. */
const lowAt = Math.floor(resamples * 0.025);
const highAt = Math.ceil(resamples * 0.975) - 1;

/** 95 % interval of sum(above) / sum(below) over drains in order of time. null: too few drains, or nothing below. */
export function ratioInterval(
  above: ArrayLike<number>,
  below: ArrayLike<number>,
  length: number,
): Interval | null {
  return length < intervalDrainsMin ? null : new BlockDraws(length).ratioInterval(above, below);
}

/** The blocks that are drawn for one number of drains: columns of the same length can share them. */
export class BlockDraws {
  readonly length: number;
  /** Drains of a block, and blocks of a resample; the last one is cut to fit. */
  readonly block: number;
  readonly blocks: number;
  readonly #starts: Int32Array;

  /** `block`: 1 where neighbours have nothing to do with each other. */
  constructor(length: number, block: number = Math.ceil(Math.sqrt(length))) {
    this.length = length;
    this.block = block;
    this.blocks = Math.ceil(length / this.block);
    const random = xoroshiro128plus(seed);
    this.#starts = new Int32Array(resamples * this.blocks);
    for (let i = 0; i < this.#starts.length; i++) this.#starts[i] = uniformInt(random, 0, length - 1);
  }

  /** As the function; any length. */
  ratioInterval(above: ArrayLike<number>, below: ArrayLike<number>): Interval | null {
    const { length, block, blocks } = this;
    const aboveSums = circularSums(above, length);
    const belowSums = circularSums(below, length);
    if (belowSums[length] === 0) return null;
    const lastBlock = length - block * (blocks - 1);
    const ratios = new Float64Array(resamples);
    let valid = 0;
    for (let i = 0; i < resamples; i++) {
      let aboveSum = 0;
      let belowSum = 0;
      for (let j = 0; j < blocks; j++) {
        const from = this.#starts[i * blocks + j];
        const to = from + (j === blocks - 1 ? lastBlock : block);
        aboveSum += aboveSums[to] - aboveSums[from];
        belowSum += belowSums[to] - belowSums[from];
      }
      if (belowSum > 0) ratios[valid++] = aboveSum / belowSum;
    }
    if (valid < resamples) return null;
    ratios.sort();
    return [ratios[lowAt], ratios[highAt]];
  }
}

/** Sum of the first i values, of the column written twice in a row. */
function circularSums(values: ArrayLike<number>, length: number): Float64Array {
  const sums = new Float64Array(2 * length + 1);
  for (let i = 0; i < 2 * length; i++) sums[i + 1] = sums[i] + values[i % length];
  return sums;
}

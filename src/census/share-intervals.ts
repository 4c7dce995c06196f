/**
 * How sure a share of samples is, where neighbouring samples are alike: whole blocks of neighbours are drawn (the block bootstrap
 * of interval.ts). A share of 0 or 100 % has no spread to draw from; there each block counts as one single observation, and the interval
 * is that of Clopper and Pearson for none (or all) of so many.
 */

import { BlockDraws, type Interval, intervalDrainsMin } from '../engine/accounting/interval.ts';
import type { MeanShare, Share } from './host-samples.ts';

export class ShareIntervals {
  readonly #length: number;
  readonly #draws: BlockDraws | null;
  readonly #ones: Uint8Array;
  /** How often may be what was seen in no sample, in percent. */
  readonly #unseenPercentMax: number;

  /** `length`: samples. Fewer than 20 have no intervals. `block`: 1 where neighbours have nothing to do with each other. */
  constructor(length: number, block?: number) {
    this.#length = length;
    this.#draws = length < intervalDrainsMin ? null : new BlockDraws(length, block);
    this.#ones = new Uint8Array(length).fill(1);
    this.#unseenPercentMax = 100 * (1 - 0.025 ** (1 / (this.#draws?.blocks ?? 1)));
  }

  /** Share of samples in which `hits` is 1. */
  share(hits: Uint8Array): Share {
    const samples = hits.reduce((sum, hit) => sum + hit, 0);
    return {
      samples,
      percent: (100 * samples) / this.#length,
      interval: this.ratio(hits, this.#ones, samples, this.#length),
    };
  }

  /** sum(above) / sum(below), as percent. null percent: nothing below. */
  mean(above: readonly number[], below: readonly number[]): MeanShare {
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const [aboveSum, belowSum] = [sum(above), sum(below)];
    return {
      percent: belowSum === 0 ? null : (100 * aboveSum) / belowSum,
      interval: this.ratio(above, below, aboveSum, belowSum),
    };
  }

  ratio(
    above: ArrayLike<number>,
    below: ArrayLike<number>,
    aboveSum: number,
    belowSum: number,
  ): Interval | null {
    if (this.#draws === null || belowSum === 0) return null;
    if (aboveSum === 0) return [0, this.#unseenPercentMax];
    if (aboveSum === belowSum) return [100 - this.#unseenPercentMax, 100];
    const interval = this.#draws.ratioInterval(above, below);
    return interval === null ? null : [100 * interval[0], 100 * interval[1]];
  }
}

/**
 * How many samples that do not depend on each other tell as much of the mean, by the variance of the means of blocks (batch means).
 * null: fewer than 20 samples, or a value that never changes: nothing tells then how alike neighbours are.
 */
export function effectiveSamples(values: readonly number[]): number | null {
  const { length } = values;
  if (length < intervalDrainsMin) return null;
  const block = Math.ceil(Math.sqrt(length));
  const blocks = Math.floor(length / block);
  const means = Array.from({ length: blocks }, (_, i) => meanOf(values.slice(i * block, (i + 1) * block)));
  const variance = varianceOf(values);
  if (variance === 0) return null;
  const ofMeans = varianceOf(means);
  return ofMeans === 0 ? length : Math.max(1, Math.min(length, Math.round((blocks * variance) / ofMeans)));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
}

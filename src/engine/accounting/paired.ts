/**
 * Policies are run on the same seeds, so each seed is one pair. Intervals of 95 % by Student's t over the seeds:
 * the seeds are few, and nothing is assumed about the drains within one run.
 */

import { arcTangent } from '../../base/exact-math.ts';
import type { Interval } from './interval.ts';

export interface Paired {
  /** Mean over the seeds of policy minus baseline. */
  readonly mean: number;
  /** 95 %; null with a single seed. */
  readonly interval: Interval | null;
  readonly seeds: number;
}

/** Differences `policy[s] - baseline[s]`; both by seed, in the same order. */
export function pairedDifference(policy: readonly number[], baseline: readonly number[]): Paired {
  const seeds = Math.min(policy.length, baseline.length);
  const differences = Array.from({ length: seeds }, (_, s) => policy[s] - baseline[s]);
  const mean = seeds === 0 ? 0 : sum(differences) / seeds;
  if (seeds < 2) return { mean, interval: null, seeds };
  const squares = sum(differences.map((difference) => (difference - mean) ** 2));
  const half = studentQuantile(seeds - 1) * Math.sqrt(squares / (seeds - 1) / seeds);
  return { mean, interval: [mean - half, mean + half], seeds };
}

/** Sums of one seed: what is counted, and over how many drains. */
export interface SeedSums {
  readonly count: number;
  readonly drains: number;
}

/** Count a drain over all seeds, with the interval of a ratio of sums (linearised). null: no drains. */
export function perDrain(seeds: readonly SeedSums[]): { value: number; interval: Interval | null } | null {
  const count = sum(seeds.map((seed) => seed.count));
  const drains = sum(seeds.map((seed) => seed.drains));
  if (drains === 0) return null;
  const value = count / drains;
  const ofSeeds = seeds.map((seed) => (seed.count - value * seed.drains) / drains);
  return { value, interval: around(value, ofSeeds) };
}

/**
 * By how many percent the policy's count a drain is below the baseline's, over all seeds. The interval is linearised
 * around it (each seed's influence on the quotient of the two ratios). null: no drains, or none counted by the baseline.
 */
export function savedPerDrain(
  policy: readonly SeedSums[],
  baseline: readonly SeedSums[],
): { percent: number; interval: Interval | null } | null {
  const own = perDrain(policy);
  const base = perDrain(baseline);
  if (own === null || base === null || base.value === 0) return null;
  const quotient = own.value / base.value;
  const drains = sum(policy.map((seed) => seed.drains));
  const baseCount = sum(baseline.map((seed) => seed.count));
  const baseDrains = sum(baseline.map((seed) => seed.drains));
  const pairs = Math.min(policy.length, baseline.length);
  const ofSeeds = Array.from({ length: pairs }, (_, s) => {
    const ownPart =
      (policy[s].count * baseDrains) / (drains * baseCount) - (quotient * policy[s].drains) / drains;
    const basePart = quotient * (baseline[s].drains / baseDrains - baseline[s].count / baseCount);
    return ownPart + basePart;
  });
  const interval = around(quotient, ofSeeds);
  return {
    percent: 100 * (1 - quotient),
    // Nobody saves more than everything.
    interval: interval && [100 * (1 - interval[1]), Math.min(100, 100 * (1 - interval[0]))],
  };
}

/** The influences add up to 0; their spread is that of the figure. */
function around(value: number, ofSeeds: readonly number[]): Interval | null {
  const seeds = ofSeeds.length;
  if (seeds < 2) return null;
  const squares = sum(ofSeeds.map((influence) => influence ** 2));
  const half = studentQuantile(seeds - 1) * Math.sqrt((squares * seeds) / (seeds - 1));
  return [value - half, value + half];
}

/**
 * t with P(|T| <= t) = 0.95 for `freedom` degrees of freedom (a whole number from 1 on), by halving: P is a finite sum for
 * whole numbers (Abramowitz and Stegun 26.7.3 and 26.7.4).
 */
export function studentQuantile(freedom: number, within = 0.95): number {
  let low = 0;
  let high = 1;
  while (studentWithin(high, freedom) < within) high *= 2;
  for (let i = 0; i < 100 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, freedom) < within) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| <= t). */
function studentWithin(t: number, freedom: number): number {
  const cosine2 = freedom / (freedom + t * t);
  const sine = t / Math.sqrt(freedom + t * t);
  const odd = freedom % 2 === 1;
  let term = odd ? Math.sqrt(cosine2) : 1;
  let series = freedom === 1 ? 0 : term;
  for (let i = odd ? 3 : 2; i <= freedom - 2; i += 2) {
    term *= (cosine2 * (i - 1)) / i;
    series += term;
  }
  if (!odd) return sine * series;
  return (2 / Math.PI) * (arcTangent(t / Math.sqrt(freedom)) + sine * series);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

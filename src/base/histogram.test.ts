import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

function of(values: Iterable<number>): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

describe('a histogram of times', () => {
  it('gives quantiles of small values exactly', () => {
    const values = of([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect([0.1, 0.5, 0.99].map((share) => values.quantile(share))).toEqual([1, 5, 10]);
    expect([values.count, values.max, values.mean]).toEqual([10, 10, 5.5]);
  });

  it('is off by 1.6 % at most, from nanoseconds to months', () => {
    for (let value = 33; value < 2 ** 52; value = Math.floor(value * 1.37) + 1) {
      // A larger one keeps the bound by the maximum out of the way.
      const middle = of([value, 2 ** 52]).quantile(0.5);
      expect(Math.abs(middle - value) / value).toBeLessThanOrEqual(1 / 64);
    }
  });

  it('never says more than the largest value, and 0 without any', () => {
    expect(of([1000]).quantile(0.5)).toBe(1000);
    expect(new Histogram().quantile(0.99)).toBe(0);
  });

  it('adds up', () => {
    const all = of([5, 7]);
    all.addAll(of([1, 100]));
    all.addAll(new Histogram());
    expect([all.count, all.max, all.sum, all.quantile(0.5)]).toEqual([4, 100, 113, 5]);
  });
});

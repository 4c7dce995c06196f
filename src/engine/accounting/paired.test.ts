import { describe, expect, test } from 'vitest';
import { pairedDifference, perDrain, savedPerDrain, studentQuantile } from './paired.ts';

describe('quantile of Student’s t', () => {
  // Two-sided 95 %, from the usual printed table.
  test.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [7, 2.365],
    [9, 2.262],
    [10, 2.228],
    [19, 2.093],
    [20, 2.086],
    [29, 2.045],
    [30, 2.042],
    [60, 2.0],
    [120, 1.98],
  ])('of %i degrees of freedom is %d', (freedom, table) => {
    expect(studentQuantile(freedom)).toBeCloseTo(table, 3);
  });

  test('nears that of the normal distribution', () => {
    expect(studentQuantile(10_000)).toBeCloseTo(1.9602, 4);
  });

  test('of 99 % and one degree is 63.657', () => {
    expect(studentQuantile(1, 0.99)).toBeCloseTo(63.657, 3);
  });
});

test('differences are taken seed by seed', () => {
  // -2, -3, -4: mean -3, standard deviation 1, standard error 1/√3; t(2) = 4.3027 → ±2.4841.
  const paired = pairedDifference([1, 5, 9], [3, 8, 13]);
  expect(paired.mean).toBe(-3);
  expect(paired.interval?.[0]).toBeCloseTo(-5.4841, 4);
  expect(paired.interval?.[1]).toBeCloseTo(-0.5159, 4);
  // The seeds themselves lie far apart: without pairs the interval would be wider than ±10.
  expect(pairedDifference([1], [3])).toEqual({ mean: -2, interval: null, seeds: 1 });
});

test('a ratio is over all seeds, and an interval that all seeds agree on has no width', () => {
  const agreed = perDrain([
    { count: 30, drains: 10 },
    { count: 60, drains: 20 },
  ]);
  expect(agreed).toEqual({ value: 3, interval: [3, 3] });
  // 20/10 and 80/20: 100/30 = 3.333. Residuals 20 - 33.33 = -13.33 and 80 - 66.67 = 13.33, over 30 drains ±0.4444;
  // variance 2/1 · 2 · 0.4444² = 0.7901, times t(1) = 12.706: ±11.294.
  const spread = perDrain([
    { count: 20, drains: 10 },
    { count: 80, drains: 20 },
  ]);
  expect(spread?.value).toBeCloseTo(3.3333, 4);
  expect((spread?.interval?.[1] ?? 0) - (spread?.value ?? 0)).toBeCloseTo(11.294, 3);
  expect(perDrain([{ count: 0, drains: 0 }])).toBeNull();
});

describe('percent saved a drain', () => {
  test('counts each policy over its own drains', () => {
    // Policy 30 over 10 drains, baseline 140 over 20: 3 against 7 a drain.
    const saved = savedPerDrain([{ count: 30, drains: 10 }], [{ count: 140, drains: 20 }]);
    expect(saved?.percent).toBeCloseTo(100 * (1 - 3 / 7), 10);
    expect(saved?.interval).toBeNull();
  });

  test('is sure where the seeds agree, however many drains each has', () => {
    const policy = [
      { count: 30, drains: 10 },
      { count: 90, drains: 30 },
      { count: 6, drains: 2 },
    ];
    const baseline = policy.map(({ drains }) => ({ count: 7 * drains * 2, drains: drains * 2 }));
    const saved = savedPerDrain(policy, baseline);
    expect(saved?.percent).toBeCloseTo(57.142857, 6);
    expect(saved?.interval?.[0]).toBeCloseTo(57.142857, 6);
    expect(saved?.interval?.[1]).toBeCloseTo(57.142857, 6);
  });

  test('a policy that sends none saves all of it for sure', () => {
    const none = [0, 0].map(() => ({ count: 0, drains: 5 }));
    const base = [
      { count: 35, drains: 5 },
      { count: 7, drains: 1 },
    ];
    expect(savedPerDrain(none, base)).toEqual({ percent: 100, interval: [100, 100] });
  });

  test('has the interval of the differences where all seeds have as many drains and the baseline is certain', () => {
    // 2, 3, 4 of 10 a drain: saved 80, 70, 60 %, mean 70, standard error 10/√3 → ±24.841.
    const policy = [2, 3, 4].map((count) => ({ count, drains: 1 }));
    const baseline = [10, 10, 10].map((count) => ({ count, drains: 1 }));
    const saved = savedPerDrain(policy, baseline);
    expect(saved?.percent).toBeCloseTo(70, 9);
    expect(saved?.interval?.[0]).toBeCloseTo(70 - 24.841, 3);
    expect(saved?.interval?.[1]).toBeCloseTo(70 + 24.841, 3);
  });

  test('is not known where the baseline interrupts nobody', () => {
    expect(savedPerDrain([{ count: 1, drains: 1 }], [{ count: 0, drains: 1 }])).toBeNull();
  });
});

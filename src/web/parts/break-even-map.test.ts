import { expect, it } from 'vitest';
import type { BreakEvenMap, BreakEvenSeries } from '../../thread/messages.ts';
import {
  boundariesAt,
  cheapest,
  drawRegions,
  gridOf,
  holderShares,
  mapCpus,
  nearestCpus,
  placeOfCpus,
  pointAt,
  regionLabels,
} from './break-even-map.ts';

function series(policy: string, totalNs: number[]): BreakEvenSeries {
  return {
    policy,
    mask: 'cpu',
    totalNs: Float64Array.from(totalNs),
    callerNs: Float64Array.from(totalNs, (ns) => 100 - ns),
    disturbedNs: new Float64Array(totalNs.length),
    interrupts: new Int32Array(totalNs.length),
  };
}

/** Two and four CPUs: everyone costs 10; selective less up to half, the same at all but one of four. */
const map: BreakEvenMap = {
  kernel: '3.0',
  baseline: 'everyone',
  pagesPerHolder: 62,
  cpus: [2, 4],
  maskBytes: [8, 8],
  first: Int32Array.of(0, 3, 8),
  holders: Int32Array.of(0, 1, 2, 0, 1, 2, 3, 4),
  series: [
    series('everyone', [10, 10, 10, 10, 10, 10, 10, 10]),
    series('selective', [2, 8, 12, 2, 4, 8, 10.2, 12]),
  ],
  frontiers: [],
};

it('numbers of CPUs: four to each power of two, and the recording’s own', () => {
  expect(mapCpus([], 4)).toEqual(expect.arrayContaining([2, 4, 5, 6, 7, 8, 10, 4096, 8192]));
  expect(mapCpus([3], 1)).toEqual([2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]);
  expect(mapCpus([61], 4).includes(61)).toBe(true);
  expect(mapCpus([1, 9000], 4)).toEqual(mapCpus([], 4));
});

it('the cheapest in all, the cheapest for the caller, and who is as cheap', () => {
  expect([...cheapest(map, [0, 1], 'totalNs')]).toEqual([2, 2, 1, 2, 2, 2, 3, 1]);
  expect([...cheapest(map, [0, 1], 'callerNs')]).toEqual([1, 1, 2, 1, 1, 1, 3, 2]);
  expect([...cheapest(map, [0], 'totalNs')]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
});

it('the axis: 2 at the left, 128 in the middle, 8,192 at the right', () => {
  expect([2, 128, 8192].map(placeOfCpus)).toEqual([0, 0.5, 1]);
  expect(nearestCpus([2, 4, 8], placeOfCpus(5))).toBe(1);
  expect(pointAt(map, 1, 0.7)).toBe(6);
  expect(pointAt(map, 0, 0)).toBe(0);
});

it('boundaries lie between the points that differ', () => {
  const best = cheapest(map, [0, 1], 'totalNs');
  expect(boundariesAt(map, best, 0)).toEqual([0.75]);
  expect(boundariesAt(map, best, 1)).toEqual([0.625, 0.875]);
});

it('pixels: the top is all CPUs, a line where the cheapest changes', () => {
  const best = cheapest(map, [0, 1], 'totalNs');
  const grid = gridOf(map, best, 16, 16);
  expect(grid[0]).toBe(1);
  expect(grid[240]).toBe(2);
  const pixels = new Uint32Array(256);
  drawRegions(pixels, grid, 16, ['everyone', 'selective'], false);
  // Everyone is plain grey; at the bottom selective’s blue, where its pattern is not inked.
  expect(pixels[0]).toBe(0xff999999);
  expect([...pixels.subarray(240)].filter((pixel) => pixel === 0xffb27200).length).toBeGreaterThan(10);
  expect([...pixels].includes(0xff000000)).toBe(true);
});

it('names stand in the middle of their regions', () => {
  const grid = new Uint32Array(30 * 20).fill(1);
  grid.fill(2, 30 * 10);
  const labels = regionLabels(grid, 30);
  expect(labels.map(({ bits }) => bits)).toEqual([1, 2]);
  for (const { bits, x, y } of labels) {
    expect(x).toBeCloseTo(0.5, 0);
    expect(bits === 1 ? y < 0.5 : y > 0.5).toBe(true);
  }
});

it('a recording on the map: its mean, and where four of five of its drains lie', () => {
  // Ten drains on 4 CPUs: one found none, eight found one, one found all.
  expect(holderShares([1, 8, 0, 0, 1], 4)).toEqual({ cpus: 4, mean: 0.3, low: 0, high: 0.25 });
  expect(holderShares([0, 0, 0], 2)).toBeNull();
});

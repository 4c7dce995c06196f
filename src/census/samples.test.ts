import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { BitSet } from '../base/bit-set.ts';
import { samplesText } from '../cli/terminal/samples-text.ts';
import type { SampleSelf } from './host-samples.ts';
import { sayOfSamples } from './sample-answers.ts';
import { type Moment, SampleSeries } from './samples.ts';
import { effectiveSamples, ShareIntervals } from './share-intervals.ts';

const isolated = BitSet.of(4, [3]);
const self: SampleSelf = {
  cpuMs: 12,
  kernelMs: 9,
  corePercent: 1.2,
  residentBytes: 80e6,
  allowed: '0-2',
  onAvoided: '',
  ranOn: [{ cpu: 1, samples: 4 }],
  said: 'drainlab itself runs on CPU 0-2, off the isolated CPU 3.',
};

/** One look at CPUs that hold so many pages; -1: offline. */
function moment(timeMs: number, pages: number[], more: Partial<Moment['load']> = {}): Moment {
  const online = BitSet.of(
    pages.length,
    [...pages.keys()].filter((cpu) => pages[cpu] >= 0),
  );
  const of = (cpus: number[]) => ({
    online: cpus.filter((cpu) => pages[cpu] >= 0).length,
    empty: cpus.filter((cpu) => pages[cpu] === 0).length,
  });
  const all = of([...pages.keys()]);
  const apart = of([...isolated].filter((cpu) => cpu < pages.length));
  return {
    timeMs,
    readMs: 0.5,
    online,
    pagesByCpu: Int32Array.from(pages),
    cpus: {
      ...all,
      isolatedOnline: apart.online,
      isolatedEmpty: apart.empty,
      parkedPages: pages.reduce((sum, count) => sum + Math.max(0, count), 0),
    },
    load: { loadAverage: null, runningTasks: null, allocationStalls: null, pressure: null, ...more },
  };
}

function series(moments: readonly Moment[], asked = moments.length): ReturnType<SampleSeries['result']> {
  const taken = new SampleSeries({ name: 'host', kernel: '6.12.1', asked, everyMs: 100, isolated });
  for (const one of moments) taken.add(one);
  const result = taken.result(self);
  sayOfSamples(result);
  return result;
}

describe('four looks at four CPUs, the last of them isolated', () => {
  const pressure = (some: number) => ({
    some: { avg10: 0, avg60: 0, avg300: 0, totalUs: some },
    full: { avg10: 0, avg60: 0, avg300: 0, totalUs: 0 },
  });
  const result = series([
    moment(0, [5, 0, 0, 0], { loadAverage: 0.5, runningTasks: 2, pressure: pressure(1000) }),
    moment(100, [5, 5, 5, 0], { runningTasks: 4, allocationStalls: 3 }),
    moment(300, [10, 1, 0, 8], { allocationStalls: 1 }),
    moment(400, [4, 0, 0, 0], { loadAverage: 0.7, pressure: pressure(5000) }),
  ]);

  test('how often how many were empty: 3, 1, 1 and 3 of 4', () => {
    expect(result.empty).toEqual([0, 2, 0, 2, 0]);
    expect(result.distribution.map(({ from, to, samples }) => [from, to, samples])).toEqual([
      [0, 0, 0],
      [1, 1, 2],
      [2, 2, 0],
      [3, 3, 2],
      [4, 4, 0],
    ]);
    expect(result.halfEmpty).toEqual({ samples: 2, percent: 50, interval: null });
    expect(result.meanEmpty).toEqual({ percent: 50, interval: null });
  });

  test('isolated CPUs apart from the others', () => {
    expect(result.isolated).toMatchObject({ percent: 75, allEmpty: { samples: 3, percent: 75 } });
    // CPUs 0 to 2: 2, 0, 1, 2 of 3 empty.
    expect(result.housekeeping.percent).toBeCloseTo(500 / 12);
    expect(result.housekeeping.allEmpty.samples).toBe(0);
  });

  test('how often each CPU was empty, and its mean pages', () => {
    expect(result.byCpu.map(({ empty, percent, meanPages }) => [empty, percent, meanPages])).toEqual([
      [0, 0, 6],
      [2, 50, 1.5],
      [3, 75, 1.25],
      [3, 75, 2],
    ]);
    expect(result.byCpu.map((cpu) => cpu.isolated)).toEqual([false, false, false, true]);
  });

  test('the load beside it: sums and means of what was known', () => {
    expect(result.load).toEqual({
      loadAverage: { first: 0.5, last: 0.7 },
      runningTasks: { mean: 3, most: 4 },
      allocationStalls: { total: 4, perSecond: 10 },
      // 4,000 µs in 0.4 s.
      pressure: { somePercent: 1, fullPercent: 0 },
    });
    expect(result.timing).toMatchObject({ samples: 4, seconds: 0.4, effectiveSamples: null });
    expect(result.timing.gapMs).toEqual({ least: 100, mean: 400 / 3, most: 200 });
  });

  test('fewer than 20 samples have no intervals, and it is said', () => {
    expect(result.warnings.join(' ')).toContain('Fewer than 20 samples');
  });
});

test('a CPU that is offline is not empty: it is left out of its own share', () => {
  const result = series([moment(0, [0, 4, -1, 0]), moment(100, [0, 4, 0, 0]), moment(200, [0, 4, -1, 0])]);
  expect(result.byCpu.map(({ cpu, online, empty, percent }) => [cpu, online, empty, percent])).toEqual([
    [0, 3, 3, 100],
    [1, 3, 0, 0],
    [2, 1, 1, 100],
    [3, 3, 3, 100],
  ]);
  expect(result.cpus).toEqual({
    online: '0-3',
    onlineCount: { least: 3, most: 4 },
    changes: 2,
    isolated: '3',
  });
  expect(result.warnings.join(' ')).toContain('CPUs came or went 2 times: 3 to 4 were online.');
});

describe('how sure it is', () => {
  test('what never happened in 100 samples may happen: ten blocks of ten are ten observations', () => {
    // Clopper and Pearson: (1 - p)^10 = 0.025, so p = 30.85 %.
    const intervals = new ShareIntervals(100);
    const [low, high] = intervals.share(new Uint8Array(100)).interval ?? [];
    expect(low).toBe(0);
    expect(high).toBeCloseTo(30.85, 2);
    expect(intervals.share(new Uint8Array(100).fill(1)).interval?.[0]).toBeCloseTo(69.15, 2);
  });

  test('samples that alternate are worth all of them, samples in bursts of 50 few', () => {
    const alternating = Array.from({ length: 400 }, (_, i) => i % 2);
    const bursts = Array.from({ length: 400 }, (_, i) => Math.floor(i / 50) % 2);
    expect(effectiveSamples(alternating)).toBe(400);
    expect(effectiveSamples(bursts)).toBeLessThan(25);
    expect(effectiveSamples(new Array(400).fill(0.5))).toBeNull();
    const width = (values: number[]) => {
      const [low, high] = new ShareIntervals(400).share(Uint8Array.from(values)).interval ?? [0, 0];
      return high - low;
    };
    expect(width(bursts)).toBeGreaterThan(4 * width(alternating));
  });
});

test('4096 CPUs are shown in 17 or 18 ranges, none over the half', () => {
  const pages = (empty: number) => Array.from({ length: 4096 }, (_, cpu) => (cpu < empty ? 0 : 3));
  const result = series([moment(0, pages(2047)), moment(100, pages(2048)), moment(200, pages(4096))]);
  expect(result.empty).toHaveLength(4097);
  expect(result.halfEmpty.samples).toBe(2);
  expect(result.distribution.length).toBeLessThanOrEqual(18);
  expect(result.distribution.filter(({ from, to }) => from <= 2047 && to >= 2048)).toEqual([]);
  expect(result.distribution.reduce((sum, { samples }) => sum + samples, 0)).toBe(3);
  const text = samplesText(result, { width: 80, colours: picocolors.createColors(false), unicode: true });
  expect(text).toContain('the 8 most and least often of 4,096');
  expect(text.split('\n').filter((line) => line.length > 84)).toEqual([]);
});

test('for people: the answer first, intervals, load, cost, where it ran', () => {
  const moments = Array.from({ length: 40 }, (_, i) => moment(i * 100, [5, i % 4 === 0 ? 2 : 0, 0, 0]));
  const text = samplesText(series(moments, 50), {
    width: 100,
    colours: picocolors.createColors(false),
    unicode: false,
  });
  expect(text).toMatch(/^Stopped after 40 of 50 samples\./);
  // 2 or 3 of 4 CPUs are empty: always half, on average 2.75 of 4.
  expect(text).toContain('At least half of the 4 CPUs were empty in 100.0 %');
  expect(text).toMatch(/on average 68\.8 %\s\(/);
  expect(text).toMatch(/ {6}3 {7}30 #+ 75\.0 % \(\d+\.\d to \d+\.\d\)/);
  expect(text).toContain('3 isolated');
  expect(text).toContain('Its own cost: 1.20 % of a core (12 ms), 80 MB.');
  expect(text.replace(/\n/g, ' ')).toContain('off the isolated CPU 3');
  expect(text).toContain('CPU 1, where it ran, may have held pages because of it');
});

import { describe, expect, it } from 'vitest';
import type { ZoneSpec } from '../input/scenario.ts';
import { kernelRules } from './kernel-rules.ts';
import { failuresMax, Kswapd } from './kswapd.ts';
import { Watermarks, ZoneClass } from './watermarks.ts';

const { Normal, Movable } = ZoneClass;
const plenty = 100000;

/** DMA and DMA32 on node 0: min 23/638, low 28/797, high 33/956; DMA keeps 413 pages for itself. */
const small: readonly ZoneSpec[] = [
  { name: 'DMA', node: 0, startPfn: 1, pages: 3977 },
  { name: 'DMA32', node: 0, startPfn: 4096, pages: 105855 },
];

function kswapdOf(version: string, zones = small): Kswapd {
  const rules = kernelRules(version);
  const marks = new Watermarks(zones, rules, { minFreeKbytes: -1, watermarkScaleFactor: 10, thp: false });
  return new Kswapd(marks, zones, 1, rules);
}

const free = (...pages: number[]) => ({
  free: Int32Array.from(pages),
  freeBlocks: new Int32Array(pages.length * 11).fill(1),
  reserveBlocks: new Int32Array(pages.length * 11),
});

describe('kswapd', () => {
  it('from 4.8 sleeps while one zone is above its high mark and what it keeps', () => {
    const kswapd = kswapdOf('5.10');
    // DMA: 33 + 413 = 446 is the floor.
    expect(kswapd.wake(0, 0, Normal, free(447, 700), plenty)).toBe(false);
    expect(kswapd.wake(0, 0, Normal, free(446, 700), plenty)).toBe(true);
    expect(kswapd.wakes).toBe(1);
    expect(kswapd.wake(0, 0, Normal, free(446, 700), plenty)).toBe(false);
    // 33 → at least 32 is 33; 956.
    expect(kswapd.next(0, free(446, 700), plenty)).toBe(33 + 956);
    expect(kswapd.next(0, free(446, 956), plenty)).toBe(33 + 956);
    expect(kswapd.next(0, free(446, 957), plenty)).toBe(0);
    expect(kswapd.awake[0]).toBe(0);
  });

  it('in 3.0 wakes when one zone is below its low mark, and works until all are above their high marks', () => {
    const kswapd = kswapdOf('3.0');
    // 3.0: low = min + min/4: 638 + 159 = 797, and two pages more.
    expect(kswapd.wake(0, 0, Normal, free(31, 800), plenty)).toBe(false);
    expect(kswapd.wake(0, 0, Normal, free(31, 799), plenty)).toBe(true);
    // high = min + min/2: 23 + 11 = 34, 638 + 319 = 957; + 2.
    expect(kswapd.next(0, free(36, 960), plenty)).toBe(34 + 957);
    expect(kswapd.next(0, free(37, 959), plenty)).toBe(34 + 957);
    expect(kswapd.next(0, free(37, 960), plenty)).toBe(0);
  });

  it('zones above those of the request do not matter', () => {
    const zones: readonly ZoneSpec[] = [
      { name: 'Normal', node: 0, startPfn: 0, pages: 102400 },
      { name: 'Movable', node: 0, startPfn: 102400, pages: 102400 },
    ];
    const kswapd = kswapdOf('5.10', zones);
    expect(kswapd.wake(0, 0, Movable, free(0, 90000), plenty)).toBe(false);
    expect(kswapd.wake(0, 0, Normal, free(0, 90000), plenty)).toBe(true);
    // Woken for Movable too while it runs: now the free zone counts.
    expect(kswapd.next(0, free(0, 90000), plenty)).toBeGreaterThan(0);
    kswapd.wake(0, 0, Movable, free(0, 90000), plenty);
    expect(kswapd.next(0, free(0, 90000), plenty)).toBe(0);
  });

  it('scans twice as much at the next pass unless it scanned enough and got something', () => {
    const kswapd = kswapdOf('5.10');
    kswapd.wake(0, 0, Normal, free(0, 0), plenty);
    expect(kswapd.priority[0]).toBe(12);
    kswapd.passed(0, 989, 24, 24);
    expect(kswapd.priority[0]).toBe(11);
    kswapd.passed(0, 989, 1000, 24);
    expect(kswapd.priority[0]).toBe(11);
    kswapd.passed(0, 989, 1000, 0);
    expect(kswapd.priority[0]).toBe(10);
  });

  it('gives up after 16 rounds of 12 passes without a page, until a direct reclaimer gets one', () => {
    const kswapd = kswapdOf('5.10');
    kswapd.wake(0, 0, Normal, free(0, 0), plenty);
    let passes = 0;
    while (kswapd.next(0, free(0, 0), plenty) > 0) {
      kswapd.passed(0, 989, 10, 0);
      passes++;
    }
    expect(passes).toBe(16 * 12);
    expect(kswapd.failures[0]).toBe(failuresMax);
    expect(kswapd.wake(0, 0, Normal, free(0, 0), plenty)).toBe(false);
    kswapd.madeProgress(0);
    expect(kswapd.wake(0, 0, Normal, free(0, 0), plenty)).toBe(true);
  });

  it('before 4.12 gives up when it has scanned six times what there is', () => {
    const kswapd = kswapdOf('3.0');
    kswapd.wake(0, 0, Normal, free(0, 0), 100);
    for (let i = 0; i < 5; i++) kswapd.passed(0, 989, 100, 0);
    expect(kswapd.next(0, free(0, 0), 100)).toBeGreaterThan(0);
    kswapd.passed(0, 989, 100, 0);
    expect(kswapd.next(0, free(0, 0), 100)).toBe(0);
    // With nothing to reclaim one round is enough.
    const empty = kswapdOf('3.0');
    empty.wake(0, 0, Normal, free(0, 0), 0);
    for (let i = 0; i < 12; i++) {
      expect(empty.next(0, free(0, 0), 0)).toBeGreaterThan(0);
      empty.passed(0, 989, 0, 0);
    }
    expect(empty.next(0, free(0, 0), 0)).toBe(0);
  });

  it('tries for a larger block for one round', () => {
    const kswapd = kswapdOf('5.10');
    const scattered = { ...free(2000, 5000), freeBlocks: new Int32Array(22) };
    expect(kswapd.wake(0, 3, Normal, scattered, plenty)).toBe(true);
    for (let i = 0; i < 12; i++) {
      expect(kswapd.next(0, scattered, plenty)).toBeGreaterThan(0);
      kswapd.passed(0, 989, 10, 10);
    }
    expect(kswapd.next(0, scattered, plenty)).toBe(0);
  });
});

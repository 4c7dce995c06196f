import { describe, expect, test } from 'vitest';
import { kernelRules } from './kernel-rules.ts';
import { batchRule, disabledLimits, listLimits } from './list-limits.ts';

const mib = 256;

describe('the batch rule', () => {
  // Zone in MiB; rule up to 4.18; 4.19 to 6.18; 6.19.
  const vectors: ReadonlyArray<readonly [number, number, number, number]> = [
    [15, 0, 0, 1],
    [64, 3, 3, 3],
    [128, 7, 7, 7],
    [256, 15, 15, 15],
    [512, 31, 31, 31],
    [768, 31, 63, 63],
    [1024, 31, 63, 63],
    [262144, 31, 63, 63],
  ];

  test.each(vectors)('gives a zone of %i MiB %i, %i and %i by era', (size, old, middle, latest) => {
    expect(batchRule('512K', size * mib)).toBe(old);
    expect(batchRule('1M', size * mib)).toBe(middle);
    expect(batchRule('6.19', size * mib)).toBe(latest);
  });

  test('rounds down to a power of two after adding a half', () => {
    // 100 MiB: 25600 / 1024 = 25; 25 / 4 = 6; 6 + 3 = 9 → 8 - 1.
    expect(batchRule('1M', 25600)).toBe(7);
    // 6.19: 25600 / 4096 = 6; 6 + 3 = 9 → 8 - 1.
    expect(batchRule('6.19', 25600)).toBe(7);
    // 192 MiB: 49152 / 1024 = 48; / 4 = 12; 12 + 6 = 18 → 16 - 1.
    expect(batchRule('512K', 49152)).toBe(15);
  });
});

const gib = 262144;
const node = (pages: number, low: number, cpus: number, fraction = 0) => ({
  managedPages: pages,
  lowWatermark: low,
  localCpus: cpus,
  fraction,
});

describe('the limits of a list set', () => {
  test('high is six batches up to 5.13', () => {
    expect(listLimits(kernelRules('3.0'), node(4 * gib, 0, 4))).toEqual({
      batch: 31,
      high: 186,
      highMin: 186,
      highMax: 186,
    });
    expect(listLimits(kernelRules('5.10'), node(4 * gib, 0, 4))).toMatchObject({ batch: 63, high: 378 });
    // The recorded 5.10 machine: 496 MiB less the kernel; 117 760 / 1024 = 115; / 4 = 28; 28 + 14 = 42 → 31.
    expect(listLimits(kernelRules('5.10'), node(117760, 0, 8))).toMatchObject({ batch: 31, high: 186 });
  });

  test('zone DMA keeps nothing up to 5.13: high 0, batch 1', () => {
    expect(listLimits(kernelRules('5.10'), node(3840, 100, 8))).toEqual({
      batch: 1,
      high: 0,
      highMin: 0,
      highMax: 0,
    });
  });

  // RAM in GiB, CPUs, low watermark, high of 5.14 = high_min of 6.7, high_max of 6.7 (batch 63).
  const shared: ReadonlyArray<readonly [number, number, number, number, number]> = [
    [4, 4, 3096, 774, 32768],
    [16, 8, 8290, 1036, 65536],
    [64, 16, 24969, 1560, 131072],
    [64, 64, 24969, 390, 32768],
    [256, 128, 83492, 652, 65536],
  ];

  test.each(shared)(
    '%i GiB on %i CPUs with low watermark %i: high %i from 5.14, up to %i from 6.7',
    (...row) => {
      const [size, cpus, low, high, highMax] = row;
      const zone = node(size * gib, low, cpus);
      expect(listLimits(kernelRules('5.14'), zone)).toEqual({
        batch: 63,
        high,
        highMin: high,
        highMax: high,
      });
      expect(listLimits(kernelRules('6.12'), zone)).toEqual({ batch: 63, high, highMin: high, highMax });
    },
  );

  test('four batches fit, however many CPUs share the watermark', () => {
    // 8290 / 64 = 129 < 4 * 63.
    expect(listLimits(kernelRules('6.1'), node(16 * gib, 8290, 64)).high).toBe(252);
    // 16 GiB / 8 / 4096 CPUs = 128 pages: high_max too.
    expect(listLimits(kernelRules('6.12'), node(16 * gib, 8290, 4096))).toMatchObject({
      highMin: 252,
      highMax: 252,
    });
  });

  test('vm.percpu_pagelist_fraction gives high = pages / fraction and batch = high / 4, at most 96', () => {
    // 4096 / 16 = 256; 256 / 4 = 64.
    expect(listLimits(kernelRules('3.0'), node(4096, 0, 4, 16))).toMatchObject({ batch: 64, high: 256 });
    // 1 GiB / 8 = 32768; a quarter would be 8192.
    expect(listLimits(kernelRules('5.10'), node(gib, 0, 4, 8))).toMatchObject({ batch: 96, high: 32768 });
    // 10 / 8 = 1; a quarter of it is 0, and the batch is at least 1.
    expect(listLimits(kernelRules('5.10'), node(10, 0, 4, 8))).toMatchObject({ batch: 1, high: 1 });
  });

  test('vm.percpu_pagelist_high_fraction takes the place of the low watermark and ends the tuning', () => {
    // 4 GiB / 16 / 4 CPUs = 1048576 / 64 = 16384; batch stays.
    const limits = { batch: 63, high: 16384, highMin: 16384, highMax: 16384 };
    expect(listLimits(kernelRules('5.15'), node(4 * gib, 3096, 4, 16))).toEqual(limits);
    expect(listLimits(kernelRules('6.12'), node(4 * gib, 3096, 4, 16))).toEqual(limits);
  });

  test('the sysctls know no fraction below 8', () => {
    expect(listLimits(kernelRules('5.10'), node(gib, 0, 4, 7)).high).toBe(378);
  });

  test('a list that is switched off keeps nothing', () => {
    expect(disabledLimits).toEqual({ batch: 1, high: 0, highMin: 0, highMax: 0 });
  });
});

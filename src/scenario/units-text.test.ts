import { describe, expect, test } from 'vitest';
import { nanosecondsOf, pagesOf, sizePattern, sizeText, timePattern } from './units-text.ts';

describe('sizes', () => {
  test.each([
    // 496 · 2^20 / 4096 = 496 · 256
    ['496 MiB', 126_976],
    ['4GiB', 1_048_576],
    // 1.5 · 2^30 / 4096
    ['1.5 GiB', 393_216],
    ['300 pages', 300],
    ['1 page', 1],
    ['4097 B', 2],
    ['1 TiB', 268_435_456],
    ['0', 0],
  ])('%s is %i pages', (text, pages) => {
    expect(sizePattern.test(text)).toBe(true);
    expect(pagesOf(text)).toBe(pages);
  });

  test.each(['496', '-1 MiB', '1e3 MiB', 'MiB', '1 MB', '1  MiB', '1 MiB ', '٣ MiB', '9'.repeat(400), ''])(
    '"%s" is none',
    (text) => {
      expect(sizePattern.test(text)).toBe(false);
    },
  );

  test('are written in the largest whole unit', () => {
    expect([126_976, 1_048_576, 300, 0].map(sizeText)).toEqual(['496 MiB', '4 GiB', '300 pages', '0 pages']);
  });
});

describe('times', () => {
  test.each([
    ['3 ms', 3_000_000],
    ['60 s', 60_000_000_000],
    ['1.5us', 1500],
    ['2 µs', 2000],
    ['7 ns', 7],
    ['2 min', 120_000_000_000],
    ['0', 0],
  ])('%s is %i ns', (text, ns) => {
    expect(timePattern.test(text)).toBe(true);
    expect(nanosecondsOf(text)).toBe(ns);
  });

  test.each(['3', '3 sec', '-3 ms', '1e9 s', 'ms', ''])('"%s" is none', (text) => {
    expect(timePattern.test(text)).toBe(false);
  });
});

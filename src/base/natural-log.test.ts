import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naturalLog } from './natural-log.ts';

test('known values', () => {
  expect(naturalLog(1)).toBe(0);
  expect(naturalLog(2)).toBe(Math.LN2);
  expect(naturalLog(0.5)).toBe(-Math.LN2);
  expect(naturalLog(Math.E)).toBeCloseTo(1, 15);
  expect(naturalLog(10)).toBeCloseTo(Math.LN10, 14);
});

test('agrees with Math.log where the tasks draw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (draw) => {
      const x = (draw + 0.5) / 4294967296;
      expect(Math.abs(naturalLog(x) - Math.log(x))).toBeLessThanOrEqual(4e-15 * Math.max(1, -Math.log(x)));
    }),
    { numRuns: 2000 },
  );
});

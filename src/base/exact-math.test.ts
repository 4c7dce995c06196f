import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arcTangent, naturalLog } from './exact-math.ts';

test('known logarithms', () => {
  expect(naturalLog(1)).toBe(0);
  expect(naturalLog(2)).toBe(Math.LN2);
  expect(naturalLog(0.5)).toBe(-Math.LN2);
  expect(naturalLog(Math.E)).toBeCloseTo(1, 15);
  expect(naturalLog(10)).toBeCloseTo(Math.LN10, 14);
});

test('the logarithm agrees with Math.log where the tasks draw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (draw) => {
      const x = (draw + 0.5) / 4294967296;
      expect(Math.abs(naturalLog(x) - Math.log(x))).toBeLessThanOrEqual(4e-15 * Math.max(1, -Math.log(x)));
    }),
    { numRuns: 2000 },
  );
});

test('known angles', () => {
  expect(arcTangent(0)).toBe(0);
  expect(arcTangent(1)).toBeCloseTo(Math.PI / 4, 14);
  expect(arcTangent(-1)).toBeCloseTo(-Math.PI / 4, 14);
  expect(arcTangent(Math.sqrt(3))).toBeCloseTo(Math.PI / 3, 14);
});

test('the angle agrees with Math.atan', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (x) => {
      expect(Math.abs(arcTangent(x) - Math.atan(x))).toBeLessThan(4e-15);
    }),
    { numRuns: 2000 },
  );
});

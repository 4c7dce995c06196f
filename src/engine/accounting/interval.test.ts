import { describe, expect, test } from 'vitest';
import { intervalDrainsMin, ratioInterval } from './interval.ts';

const ones = (length: number) => new Int32Array(length).fill(1);

describe('intervals by block bootstrap', () => {
  test('too few drains say nothing', () => {
    expect(ratioInterval(ones(intervalDrainsMin - 1), ones(100), intervalDrainsMin - 1)).toBeNull();
    expect(ratioInterval(ones(50), new Int32Array(50), 50)).toBeNull();
  });

  test('drains that are all alike leave no doubt', () => {
    expect(ratioInterval(new Int32Array(100).fill(2), new Int32Array(100).fill(7), 100)).toEqual([
      2 / 7,
      2 / 7,
    ]);
  });

  test('the same drains have the same interval', () => {
    const column = Int32Array.from({ length: 300 }, (_, i) => (i * 7919) % 8);
    expect(ratioInterval(column, ones(300), 300)).toEqual(ratioInterval(column, ones(300), 300));
  });

  test('the interval is about ±1.96 standard errors where drains do not depend on each other', () => {
    // Values 0…7 in an order without pattern: mean 3.5, deviation √5.25 = 2.29, standard error 2.29 / √400 = 0.115.
    const column = Int32Array.from({ length: 400 }, (_, i) => Math.floor(i * 8 * 0.6180339887498949) % 8);
    const mean = column.reduce((sum, value) => sum + value, 0) / 400;
    const [low, high] = ratioInterval(column, ones(400), 400) ?? [0, 0];
    expect(low).toBeLessThan(mean);
    expect(high).toBeGreaterThan(mean);
    expect(high - low).toBeLessThan(2 * 1.96 * 0.115 * 1.3);
  });

  test('bursts widen it: neighbours that are alike are fewer than they seem', () => {
    const mixed = Int32Array.from({ length: 400 }, (_, i) => (i % 2) * 6);
    const bursts = Int32Array.from({ length: 400 }, (_, i) => (Math.floor(i / 40) % 2) * 6);
    const width = (column: Int32Array) => {
      const [low, high] = ratioInterval(column, ones(400), 400) ?? [0, 0];
      return high - low;
    };
    expect(width(bursts)).toBeGreaterThan(2 * width(mixed));
  });
});

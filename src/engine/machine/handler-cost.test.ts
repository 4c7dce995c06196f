import { expect, test } from 'vitest';
import { defaultCosts } from './costs.ts';
import { DrainCosts, ZoneLocks } from './handler-cost.ts';

const drain = new DrainCosts(defaultCosts);

test('a drain looks at every list and locks only the zones that it has pages of', () => {
  // 3 x 10 + 2 x 60 + 100 x 75 = 7650; with the entry 7950
  expect(drain.drainNs(3, 2, 100)).toBe(7650);
  expect(drain.handlerNs(3, 2, 100)).toBe(7950);
  expect(drain.drainNs(3, 0, 0)).toBe(30);
  expect(drain.holdNs(186)).toBe(60 + 13_950);
  expect(drain.holdNs(0)).toBe(0);
});

test('a scan of 4096 CPUs with two zones reads 8192 counts', () => {
  expect(drain.scanNs(8192)).toBe(491_520);
});

test('a busy victim fills its caches again, an idle one only leaves the interrupt', () => {
  expect(drain.aftermathNs(186, false)).toBe(200);
  // 200 + 500 + 186 x 80 = 15 580
  expect(drain.aftermathNs(186, true)).toBe(15_580);
  // 100 000 pages cannot displace more than there is.
  expect(drain.cacheRefillNs(100_000)).toBe(100_000);
});

test('handlers that free pages of one zone run one after the other, of two zones side by side', () => {
  const locks = new ZoneLocks(2);
  expect(locks.hold(0, 1000, 500)).toBe(1500);
  expect(locks.waitNs(0, 1200)).toBe(300);
  expect(locks.hold(0, 1200, 500)).toBe(2000);
  expect(locks.hold(1, 1200, 500)).toBe(1700);
  expect(locks.hold(0, 9000, 10)).toBe(9010);
  expect(locks.waitNs(0, 9500)).toBe(0);
});

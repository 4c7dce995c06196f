import { expect, test } from 'vitest';
import { defaultCosts } from './costs.ts';
import { kernelRules } from './kernel-rules.ts';
import { ListLocks } from './list-locks.ts';

test('up to 6.9 one hold takes all pages, from 6.10 at most batch << 5', () => {
  const whole = new ListLocks(4, kernelRules('6.1'), 5, defaultCosts);
  const chunks = new ListLocks(4, kernelRules('6.12'), 5, defaultCosts);
  expect(whole.chunkPages(5000, 63)).toBe(5000);
  expect(chunks.chunkPages(5000, 63)).toBe(2016);
  expect(chunks.chunkPages(100, 63)).toBe(100);
  // 100 + 60 + 5000 x 75 = 375 160; three holds (2016, 2016, 968): 375 000 + 3 x 160
  expect(whole.drainNs(5000, 63)).toBe(375_160);
  expect(chunks.drainNs(5000, 63)).toBe(375_480);
  expect(chunks.holdNs(2016)).toBe(160 + 151_200);
});

test('with PCP_BATCH_SCALE_MAX=0 (RHEL) a hold frees one batch', () => {
  const locks = new ListLocks(4, kernelRules('6.12'), 0, defaultCosts);
  expect(locks.chunkPages(5000, 63)).toBe(63);
  // 80 holds: 79 x 63 = 4977, and 23
  expect(locks.drainNs(5000, 63)).toBe(80 * 160 + 375_000);
});

test('nothing is locked for empty lists', () => {
  const locks = new ListLocks(4, kernelRules('6.12'), 5, defaultCosts);
  expect(locks.drainNs(0, 63)).toBe(0);
  expect(locks.holdNs(0)).toBe(0);
});

test('the owner does not get its lists while they are drained, another requester waits', () => {
  const locks = new ListLocks(4, kernelRules('6.12'), 5, defaultCosts);
  locks.take(2, 1000);
  expect(locks.ownerGets(2, 999)).toBe(false);
  expect(locks.ownerGets(2, 1000)).toBe(true);
  expect(locks.ownerGets(1, 500)).toBe(true);
  expect([locks.freeAt(2, 500), locks.freeAt(2, 1500)]).toEqual([1000, 1500]);
});

import { expect, test } from 'vitest';
import { watchCost } from '../bench/watch.ts';

test('what bench/watch.ts measures is the same work at every run: 64 CPUs, a look and a picture', () => {
  const first = watchCost(64, 2, 2, 1);
  expect(first.hash).toBe(watchCost(64, 2, 2, 1).hash);
  expect(first.hash).toBe('846d43b0');
  expect(first.zoneinfoBytes).toBeGreaterThan(64 * 2 * 100);
  // A look of so small a machine takes far less than the quarter of a second between two.
  expect(first.lookMs + first.pictureMs).toBeLessThan(100);
});

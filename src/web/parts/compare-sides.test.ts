import { expect, it, vi } from 'vitest';
import type { DrainColumns } from '../../thread/messages.ts';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => {});
const { differingDrains, ratesOf } = await import('./compare-sides.ts');

/** Four drains: at 0, 1 and 3 s, and one at 1.5 s that the kernel turned away. */
const drains: DrainColumns = {
  length: 4,
  timeNs: Float64Array.of(0, 1e9, 1.5e9, 3e9),
  endNs: new Float64Array(4),
  cpu: new Int32Array(4),
  cause: new Uint8Array(4),
  holders: new Int32Array(4),
  unknown: new Int32Array(4),
  turnedAway: Uint8Array.of(0, 0, 1, 0),
  forced: new Uint8Array(4),
  policies: ['everyone', 'selective'],
  disturbed: [Int32Array.of(7, 7, 7, 7), Int32Array.of(2, 7, 1, 0)],
  useless: [new Int32Array(4), new Int32Array(4)],
  cpuHeld: new Int32Array(8),
  cpuDisturbed: [],
  cpuUseless: [],
};

it('drains at which two policies differ; not those that were turned away', () => {
  expect([...differingDrains(drains, 'everyone', 'selective')]).toEqual([0, 3]);
  expect(differingDrains(drains, 'selective', 'selective').length).toBe(0);
});

it('rates are a second, whatever the width of a bin', () => {
  const { drains: rate, disturbed } = ratesOf(drains, 'selective', { fromNs: 0, toNs: 4e9 }, 2);
  expect([...rate]).toEqual([1, 0.5]);
  expect([...disturbed]).toEqual([4.5, 0]);
  // Before and after the span is nothing.
  expect([...ratesOf(drains, 'everyone', { fromNs: 2e9, toNs: 3e9 }, 1).drains]).toEqual([0]);
});

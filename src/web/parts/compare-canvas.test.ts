import { expect, it } from 'vitest';
import { pairParts } from './compare-canvas.ts';

it('A and B share one scale, and the line is what A has more', () => {
  const { up, down, line } = pairParts(Float64Array.of(4, 0, 1), Float64Array.of(0, 8, 1));
  expect([...up]).toEqual([0.5, 0, 0.125]);
  expect([...down]).toEqual([0, 1, 0.125]);
  expect([...line]).toEqual([0.5, -1, 0]);
});

it('where nothing happened nothing is drawn', () => {
  expect([...pairParts(new Float64Array(2), new Float64Array(2)).up]).toEqual([0, 0]);
});

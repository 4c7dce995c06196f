import { expect, test } from 'vitest';
import { progressText } from './census-fleet.ts';

test('how far a survey is, and how long it takes', () => {
  // 400 of 1,000 in 20 s: 20 a second, 600 take 30 s.
  expect(progressText(400, 1000, 3, 20_000)).toBe(
    '400 of 1,000 hosts · 3 could not be read · 20.0 a second · 30 s left',
  );
  expect(progressText(10, 10, 0, 5000)).toBe('10 of 10 hosts · 2.0 a second · 0 s left');
});

import { describe, expect, it } from 'vitest';
import { firstAtLeast, roundTimes, timeText } from './time-scale.ts';

describe('times on an axis', () => {
  it('are round and not more than asked for', () => {
    expect(roundTimes(0, 33e9, 8)).toEqual({
      stepNs: 5e9,
      times: [0, 5, 10, 15, 20, 25, 30].map((s) => s * 1e9),
    });
    expect(roundTimes(1.2e9, 1.2004e9, 4).times).toEqual([1.2e9, 1.2001e9, 1.2002e9, 1.2003e9, 1.2004e9]);
  });

  it('are written as fine as their step needs', () => {
    expect(timeText(12.5e9, 1e9)).toBe('13 s');
    expect(timeText(12.5e9, 1e8)).toBe('12.5 s');
    expect(timeText(1_234_567, 1)).toBe('0.001234567 s');
  });
});

describe('the first time that is late enough', () => {
  it('is found among equal ones too', () => {
    const times = [10, 20, 20, 30];
    expect([5, 20, 21, 99].map((time) => firstAtLeast(times, time))).toEqual([0, 1, 3, 4]);
  });
});

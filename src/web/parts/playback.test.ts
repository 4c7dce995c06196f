import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => {});
const { stepFrom, usualRate } = await import('./playback.ts');

describe('playing', () => {
  it('shows the whole in half a minute to one and a quarter, at a round rate', () => {
    expect([30e9, 60e9, 95e9, 1.5e9, 0.3e9].map(usualRate)).toEqual([1, 2, 2, 0.05, 0.01]);
  });

  it('steps from drain to drain, also where two were asked for at the same moment', () => {
    const drains = { timeNs: Float64Array.of(10, 20, 20, 30), length: 4 };
    expect(stepFrom(drains, 0, -1, 1)).toBe(0);
    expect(stepFrom(drains, 15, -1, 1)).toBe(1);
    expect(stepFrom(drains, 20, 1, 1)).toBe(2);
    expect(stepFrom(drains, 20, 2, 1)).toBe(3);
    expect(stepFrom(drains, 20, -1, 1)).toBe(3);
    expect(stepFrom(drains, 20, 2, -1)).toBe(1);
    expect(stepFrom(drains, 25, -1, -1)).toBe(2);
    expect(stepFrom(drains, 10, 0, -1)).toBe(-1);
    expect(stepFrom(drains, 30, 3, 1)).toBe(-1);
  });
});

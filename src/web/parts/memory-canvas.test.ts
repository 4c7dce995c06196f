import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('addEventListener', () => {});
const { heightPart, momentsIn, scaleOf } = await import('./memory-canvas.ts');

/** Two zones at 10, 20 and 30 ns. */
const points = {
  timeNs: Float64Array.of(10, 20, 30),
  free: Int32Array.of(5, 900, 6, 400, 7, 1000),
  min: Int32Array.of(1, 100, 1, 100, 1, 100),
  low: Int32Array.of(2, 150, 2, 150, 2, 150),
  high: Int32Array.of(30, 200, 30, 200, 30, 200),
};

describe('free memory over time', () => {
  it('has one scale for a zone, which its watermarks are on too', () => {
    expect([scaleOf(points, 2, 0), scaleOf(points, 2, 1)]).toEqual([
      { least: 1, most: 30 },
      { least: 100, most: 1000 },
    ]);
    const scale = { least: 1, most: 1000 };
    expect([0, 1, 10, 1000].map((pages) => heightPart(pages, scale))).toEqual([
      0,
      0,
      expect.closeTo(1 / 3),
      1,
    ]);
  });

  it('is drawn from the moment before to the moment after what is shown', () => {
    expect(momentsIn(points, { fromNs: 12, toNs: 18 })).toEqual([0, 2]);
    expect(momentsIn(points, { fromNs: 21, toNs: 22 })).toEqual([1, 3]);
    expect(momentsIn(points, { fromNs: 0, toNs: 5 })).toEqual([0, 1]);
  });
});

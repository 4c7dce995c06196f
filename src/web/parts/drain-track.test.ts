import { describe, expect, it } from 'vitest';
import type { DrainColumns } from '../../thread/messages.ts';
import { drainBars, nearestDrain } from './drain-track.ts';

/** Three drains at 10, 12 and 35 ns; the last but one was turned away. */
const drains: DrainColumns = {
  length: 3,
  timeNs: Float64Array.of(10, 12, 35),
  endNs: Float64Array.of(14, -1, 44),
  cpu: Int32Array.of(0, 1, 2),
  cause: Uint8Array.of(0, 0, 0),
  holders: Int32Array.of(2, 0, 4),
  unknown: new Int32Array(3),
  turnedAway: Uint8Array.of(0, 1, 0),
  forced: new Uint8Array(3),
  policies: ['everyone', 'static-mask'],
  disturbed: [Int32Array.of(3, 3, 3), Int32Array.of(1, 0, 3)],
  useless: [Int32Array.of(2, 3, 0), Int32Array.of(0, 0, 0)],
  cpuHeld: Int32Array.of(2, 2, 1, 1),
  cpuDisturbed: [Int32Array.of(1, 2, 1, 2), Int32Array.of(1, 2, 0, 1)],
  cpuUseless: [Int32Array.of(0, 0, 1, 1), new Int32Array(4)],
};

describe('bars of drains', () => {
  it('add up what a policy disturbs in each column, without calls that were turned away', () => {
    const bars = drainBars(drains, ['everyone', 'everyone'], 0, 40, 4);
    expect([...bars.drains]).toEqual([0, 1, 0, 1]);
    expect([...bars.disturbed]).toEqual([0, 3, 0, 3]);
    expect([...bars.useless]).toEqual([0, 2, 0, 0]);
    expect([...bars.stallNs]).toEqual([0, 4, 0, 9]);
    const mask = drainBars(drains, ['static-mask', 'everyone'], 0, 40, 4);
    expect([...mask.disturbed]).toEqual([0, 1, 0, 3]);
    expect([...mask.against]).toEqual([0, 3, 0, 3]);
    expect([...mask.againstUseless]).toEqual([0, 2, 0, 0]);
  });

  it('count the drains of which not every CPU is known: what is for nothing is a lower bound there', () => {
    const some = { ...drains, unknown: Int32Array.of(0, 2, 1) };
    expect([...drainBars(some, ['everyone', 'static-mask'], 0, 40, 4).notKnown]).toEqual([0, 0, 0, 1]);
  });

  it('show only the drains of the range', () => {
    expect([...drainBars(drains, ['everyone', 'everyone'], 11, 36, 1).drains]).toEqual([1]);
    expect([...drainBars(drains, ['everyone', 'everyone'], 13, 35, 1).drains]).toEqual([0]);
  });

  it('find the drain that was pointed at', () => {
    expect(nearestDrain(drains, 13, 5)).toBe(1);
    expect(nearestDrain(drains, 10.9, 5)).toBe(0);
    expect(nearestDrain(drains, 24, 5)).toBe(-1);
    expect(nearestDrain(drains, 99, 100)).toBe(2);
  });
});

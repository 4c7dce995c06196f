import { describe, expect, it } from 'vitest';
import { stepsTo } from './measure.ts';
import { isConfirmed, measureRoundTrip } from './round-trip.ts';

describe('a batch of 100 calls to CPUs 1 and 2, asked by CPU 0', () => {
  const before = Float64Array.of(7, 1000, 2000, 50);
  const rises = (...rise: number[]) => Float64Array.from(before, (value, cpu) => value + rise[cpu]);
  const confirmed = (...rise: number[]) => isConfirmed(before, rises(...rise), [1, 2], 0);

  it('counts when each of the two took 100 interrupts, or nearly', () => {
    expect(confirmed(0, 100, 100, 0)).toBe(true);
    expect(confirmed(30, 98, 102, 2)).toBe(true);
  });

  it('does not count when one of them took fewer: it did not run our thread', () => {
    expect(confirmed(0, 100, 97, 0)).toBe(false);
    expect(confirmed(0, 0, 0, 0)).toBe(false);
  });

  it('does not count when others were interrupted too, or somebody else interrupted the two', () => {
    expect(confirmed(0, 100, 100, 3)).toBe(false);
    expect(confirmed(0, 103, 100, 0)).toBe(false);
  });
});

describe('measuring a round trip', () => {
  it('takes 2 µs a call for 2 µs where every interrupt arrives, and nothing where none does', () => {
    let nowNs = 0;
    const taken = Float64Array.of(0, 0);
    const calls = {
      registerBarrier: () => {},
      bindTo: () => {},
      barrier: () => {
        nowNs += 2000;
        taken[1]++;
      },
    };
    const options = { targets: [1], cpu: 0, milliseconds: 10, nowNs: () => nowNs };
    const interrupts = () => Float64Array.from(taken);
    // 10 ms are 50 batches of 100 calls of 2 µs.
    expect(measureRoundTrip(calls, { ...options, interrupts })).toEqual({
      targets: 1,
      batches: 50,
      callsPerBatch: 100,
      counted: 50,
      arrivedPerCall: 1,
      callNs: { median: 2000, low: 2000, high: 2000 },
    });
    const lost = measureRoundTrip(calls, { ...options, interrupts: () => new Float64Array(2) });
    expect(lost).toMatchObject({ counted: 0, arrivedPerCall: 0, callNs: null });
  });

  it('asks 0, 1, 2, 4, … CPUs, and all of them', () => {
    expect(stepsTo(1)).toEqual([0, 1]);
    expect(stepsTo(5)).toEqual([0, 1, 2, 4, 5]);
    expect(stepsTo(8)).toEqual([0, 1, 2, 4, 8]);
  });
});

import { describe, expect, it } from 'vitest';
import { defaultCosts } from '../../engine/machine/costs.ts';
import type { LineCosts, RoundTrip } from './calibration.ts';
import { costsFrom, sendPart } from './costs-from.ts';

function trip(targets: number, medianNs: number | null): RoundTrip {
  const callNs = medianNs === null ? null : { median: medianNs, low: medianNs, high: medianNs };
  return { targets, batches: 100, callsPerBatch: 100, counted: callNs ? 100 : 3, arrivedPerCall: 1, callNs };
}

const lines: LineCosts = {
  writer: 1,
  lines: 256,
  rounds: 300,
  remoteNs: { median: 40, low: 38, high: 50 },
  ownNs: { median: 1.44, low: 1.4, high: 2 },
  remoteAtomicNs: { median: 55.55, low: 50, high: 60 },
  counts: true,
};

const nsOf = (costs: ReturnType<typeof costsFrom>, name: string) =>
  costs.find((cost) => cost.name === name)?.ns ?? 0;

describe('the costs from measured round trips', () => {
  it('are a line through the numbers of targets: 500 ns for nobody, 1,500 + 200 for each target', () => {
    const trips = [trip(0, 500), trip(1, 2200), trip(2, 2400), trip(4, 2800)];
    expect(sendPart(trips, false, true)).toEqual({
      fixedNs: expect.closeTo(1500, 6),
      perTargetNs: expect.closeTo(200, 6),
      points: 3,
    });
  });

  it('add up to what was measured, on bare metal and in a guest, before and after 5.16', () => {
    const trips = [trip(0, 500), trip(1, 2200), trip(2, 2400)];
    for (const virtual of [false, true]) {
      for (const newer of [false, true]) {
        const costs = costsFrom(trips, null, virtual, newer);
        const fixed = ['sendBaseNs', 'deliveryNs', 'handlerEntryNs', 'ackNs'];
        const sum = (names: string[]) => names.reduce((total, name) => total + nsOf(costs, name), 0);
        expect(sum(fixed)).toBeCloseTo(1500, 0);
        expect(sum(costs.map(({ name }) => name).filter((name) => !fixed.includes(name)))).toBeCloseTo(
          200,
          0,
        );
        expect(costs.some(({ name }) => name === 'kickGuestNs')).toBe(virtual);
        expect(costs.some(({ name }) => name === 'sendPerTargetNewNs')).toBe(newer);
        expect(costs.every(({ name }) => name in defaultCosts)).toBe(true);
      }
    }
  });

  it('share one number of targets as the defaults do: 1,410 ns fixed and 293 ns a target, all times two', () => {
    // 100 + 560 + 300 + 450 = 1410; 43 + 150 + 100 = 293; together 1703.
    const part = sendPart([trip(0, 100), trip(1, 100 + 2 * 1703)], false, true);
    expect(part).toEqual({
      fixedNs: expect.closeTo(2820, 6),
      perTargetNs: expect.closeTo(586, 6),
      points: 1,
    });
  });

  it('leave out what did not count, and give nothing without the call that interrupts nobody', () => {
    expect(sendPart([trip(0, 500), trip(1, null), trip(2, 2400)], false, true)?.points).toBe(1);
    expect(sendPart([trip(0, null), trip(1, 2200)], false, true)).toBeNull();
    expect(sendPart([trip(0, 500), trip(1, null)], false, true)).toBeNull();
  });

  it('give nothing where more targets take less time: that is noise, not a cost', () => {
    expect(sendPart([trip(0, 500), trip(1, 2400), trip(2, 2200)], false, true)).toBeNull();
    expect(sendPart([trip(0, 500), trip(1, 400)], false, true)).toBeNull();
  });
});

describe('the costs from measured lines', () => {
  it('are taken as they are, to a tenth of a nanosecond', () => {
    const costs = costsFrom([], lines, false, true);
    expect(costs.map(({ name, ns, basis }) => [name, ns, basis])).toEqual([
      ['scanPerListNs', 40, 'measured'],
      ['localListNs', 1.4, 'measured'],
      ['lockListNs', 55.6, 'measured'],
    ]);
  });

  it('are left out where the two CPUs share a cache', () => {
    expect(costsFrom([], { ...lines, counts: false }, false, true)).toEqual([]);
  });
});

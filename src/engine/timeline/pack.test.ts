import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineOf, outcomeOf, requestOf, verdictOf } from '../../../test/hand-made.ts';
import { everyone, staticMask } from '../policy/built-in.ts';
import { type Packed, pack, unpack } from './pack.ts';
import { Timeline } from './timeline.ts';

/** Three CPUs, a few changes over hours, two drains of which one was turned away. */
function made(): Packed {
  const machine = machineOf(3, { isolated: [2], zones: ['DMA', 'Normal'] });
  const timeline = new Timeline(machine);
  const hourNs = 3.6e12;
  for (const [cpu, timeNs, pages] of [
    [0, 5, 7],
    [0, 9, 0],
    [2, 100, 300],
    [0, hourNs, 12_345],
    [2, 2 * hourNs, 1],
  ])
    timeline.pages.note(cpu, timeNs, pages);
  timeline.drainRequested(requestOf({ pages: [7, 0, '?'], timeNs: 6, isolated: [2] }));
  timeline.drainEnded(outcomeOf(0, { endNs: 8, pagesDrained: 7, cpuCount: 3 }));
  timeline.drainRequested(requestOf({ number: 1, pages: [0, 0, 300], timeNs: 200, online: [0, 2] }));
  timeline.drainEnded(outcomeOf(1, { turnedAway: true, cpuCount: 3 }));
  timeline.memory.note(
    50,
    (zone) => [40, 1000][zone],
    (zone, which) => (which === 'high' ? [16, 300][zone] : -1),
  );
  const verdict = verdictOf([{ pages: [7, 0, 3] }]);
  return { verdict, timeline, fromNs: 0, toNs: 2 * hourNs + 1, pagesBasis: 'by hand', nodeOfCpu: [0, 0, 1] };
}

describe('views that are packed', () => {
  it('are the same when they are unpacked', async () => {
    const packed = made();
    const { bytes, exact } = await pack(packed, 1e6);
    expect(exact).toBe(true);
    const back = await unpack(bytes);
    expect(back.verdict).toEqual(packed.verdict);
    expect([back.fromNs, back.toNs, back.pagesBasis, back.nodeOfCpu]).toEqual([
      0,
      7.2e12 + 1,
      'by hand',
      [0, 0, 1],
    ]);
    expect(back.timeline.memory.points()).toEqual({
      timeNs: Float64Array.of(50),
      free: Int32Array.of(40, 1000),
      min: Int32Array.of(-1, -1),
      low: Int32Array.of(-1, -1),
      high: Int32Array.of(16, 300),
    });
    for (const columns of [1, 7, 100]) {
      expect(back.timeline.pages.tile(0, 7.2e12 + 1, columns)).toEqual(
        packed.timeline.pages.tile(0, 7.2e12 + 1, columns),
      );
    }
    for (const number of [0, 1]) {
      expect(back.timeline.drains.at(number)).toEqual(packed.timeline.drains.at(number));
      for (const policy of [everyone, staticMask])
        expect(back.timeline.drains.targetsOf(policy, number)).toEqual(
          packed.timeline.drains.targetsOf(policy, number),
        );
    }
    expect([0, 1].map((number) => back.timeline.drains.wasTurnedAway(number))).toEqual([false, true]);
  });

  it('keep the peaks and say so where every change is too much', async () => {
    const packed = made();
    const { bytes, exact } = await pack(packed, 10);
    expect(exact).toBe(false);
    const { timeline, pagesBasis } = await unpack(bytes);
    expect(pagesBasis).toBe('the most of every 1757.8 ms, so that the file stays small; by hand');
    expect(timeline.pages.tile(0, 7.2e12 + 1, 1).most).toEqual(
      packed.timeline.pages.tile(0, 7.2e12 + 1, 1).most,
    );
    expect(timeline.drains.length).toBe(2);
  });

  it('are refused in one sentence when they are damaged anywhere', async () => {
    const { bytes } = await pack(made(), 1e6);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, change, cut) => {
          const other = cut ? bytes.slice(0, at) : bytes.slice();
          if (!cut) other[at] ^= change;
          await unpack(other).catch((error) => expect(error).toMatchObject({ code: 'E_VIEWS' }));
        },
      ),
      { numRuns: 200 },
    );
  });
});

import { expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import { costsWith, defaultCosts } from './costs.ts';
import { Workers } from './workers.ts';

const workers = new Workers(defaultCosts, false);
const ms = 1_000_000;

test('on an idle CPU: the wake-up, the exit from its state, the switch', () => {
  // 150 + 560 + 300 = 1010 for the reschedule interrupt
  expect(workers.delayIdleNs(200_000, false)).toBe(1010 + 200_000 + 2000);
  expect(workers.delayIdleNs(0, true)).toBe(100 + 2000);
  // In a guest 1300 + 600 + 560 + 300 = 2760.
  expect(new Workers(defaultCosts, true).delayIdleNs(0, false)).toBe(2760 + 2000);
});

test('on a busy CPU mostly at the next point where the kernel schedules', () => {
  // Draw 0.5 < 0.9: 1010 + 2 x 50 000 x 0.25 + 2000
  expect(workers.delayBusyNs(6 * ms, 0.5, 0.25)).toBe(28_010);
});

test('otherwise at the first tick after the slice', () => {
  // Tick in 1 ms; 6 ms of the slice are left: ticks at 1, 5, 9 ms. The first not before 6 ms: 9 ms.
  expect(workers.delayBusyNs(6 * ms, 0.95, 0.25)).toBe(9 * ms + 2000);
  expect(workers.delayBusyNs(5 * ms, 0.95, 0.25)).toBe(5 * ms + 2000);
  expect(workers.delayBusyNs(0, 0.95, 0.25)).toBe(1 * ms + 2000);
});

test('on the own CPU when the requester goes to sleep', () => {
  expect(workers.delayBusyNs(6 * ms, 0.95, 0.25, true)).toBe(2000);
});

test('never while a SCHED_FIFO task spins, unless real-time throttling stops it', () => {
  expect(workers.delayFifoNs(123, 0)).toBe(Number.POSITIVE_INFINITY);
  const throttled = new Workers(costsWith({ rtRuntimePercent: 95 }), false);
  // Its 950 ms of each second are over at 950 ms; 2.3 s later into the third second: 650 ms more.
  expect(throttled.delayFifoNs(0, 0)).toBe(950 * ms + 2000);
  expect(throttled.delayFifoNs(2300 * ms, 0)).toBe(650 * ms + 2000);
  expect(throttled.delayFifoNs(2960 * ms, 0)).toBe(2000);
});

test('the requester flushes the works one by one and sleeps at each that is not done', () => {
  const all = BitSet.full(4);
  // From 1000. CPU 0 done at 900: 1100; CPU 1 at 5000: 5000 + 2500 = 7500; CPU 2 at 7000: 7600; CPU 3 at 9000: 11 500.
  expect(workers.flushed(all, all, 1000, Float64Array.of(900, 5000, 7000, 9000))).toBe(11_500);
  expect(
    workers.flushed(BitSet.of(4, [2]), all, 1000, Float64Array.of(0, 0, Number.POSITIVE_INFINITY, 0)),
  ).toBe(Number.POSITIVE_INFINITY);
  expect(workers.queueingNs(4)).toBe(1200);
});

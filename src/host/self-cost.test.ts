import { expect, test } from 'vitest';
import { Pace, paceMs, SelfCostMeter } from './self-cost.ts';

test('processor time of all threads, as percent of one core', () => {
  const usage = { user: 1_000_000, system: 500_000 };
  let nowMs = 100;
  const meter = new SelfCostMeter({
    cpuUsage: () => ({ ...usage }),
    now: () => nowMs,
    residentBytes: () => 7,
  });
  usage.user += 6_000;
  usage.system += 14_000;
  nowMs += 1000;
  expect(meter.read()).toEqual({
    cpuMs: 20,
    kernelMs: 14,
    elapsedMs: 1000,
    corePercent: 2,
    residentBytes: 7,
  });
  meter.restart();
  nowMs += 500;
  expect(meter.read()).toMatchObject({ cpuMs: 0, corePercent: 0 });
});

test('the real clocks go on when work is done', () => {
  const meter = new SelfCostMeter();
  const until = performance.now() + 30;
  while (performance.now() < until);
  const { cpuMs, elapsedMs, residentBytes } = meter.read();
  expect(cpuMs).toBeGreaterThan(5);
  expect(elapsedMs).toBeGreaterThanOrEqual(30);
  expect(residentBytes).toBeGreaterThan(1e7);
});

test('samples are spread so that they cost no more than asked: 10 ms at 2 % is one in 500 ms', () => {
  expect(paceMs(250, 10, 2)).toBe(500);
  expect(paceMs(250, 1, 2)).toBe(250);
});

test('the pace follows the cost of a look, but for the first seconds', () => {
  const usage = { user: 0, system: 0 };
  let nowMs = 0;
  const meter = new SelfCostMeter({
    cpuUsage: () => ({ ...usage }),
    now: () => nowMs,
    residentBytes: () => 7,
  });
  const pace = new Pace(250, 2, meter);
  const seconds = (number: number, costMs: number) => {
    for (let elapsed = 0; elapsed < 1000 * number; elapsed += pace.everyMs) {
      nowMs += pace.everyMs;
      usage.system += costMs * 1000;
      pace.lookTaken();
    }
  };
  seconds(4, 50);
  expect(pace.cost?.corePercent).toBeCloseTo(20);
  expect(pace.everyMs).toBe(250);
  seconds(4, 10);
  expect(pace.cost?.corePercent).toBeCloseTo(4);
  expect(pace.everyMs).toBe(500);
  seconds(8, 1);
  expect(pace.everyMs).toBe(250);
  pace.ask(100);
  expect(pace.everyMs).toBe(100);
});

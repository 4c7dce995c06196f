import { expect, test } from 'vitest';
import { sampleTimes } from './sample-clock.ts';

/** Times at which samples are taken on a clock that only waits and work move. */
async function timesOf(samples: number, workMs: (sample: number) => number): Promise<number[]> {
  let nowMs = 0;
  const times: number[] = [];
  const wait = async (ms: number) => {
    nowMs += ms;
  };
  for await (const _ of sampleTimes({ everyMs: 100, now: () => nowMs, wait })) {
    times.push(nowMs);
    if (times.length === samples) break;
    nowMs += workMs(times.length);
  }
  return times;
}

test('each sample lies in the first half of its slot, never at the same place twice', async () => {
  const times = await timesOf(50, () => 1);
  expect(times.map((time) => Math.floor(time / 100))).toEqual([...times.keys()]);
  const places = times.map((time) => time % 100);
  expect(Math.max(...places)).toBeLessThan(50);
  expect(new Set(places.map((place) => place.toFixed(3))).size).toBe(50);
});

test('slots that are over are left out, not caught up', async () => {
  const times = await timesOf(4, (sample) => (sample === 2 ? 420 : 1));
  expect(times.map((time) => Math.floor(time / 100))).toEqual([0, 1, 5, 6]);
});

test('the signal ends the waiting', async () => {
  const stop = new AbortController();
  const startMs = performance.now();
  let samples = 0;
  for await (const _ of sampleTimes({ everyMs: 60_000, signal: stop.signal })) {
    samples++;
    setTimeout(() => stop.abort(), 5);
  }
  expect(samples).toBe(1);
  expect(performance.now() - startMs).toBeLessThan(5000);
});

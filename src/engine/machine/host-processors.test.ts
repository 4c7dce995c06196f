import { expect, test } from 'vitest';
import { HostProcessors } from './host-processors.ts';

const ms = 1_000_000;

test('guest CPUs run at once while there are processors, and the next one waits', () => {
  const host = new HostProcessors(3, { cpus: 2, sliceNs: 3 * ms });
  expect(host.wake(0, 0)).toEqual({ timeNs: 0, stopped: -1, started: 0 });
  expect(host.wake(1, 0)).toEqual({ timeNs: 0, stopped: -1, started: 1 });
  expect(host.nextSwitch()).toBe(Number.POSITIVE_INFINITY);
  expect(host.wake(2, 0)).toBeNull();
  expect(host.running(2)).toBe(false);
  // The slices of 0 and 1 began at 0 and last 3 ms.
  expect(host.nextSwitch()).toBe(3 * ms);
  expect(host.switchNext()).toEqual({ timeNs: 3 * ms, stopped: 0, started: 2 });
  expect(host.running(0)).toBe(false);
});

test('a processor that is given back goes to the one that has received least', () => {
  const host = new HostProcessors(3, { cpus: 1, sliceNs: 3 * ms });
  host.wake(0, 0);
  host.wake(1, 0);
  host.switchNext(); // 3 ms: 1 runs, 0 has had 3 ms
  host.wake(2, 4 * ms); // least rank of the others: 1 ms (guest CPU 1); 1 - 1.5 < 0, so it keeps 0
  expect(host.halt(1, 5 * ms)).toEqual({ timeNs: 5 * ms, stopped: 1, started: 2 });
  expect(host.receivedNs(0, 5 * ms)).toBe(3 * ms);
  expect(host.receivedNs(1, 5 * ms)).toBe(2 * ms);
  expect(host.receivedNs(2, 6 * ms)).toBe(1 * ms);
});

test('one that slept goes before one that ran alone for long, and is credited half a slice at most', () => {
  const host = new HostProcessors(2, { cpus: 1, sliceNs: 4 * ms });
  host.wake(0, 0);
  // After 100 ms alone the rank of 0 is 100 ms; 1 comes with 100 - 4/2 = 98 ms: 2 ms behind, more than 1 ms.
  expect(host.wake(1, 100 * ms)).toEqual({ timeNs: 100 * ms, stopped: 0, started: 1 });
  // 1 runs its slice to 104 ms (rank 102), then 0 (rank 100) comes.
  expect(host.nextSwitch()).toBe(104 * ms);
  expect(host.switchNext()).toEqual({ timeNs: 104 * ms, stopped: 1, started: 0 });
  // 0 runs 4 ms to rank 104, then 1 (102).
  expect(host.switchNext()).toEqual({ timeNs: 108 * ms, stopped: 0, started: 1 });
});

test('one that slept but is not far enough behind waits for the end of the slice', () => {
  const host = new HostProcessors(2, { cpus: 1, sliceNs: 1.5 * ms });
  host.wake(0, 0);
  // Credit 0.75 ms: less than the granularity of 1 ms. The slice of 0 was over long ago: the switch is due now.
  expect(host.wake(1, 10 * ms)).toBeNull();
  expect(host.nextSwitch()).toBe(10 * ms);
  expect(host.switchNext()).toEqual({ timeNs: 10 * ms, stopped: 0, started: 1 });
});

test('one that has received less than those who wait gets another slice', () => {
  const host = new HostProcessors(2, { cpus: 1, sliceNs: 3 * ms });
  host.wake(0, 0);
  host.wake(1, 0);
  host.switchNext(); // 3 ms: 1 runs
  host.halt(1, 4 * ms); // 1 has had 1 ms, 0 runs again
  host.wake(1, 4 * ms + 1); // 0 at rank 3 ms; 1 max(1, 3 - 1.5) = 1.5: behind by 1.5 ms, goes first
  expect(host.running(1)).toBe(true);
  // 1 runs from rank 1.5 to 4.5 (3 ms); 0 waits with 3: switch. 0 runs to 6, 1 waits with 4.5: switch.
  expect(host.switchNext()?.started).toBe(0);
  expect(host.switchNext()?.started).toBe(1);
});

test('8 guest CPUs that spin on 2 processors with slices of 3 ms answer an interrupt after 3.375 ms on average', () => {
  // Four take turns on each processor: 3 ms running, 9 ms waiting in 12 ms. An interrupt at a random time meets
  // a waiting CPU with 9/12, and then waits 9/2 ms on average: 0.75 x 4.5 = 3.375 ms.
  const host = new HostProcessors(8, { cpus: 2, sliceNs: 3 * ms });
  for (let cpu = 0; cpu < 8; cpu++) host.wake(cpu, 0);
  const stoppedAt = new Float64Array(8);
  let waits = 0;
  let time = 0;
  const end = 1200 * ms;
  while (host.nextSwitch() <= end) {
    const change = host.switchNext();
    if (!change) continue;
    time = change.timeNs;
    // Mean over all times of the rest of a wait of length w: w*w/2.
    const waited = time - stoppedAt[change.started];
    waits += (waited * waited) / 2;
    stoppedAt[change.stopped] = time;
  }
  const meanNs = waits / (8 * time);
  expect(meanNs / ms).toBeGreaterThan(3.375 * 0.98);
  expect(meanNs / ms).toBeLessThan(3.375 * 1.02);
  // Each had a quarter of a processor.
  for (let cpu = 0; cpu < 8; cpu++) expect(host.receivedNs(cpu, time) / time).toBeCloseTo(0.25, 1);
});

test('processors are never idle while somebody waits, and nobody runs twice', () => {
  const host = new HostProcessors(5, { cpus: 2, sliceNs: 3 * ms });
  let random = 1;
  const draw = () => {
    random = (random * 48271) % 2147483647;
    return random / 2147483647;
  };
  let time = 0;
  for (let i = 0; i < 5000; i++) {
    const next = time + draw() * ms;
    while (host.nextSwitch() <= next) host.switchNext();
    time = next;
    const cpu = Math.floor(draw() * 5);
    if (host.running(cpu)) host.halt(cpu, time);
    else host.wake(cpu, time);
    const running = [0, 1, 2, 3, 4].filter((c) => host.running(c)).length;
    const halted = [0, 1, 2, 3, 4].filter((c) => host.halted(c)).length;
    expect(running).toBe(Math.min(2, 5 - halted));
  }
  const total = [0, 1, 2, 3, 4].reduce((sum, c) => sum + host.receivedNs(c, time), 0);
  expect(total).toBeLessThanOrEqual(2 * time * (1 + 1e-9));
});

test('a host with EEVDF lets one that slept come back at the average, and wait for its turn', () => {
  const host = new HostProcessors(3, { cpus: 1, sliceNs: 3 * ms }, 1 * ms, true);
  host.wake(0, 0);
  host.wake(1, 0);
  for (let slice = 1; slice <= 10; slice++) host.switchNext();
  // At 30 ms both have had 15 ms and 0 begins; at 31 ms it has 16: the average is 15.5, and 2 comes back with it.
  expect(host.wake(2, 31 * ms)).toBeNull();
  // 33 ms: 1 (15) goes before 2 (15.5); 36 ms: 2 goes before 0 (18).
  expect(host.switchNext()).toEqual({ timeNs: 33 * ms, stopped: 0, started: 1 });
  expect(host.switchNext()).toEqual({ timeNs: 36 * ms, stopped: 1, started: 2 });
});

test('a host with CFS lets the same one go first', () => {
  const host = new HostProcessors(3, { cpus: 1, sliceNs: 3 * ms });
  host.wake(0, 0);
  host.wake(1, 0);
  for (let slice = 1; slice <= 10; slice++) host.switchNext();
  // 15 - 3/2 = 13.5, behind the running 16 by 2.5 ms.
  expect(host.wake(2, 31 * ms)).toEqual({ timeNs: 31 * ms, stopped: 0, started: 2 });
});

test('with EEVDF each processor has a queue, and one that falls idle pulls from the other', () => {
  const host = new HostProcessors(4, { cpus: 2, sliceNs: 3 * ms }, 1 * ms, true);
  // Homes are dealt out in turn: 0 and 2 on processor 0, 1 and 3 on processor 1.
  for (const cpu of [0, 1, 2]) host.wake(cpu, 0);
  expect([0, 1, 2].map((cpu) => host.running(cpu))).toEqual([true, true, false]);
  // Only processor 0 has somebody waiting: at 3 ms 2 goes there, while 1 stays on its own.
  expect(host.switchNext()).toEqual({ timeNs: 3 * ms, stopped: 0, started: 2 });
  expect(host.running(1)).toBe(true);
  // 1 halts: nobody waits for processor 1, so it takes 0 from the queue of processor 0.
  expect(host.halt(1, 4 * ms)).toEqual({ timeNs: 4 * ms, stopped: 1, started: 0 });
  expect(host.nextSwitch()).toBe(Number.POSITIVE_INFINITY);
});

test('with EEVDF a queue that is longer by two gives one away, 32 ms after the last time', () => {
  const host = new HostProcessors(8, { cpus: 2, sliceNs: 4 * ms }, 1 * ms, true);
  // 1 runs on processor 1; 0 runs on processor 0, where 2, 4 and 6 wait: three more than on the other.
  for (const cpu of [1, 0, 2, 4, 6]) host.wake(cpu, 0);
  // Slices of processor 0 end each 4 ms; up to 28 ms nothing moves, and 1 never stops.
  while (host.nextSwitch() < 32 * ms) host.switchNext();
  expect(host.receivedNs(1, 32 * ms)).toBe(32 * ms);
  // The switch at 32 ms moves one: from then on processor 1 has somebody waiting, whose turn comes within a slice.
  host.switchNext();
  while (host.nextSwitch() <= 40 * ms) host.switchNext();
  expect(host.receivedNs(1, 40 * ms)).toBeLessThan(40 * ms);
});

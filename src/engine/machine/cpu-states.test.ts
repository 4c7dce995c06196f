import { expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import { CpuStates } from './cpu-states.ts';

const us = 1000;
const ms = 1_000_000;
const machine = (idle: 'none' | 'nehalem', cpus = 3) => ({
  cpus,
  online: BitSet.full(cpus),
  isolated: BitSet.of(cpus, [2]),
  idle,
});

test('a CPU that was never woken is in the deepest state, and waking it early loses residency', () => {
  const cpus = new CpuStates(machine('nehalem'));
  expect([cpus.stateAt(0, 0), cpus.exitNsAt(0, 0)]).toEqual([3, 200 * us]);
  // Idle for 300 µs of the 800 µs after which C6 pays.
  expect(cpus.wake(0, 300 * us)).toEqual({ state: 3, exitNs: 200 * us, lostResidencyNs: 500 * us });
  expect(cpus.idle.has(0)).toBe(false);
  expect(cpus.exitNsAt(0, 301 * us)).toBe(0);
  // Busy: nothing to wake.
  expect(cpus.wake(0, 302 * us)).toEqual({ state: -1, exitNs: 0, lostResidencyNs: 0 });
});

test('a CPU that is woken often goes into shallow states', () => {
  const cpus = new CpuStates(machine('nehalem'));
  let now = 0;
  cpus.wake(1, now);
  for (let i = 0; i < 8; i++) {
    cpus.enterIdle(1, now);
    now += 30 * us;
    cpus.wake(1, now);
    now += 10 * us;
  }
  // Eight idle times of 30 µs (the first, of 0, has gone): C1E pays after 20 µs, C3 after 80.
  cpus.enterIdle(1, now);
  expect(cpus.stateAt(1, now + 100 * us)).toBe(1);
  // The tick comes, and it goes to C6.
  expect(cpus.stateAt(1, now + 4 * ms)).toBe(3);
  expect(cpus.wake(1, now + 5 * ms)).toEqual({ state: 3, exitNs: 200 * us, lostResidencyNs: 0 });
});

test('without idle states an idle CPU polls and wakes at once', () => {
  const cpus = new CpuStates(machine('none'));
  expect([...cpus.polls]).toEqual([0, 1, 2]);
  expect(cpus.wake(0, 5 * ms)).toEqual({ state: -1, exitNs: 0, lostResidencyNs: 0 });
  expect([...cpus.polls]).toEqual([1, 2]);
  cpus.enterIdle(0, 6 * ms);
  expect([...cpus.polls]).toEqual([0, 1, 2]);
});

test('a CPU that goes offline is neither idle nor online, and comes back idle', () => {
  const cpus = new CpuStates(machine('nehalem'));
  cpus.wake(1, 10);
  cpus.bringDown(1, 20);
  expect([...cpus.online]).toEqual([0, 2]);
  expect([...cpus.idle]).toEqual([0, 2]);
  cpus.enterIdle(1, 25);
  expect([...cpus.idle]).toEqual([0, 2]);
  cpus.bringUp(1, 30);
  expect([...cpus.online]).toEqual([0, 1, 2]);
  expect([...cpus.idle]).toEqual([0, 1, 2]);
  expect(cpus.since[1]).toBe(30);
  expect(() => cpus.bringUp(1, 50)).toThrow(/is online/);
});

test('the sets of the machine are copied, not shared', () => {
  const spec = machine('none');
  const cpus = new CpuStates(spec);
  cpus.bringDown(0, 1);
  expect(spec.online.has(0)).toBe(true);
});

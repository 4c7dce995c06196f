import { expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import { defaultCosts } from './costs.ts';
import { type InterruptMode, Interrupts } from './interrupts.ts';
import { kernelRules } from './kernel-rules.ts';

const make = (cpus: number, mode: InterruptMode, version: string, guest = false) =>
  new Interrupts(cpus, mode, kernelRules(version), defaultCosts, guest);

test('physical mode writes once a target: 7 targets of 8 CPUs, each 150 ns after the one before', () => {
  const interrupts = make(8, 'physical', '4.4');
  const all = BitSet.full(8);
  const arrivals = new Float64Array(8);
  const plan = interrupts.send(all, all, 2, 1000, arrivals);
  expect(plan).toEqual({
    targets: 7,
    interrupts: 7,
    hardwareSends: 7,
    // 100 + 7 x 130 + 7 x 150 = 2060
    sendNs: 2060,
    broadcast: false,
    maskWanted: true,
  });
  // Queued after 100 + 910; CPU 0 is the first write: 1000 + 1010 + 150 + 560 = 2720; CPU 7 the seventh: + 900.
  expect(arrivals[0]).toBe(2720);
  expect(arrivals[7]).toBe(3620);
  expect(arrivals[2]).toBe(0);
});

test('cluster mode writes once for each cluster of 16 that has a target', () => {
  const interrupts = make(4096, 'x2apic-cluster', '3.10');
  const online = BitSet.full(4096);
  const arrivals = new Float64Array(4096);
  // Clusters 0 (0, 15), 1 (16), 255 (4095): 3 writes; 4 targets, the requester 5 is no target.
  const plan = interrupts.send(BitSet.of(4096, [0, 5, 15, 16, 4095]), online, 5, 0, arrivals);
  expect([plan.targets, plan.interrupts, plan.hardwareSends]).toEqual([4, 4, 3]);
  // 100 + 4 x 130 + 3 x 150 = 1070
  expect(plan.sendNs).toBe(1070);
  expect(arrivals[0]).toBe(arrivals[15]);
  expect(arrivals[16] - arrivals[15]).toBe(150);
  interrupts.taken(0);
  // Everyone on 4096 CPUs: 256 clusters.
  expect(interrupts.send(online, online, 5, 1e9, arrivals).hardwareSends).toBe(256);
});

test('all-but-self is one write from 5.4 on, when every CPU is online and told', () => {
  const all = BitSet.full(64);
  const arrivals = new Float64Array(64);
  const told = make(64, 'shorthand', '5.10').send(all, all, 0, 0, arrivals);
  expect([told.hardwareSends, told.broadcast]).toEqual([1, true]);
  expect(arrivals[1]).toBe(arrivals[63]);
  // One CPU offline, one CPU left out, or an older kernel: by cluster.
  const missing = all.clone();
  missing.delete(63);
  expect(make(64, 'shorthand', '5.10').send(all, missing, 0, 0, arrivals).hardwareSends).toBe(4);
  expect(make(64, 'shorthand', '5.10').send(missing, all, 0, 0, arrivals).hardwareSends).toBe(4);
  expect(make(64, 'shorthand', '4.19').send(all, all, 0, 0, arrivals).hardwareSends).toBe(4);
});

test('CPUs that are offline and the requester are not interrupted; nobody to tell costs nothing', () => {
  const interrupts = make(4, 'physical', '4.4');
  const online = BitSet.of(4, [0, 1]);
  const arrivals = new Float64Array(4);
  expect(interrupts.send(BitSet.of(4, [0, 2, 3]), online, 0, 0, arrivals)).toEqual({
    targets: 0,
    interrupts: 0,
    hardwareSends: 0,
    sendNs: 0,
    broadcast: false,
    maskWanted: false,
  });
  expect([...interrupts.waiting]).toEqual([0, 0, 0, 0]);
});

test('x86 asks for a mask of its own when it sends to several targets, up to 4.19', () => {
  const all = BitSet.full(4);
  const arrivals = new Float64Array(4);
  expect(make(4, 'physical', '3.0').send(all, all, 0, 0, arrivals).maskWanted).toBe(true);
  expect(make(4, 'physical', '4.19').send(all, all, 0, 0, arrivals).maskWanted).toBe(true);
  expect(make(4, 'physical', '5.4').send(all, all, 0, 0, arrivals).maskWanted).toBe(false);
  // One target is sent to by another path.
  expect(make(4, 'physical', '3.0').send(BitSet.of(4, [3]), all, 0, 0, arrivals).maskWanted).toBe(false);
});

test('from 5.4 a CPU on which a call waits is not interrupted again, and takes both calls at once', () => {
  const interrupts = make(4, 'physical', '5.10');
  const all = BitSet.full(4);
  const first = new Float64Array(4);
  const second = new Float64Array(4);
  interrupts.send(BitSet.of(4, [1, 2]), all, 0, 0, first);
  const plan = interrupts.send(BitSet.of(4, [1, 2, 3]), all, 0, 100, second);
  expect([plan.targets, plan.interrupts, plan.hardwareSends]).toEqual([3, 1, 1]);
  // First: 100 + 2 x 130 = 360; CPU 1 at 360 + 150 + 560 = 1070, CPU 2 at 1220.
  expect([first[1], first[2]]).toEqual([1070, 1220]);
  expect([second[1], second[2]]).toEqual([1070, 1220]);
  // Second: 100 + 100 + 3 x 130 = 590; CPU 3 at 590 + 150 + 560.
  expect(second[3]).toBe(1300);
  expect(interrupts.taken(1)).toBe(2);
  expect(interrupts.taken(1)).toBe(0);
  expect(interrupts.send(BitSet.of(4, [1, 3]), all, 0, 5000, second).interrupts).toBe(1);
});

test('up to 5.3 every target is interrupted again, and a call is taken with the interrupt that comes first', () => {
  const interrupts = make(3, 'physical', '4.9');
  const all = BitSet.full(3);
  const first = new Float64Array(3);
  const second = new Float64Array(3);
  interrupts.send(all, all, 0, 0, first);
  const plan = interrupts.send(all, all, 0, 100, second);
  expect(plan.interrupts).toBe(2);
  expect([...second]).toEqual([...first]);
  expect(interrupts.taken(2)).toBe(2);
});

test('up to 3.8 one entry on the global queue serves all targets: no time for each', () => {
  const all = BitSet.full(8);
  // 100 + 250 + 7 x 150 = 1400
  expect(make(8, 'physical', '3.0').send(all, all, 0, 0, new Float64Array(8)).sendNs).toBe(1400);
});

test('a single target that polls is told without an interrupt from 5.8 on', () => {
  const all = BitSet.full(2);
  const arrivals = new Float64Array(2);
  const polls = BitSet.of(2, [1]);
  expect(make(2, 'physical', '5.10').send(all, all, 0, 0, arrivals, polls).interrupts).toBe(0);
  expect(arrivals[1]).toBe(330); // 100 + 130 + 100
  expect(make(2, 'physical', '5.4').send(all, all, 0, 0, arrivals, polls).interrupts).toBe(1);
  // Several targets are all interrupted.
  const four = BitSet.full(4);
  expect(make(4, 'physical', '5.10').send(four, four, 0, 0, new Float64Array(4), four).interrupts).toBe(3);
});

test('in a guest the host passes on one target after the other', () => {
  const all = BitSet.full(4);
  const arrivals = new Float64Array(4);
  const plan = make(4, 'x2apic-cluster', '4.4', true).send(all, all, 0, 0, arrivals);
  // 100 + 3 x 130 + 1300 + 3 x 600 = 3590
  expect([plan.hardwareSends, plan.sendNs]).toEqual([1, 3590]);
  expect([arrivals[1], arrivals[2], arrivals[3]]).toEqual([2950, 3550, 4150]);
});

test('the requester looks at the answers in order and waits for those that are late', () => {
  const interrupts = make(4, 'physical', '4.4');
  const all = BitSet.full(4);
  // From 1000: CPU 1 done at 2000: 2450 + 100 = 2550; CPU 2 done at 500: seen long ago: 2650; CPU 3 at 9000: 9550.
  expect(interrupts.answered(all, all, 0, 1000, Float64Array.of(0, 2000, 500, 9000))).toBe(9550);
  expect(interrupts.answered(BitSet.of(4, [1, 2]), all, 0, 1000, Float64Array.of(0, 2000, 500, 0))).toBe(
    2650,
  );
  expect(interrupts.answered(BitSet.of(4, [0]), all, 0, 1000, new Float64Array(4))).toBe(1000);
});

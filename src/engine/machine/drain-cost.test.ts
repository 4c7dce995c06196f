/**
 * What a drain costs its requester in each era, put together from the parts as drain_all_pages does, against
 * sums by hand: for 3 CPUs, and for 4096.
 */

import { expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import { defaultCosts } from './costs.ts';
import { CpuStates } from './cpu-states.ts';
import { DrainCosts, ZoneLocks } from './handler-cost.ts';
import type { IdleState } from './idle-states.ts';
import { Interrupts } from './interrupts.ts';
import { kernelRules } from './kernel-rules.ts';
import { ListLocks } from './list-locks.ts';
import { Workers } from './workers.ts';

const drain = new DrainCosts(defaultCosts);

/** One zone, no CPU keeps interrupts off; `pages[cpu]` on the lists. When the requester is done, and its waiting. */
function byInterrupt(
  version: string,
  victims: BitSet,
  pages: Int32Array,
  idle: readonly IdleState[] | null,
  locks: ZoneLocks | null,
  startNs = 0,
) {
  const cpus = pages.length;
  const online = BitSet.full(cpus);
  const rules = kernelRules(version);
  const interrupts = new Interrupts(cpus, 'x2apic-cluster', rules, defaultCosts, false);
  const arrivals = new Float64Array(cpus);
  const plan = interrupts.send(victims, online, 0, startNs, arrivals);
  const done = new Float64Array(cpus);
  for (const cpu of victims) {
    if (cpu === 0) continue;
    const beginsNs = arrivals[cpu] + (idle ? idle[idle.length - 1].exitNs : 0);
    if (locks && pages[cpu] > 0) done[cpu] = locks.hold(0, beginsNs + 300 + 10, drain.holdNs(pages[cpu]));
    else done[cpu] = beginsNs + drain.handlerNs(1, pages[cpu] > 0 ? 1 : 0, pages[cpu]);
  }
  const ownNs = victims.has(0) ? drain.drainNs(1, pages[0] > 0 ? 1 : 0, pages[0]) : 0;
  const sentNs = startNs + plan.sendNs;
  const endNs = rules.ownPartOverlaps
    ? interrupts.answered(victims, online, 0, sentNs + ownNs, done)
    : interrupts.answered(victims, online, 0, sentNs, done) + ownNs;
  return { endNs, plan };
}

test('everyone, 3 CPUs with 10 pages each, 3.0', () => {
  // Sent: 100 + 250 + one cluster 150 = 500. Both arrive at 500 + 560 = 1060 and need 300 + 10 + 60 + 750 = 1120:
  // done at 2180. Answers: 2180 + 450 + 100 = 2730, then 2830. Own part 10 + 60 + 750 = 820 after it: 3650.
  const all = BitSet.full(3);
  expect(byInterrupt('3.0', all, Int32Array.of(10, 10, 10), null, null).endNs).toBe(3650);
});

test('the same when both handlers want the lock of the zone', () => {
  // Both come at 1060 + 310 = 1370 and hold it for 60 + 750 = 810: 2180 and 2990. 2990 + 450 + 100 = 3540; + 820.
  const all = BitSet.full(3);
  expect(byInterrupt('3.0', all, Int32Array.of(10, 10, 10), null, new ZoneLocks(1)).endNs).toBe(4360);
});

test('holders only, 3 CPUs of which one other holds 10 pages, 3.4', () => {
  // Scan 3 x 60 = 180. One target: 100 + 250 + 150 = 500; arrives at 180 + 1060 = 1240; done 2360; 2910; own 10: 2920.
  const holders = BitSet.of(3, [0, 2]);
  const { endNs } = byInterrupt('3.4', holders, Int32Array.of(0, 0, 10), null, null, drain.scanNs(3));
  expect(endNs).toBe(180 + 500 + 560 + 1120 + 450 + 100 + 10);
});

test('from 5.12 the own part runs while the others answer', () => {
  // 5.15: 100 + 2 x 130 + 150 = 510; arrive at 1070, done 2190; own part until 510 + 820 = 1330: hidden. 2190 + 450 + 200.
  const all = BitSet.full(3);
  expect(byInterrupt('5.15', all, Int32Array.of(10, 10, 10), null, null).endNs).toBe(2840);
  // 5.10: after the answers.
  expect(byInterrupt('5.10', all, Int32Array.of(10, 10, 10), null, null).endNs).toBe(2840 + 820);
});

test('everyone, 4096 CPUs in C6 with nothing on their lists, 3.0: the walk over the answers decides', () => {
  // Cluster 0 is written at 350 + 150 and arrives at 1060; C6 of a Nehalem 200 000; 300 + 10: CPU 1 is done at
  // 201 370, seen at 201 920. The last cluster, 255 writes later, is done at 201 370 + 38 250 = 239 620. The walk over the other
  // 4094 takes 409 400: 611 320, later than 239 620 + 550. Own part 10.
  const all = BitSet.full(4096);
  const states = new CpuStates({ cpus: 4096, online: all, isolated: new BitSet(4096), idle: 'nehalem' })
    .states;
  const { endNs, plan } = byInterrupt('3.0', all, new Int32Array(4096), states, null);
  expect([plan.interrupts, plan.hardwareSends]).toEqual([4095, 256]);
  expect(endNs).toBe(611_330);
});

test('holders only, 4096 CPUs of which 4 hold 186 pages: nearly all of it is the scan', () => {
  const pages = new Int32Array(4096);
  const holders = BitSet.of(4096, [0, 1, 2, 3]);
  for (const cpu of holders) pages[cpu] = 186;
  // Scan 4096 x 60 = 245 760. Sent after 100 + 250 + 150 = 500; arrive at 1060; 300 + 10 + 60 + 13 950 = 14 320: 15 380;
  // answers 15 380 + 450 + 3 x 100 = 16 130; own 14 020: 30 150.
  const { endNs, plan } = byInterrupt('3.4', holders, pages, null, null, drain.scanNs(4096));
  expect(plan.hardwareSends).toBe(1);
  expect(endNs).toBe(245_760 + 30_150);
});

test('everyone, 4096 CPUs with 186 pages each: one lock for all makes it 57 ms', () => {
  const all = BitSet.full(4096);
  const { endNs } = byInterrupt('3.0', all, new Int32Array(4096).fill(186), null, new ZoneLocks(1));
  // The first comes at 1370; 4095 holds of 60 + 13 950 = 14 010 one after the other; 450 + 100; own 14 020.
  expect(endNs).toBe(1370 + 4095 * 14_010 + 550 + 14_020);
});

test('workers, 3 CPUs with 10 pages each, the others idle in C6, 5.10', () => {
  const workers = new Workers(defaultCosts, false);
  const all = BitSet.full(3);
  // Scan 180, queueing 3 x 300: asleep at 1080. Each work is woken when it is queued: CPU 1 at 180 + 600 = 780, CPU 2 at 1080.
  // 1010 + 200 000 + 2000 = 203 010, then 820 of work: 204 610 and 204 910. CPU 0 at 1080 + 2000 + 820 = 3900.
  const asleepNs = drain.scanNs(3) + workers.queueingNs(3);
  const workNs = drain.drainNs(1, 1, 10);
  const done = Float64Array.of(
    asleepNs + workers.delayBusyNs(0, 0, 0, true) + workNs,
    780 + workers.delayIdleNs(200_000, false) + workNs,
    1080 + workers.delayIdleNs(200_000, false) + workNs,
  );
  expect([...done]).toEqual([3900, 204_610, 204_910]);
  // Flush: 3900 + 2500 = 6400; 204 610 + 2500 = 207 110; CPU 2 was done meanwhile: + 100.
  expect(workers.flushed(all, all, asleepNs, done)).toBe(207_210);
});

test('remote, 3 CPUs with 10 pages each: nobody works side by side, 6.12', () => {
  const locks = new ListLocks(3, kernelRules('6.12'), 5, defaultCosts);
  // 180 + 3 x (100 + 60 + 750)
  expect(drain.scanNs(3) + 3 * locks.drainNs(10, 63)).toBe(180 + 2730);
});

test('remote, 4096 CPUs with 186 pages each', () => {
  const locks = new ListLocks(4096, kernelRules('6.12'), 5, defaultCosts);
  // 245 760 + 4096 x (160 + 13 950)
  expect(drain.scanNs(4096) + 4096 * locks.drainNs(186, 63)).toBe(245_760 + 57_794_560);
});

/** The slow path of an allocation on one CPU with one zone: 65,536 pages, min 1000, low 1250, lists of up to 90 pages. */

import { describe, expect, test } from 'vitest';
import { type MachineByHand, rowsOf, simulationWith, Witness } from '../../../test/machines.ts';
import { Retry } from '../accounting/run.ts';
import type { TaskSpec } from '../input/scenario.ts';
import { everyone, none } from '../policy/built-in.ts';
import type { Policy } from '../policy/policy.ts';
import type { Simulation } from '../simulation.ts';

type TaskByHand = Partial<TaskSpec> & Pick<TaskSpec, 'kind'>;

interface Case extends MachineByHand {
  free: number;
  cache: number;
  task?: TaskByHand;
  policy?: Policy;
  ms?: number;
  prepare?: (simulation: Simulation) => void;
}

/** Begins at 1 ms, when the files at the start have been read. */
const grower: TaskByHand = { kind: 'anonymous', pages: 5000, startNs: 1e6 };

function run({ free, cache, task = grower, policy = everyone, ms = 1.1, prepare, ...by }: Case) {
  const witness = new Witness();
  const simulation = simulationWith(
    {
      cpus: 1,
      kernel: { minFreeKbytes: 4000 },
      tasks: [task],
      ...by,
      machine: { usedPages: 65_536 - free - cache, cachePages: cache, ...by.machine },
      run: { seconds: ms / 1000, ...by.run },
    },
    policy,
    witness,
  );
  expect(simulation.memory.buddy.free[0]).toBe(free);
  prepare?.(simulation);
  simulation.runUntil(1e9);
  const result = simulation.finish();
  return { simulation, witness, counters: result.counters, drains: rowsOf(result.drains), result };
}

const path = [
  'directReclaimBegin',
  'directReclaimEnd',
  'unreserveHighatomic',
  'drainAllPages',
  'drainLocalPages',
  'pageAlloc',
];

describe('progress', () => {
  test('reclaim, a retry that is refused the pages of its own list, one drain, a retry that succeeds', () => {
    const { witness, drains } = run({ free: 1000, cache: 10_000 });
    // 1000 free are not more than min. What reclaim frees stays on the CPU's list: still 1000.
    const reclaimed = witness.events.find(({ kind }) => kind === 'directReclaimEnd')?.a ?? 0;
    expect(reclaimed).toBeGreaterThanOrEqual(32);
    expect(reclaimed).toBeLessThan(90);
    expect(drains[0]).toMatchObject({
      freePages: 1000,
      holderPages: reclaimed,
      holders: 1,
      requesterHeld: 1,
      interrupts: 0,
      pagesBack: reclaimed,
      retry: Retry.got,
    });
    expect(witness.kinds(...path).slice(0, 6)).toEqual(path);
    expect(witness.kinds('pagePcpuDrain').length).toBeGreaterThanOrEqual(reclaimed);
  });

  test('without the drain the pages stay on the list and the task reclaims on and on, until the list overflows', () => {
    const { drains, simulation, counters } = run({ free: 1000, cache: 10_000, policy: none });
    expect(drains.length).toBeGreaterThan(1);
    expect(drains[0]).toMatchObject({ pagesBack: 0, retry: Retry.failed });
    expect(counters.allocstall).toBeGreaterThan(1);
    expect(simulation.memory.pagesOnLists(0, -1)).toBeGreaterThan(0);
  });

  test('a retry that succeeds before the drain needs none', () => {
    // Reclaim frees 32 and more; high is 6 on a zone this small, so the list gives pages back by itself.
    const { drains, counters } = run({
      free: 1000,
      cache: 2000,
      pages: 8192,
      machine: { usedPages: 8192 - 3000 },
    });
    expect(counters.allocstall).toBeGreaterThan(0);
    expect(counters.directReclaimProgress).toBe(counters.allocstall);
    expect(drains).toEqual([]);
  });

  test('one drain for one reclaim at most', () => {
    const { counters, drains, witness } = run({ free: 600, cache: 10_000, ms: 3 });
    expect(drains.length).toBeGreaterThan(1);
    expect(drains.length).toBeLessThanOrEqual(counters.directReclaimProgress);
    const order = witness.kinds('directReclaimBegin', 'drainAllPages');
    for (let i = 1; i < order.length; i++)
      if (order[i] === 'drainAllPages') expect(order[i - 1]).toBe('directReclaimBegin');
  });

  test('the step after a drain tells whether the retry got its page', () => {
    const { witness, drains } = run({ free: 1000, cache: 10_000 });
    const told = witness.steps.find(({ drain, step }) => drain === 0 && step === 'retried');
    expect(told).toMatchObject({ timeNs: drains[0].endNs, value: 1 });
    expect(witness.stepsOf(0)).toEqual(['requested', 'chosen', 'sent', 'own-part', 'ended', 'retried']);
  });

  test('4.4 on: a block of the highatomic reserve goes before the drain; 3.4 has none', () => {
    const old = run({ free: 1000, cache: 10_000, version: '3.4' });
    expect(old.witness.kinds('unreserveHighatomic')).toEqual([]);
    expect(old.drains.length).toBeGreaterThan(0);
  });
});

describe('no progress', () => {
  test('no drain, and the OOM killer takes the task with most pages', () => {
    const big = { ...grower, name: 'big', startNs: 0 };
    const { counters, drains, witness } = run({
      free: 3000,
      cache: 0,
      ms: 10,
      tasks: [grower, big],
    });
    expect(counters.directReclaimProgress).toBe(0);
    expect(counters.directReclaimNoProgress).toBe(counters.allocstall);
    expect(counters.allocstall).toBeGreaterThan(0);
    expect(drains).toEqual([]);
    expect(witness.kinds('unreserveHighatomic', 'drainAllPages')).toEqual([]);
    expect(counters.oomKills).toBeGreaterThan(0);
  });

  test('__GFP_NORETRY fails instead of killing', () => {
    const { counters, drains } = run({
      free: 1000,
      cache: 0,
      prepare: ({ tasks }) => {
        tasks.noRetry[0] = 1;
      },
    });
    expect(counters.allocstall).toBeGreaterThan(5);
    // Each reclaim ends in a failure; the last may not be over.
    expect(counters.allocstall - counters.allocationFailures).toBeLessThanOrEqual(1);
    expect(counters.oomKills).toBe(0);
    expect(drains).toEqual([]);
  });

  test('an unkillable task alone waits tick after tick', () => {
    const { counters } = run({
      free: 1000,
      cache: 0,
      ms: 41.1,
      task: { ...grower, extra: { unkillable: 1 } },
    });
    expect(counters.oomKills).toBe(0);
    // From 1 ms on, every 4 ms and what reclaim takes: 1, 5, …, 41.
    expect(counters.allocstall).toBeGreaterThanOrEqual(10);
    expect(counters.allocstall).toBeLessThanOrEqual(11);
  });
});

describe('__GFP_NORETRY', () => {
  test('one round of reclaim and drain, then it fails', () => {
    // 800 free and some 40 from the drain are not more than 1000.
    const { counters, drains, witness } = run({
      free: 800,
      cache: 10_000,
      ms: 1.03,
      prepare: ({ tasks }) => {
        tasks.noRetry[0] = 1;
      },
    });
    expect(drains[0].retry).toBe(Retry.failed);
    const failed = drains.filter(({ retry }) => retry === Retry.failed).length;
    expect(counters.allocationFailures).toBe(failed);
    expect(witness.kinds('directReclaimBegin').length).toBeGreaterThanOrEqual(failed);
  });
});

describe('GFP_ATOMIC', () => {
  const packets: TaskByHand = { kind: 'network', pages: 1000, rate: 1_000_000, startNs: 1e6 };

  test('digs to 3/8 of min, then fails', () => {
    const { counters, simulation } = run({ free: 500, cache: 0, task: packets, ms: 1.5 });
    expect(counters.allocationFailures).toBeGreaterThan(0);
    expect(counters.allocstall).toBe(0);
    // 1000 - 500 - 125 = 375, and refills of 15 while more than that are free: 500 - 9 x 15 = 365.
    expect(simulation.memory.buddy.free[0]).toBe(365);
  });

  test('never enters reclaim, however much could be reclaimed', () => {
    const { counters, drains, witness } = run({ free: 500, cache: 10_000, task: packets, ms: 1.5 });
    expect(counters.allocations).toBeGreaterThan(0);
    expect(counters.allocstall).toBe(0);
    expect(drains).toEqual([]);
    expect(witness.kinds('directReclaimBegin')).toEqual([]);
    expect(counters.kswapdWakes).toBeGreaterThan(0);
  });
});

describe('injected faults', () => {
  test('fail without reclaim, take 60 ns each, and leave the clock running', () => {
    const { counters, result } = run({
      free: 20_000,
      cache: 10_000,
      task: { kind: 'network', pages: 100, startNs: 0 },
      failPageAlloc: { probability: 100, times: -1, minOrder: 0 },
      ms: 1,
      run: { seconds: 0.001, maxEvents: 5000 },
    });
    expect(result.endedBy).toBe('time');
    expect(counters.allocations).toBe(0);
    // Nothing but failures in a millisecond, after a switch of 2 µs: 998,000 / 60, and what the last step began.
    expect(counters.allocationFailures).toBeGreaterThanOrEqual(16_633);
    expect(counters.allocationFailures).toBeLessThanOrEqual(16_633 + 64);
    expect(counters.allocstall).toBe(0);
  });

  test('spare what may sleep and pages of users, unless they are told otherwise', () => {
    const always = { probability: 100, times: -1, minOrder: 0 };
    expect(run({ free: 20_000, cache: 0, failPageAlloc: always }).counters.allocationFailures).toBe(0);
    const both = { ...always, ignoreGfpWait: false };
    expect(run({ free: 20_000, cache: 0, failPageAlloc: both }).counters.allocationFailures).toBe(0);
    const forks = { kind: 'fork-storm' as const, pages: 4 };
    const failed = (failPageAlloc: typeof both | typeof always) =>
      run({ free: 20_000, cache: 0, task: forks, failPageAlloc }).counters.allocationFailures;
    expect(failed(always)).toBe(0);
    expect(failed(both)).toBeGreaterThan(0);
  });
});

describe('kswapd', () => {
  test('is woken below the low mark, frees up to the high mark and sleeps', () => {
    const { counters, simulation, witness } = run({
      free: 1300,
      cache: 20_000,
      cpus: 2,
      task: { ...grower, pages: 300, sleepNs: 10e6 },
      ms: 100,
    });
    expect(counters.kswapdWakes).toBeGreaterThan(0);
    expect(counters.kswapdReclaimed).toBeGreaterThan(0);
    expect(counters.allocstall).toBe(0);
    // High is 1500; pages on lists do not count.
    expect(simulation.memory.buddy.free[0]).toBeGreaterThanOrEqual(1500 - 90);
    expect(witness.kinds('kswapdWake', 'kswapdSleep').slice(0, 2)).toEqual(['kswapdWake', 'kswapdSleep']);
  });
});

describe('eras', () => {
  test.each(['3.0', '3.4', '4.9', '5.10', '6.1', '6.12'])(
    '%s: the first reclaim is followed by one drain',
    (version) => {
      // 3.0 counts two pages more below the mark.
      const { drains, counters } = run({ free: 1000, cache: 10_000, version });
      expect(counters.allocstall).toBeGreaterThan(0);
      expect(drains.length).toBeGreaterThan(0);
      expect(drains[0].pagesBack).toBeGreaterThanOrEqual(32);
      expect(drains[0].retry).toBe(Retry.got);
    },
  );
});

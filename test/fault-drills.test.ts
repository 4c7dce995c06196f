/**
 * The fault drills of the thread: with failslab at 100 % the drain of patch v4 finds no mask. It must interrupt everyone and go
 * on; nothing may loop, and no drain may enter direct reclaim again on its way ("GFP_ATOMIC ... infinite loop").
 */

import { describe, expect, test } from 'vitest';
import { DrainResult, MaskSource } from '../src/engine/accounting/run.ts';
import { Kind } from '../src/engine/input/event-log.ts';
import type { DrainStep, RunObserver } from '../src/engine/input/run-observer.ts';
import { builtInPolicies, selective, twoPass } from '../src/engine/policy/built-in.ts';
import type { Policy } from '../src/engine/policy/policy.ts';
import { simulate } from '../src/engine/simulate.ts';
import { type MachineByHand, rowsOf, scenarioWith } from './machines.ts';

/** Eight CPUs, short of memory; masks of 512 bytes from the heap. */
function drill(policy: Policy, by: MachineByHand) {
  const watch = new Reentries();
  const scenario = scenarioWith({
    cpus: 8,
    version: '3.0',
    pages: 32_768,
    kernel: { offstack: true, nrCpus: 4096, slab: 'slab' },
    tasks: [
      { kind: 'anonymous', count: 5, pages: 12_000 },
      { kind: 'reader', count: 4, pages: 1000, sleepNs: 100_000 },
      { kind: 'slab-user', count: 1, pages: 50, sleepNs: 500_000 },
    ],
    ...by,
    machine: { usedPages: 4000, cachePages: 10_000, ...by.machine },
    run: { seconds: 0.5, checkEvery: 0, maxEvents: 2_000_000, ...by.run },
  });
  const run = simulate(scenario, policy, 1, { observer: watch });
  return { run, watch, rows: rowsOf(run.drains) };
}

/** Counts direct reclaims that a process begins between its drain_all_pages and the end of that drain. */
class Reentries implements RunObserver {
  drains = 0;
  reclaims = 0;
  found = 0;
  private readonly inDrain = new Set<number>();
  private readonly pidOfDrain = new Map<number, number>();
  private caller = -1;

  event(kind: number, _timeNs: number, _cpu: number, pid: number): void {
    if (kind === Kind.drainAllPages) this.caller = pid;
    else if (kind === Kind.directReclaimBegin) {
      this.reclaims++;
      if (this.inDrain.has(pid)) this.found++;
    }
  }

  drainStep(drain: number, step: DrainStep): void {
    if (step === 'requested') {
      this.drains++;
      this.pidOfDrain.set(drain, this.caller);
      this.inDrain.add(this.caller);
    } else if (step === 'ended') this.inDrain.delete(this.pidOfDrain.get(drain) ?? -1);
  }
}

const always = { probability: 100, times: -1 };

test('a reclaim inside a drain would be seen', () => {
  const watch = new Reentries();
  watch.event(Kind.drainAllPages, 0, 0, 100);
  watch.drainStep(0, 'requested');
  watch.event(Kind.directReclaimBegin, 0, 1, 101);
  expect(watch.found).toBe(0);
  watch.event(Kind.directReclaimBegin, 0, 0, 100);
  watch.drainStep(0, 'ended');
  watch.event(Kind.directReclaimBegin, 0, 0, 100);
  expect(watch.found).toBe(1);
});

describe('failslab at 100 %', () => {
  const { run, rows, watch } = drill(selective, { failslab: always });

  test('selective falls back to everyone at each drain', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      if (row.endNs < 0) continue;
      expect(row).toMatchObject({
        result: DrainResult.fellBack,
        maskSource: MaskSource.failed,
        targets: 8,
        interrupts: 7,
        maskPages: 0,
      });
    }
    expect(run.counters.maskPagesHeld).toBe(0);
  });

  test('nothing loops: time goes on to the end, with as many events as without the fault', () => {
    expect(run.endedBy).toBe('time');
    const calm = drill(selective, {});
    expect(calm.rows.filter(({ result }) => result === DrainResult.fellBack)).toEqual([]);
    expect(run.events).toBeLessThan(2 * calm.run.events);
  });

  test('no drain enters direct reclaim again', () => {
    expect(watch.drains).toBe(rows.length);
    expect(watch.reclaims).toBe(run.counters.allocstall);
    expect(watch.reclaims).toBeGreaterThan(20);
    expect(watch.found).toBe(0);
  });

  test('two-pass falls back where it wanted a mask, and only there', () => {
    const { rows } = drill(twoPass, { failslab: always });
    for (const { result, maskSource, holders, online } of rows) {
      if (result === DrainResult.fellBack) {
        expect(maskSource).toBe(MaskSource.failed);
        expect(online - holders).toBeGreaterThanOrEqual(online / 2);
      }
      if (result === DrainResult.everyoneByChoice) expect(maskSource).toBe(MaskSource.none);
      expect(result).not.toBe(DrainResult.done);
    }
  });
});

describe('other faults', () => {
  test('failslab at 10 %: about one drain of ten falls back', () => {
    const { rows } = drill(selective, { failslab: { probability: 10, times: -1 }, run: { seconds: 1.5 } });
    const share = rows.filter(({ result }) => result === DrainResult.fellBack).length / rows.length;
    expect(rows.length).toBeGreaterThan(100);
    // Three standard deviations of a tenth at 100 drains: 0.09.
    expect(Math.abs(share - 0.1)).toBeLessThan(0.09);
  });

  test('no pages for the mask (fail_page_alloc, min-order 0): a cold cache fails, and nothing loops', () => {
    const { rows, run, watch } = drill(selective, {
      failPageAlloc: { ...always, minOrder: 0, ignoreGfpWait: true },
      tasks: [
        { kind: 'anonymous', count: 5, pages: 12_000 },
        { kind: 'reader', count: 4, pages: 1000, sleepNs: 100_000 },
      ],
    });
    expect(run.endedBy).toBe('time');
    expect(rows.length).toBeGreaterThan(20);
    for (const { result, endNs } of rows) if (endNs >= 0) expect(result).toBe(DrainResult.fellBack);
    expect(watch.found).toBe(0);
  });

  test('the send of x86 fails to get its own mask, and goes out all the same', () => {
    const { rows, run, watch } = drill(selective, {
      failslab: always,
      kernel: { offstack: true, nrCpus: 4096, slab: 'slab', sendAllocatesMask: true },
    });
    expect(run.counters.sendMaskAllocations).toBeGreaterThan(20);
    expect(run.counters.sendMaskFailures).toBe(run.counters.sendMaskAllocations);
    for (const { endNs, interrupts } of rows) if (endNs >= 0) expect(interrupts).toBe(7);
    expect(watch.found).toBe(0);
  });
});

test.each(builtInPolicies.map((policy) => [policy.name, policy] as const))(
  '%s: no drain enters direct reclaim again, on any era',
  (_, policy) => {
    for (const version of ['3.0', '3.4', '5.10', '6.1', '6.12']) {
      const { watch, run } = drill(policy, { version, failslab: always, run: { seconds: 0.08 } });
      expect(watch.found, version).toBe(0);
      expect(run.endedBy, version).toBe('time');
    }
  },
);

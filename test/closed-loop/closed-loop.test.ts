/**
 * The bars of the closed loop that are met, on the recorded virtual machine. Those that are not are in docs/validation.md;
 * `npx tsx bench/closed-loop.ts` prints all of them. One set of costs for all runs (load-a.yaml), none fitted to one.
 */

import { describe, expect, test } from 'vitest';
import { DrainResult } from '../../src/engine/accounting/run.ts';
import { everyone, selective, worker } from '../../src/engine/policy/built-in.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { cells, distance, type Figures, pooled, scenarioOf, shares, simulated } from './compare.ts';

const seeds = 10;
const kept = new Map<string, { model: Figures; kernel: Figures }>();

/** Model and real runs of one kind, simulated once. */
function cell(label: string): { model: Figures; kernel: Figures } {
  const known = kept.get(label);
  if (known !== undefined) return known;
  const found = cells.find((each) => each.label === label);
  if (found === undefined) throw new Error(`no runs of ${label}`);
  const both = {
    model: simulated(scenarioOf('load-a', found.sets), found.policy, seeds),
    kernel: pooled(found.real),
  };
  kept.set(label, both);
  return both;
}

describe('load A on 8 CPUs, against the patched kernel', () => {
  test('the sums by hand: two real runs count by their drains, distance is half of the differences', () => {
    // Two runs of everyone: 472 and 1,322 drains, 3,304 and 9,254 interrupts: 12,558 / 1,794 = 7.
    expect(pooled(cells.find(({ label }) => label === 'everyone')?.real ?? []).interruptsPerDrain).toBe(7);
    // (|0.5 - 0.25| + |0.5 - 0.25| + |0 - 0.5|) / 2 = 0.5.
    expect(distance([0.5, 0.5], [0.25, 0.25, 0.5])).toBe(0.5);
    expect(shares([1, 3])).toEqual([0.25, 0.75]);
  });

  for (const label of ['everyone', 'selective']) {
    test(`${label}: holders at a drain within a total variation distance of 0.15`, () => {
      const { model, kernel } = cell(label);
      expect(distance(model.holders, kernel.holders)).toBeLessThan(0.15);
    });
  }

  test('everyone: seven interrupts a drain, and the share that finds an empty list within 10 points', () => {
    const { model, kernel } = cell('everyone');
    expect(model.interruptsPerDrain).toBe(7);
    expect(Math.abs(model.empty - kernel.empty)).toBeLessThan(0.1);
  });

  test('selective: interrupts a drain within 15 %, the share that finds an empty list within 10 points', () => {
    const { model, kernel } = cell('selective');
    expect(Math.abs(model.interruptsPerDrain / kernel.interruptsPerDrain - 1)).toBeLessThan(0.15);
    expect(Math.abs(model.empty - kernel.empty)).toBeLessThan(0.1);
  });

  test('drains overlap: selective too interrupts CPUs that somebody has just emptied', () => {
    expect(cell('selective').model.empty).toBeGreaterThan(0.15);
  });

  test('the requester holds pages in 94 to 100 % of the drains: what it reclaimed stands on its own list', () => {
    for (const label of ['everyone', 'selective']) {
      expect(cell(label).model.requesterHeld).toBeGreaterThan(0.94);
    }
  });

  test('worker: calls are turned away, and fewer retries get their page than under interrupts, as in the kernel', () => {
    const { model, kernel } = cell('worker');
    expect(model.busy).toBeGreaterThan(0.3);
    for (const label of ['everyone', 'selective']) {
      const interrupts = cell(label);
      expect(kernel.got).toBeLessThan(interrupts.kernel.got - 0.25);
      expect(model.got).toBeLessThan(interrupts.model.got - 0.25);
    }
  });

  test('failslab at 100 %: each selective drain falls back to everyone, none enters reclaim again', () => {
    const scenario = scenarioOf('load-a', ['faults.failslab.probability=100']);
    const { drains } = simulate(scenario, selective, 1);
    expect(drains.length).toBeGreaterThan(100);
    const open = new Set<number>();
    for (let i = 0; i < drains.length; i++) {
      // A drain that the end of the run cut off counts too: its mask had failed before.
      expect(drains.result[i]).toBe(DrainResult.fellBack);
      expect(drains.interrupts[i]).toBe(7);
      // A task never begins a drain before its last one is over.
      for (const other of open)
        if (drains.endNs[other] >= 0 && drains.endNs[other] <= drains.timeNs[i]) open.delete(other);
      for (const other of open) expect(drains.task[other]).not.toBe(drains.task[i]);
      open.add(i);
    }
  });
});

describe('other loads', () => {
  test('without page cache hackbench into the OOM killer makes no drain, in spite of reclaims and kills', () => {
    for (const policy of [everyone, worker]) {
      const { drains, counters } = simulate(scenarioOf('no-page-cache'), policy, 1);
      expect(counters.oomKills).toBeGreaterThan(10);
      expect(counters.allocstall).toBeGreaterThan(50);
      expect(counters.directReclaimProgress).toBe(0);
      expect(drains.length).toBe(0);
    }
  });

  test('isolated CPUs are not drained: three or four of the housekeeping CPUs hold pages, as in 5.10-isolated', () => {
    const { heldByCpu, drains } = simulate(scenarioOf('load-c-isolated'), worker, 1);
    expect(drains.length).toBeGreaterThan(100);
    expect([...heldByCpu.slice(4)]).toEqual(new Array(12).fill(0));
    const model = simulated(scenarioOf('load-c-isolated'), 'worker', 2);
    expect(model.holdersDone[3] + model.holdersDone[4]).toBeGreaterThan(0.8);
  });

  test('six readers and tasks that grow: nearly every CPU holds pages, and 9 of 10 calls do nothing, as in 5.10-stream', () => {
    const model = simulated(scenarioOf('load-b-stream'), 'worker', 2);
    expect(model.holdersDone.slice(6).reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.8);
    // The kernel: 305 of 344.
    expect(Math.abs(model.busy - 305 / 344)).toBeLessThan(0.1);
  });
});

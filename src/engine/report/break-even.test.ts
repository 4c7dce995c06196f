import { describe, expect, test } from 'vitest';
import { scenarioOf } from '../../../test/hand-made-runs.ts';
import type { Scenario } from '../input/scenario.ts';
import { costTable, defaultCosts } from '../machine/costs.ts';
import { everyone, none, remote, selective, staticMask, twoPass, worker } from '../policy/built-in.ts';
import { breakEven, breakEvenCsv, DrainPricer, holderCounts } from './break-even.ts';

/** Only the costs that are named; all others are 0. */
function withCosts(named: Record<string, number>): Scenario {
  const nothing = Object.fromEntries(costTable.map(({ name }) => [name, 0]));
  return { ...scenarioOf({ cpus: 8, nrCpus: 8 }), costs: { ...nothing, ...named } };
}

describe('prices by hand', () => {
  test('looking at the lists: one count a CPU and zone', () => {
    const pricer = new DrainPricer(withCosts({ scanPerListNs: 10 }), 8);
    expect(pricer.price(everyone, 3, 'cpu').callerNs).toBe(0);
    expect(pricer.price(staticMask, 3, 'cpu')).toEqual({
      callerNs: 80,
      disturbedNs: 0,
      totalNs: 80,
      interrupts: 2,
    });
  });

  test('the mask: from the CPU or a new page, and cleared word by word', () => {
    const pricer = new DrainPricer(withCosts({ maskFastNs: 60, maskPageNs: 2500, maskZeroPerWordNs: 1 }), 8);
    expect(pricer.maskBytes).toBe(8);
    expect(pricer.price(selective, 3, 'cpu').callerNs).toBe(61);
    expect(pricer.price(selective, 3, 'page').callerNs).toBe(2501);
    expect(pricer.price(staticMask, 3, 'page').callerNs).toBe(0);
    // Four of eight empty: it asks; five of eight hold: it does not.
    expect(pricer.price(twoPass, 4, 'cpu').callerNs).toBe(61);
    expect(pricer.price(twoPass, 5, 'cpu').callerNs).toBe(0);
  });

  test('handlers of holders take the lock of the zone one after the other', () => {
    // Two other holders of 62 pages at 1 ns: the first takes 62 ns, the second waits for it; then the caller’s own 62.
    const pricer = new DrainPricer(withCosts({ freePerPageNs: 1 }), 8);
    expect(pricer.price(staticMask, 3, 'cpu')).toEqual({
      callerNs: 186,
      disturbedNs: 186,
      totalNs: 372,
      interrupts: 2,
    });
    // The five that hold nothing cost nothing here.
    expect(pricer.price(everyone, 3, 'cpu')).toEqual({
      callerNs: 186,
      disturbedNs: 186,
      totalNs: 372,
      interrupts: 7,
    });
  });

  test('each interrupted CPU pays entry, exit and its caches', () => {
    const pricer = new DrainPricer(
      withCosts({ handlerEntryNs: 300, handlerExitNs: 200, cacheRefillBaseNs: 500, cacheRefillMaxNs: 1e5 }),
      8,
    );
    expect(pricer.price(everyone, 0, 'cpu')).toMatchObject({ disturbedNs: 7000, interrupts: 7 });
    expect(pricer.price(staticMask, 3, 'cpu')).toMatchObject({ disturbedNs: 2000, interrupts: 2 });
  });

  test('from afar the caller frees all pages, and disturbs nobody', () => {
    const pricer = new DrainPricer(withCosts({ freePerPageNs: 1, lockListNs: 100 }), 8);
    // Three lists of 62 pages, each under one hold.
    expect(pricer.price(remote, 3, 'cpu')).toEqual({
      callerNs: 486,
      disturbedNs: 0,
      totalNs: 486,
      interrupts: 0,
    });
  });

  test('workers: the caller sleeps until the last is done', () => {
    const pricer = new DrainPricer(withCosts({ workerSwitchNs: 2000, wakeupPreemptPercent: 100 }), 8);
    expect(pricer.price(worker, 3, 'cpu')).toEqual({
      callerNs: 2000,
      disturbedNs: 4000,
      totalNs: 6000,
      interrupts: 0,
    });
    expect(pricer.price(none, 3, 'cpu').totalNs).toBe(0);
  });
});

test('the frontier is where a policy stops being cheaper', () => {
  const scenario = { ...scenarioOf({ cpus: 8 }), costs: defaultCosts };
  const result = breakEven(scenario, [8, 64], [selective, staticMask], everyone);
  for (const { cpus, policy, mask, holdersTotal } of result.frontiers) {
    const pricer = new DrainPricer(scenario, cpus);
    const of = policy === 'selective' ? selective : staticMask;
    const cheaper = holderCounts(cpus).map(
      (holders) => pricer.price(of, holders, mask).totalNs < pricer.price(everyone, holders, 'cpu').totalNs,
    );
    expect(cheaper.slice(0, holdersTotal + 1)).not.toContain(false);
    expect(cheaper[holdersTotal + 1]).toBe(false);
    // With every CPU a holder, the look and the mask are for nothing.
    expect(cheaper[cpus]).toBe(false);
  }
  expect(result.frontiers.map(({ policy, mask }) => `${policy} ${mask}`).slice(0, 3)).toEqual([
    'selective cpu',
    'selective page',
    'static-mask cpu',
  ]);
});

test('a page for the mask never makes it cheaper', () => {
  const scenario = { ...scenarioOf(), costs: defaultCosts };
  for (const { holdersTotal, cpus, mask } of breakEven(scenario, [2, 8, 512], [selective], everyone)
    .frontiers) {
    const other = breakEven(scenario, [cpus], [selective], everyone).frontiers.find(
      (each) => each.mask !== mask,
    );
    if (mask === 'cpu') expect(holdersTotal).toBeGreaterThanOrEqual(other?.holdersTotal ?? 0);
  }
});

test('CSV: a row for each number of CPUs, of holders, each policy and mask', () => {
  const scenario = { ...scenarioOf(), costs: defaultCosts };
  const lines = breakEvenCsv(breakEven(scenario, [2, 4], [selective], everyone))
    .trimEnd()
    .split('\n');
  // 0 … 2 and 0 … 4 holders, everyone once and selective twice.
  expect(lines).toHaveLength(1 + (3 + 5) * 3);
  expect(lines[1]).toMatch(/^3\.0,2,0,0,everyone,cpu,1,\d+,\d+,\d+,0,0$/);
});

/**
 * The built-in scenarios: what each says it shows, as relations that can be argued by hand, and the hash of each run. A
 * change of the model moves hashes: look at what moved, then `npx vitest run test/golden/simulated.test.ts -u`.
 */

import { beforeAll, describe, expect, it } from 'vitest';
import { DrainResult, MaskSource, type Run } from '../../src/engine/accounting/run.ts';
import { drainCauses } from '../../src/engine/input/drain-request.ts';
import type { Scenario } from '../../src/engine/input/scenario.ts';
import { policyByName } from '../../src/engine/policy/by-name.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { Simulation } from '../../src/engine/simulation.ts';
import { builtInNames, builtInScenario } from '../../src/scenario/by-name.ts';
import { parseSet } from '../../src/scenario/set-values.ts';

/** What is run here: shorter than what users run. */
interface Golden {
  readonly seconds: number;
  readonly policies: readonly string[];
}

const goldens: Readonly<Record<string, Golden>> = {
  'hackbench-400-8cpu': { seconds: 1.5, policies: ['everyone', 'static-mask'] },
  'hackbench-400-4cpu': { seconds: 2.5, policies: ['everyone', 'selective'] },
  'quiet-drain': { seconds: 120, policies: ['everyone', 'selective', 'two-pass', 'static-mask'] },
  'reclaim-storm': { seconds: 0.3, policies: ['everyone', 'selective', 'static-mask', 'worker', 'remote'] },
  'two-pass-half-empty': { seconds: 1, policies: ['everyone', 'selective', 'two-pass'] },
  'mask-under-pressure': { seconds: 0.3, policies: ['everyone', 'selective', 'static-mask'] },
  'isolated-4092': { seconds: 0.5, policies: ['everyone', 'selective', 'skip-isolated'] },
  'deep-idle': { seconds: 0.3, policies: ['everyone', 'static-mask'] },
  'contiguous-range': { seconds: 10, policies: ['everyone', 'static-mask'] },
  'fifo-spinner': { seconds: 0.3, policies: ['static-mask', 'worker', 'remote'] },
  'memory-failure': { seconds: 0.6, policies: ['everyone', 'selective'] },
  'memory-offline': { seconds: 12, policies: ['everyone', 'static-mask'] },
  'modern-autotune': { seconds: 0.6, policies: [] },
};

type Column = Exclude<keyof Run['drains'], 'length'>;

const scenarioOf = (name: string, sets: readonly string[] = []): Scenario =>
  builtInScenario(name, [`run.seconds=${goldens[name].seconds}`, ...sets].map(parseSet));

function runOf(name: string, policy: string, sets: readonly string[] = []): Run {
  const scenario = scenarioOf(name, sets);
  return simulate(scenario, policyByName(policy), scenario.run.seed);
}

/** Rows of drains that are over and disturbed whom they chose. */
function carriedOut({ drains }: Run): number[] {
  const rows = [...Array(drains.length).keys()];
  return rows.filter((row) => drains.result[row] !== DrainResult.busy && drains.endNs[row] >= 0);
}

const sum = (run: Run, column: Column, rows = carriedOut(run)) =>
  rows.reduce((total, row) => total + run.drains[column][row], 0);
const perDrain = (run: Run, column: Column) => sum(run, column) / carriedOut(run).length;
const causesOf = (run: Run) =>
  new Set([...run.drains.cause.subarray(0, run.drains.length)].map((cause) => drainCauses[cause]));

const runs = new Map<string, Run>();
const of = (name: string, policy: string) => runs.get(`${name} ${policy}`) as Run;

beforeAll(() => {
  for (const [name, { policies }] of Object.entries(goldens)) {
    for (const policy of policies) runs.set(`${name} ${policy}`, runOf(name, policy));
  }
}, 240_000);

describe('each built-in scenario', () => {
  it('is here', () => {
    expect(Object.keys(goldens).sort()).toEqual([...builtInNames].sort());
  });

  it('gives the runs that it gave', () => {
    const hashes = [...runs].map(([name, run]) => `${name} ${run.drains.length} drains ${run.hash}`);
    expect(hashes).toMatchSnapshot();
  });

  it.each(builtInNames)('%s: drains, and ends by time', (name) => {
    for (const policy of goldens[name].policies) {
      const run = of(name, policy);
      expect([policy, run.endedBy]).toEqual([policy, 'time']);
      expect([policy, run.drains.length > 0]).toEqual([policy, true]);
      expect(run.counters.oomKills).toBeLessThan(100);
    }
  });

  it.each(builtInNames.filter((name) => goldens[name].policies.includes('everyone')))(
    '%s: everyone interrupts all other online CPUs at each drain',
    (name) => {
      const run = of(name, 'everyone');
      const others = scenarioOf(name).machine.online.count - 1;
      expect(sum(run, 'interrupts')).toBe(others * carriedOut(run).length);
    },
  );

  it.each(builtInNames.filter((name) => goldens[name].policies.includes('static-mask')))(
    '%s: static-mask interrupts the CPUs that hold pages, the requester’s own left out',
    (name) => {
      const run = of(name, 'static-mask');
      expect(sum(run, 'interrupts')).toBe(sum(run, 'holders') - sum(run, 'requesterHeld'));
      expect(
        run.drains.maskSource.subarray(0, run.drains.length).every((source) => source !== MaskSource.failed),
      ).toBe(true);
    },
  );
});

describe('quiet-drain', () => {
  it('finds pages on every CPU at every drain, so that a mask saves nothing', () => {
    // At 10, 20, … 110 s, and at 120 s the run is over.
    for (const policy of ['everyone', 'selective', 'two-pass', 'static-mask']) {
      const run = of('quiet-drain', policy);
      expect(run.drains.length).toBe(11);
      expect(sum(run, 'holders')).toBe(16 * 11);
      expect(sum(run, 'interrupts')).toBe(15 * 11);
    }
  });

  it('costs selective a mask each time, and two-pass none', () => {
    const allocated = (policy: string) => sum(of('quiet-drain', policy), 'maskNs');
    expect(allocated('selective')).toBeGreaterThan(0);
    expect(allocated('two-pass')).toBe(0);
    const { drains } = of('quiet-drain', 'two-pass');
    expect(
      drains.result.subarray(0, drains.length).every((result) => result === DrainResult.everyoneByChoice),
    ).toBe(true);
  });
});

describe('reclaim-storm', () => {
  it('finds fewer than half of the CPUs holding pages, though each has worked or slept through many drains', () => {
    expect(perDrain(of('reclaim-storm', 'everyone'), 'holders')).toBeLessThan(8);
    expect(perDrain(of('reclaim-storm', 'static-mask'), 'interrupts')).toBeLessThan(7.5);
  });

  it('has drains that overlap under interrupts, and turns most callers away under workers', () => {
    expect(sum(of('reclaim-storm', 'everyone'), 'concurrent')).toBeGreaterThan(0);
    const { drains } = of('reclaim-storm', 'worker');
    const busy = drains.result
      .subarray(0, drains.length)
      .filter((result) => result === DrainResult.busy).length;
    expect(busy / drains.length).toBeGreaterThan(0.5);
  });

  it('interrupts nobody under workers and remote locks', () => {
    expect(sum(of('reclaim-storm', 'worker'), 'interrupts')).toBe(0);
    expect(sum(of('reclaim-storm', 'remote'), 'interrupts')).toBe(0);
    expect(sum(of('reclaim-storm', 'remote'), 'locked')).toBeGreaterThan(0);
  });
});

describe('two-pass-half-empty', () => {
  it('takes each of the two ways at a fifth of the drains at least, by the 50 % line', () => {
    const run = of('two-pass-half-empty', 'two-pass');
    let byChoice = 0;
    for (const row of carriedOut(run)) {
      const everyone = run.drains.result[row] === DrainResult.everyoneByChoice;
      // 16 CPUs: with 9 or more holders fewer than 8 are empty.
      expect([row, everyone]).toEqual([row, run.drains.holders[row] > 8]);
      if (everyone) byChoice++;
    }
    const share = byChoice / carriedOut(run).length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
  });
});

describe('mask-under-pressure', () => {
  it('fails a tenth of the masks, and then interrupts everyone', () => {
    const run = of('mask-under-pressure', 'selective');
    const failed = carriedOut(run).filter((row) => run.drains.maskSource[row] === MaskSource.failed);
    const drains = carriedOut(run).length;
    // Binomial, n drains, p = 0.1: within four deviations.
    expect(Math.abs(failed.length - 0.1 * drains)).toBeLessThan(4 * Math.sqrt(drains * 0.1 * 0.9));
    expect(sum(run, 'interrupts', failed)).toBe(7 * failed.length);
    expect(failed.every((row) => run.drains.result[row] === DrainResult.fellBack)).toBe(true);
  });

  it('with failslab at 100 % falls back each time, and no drain is asked for while its own mask is', () => {
    const run = runOf('mask-under-pressure', 'selective', ['faults.failslab.probability=100']);
    const rows = carriedOut(run);
    expect(rows.every((row) => run.drains.result[row] === DrainResult.fellBack)).toBe(true);
    expect(sum(run, 'interrupts')).toBe(7 * rows.length);
    // Drains of one requester never overlap: the atomic allocation enters no reclaim.
    const endOfTask = new Map<number, number>();
    for (const row of rows) {
      expect(run.drains.timeNs[row]).toBeGreaterThanOrEqual(endOfTask.get(run.drains.task[row]) ?? 0);
      endOfTask.set(run.drains.task[row], run.drains.endNs[row]);
    }
  });
});

describe('isolated-4092', () => {
  it('finds every CPU holding pages when it first drains, and only noisy ones after that', () => {
    const run = of('isolated-4092', 'everyone');
    const { drains } = run;
    const full = [...drains.holders.subarray(0, drains.length)].filter((holders) => holders > 4);
    // Four noisy CPUs: at most four callers can look before the first drain has emptied the lists.
    expect(full.length).toBeGreaterThanOrEqual(1);
    expect(full.length).toBeLessThanOrEqual(4);
    expect([...drains.holders.subarray(0, full.length)]).toEqual(full.map(() => 4096));
    expect(carriedOut(run).length).toBeGreaterThan(50);
  });

  it('disturbs the isolated CPUs at every drain under everyone, at the first ones under selective, never under skip-isolated', () => {
    const everyone = of('isolated-4092', 'everyone');
    expect(sum(everyone, 'isolatedDisturbed')).toBe(4092 * carriedOut(everyone).length);
    const selective = of('isolated-4092', 'selective');
    const first = carriedOut(selective).filter((row) => selective.drains.holders[row] === 4096);
    expect(first.length).toBeLessThanOrEqual(4);
    expect(sum(selective, 'isolatedDisturbed')).toBe(4092 * first.length);
    expect(sum(of('isolated-4092', 'skip-isolated'), 'isolatedDisturbed')).toBe(0);
  });
});

describe('deep-idle', () => {
  it('wakes sleeping CPUs for nothing under everyone, and hardly one under static-mask', () => {
    const everyone = of('deep-idle', 'everyone');
    expect(perDrain(everyone, 'idleWoken')).toBeGreaterThan(20);
    expect(perDrain(everyone, 'useless')).toBeGreaterThan(55);
    // An IPI wakes a CPU at most once.
    expect(sum(everyone, 'idleWoken')).toBeLessThanOrEqual(sum(everyone, 'interrupts'));
    expect(perDrain(of('deep-idle', 'static-mask'), 'idleWoken')).toBeLessThan(1);
  });

  it('makes the requester wait for the slowest exit: 200 µs of C6', () => {
    expect(Math.max(...of('deep-idle', 'everyone').drains.slowestNs)).toBeGreaterThan(200_000);
  });
});

describe('the other callers', () => {
  it('memory-offline drains twice for each range, and finds little the second time', () => {
    const run = of('memory-offline', 'everyone');
    expect(causesOf(run)).toEqual(new Set(['memory-offline']));
    // At 5, 7, 9 and 11 s, two each.
    expect(run.drains.length).toBe(8);
    const [first, second] = [0, 1].map((odd) => carriedOut(run).filter((row) => row % 2 === odd));
    expect(sum(run, 'holders', first)).toBeGreaterThan(4 * sum(run, 'holders', second));
  });

  it('memory-offline from 5.11 on forces every CPU, once', () => {
    const run = runOf('memory-offline', 'static-mask', ['kernel.version=5.15', 'kernel.slab=slub']);
    expect(run.drains.length).toBe(4);
    expect(sum(run, 'forced')).toBe(4);
    expect(sum(run, 'targets')).toBe(64 * 4);
  });

  it('memory-failure comes between drains of direct reclaim', () => {
    const run = of('memory-failure', 'everyone');
    expect(causesOf(run)).toEqual(new Set(['direct-reclaim', 'memory-failure']));
    // At 0.2, 0.3, 0.4 and 0.5 s.
    const rows = carriedOut(run).filter((row) => drainCauses[run.drains.cause[row]] === 'memory-failure');
    expect(rows.length).toBe(4);
  });

  it('contiguous-range drains without any shortage of memory', () => {
    const run = of('contiguous-range', 'everyone');
    expect(causesOf(run)).toEqual(new Set(['contiguous-range']));
    expect(run.counters.directReclaimProgress + run.counters.directReclaimNoProgress).toBe(0);
  });
});

describe('fifo-spinner', () => {
  it('holds the worker policy up for ever: one drain that does not end, all others turned away', () => {
    const { drains } = of('fifo-spinner', 'worker');
    const rows = [...Array(drains.length).keys()];
    expect(rows.filter((row) => drains.endNs[row] < 0).length).toBe(1);
    expect(rows.filter((row) => drains.result[row] === DrainResult.busy).length).toBe(drains.length - 1);
  });

  it('does not hold up interrupts and list locks', () => {
    for (const policy of ['static-mask', 'remote']) {
      const run = of('fifo-spinner', policy);
      expect(carriedOut(run).length).toBeGreaterThan(100);
      expect(Math.max(...run.drains.endNs)).toBeGreaterThan(0.25e9);
    }
  });
});

describe('hackbench-400-4cpu', () => {
  it('with the mistake of version 5 seldom finds anybody to interrupt, and far more often without it', () => {
    const withMistake = of('hackbench-400-4cpu', 'selective');
    const without = runOf('hackbench-400-4cpu', 'selective', ['kernel.lastZoneDecides=false']);
    expect(perDrain(withMistake, 'interrupts')).toBeLessThan(0.5);
    expect(perDrain(without, 'interrupts')).toBeGreaterThan(4 * perDrain(withMistake, 'interrupts'));
  });
});

describe('modern-autotune', () => {
  it('parks more than 2 GiB on the lists when the jobs end together, and gives the run that it gave', () => {
    const scenario = scenarioOf('modern-autotune');
    const simulation = new Simulation(scenario, policyByName('remote'), scenario.run.seed);
    simulation.runUntil(0.55e9);
    let parked = 0;
    for (let cpu = 0; cpu < scenario.machine.cpus; cpu++) {
      for (let zone = 0; zone < scenario.machine.zones.length; zone++)
        parked += simulation.pagesOnList(cpu, zone);
    }
    expect(parked).toBeGreaterThan(2 * 262_144);
    expect(simulation.finish().hash).toMatchSnapshot();
  });
});

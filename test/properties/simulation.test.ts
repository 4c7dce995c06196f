/** What holds for every simulated run, whatever the machine, the load and the policy. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DrainResult, type Run } from '../../src/engine/accounting/run.ts';
import type { DrainRequest } from '../../src/engine/input/drain-request.ts';
import { builtInPolicies, none } from '../../src/engine/policy/built-in.ts';
import { Decision, decide } from '../../src/engine/policy/decide.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { Simulation } from '../../src/engine/simulation.ts';
import { rowsOf, Witness } from '../machines.ts';
import { policies, smallScenarios } from './small-scenarios.ts';

const seeds = fc.integer({ min: 1, max: 1000 });

/** The same cases each time; another number by DRAINLAB_PROPERTY_RUNS. */
const runs = Number(process.env.DRAINLAB_PROPERTY_RUNS ?? 40);
const parameters = { seed: 20111230, numRuns: runs };

/** What two runs must have in common to be the same run. */
const sameAs = ({ hash, events, simulatedNs, endedBy, counters }: Run) => ({
  hash,
  events,
  simulatedNs,
  endedBy,
  counters,
});

test('no page is lost or in two places after any event, and no count is negative', () => {
  let drains = 0;
  fc.assert(
    fc.property(smallScenarios, policies, seeds, (scenario, policy, seed) => {
      const checked = { ...scenario, run: { ...scenario.run, checkEvery: 1, maxEvents: 400 } };
      const run = simulate(checked, policy, seed);
      const { endedBy: _, idleWokenByState, ...counters } = { ...run.counters, endedBy: '' };
      for (const [name, value] of Object.entries(counters)) expect(value, name).toBeGreaterThanOrEqual(0);
      for (const count of idleWokenByState) expect(count).toBeGreaterThanOrEqual(0);
      for (const { zone, endNs, ...row } of rowsOf(run.drains)) {
        expect(Math.min(zone, endNs)).toBeGreaterThanOrEqual(-1);
        for (const [name, value] of Object.entries(row)) expect(value, name).toBeGreaterThanOrEqual(0);
      }
      drains += run.drains.length;
    }),
    parameters,
  );
  expect(drains).toBeGreaterThan(runs / 2);
});

test('the same seed gives the same run', () => {
  fc.assert(
    fc.property(smallScenarios, policies, seeds, (scenario, policy, seed) => {
      expect(sameAs(simulate(scenario, policy, seed))).toEqual(sameAs(simulate(scenario, policy, seed)));
    }),
    parameters,
  );
});

test('in slices, however cut, it is the run at once', () => {
  fc.assert(
    fc.property(
      smallScenarios,
      policies,
      fc.array(fc.nat({ max: 20_000_000 }), { maxLength: 12 }),
      (scenario, policy, cuts) => {
        const whole = new Simulation(scenario, policy, 5);
        whole.runUntil(Number.POSITIVE_INFINITY);
        const cut = new Simulation(scenario, policy, 5);
        let more = true;
        for (const at of [...cuts].sort((a, b) => a - b)) if (more) more = cut.runUntil(at);
        if (more) cut.runUntil(Number.POSITIVE_INFINITY);
        expect(sameAs(cut.finish())).toEqual(sameAs(whole.finish()));
      },
    ),
    parameters,
  );
});

test('it does not matter whether somebody watches', () => {
  fc.assert(
    fc.property(smallScenarios, policies, seeds, (scenario, policy, seed) => {
      const alone = sameAs(simulate(scenario, policy, seed));
      expect(sameAs(simulate(scenario, policy, seed, { observer: new Witness() }))).toEqual(alone);
      const sampled = { sampleNs: 1e6, sample: () => undefined };
      expect(sameAs(simulate(scenario, policy, seed, { observer: sampled }))).toEqual(alone);
    }),
    parameters,
  );
});

test('every time is a whole number of nanoseconds', () => {
  fc.assert(
    fc.property(smallScenarios, policies, seeds, (scenario, policy, seed) => {
      let last = 0;
      const observer = {
        event(_kind: number, timeNs: number) {
          if (!Number.isSafeInteger(timeNs)) throw new Error(`an event at ${timeNs}`);
          last = Math.max(last, timeNs);
        },
        drainStep(_drain: number, step: string, timeNs: number) {
          if (!Number.isSafeInteger(timeNs)) throw new Error(`${step} at ${timeNs}`);
        },
      };
      const run = simulate(scenario, policy, seed, { observer });
      expect(Number.isSafeInteger(run.simulatedNs)).toBe(true);
      expect(last).toBeLessThanOrEqual(run.simulatedNs);
    }),
    parameters,
  );
});

test('at the same request the policies keep their order, and a run does what its policy decides', () => {
  fc.assert(
    fc.property(smallScenarios, policies, (scenario, policy) => {
      const { cpus } = scenario.machine;
      const targets: number[] = [];
      const observer = {
        drainRequested(request: DrainRequest) {
          const chosen = Object.fromEntries(
            builtInPolicies.map((other) => {
              const decision = new Decision(cpus);
              decide(other, request, decision);
              return [other.name, decision.targets];
            }),
          );
          const disturbs = (name: string) => chosen[name].count - (chosen[name].has(request.cpu) ? 1 : 0);
          expect(disturbs('none')).toBe(0);
          expect(disturbs('skip-isolated')).toBeLessThanOrEqual(disturbs('static-mask'));
          expect(disturbs('static-mask')).toBeLessThanOrEqual(disturbs('two-pass'));
          expect(disturbs('two-pass')).toBeLessThanOrEqual(disturbs('everyone'));
          expect(chosen['static-mask'].equals(chosen.selective)).toBe(true);
          if (!request.forced) expect(chosen['skip-isolated'].countCommon(request.isolated)).toBe(0);
          targets[request.number] = chosen[policy.name].count;
        },
      };
      const seesAll = { ...scenario, kernel: { ...scenario.kernel, lastZoneDecides: false } };
      for (const [row, drain] of rowsOf(simulate(seesAll, policy, 3, { observer }).drains).entries()) {
        if (drain.result === DrainResult.fellBack) expect(drain.targets).toBe(drain.online);
        if (drain.result === DrainResult.done) expect(drain.targets).toBe(targets[row]);
      }
    }),
    parameters,
  );
});

test('each drain keeps its bounds', () => {
  fc.assert(
    fc.property(smallScenarios, policies, seeds, (scenario, policy, seed) => {
      const run = simulate(scenario, policy, seed);
      for (const row of rowsOf(run.drains)) {
        // Still waits for its turn: it has not looked.
        if (row.result === DrainResult.unfinished) continue;
        const others = row.online - 1;
        expect(row.holders).toBeLessThanOrEqual(row.online);
        expect(row.isolatedHolders).toBeLessThanOrEqual(row.holders);
        expect(row.targets).toBeLessThanOrEqual(row.online);
        expect(row.interrupts).toBeLessThanOrEqual(others);
        expect(row.idleWoken).toBeLessThanOrEqual(row.interrupts + row.workers);
        expect(row.useless).toBeLessThanOrEqual(Math.min(others, row.targets));
        expect(row.hardwareSends).toBeLessThanOrEqual(Math.max(others, 1));
        if (row.endNs >= 0) expect(row.endNs).toBeGreaterThanOrEqual(row.timeNs);
        if (policy.carrier !== 'interrupt') expect(row.interrupts).toBe(0);
        if (policy.carrier !== 'worker') expect(row.workers).toBe(0);
        if (policy.carrier !== 'lock') expect(row.locked).toBe(0);
        if (policy.name === 'skip-isolated' && row.forced === 0) expect(row.isolatedDisturbed).toBe(0);
        if (policy === none) expect([row.targets, row.pagesBack, row.isolatedDisturbed]).toEqual([0, 0, 0]);
        if (row.result === DrainResult.busy) expect([row.targets, row.pagesBack]).toEqual([0, 0]);
      }
      if (policy === none || policy.carrier === 'lock') expect(run.counters.disturbedNs).toBe(0);
      // Drains of direct reclaim: at most one for each reclaim.
      const direct = rowsOf(run.drains).filter(({ cause }) => cause === 0).length;
      expect(direct).toBeLessThanOrEqual(run.counters.directReclaimProgress);
    }),
    parameters,
  );
});

test('another seed gives another run', () => {
  const hashes = fc
    .sample(smallScenarios, { seed: 7, numRuns: 20 })
    .filter(({ tasks }) => tasks.some(({ kind }) => kind === 'slab-user' || kind === 'walker'))
    .map((scenario) => [1, 2, 3].map((seed) => simulate(scenario, none, seed).hash));
  expect(hashes.length).toBeGreaterThan(2);
  for (const each of hashes) expect(new Set(each).size).toBe(3);
});

test('nothing is forgotten: without SCHED_FIFO no drain stays open, and no CPU with work stands still', () => {
  fc.assert(
    fc.property(smallScenarios, policies, (scenario, policy) => {
      const tasks = scenario.tasks.map((task) => ({ ...task, fifo: false }));
      const run = { ...scenario.run, seconds: 0.25, maxEvents: 40_000 };
      const simulation = new Simulation({ ...scenario, tasks, run }, policy, 1);
      simulation.runUntil(Number.POSITIVE_INFINITY);
      const { processors, nowNs, drains } = simulation;
      // Six CPUs that share one processor of a host have a turn each 24 ms.
      const longNs = 120e6;
      for (const row of rowsOf(drains.columns))
        if (row.endNs < 0) expect(row.timeNs).toBeGreaterThan(nowNs - longNs);
      for (const cpu of processors.states.online) {
        const waits = processors.queues.length(cpu) > 0 || processors.current[cpu] >= 0;
        if (processors.isIdle(cpu)) expect(waits, `CPU ${cpu} is idle`).toBe(false);
        else if (waits) expect(processors.endsNs[cpu]).toBeGreaterThan(nowNs - longNs);
        // Nobody computes on and on while others wait; a requester may spin.
        if (processors.queues.length(cpu) > 0 && processors.endsNs[cpu] !== Number.POSITIVE_INFINITY)
          expect(processors.endsNs[cpu]).toBeLessThan(nowNs + longNs);
      }
    }),
    parameters,
  );
});

/** Simulates a scenario under each policy with the same seeds, and makes the verdict. Runs in the simulating thread. */

import type { Run } from '../engine/accounting/run.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import type { Policy } from '../engine/policy/policy.ts';
import { simulatedVerdict } from '../engine/report/simulated-verdict.ts';
import type { Verdict } from '../engine/report/verdict.ts';
import { Simulation } from '../engine/simulation.ts';
import { estimatedBytes } from '../scenario/estimate-memory.ts';
import { loadPolicies, policyError } from './policy-file.ts';
import { Busy, type SharedState, type SimulationOrder, Stop } from './simulation-order.ts';

/** `onReady` gets the names, the baseline's first, when all policies are loaded. */
export async function simulatePolicies(
  order: SimulationOrder,
  scenario: Scenario,
  state: SharedState,
  onReady: (names: readonly string[]) => void,
): Promise<Verdict> {
  const [baseline, ...others] = await loaded([order.baseline, ...order.policies], state);
  const asked = order.asked && (await loaded(order.asked, state)).map(({ name }) => name);
  const policies = [baseline, ...others];
  onReady(policies.map(({ name }) => name));
  const runs: Run[] = [];
  try {
    runAll(scenario, policies, state, runs);
  } catch (error) {
    throw policyError(error);
  }
  return simulatedVerdict(runs, scenario, {
    baseline: baseline.name,
    ...(asked === undefined ? {} : { asked }),
    stoppedAt: whyStopped(state.stop),
  });
}

/** Policies of the same name are one. */
async function loaded(names: readonly string[], state: SharedState): Promise<Policy[]> {
  state.enter(Busy.loading);
  try {
    return await loadPolicies([...new Set(names)]);
  } finally {
    state.leave();
  }
}

/** Seeds outermost: whoever stops early has each policy with the first seeds. */
function runAll(scenario: Scenario, policies: readonly Policy[], state: SharedState, runs: Run[]): void {
  const { seed, seeds } = scenario.run;
  const abreast = policies.length * estimatedBytes(scenario) <= abreastBytesMax ? policies.length : 1;
  for (let round = 0; round < seeds; round++) {
    for (let first = 0; first < policies.length; first += abreast) {
      state.run = runs.length;
      const simulations = policies
        .slice(first, first + abreast)
        .map((policy) => new Simulation(scenario, watched(policy, state), seed + round));
      runs.push(...runAbreast(simulations, state));
      if (state.stop !== Stop.no) return;
    }
  }
}

/** Machines up to this size run side by side, so that whoever stops early has figures of every policy. */
const abreastBytesMax = 2 ** 31;
/** Events between two looks at whether to stop: a tenth of a second or less. */
const sliceEvents = 100_000;

/** Each in turn for a slice of simulated time, which grows and shrinks with what happens in it. */
function runAbreast(simulations: readonly Simulation[], state: SharedState): Run[] {
  const going = new Set(simulations);
  let sliceNs = 1e6;
  for (let untilNs = sliceNs; going.size > 0; untilNs += sliceNs) {
    let most = 0;
    for (const simulation of going) {
      const eventsBefore = simulation.events;
      if (!simulation.runUntil(untilNs)) going.delete(simulation);
      const events = simulation.events - eventsBefore;
      most = Math.max(most, events);
      state.simulatedNs = simulation.nowNs;
      state.events += events;
      if (state.stop !== Stop.no) return simulations.map((each) => each.finish(going.has(each)));
    }
    if (most < sliceEvents / 4) sliceNs *= 2;
    else if (most > sliceEvents && sliceNs > 1000) sliceNs /= 2;
  }
  return simulations.map((simulation) => simulation.finish());
}

/** Tells when a user's rule is entered and left, so that one that never answers can be told from a long run. */
function watched(policy: Policy, state: SharedState): Policy {
  const { select } = policy;
  if (select.who !== 'custom') return policy;
  return {
    ...policy,
    select: {
      who: 'custom',
      choose(request, targets) {
        state.enter(Busy.choosing);
        try {
          select.choose(request, targets);
        } finally {
          state.leave();
        }
      },
    },
  };
}

function whyStopped(stop: number): string {
  if (stop === Stop.interrupted) return 'stopped by Ctrl-C';
  return stop === Stop.seconds ? 'stopped by --max-seconds' : '';
}

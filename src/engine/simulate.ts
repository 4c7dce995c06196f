/** Public: one simulated run from beginning to end. */

import type { Run } from './accounting/run.ts';
import type { RunObserver } from './input/run-observer.ts';
import type { Scenario } from './input/scenario.ts';
import type { Policy } from './policy/policy.ts';
import { Simulation } from './simulation.ts';

export interface SimulateOptions {
  readonly observer?: RunObserver;
  /** Asked now and then; true: the run ends here, as `stopped`. */
  readonly stop?: (simulatedNs: number, events: number) => boolean;
}

/** Slices of simulated time between two looks at `stop`. */
const slices = 200;

/** Same scenario, policy and seed: the same run, bit for bit, in Node, in a worker thread and in a browser. */
export function simulate(
  scenario: Scenario,
  policy: Policy,
  seed: number,
  options: SimulateOptions = {},
): Run {
  const simulation = new Simulation(scenario, policy, seed, options);
  const totalNs = scenario.run.seconds * 1e9;
  for (let slice = 1; simulation.runUntil((totalNs * slice) / slices); slice++) {
    if (options.stop?.(simulation.nowNs, simulation.events)) return simulation.finish(true);
  }
  return simulation.finish();
}

/** Scenarios in a worker: checked, simulated under every policy, or one run opened like a recording. */

import { BitSet } from '../base/bit-set.ts';
import { DrainlabError } from '../base/errors.ts';
import type { Run } from '../engine/accounting/run.ts';
import type { Machine } from '../engine/input/machine.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import { defaultCosts } from '../engine/machine/costs.ts';
import { machineViewOf } from '../engine/machine-view-of.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import type { Policy } from '../engine/policy/policy.ts';
import { breakEven, breakEvenScenario, isPriced } from '../engine/report/break-even.ts';
import { simulatedVerdict } from '../engine/report/simulated-verdict.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { Simulation } from '../engine/simulation.ts';
import { RunTimeline } from '../engine/timeline/run-timeline.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { builtInNames, builtInScenario, builtInText } from '../scenario/by-name.ts';
import { estimatedBytes } from '../scenario/estimate-memory.ts';
import { ScenarioError } from '../scenario/problems.ts';
import { readYaml } from '../scenario/read-yaml.ts';
import { scenarioJsonSchema } from '../scenario/schema.ts';
import { parseSet } from '../scenario/set-values.ts';
import { breakEvenMap } from './break-even-map.ts';
import type { Calls, Opened, ScenarioFacts, ScenarioMistake } from './messages.ts';
import { withOwnPolicy } from './own-policy.ts';
import type { Following, Recordings } from './recordings.ts';

/** Looks at the pages of a run that is opened like a recording. */
const samples = 2000;
/** Steps of a run between two reports of progress. */
const slices = 400;

function scenarioOf({ yaml, file, sets }: { yaml: string; file: string; sets: readonly string[] }): Scenario {
  return readYaml(yaml, { file, sets: sets.map(parseSet) });
}

/** Names and titles of the built-in scenarios, and what an editor needs to know of their form. */
export function listScenarios(): Calls['scenarios']['answer'] {
  return {
    scenarios: builtInNames.map((name) => ({
      name,
      title: builtInScenario(name).title,
      yaml: builtInText(name),
    })),
    schema: JSON.stringify(scenarioJsonSchema()),
    costs: { ...defaultCosts },
  };
}

/** Places of mistakes are `scenario.yaml:LINE:COLUMN …`, one a line (scenario/problems.ts). */
export function checkScenario(ask: Calls['checkScenario']['ask']): Calls['checkScenario']['answer'] {
  try {
    const scenario = scenarioOf({ yaml: ask.yaml, file: 'scenario.yaml', sets: ask.sets ?? [] });
    return { mistakes: [], bytesNeeded: estimatedBytes(scenario), facts: factsOf(scenario) };
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw error;
    return { mistakes: mistakesIn(error), bytesNeeded: 0, facts: null };
  }
}

function mistakesIn(error: DrainlabError): ScenarioMistake[] {
  if (!(error instanceof ScenarioError)) return [{ line: 0, column: 0, message: error.message }];
  const mistakes = error.message.split('\n').flatMap((text) => {
    const match = /^\s*(?:scenario\.yaml)(?::(\d+):(\d+))?[: ]*(.*)$/.exec(text);
    if (match === null) return [];
    return [{ line: Number(match[1] ?? 0), column: Number(match[2] ?? 0), message: match[3] }];
  });
  return mistakes.length > 0 ? mistakes : [{ line: 0, column: 0, message: error.message }];
}

function factsOf({ machine, kernel, tasks, costs, run }: Scenario): ScenarioFacts {
  return {
    cpus: machine.cpus,
    memoryPages: machine.zones.reduce((sum, { pages }) => sum + pages, 0),
    kernel: kernel.version,
    nrCpus: kernel.nrCpus,
    offstack: kernel.offstack,
    tasks: tasks.length,
    seconds: run.seconds,
    seeds: run.seeds,
    policies: policyNames(run),
    maskFastNs: costs.maskFastNs,
    maskPageNs: costs.maskPageNs,
  };
}

/** Policies of a run, the baseline first. */
function policyNames({ policies, baseline }: Scenario['run']): string[] {
  const names = policies.length > 0 ? policies : builtInPolicies.map(({ name }) => name);
  return [...new Set([baseline, ...names])];
}

/** The same runs in the same order as `drainlab simulate`: the verdict is the same, byte for byte. */
export async function simulateAll(
  ask: Calls['simulate']['ask'],
  following: Following,
): Promise<Calls['simulate']['answer']> {
  const scenario = scenarioOf(ask);
  const policies = policyNames(scenario.run).map(policyByName);
  if (ask.policyFile === undefined) return runAll(scenario, policies, following);
  return withOwnPolicy(ask.policyFile, (own) =>
    runAll(scenario, [...policies, own], following, { asked: [own.name] }),
  );
}

function runAll(
  scenario: Scenario,
  policies: readonly Policy[],
  following: Following,
  options: { asked?: string[] } = {},
): Calls['simulate']['answer'] {
  const { run } = scenario;
  const runs: Run[] = [];
  for (let seed = run.seed; seed < run.seed + run.seeds; seed++) {
    for (const policy of policies) {
      const done = runs.length;
      const simulation = new Simulation(scenario, policy, seed);
      runTo(simulation, scenario, (part) =>
        following.progress({
          what: `${policy.name}, seed ${seed}`,
          part: (done + part) / (policies.length * run.seeds),
          bytes: 0,
        }),
      );
      runs.push(simulation.finish());
    }
  }
  return { verdict: writeJson(simulatedVerdict(runs, scenario, { baseline: run.baseline, ...options })) };
}

/** One run with its drains and samples of its pages. */
export function simulateOne(
  ask: Calls['simulateOne']['ask'],
  recordings: Recordings,
  following: Following,
): Opened {
  const scenario = scenarioOf(ask);
  const policy = policyByName(ask.policy);
  const timeline = new Timeline(machineOf(scenario));
  const totalNs = scenario.run.seconds * 1e9;
  const observer = new RunTimeline(timeline, totalNs, samples);
  const simulation = new Simulation(scenario, policy, ask.seed ?? scenario.run.seed, { observer });
  observer.view = machineViewOf(simulation);
  observer.sample(0);
  runTo(simulation, scenario, (part) => following.progress({ what: `${policy.name}`, part, bytes: 0 }));
  const run = simulation.finish();
  const verdict = simulatedVerdict([run], scenario, { baseline: policy.name });
  return recordings.add({
    verdict,
    timeline,
    fromNs: 0,
    toNs: run.simulatedNs,
    pagesBasis: `modelled, the run of ${policy.name} with seed ${ask.seed ?? scenario.run.seed}; looked at every ${(totalNs / samples / 1e6).toFixed(1)} ms, so shorter peaks are not seen`,
    nodeOfCpu: [...scenario.machine.nodeOfCpu],
  });
}

export function breakEvenPrices(ask: Calls['breakEven']['ask']): Calls['breakEven']['answer'] {
  const scenario =
    ask.yaml === '' ? builtInScenario(breakEvenScenario, ask.sets.map(parseSet)) : scenarioOf(ask);
  const baseline = policyByName(scenario.run.baseline);
  const others = builtInPolicies.filter((policy) => policy.name !== baseline.name && isPriced(policy));
  return breakEvenMap(breakEven(scenario, ask.cpus, others, baseline));
}

function runTo(simulation: Simulation, scenario: Scenario, progress: (part: number) => void): void {
  const totalNs = scenario.run.seconds * 1e9;
  for (let slice = 1; simulation.runUntil((totalNs * slice) / slices); slice++) progress(slice / slices);
}

/** The machine of a scenario as a recording's: sets of its CPUs, spans of its zones. */
function machineOf({ machine }: Scenario): Machine {
  return {
    cpuCount: machine.cpus,
    online: BitSet.of(machine.cpus, machine.online),
    isolated: BitSet.of(machine.cpus, machine.isolated),
    zones: machine.zones.map(({ name, node, startPfn, pages }) => ({
      name,
      node,
      startPfn,
      endPfn: startPfn + pages,
    })),
  };
}

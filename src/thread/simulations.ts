/** Scenarios in a worker: checked, simulated under every policy, or one run opened like a recording. */

import { BitSet } from '../base/bit-set.ts';
import type { Run } from '../engine/accounting/run.ts';
import type { Machine } from '../engine/input/machine.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import { machineViewOf } from '../engine/machine-view-of.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { checkedPolicy } from '../engine/policy/checked-policy.ts';
import { definePolicy, type Policy } from '../engine/policy/policy.ts';
import { breakEven } from '../engine/report/break-even.ts';
import { simulatedVerdict } from '../engine/report/simulated-verdict.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { Simulation } from '../engine/simulation.ts';
import { RunTimeline } from '../engine/timeline/run-timeline.ts';
import { Timeline } from '../engine/timeline/timeline.ts';
import { estimatedBytes } from '../scenario/estimate-memory.ts';
import { ScenarioError } from '../scenario/problems.ts';
import { readYaml } from '../scenario/read-yaml.ts';
import { parseSet } from '../scenario/set-values.ts';
import type { Calls, Opened, PolicyFile } from './messages.ts';
import type { Following, Recordings } from './recordings.ts';

/** Looks at the pages of a run that is opened like a recording. */
const samples = 2000;
/** Steps of a run between two reports of progress. */
const slices = 400;

function scenarioOf({ yaml, file, sets }: { yaml: string; file: string; sets: readonly string[] }): Scenario {
  return readYaml(yaml, { file, sets: sets.map(parseSet) });
}

/** Places of mistakes are `scenario.yaml:LINE:COLUMN …`, one a line (scenario/problems.ts). */
export function checkScenario({ yaml }: Calls['checkScenario']['ask']): Calls['checkScenario']['answer'] {
  try {
    const scenario = readYaml(yaml, { file: 'scenario.yaml' });
    return { mistakes: [], bytesNeeded: estimatedBytes(scenario) };
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const mistakes = error.message.split('\n').flatMap((text) => {
      const match = /^\s*(?:scenario\.yaml)(?::(\d+):(\d+))? ?(.*)$/.exec(text);
      if (match === null) return [];
      return [{ line: Number(match[1] ?? 0), column: Number(match[2] ?? 0), message: match[3] }];
    });
    if (mistakes.length === 0) mistakes.push({ line: 0, column: 0, message: error.message });
    return { mistakes, bytesNeeded: 0 };
  }
}

/** The same runs in the same order as `drainlab simulate`: the verdict is the same, byte for byte. */
export async function simulateAll(
  ask: Calls['simulate']['ask'],
  following: Following,
): Promise<Calls['simulate']['answer']> {
  const scenario = scenarioOf(ask);
  const { run } = scenario;
  const names = run.policies.length > 0 ? run.policies : builtInPolicies.map(({ name }) => name);
  const policies = [...new Set([run.baseline, ...names])].map(policyByName);
  const own = ask.policyFile === undefined ? null : await ownPolicy(ask.policyFile);
  if (own !== null) policies.push(own);
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
  const asked = own === null ? {} : { asked: [own.name] };
  return { verdict: writeJson(simulatedVerdict(runs, scenario, { baseline: run.baseline, ...asked })) };
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
    pagesBasis: `modelled; looked at every ${(totalNs / samples / 1e6).toFixed(1)} ms, so shorter peaks are not seen`,
    nodeOfCpu: [...scenario.machine.nodeOfCpu],
  });
}

export function breakEvenJson(ask: Calls['breakEven']['ask']): Calls['breakEven']['answer'] {
  const scenario = scenarioOf(ask);
  const [baseline, ...others] = ['everyone', 'selective', 'two-pass', 'static-mask', 'worker', 'remote'].map(
    policyByName,
  );
  return { json: JSON.stringify(breakEven(scenario, ask.cpus, others, baseline)) };
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

/**
 * A policy of the user's own, run in this worker. `definePolicy` is there for it; imports are not. The worker that runs it has
 * lost its ways to the network before (web-worker.ts), and is ended by the page when it takes too long.
 */
async function ownPolicy({ name, javascript }: PolicyFile): Promise<Policy> {
  const module = `const { definePolicy } = globalThis.drainlab;\n${javascript}`;
  const url = URL.createObjectURL(new Blob([module], { type: 'text/javascript' }));
  Object.assign(globalThis, { drainlab: { definePolicy } });
  try {
    const loaded = (await import(/* @vite-ignore */ url)) as { default?: unknown };
    return checkedPolicy(loaded.default, name);
  } finally {
    URL.revokeObjectURL(url);
  }
}

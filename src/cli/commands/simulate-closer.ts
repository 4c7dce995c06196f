/** Options of `drainlab simulate` that look closer: one drain as a story, a run that is watched or written as a recording, the map of break-even points. */

import { ExitCode } from '../../base/errors.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { kernelRules } from '../../engine/machine/kernel-rules.ts';
import { builtInPolicies } from '../../engine/policy/built-in.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { loadPolicies } from '../policy-file.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import type { SimulateFlags } from './simulate.ts';
import { breakEvenOutput, parseBreakEven } from './simulate-break-even.ts';
import { drainStory, parseExplain, storyText } from './simulate-explain.ts';
import { openTraceOut, simulateToTrace, traceOutCaveat } from './simulate-trace-out.ts';
import { watchSimulation } from './simulate-watch.ts';

export function looksCloser(flags: SimulateFlags): boolean {
  return [flags.explain, flags.watch, flags.traceOut, flags.breakEven].some((flag) => flag !== undefined);
}

/** The exit code. */
export async function lookCloser(scenario: Scenario, flags: SimulateFlags): Promise<number> {
  const screen = screenOf(process.stdout, process.env);
  if (flags.breakEven !== undefined) {
    const cpus = parseBreakEven(flags.breakEven, flags.by);
    const policies = flags.policy ? await loadPolicies(flags.policy) : builtInPolicies;
    const [baseline] = await loadPolicies([flags.baseline ?? scenario.run.baseline]);
    const csv = flags.csv === true || flags.format === 'csv';
    const mapped = flags.policy && policies.map(({ name }) => name);
    process.stdout.write(breakEvenOutput(scenario, cpus, policies, baseline, csv, screen, mapped));
    return ExitCode.ok;
  }
  const drain = flags.explain === undefined ? -1 : parseExplain(flags.explain);
  const policy = await onePolicy(scenario, flags);
  if (drain >= 0)
    process.stdout.write(storyText(drainStory(scenario, policy, scenario.run.seed, drain), screen));
  if (flags.watch) await watchSimulation(scenario, policy, scenario.run.seed);
  if (flags.traceOut !== undefined) writeRecording(scenario, policy, flags.traceOut, flags.progress);
  return ExitCode.ok;
}

/** The first that is named; else what a kernel of this version does. */
async function onePolicy(scenario: Scenario, flags: SimulateFlags): Promise<Policy> {
  const own = kernelRules(scenario.kernel.version).ownPolicy;
  const [policy] = await loadPolicies(flags.policy?.slice(0, 1) ?? [own]);
  return policy;
}

function writeRecording(scenario: Scenario, policy: Policy, file: string, progressWanted: boolean): void {
  const out = openTraceOut(file);
  const progress = new Progress(process.stderr, progressWanted);
  try {
    const run = simulateToTrace(scenario, policy, scenario.run.seed, out, (ns) =>
      progress.show(`${policy.name}: ${(ns / 1e9).toFixed(1)} of ${scenario.run.seconds} s`),
    );
    progress.done();
    const caveat = traceOutCaveat(scenario, policy);
    process.stdout.write(
      `${out.path}: ${policy.name}, seed ${run.seed}, ${run.drains.length} calls, run ${run.hash}.\n${caveat === '' ? '' : `${caveat}\n`}${out.hint}\n`,
    );
  } finally {
    progress.done();
  }
}

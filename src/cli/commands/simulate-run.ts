/** Runs `drainlab simulate`: reads the scenario, simulates each policy in a thread of its own, writes the answer. */

import { totalmem } from 'node:os';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import { builtInPolicies } from '../../engine/policy/built-in.ts';
import { breakEvenScenario } from '../../engine/report/break-even.ts';
import { checkMetric, parseCondition } from '../../engine/report/check.ts';
import { builtInText } from '../../scenario/by-name.ts';
import { estimatedBytes } from '../../scenario/estimate-memory.ts';
import { parseSet, type SetValue } from '../../scenario/set-values.ts';
import { pagesOf, sizePattern } from '../../scenario/units-text.ts';
import { loadCosts, loadScenario } from '../scenario-source.ts';
import { simulateInThread } from '../simulation-thread.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import { checkedVerdicts, writtenVerdicts } from '../verdict-output.ts';
import type { SimulateFlags } from './simulate.ts';
import { lookCloser, looksCloser } from './simulate-closer.ts';
import { scenarioDescription, scenarioList } from './simulate-list.ts';

/** What a shell reports for a command that Ctrl-C ended. */
const interruptedCode = 130;

/** The exit code. */
export async function runSimulate(typed: string | undefined, flags: SimulateFlags): Promise<number> {
  const { width } = screenOf(process.stdout, process.env);
  if (flags.list) {
    process.stdout.write(scenarioList(width));
    return ExitCode.ok;
  }
  const sets = setsOf(flags);
  if (flags.describe !== undefined) {
    const text = flags.yaml
      ? builtInText(flags.describe)
      : scenarioDescription(await loadScenario(flags.describe, sets), flags.describe, width);
    process.stdout.write(text);
    return ExitCode.ok;
  }
  const named = typed ?? (flags.breakEven === undefined ? undefined : breakEvenScenario);
  if (named === undefined) {
    throw new DrainlabError('no scenario is named', {
      code: 'E_SCENARIO_NAME',
      hint: 'drainlab simulate --list shows the built-in ones; or name a YAML file.',
      exitCode: ExitCode.wrongUse,
    });
  }
  const conditions = (flags.failOn ?? []).map(parseCondition);
  const scenario = await loadScenario(named, sets);
  if (flags.breakEven === undefined) checkMemory(scenario, flags.maxMemory);
  if (looksCloser(flags)) return lookCloser(scenario, flags);
  if (flags.dryRun) {
    process.stdout.write(
      `${scenario.name}: no mistake found; a run needs at most ${megabytes(estimatedBytes(scenario))}.\n`,
    );
    return ExitCode.ok;
  }
  const policies = flags.policy ?? (scenario.run.policies.length > 0 ? scenario.run.policies : allPolicies);
  const baseline = flags.baseline ?? scenario.run.baseline;
  const progress = new Progress(process.stderr, flags.progress);
  let names: readonly string[] = [];
  try {
    const { verdict, interrupted } = await simulateInThread({
      scenario,
      policies,
      baseline,
      asked: flags.policy,
      secondsMax: flags.maxSeconds ?? Number.POSITIVE_INFINITY,
      onReady(loaded) {
        names = loaded;
        for (const condition of conditions) checkMetric(condition, loaded);
      },
      onProgress: (state) => progress.show(progressText(scenario, names, state)),
    });
    progress.done();
    process.stdout.write(writtenVerdicts([verdict], flags));
    const code = checkedVerdicts([verdict], conditions);
    return interrupted ? interruptedCode : code;
  } finally {
    progress.done();
  }
}

const allPolicies = builtInPolicies.map(({ name }) => name);

/** Options that change a value of the scenario are --set by another name; what is wrong with them has their name as its place. */
function setsOf(flags: SimulateFlags): SetValue[] {
  // What is typed wins over a file.
  const sets = [
    ...(flags.costs === undefined ? [] : loadCosts(flags.costs)),
    ...(flags.set ?? []).map(parseSet),
  ];
  const short = { seconds: flags.seconds, seed: flags.seed, seeds: flags.seeds, maxEvents: flags.maxEvents };
  for (const [key, value] of Object.entries(short)) {
    const option = key === 'maxEvents' ? '--max-events' : `--${key}`;
    if (value !== undefined) sets.push({ path: ['run', key], value, place: `${option} ${value}` });
  }
  return sets;
}

/** What cannot end well must not begin. */
function checkMemory(scenario: Scenario, limit: string | undefined): void {
  if (limit !== undefined && !sizePattern.test(limit)) {
    throw new DrainlabError(`--max-memory ${limit} is no size`, {
      code: 'E_SCENARIO_MEMORY',
      hint: "Write a number and a unit: --max-memory '8 GiB'.",
      exitCode: ExitCode.wrongUse,
    });
  }
  const bytesMax = limit === undefined ? totalmem() * 0.75 : pagesOf(limit) * 4096;
  const bytes = estimatedBytes(scenario);
  if (bytes <= bytesMax) return;
  throw new DrainlabError(
    `a run of ${scenario.name} needs up to ${megabytes(bytes)}, and ${megabytes(bytesMax)} are allowed`,
    {
      code: 'E_SCENARIO_MEMORY',
      hint: `Give its machine less memory or fewer CPUs, or allow it: --max-memory '${Math.ceil(bytes / 2 ** 30)} GiB'.`,
      exitCode: ExitCode.wrongUse,
    },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
}

interface RunProgress {
  readonly run: number;
  readonly simulatedNs: number;
  readonly events: number;
}

/** `everyone and 7 more, run 1 of 8: 12.4 of 60 s, 31.2 million events`. */
function progressText({ run }: Scenario, names: readonly string[], state: RunProgress): string {
  if (names.length === 0) return 'loading policies';
  const simulated = (state.simulatedNs / 1e9).toFixed(1);
  const events = (state.events / 1e6).toFixed(1);
  const number = state.run + 1;
  return `from run ${number} of ${names.length * run.seeds} (${names[state.run % names.length]}): ${simulated} of ${run.seconds} s, ${events} million events`;
}

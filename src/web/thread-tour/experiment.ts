/** Runs the experiment of a step by the calls of the worker; knows neither page nor worker, so that tests run it too. */

import type { Verdict } from '../../engine/report/verdict.ts';
import type { CallName, Calls } from '../../thread/messages.ts';
import type { Answer, Experiment, ScenarioRun } from './claim.ts';

export type Ask = <Name extends CallName>(
  call: Name,
  ask: Calls[Name]['ask'],
) => Promise<Calls[Name]['answer']>;

/** Columns of time of a picture. */
const columns = 600;

export async function runExperiment(experiment: Experiment, ask: Ask): Promise<Answer> {
  switch (experiment.kind) {
    case 'policies': {
      const verdicts: Verdict[] = [];
      for (const run of experiment.runs) {
        const { verdict } = await ask('simulate', await scenarioAsk(run, ask));
        verdicts.push(JSON.parse(verdict) as Verdict);
      }
      return experiment.answer(...verdicts);
    }
    case 'one-run': {
      const [policy] = experiment.run.policies;
      const { recording, verdict, machine, drains, fromNs, toNs } = await ask('simulateOne', {
        ...(await scenarioAsk(experiment.run, ask)),
        policy,
      });
      const tile = await ask('tile', { recording, fromNs, toNs, columns });
      await ask('close', { recording });
      return experiment.answer(JSON.parse(verdict) as Verdict, { machine, drains, tile });
    }
    case 'prices':
      return experiment.answer(
        await ask('breakEven', { yaml: '', file: '', sets: [], cpus: experiment.cpus }),
      );
  }
}

export async function scenarioAsk(
  run: ScenarioRun,
  ask: Ask,
): Promise<{ yaml: string; file: string; sets: string[] }> {
  const { scenarios } = await ask('scenarios', {});
  const found = scenarios.find(({ name }) => name === run.scenario);
  if (found === undefined) throw new Error(`there is no scenario ${run.scenario}`);
  return { yaml: found.yaml, file: `${run.scenario}.yaml`, sets: setsOf(run) };
}

/** What is set in the scenario, as `--set` writes it. */
export function setsOf({ policies, seconds, sets = [] }: ScenarioRun): string[] {
  const length = seconds === undefined ? [] : [`run.seconds=${seconds}`];
  return [...sets, ...length, `run.policies=[${policies.join(', ')}]`];
}

/** The same on the command line. */
export function commandsOf(experiment: Experiment): string[] {
  if (experiment.kind === 'prices') {
    const { cpus } = experiment;
    return [`drainlab simulate --break-even cpus=${cpus.join(',')} --policy selective`];
  }
  const runs = experiment.kind === 'policies' ? experiment.runs : [experiment.run];
  return runs.map(({ scenario, policies, seconds, sets = [] }) =>
    [
      `drainlab simulate ${scenario} --policy ${policies.join(',')}`,
      ...sets.map((set) => `--set ${set}`),
      ...(seconds === undefined ? [] : [`--seconds ${seconds}`]),
    ].join(' '),
  );
}

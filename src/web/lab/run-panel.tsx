/** Run the scenario at hand, and what came out. */

import { useSignal } from '@preact/signals';
import { builtInPolicies } from '../../engine/policy/built-in.ts';
import { count, plural } from '../../engine/report/numbers.ts';
import type { ScenarioFacts } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { recordings, work } from '../state.ts';
import { runScenario } from './run-scenario.ts';
import { check, scenarioName, scenarioText } from './scenario-state.ts';

/** What a tab of a browser stands without being ended by it, about. */
export const tabBytes = 2 ** 30;

/** Texts of the runs that are open, by name. */
const madeFrom = new Map<string, string>();

/** The same text takes the place of its last run; another text stands beside it, so that both can be compared. */
function runName(scenario: string, yaml: string): string {
  const isOpen = (name: string) => recordings.value.some(({ opened }) => opened.name === name);
  for (let number = 1; ; number++) {
    const name = number === 1 ? scenario : `${scenario} ${number}`;
    if (!isOpen(name) || madeFrom.get(name) === yaml) return name;
  }
}

export function RunPanel() {
  const shown = useSignal('everyone');
  const ran = useSignal('');
  const state = check.value;
  const ready = state !== null && state.mistakes.length === 0 && work.value === null;
  const tooLarge = state !== null && state.bytesNeeded > tabBytes;
  const run = async () => {
    if (!ready) return;
    const yaml = scenarioText.value;
    const named = runName(scenarioName.value, yaml);
    ran.value = '';
    const ask = { yaml, file: `${scenarioName.value}.yaml`, sets: [] };
    if (!(await runScenario(ask, shown.value, named))) return;
    madeFrom.set(named, yaml);
    ran.value = named;
  };
  useKeys([{ key: 'r', what: 'run the scenario', run: () => void run() }], [ready, scenarioText.value]);
  return (
    <section class="lab-run">
      <h2>Run it here</h2>
      {state?.facts != null && <p class="dim">{factsText(state.facts)}</p>}
      {tooLarge && (
        <p class="warning">
          A run needs up to {megabytes(state.bytesNeeded)}, and a tab of a browser stands about{' '}
          {megabytes(tabBytes)}. Give the machine less memory or fewer CPUs, or use the command line.
        </p>
      )}
      <p class="lab-buttons">
        <button type="button" class="main-button" disabled={!ready} onClick={() => void run()}>
          {tooLarge ? 'Run all policies all the same' : 'Run all policies'}
        </button>
        <label>
          Shown over time:{' '}
          <select
            value={shown.value}
            onChange={({ currentTarget }) => {
              shown.value = currentTarget.value;
            }}
          >
            {(state?.facts?.policies ?? builtInPolicies.map(({ name }) => name)).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {state !== null && state.mistakes.length > 0 && (
          <span>{plural(state.mistakes.length, 'mistake')} to be mended first.</span>
        )}
      </p>
      <Answer name={ran.value} />
    </section>
  );
}

export function factsText({
  cpus,
  memoryPages,
  kernel,
  tasks,
  seconds,
  seeds,
  policies,
}: ScenarioFacts): string {
  return [
    plural(cpus, 'CPU'),
    `${count(Math.round((memoryPages * 4096) / 2 ** 20))} MiB`,
    `Linux ${kernel}`,
    plural(tasks, 'kind of task', 'kinds of task'),
    `${seconds} s simulated`,
    plural(policies.length, 'policy', 'policies'),
    plural(seeds, 'seed'),
  ].join(' · ');
}

function megabytes(bytes: number): string {
  return `${count(Math.ceil(bytes / 2 ** 20))} MiB`;
}

/** The sentence of a run, and the views that show it. */
function Answer({ name }: { name: string }) {
  const recording = recordings.value.find(({ opened }) => opened.name === name);
  if (recording === undefined) return null;
  const { verdict } = recording;
  const show = (view: string) => choose({ recording: name, view });
  return (
    <div class="lab-answer" aria-live="polite">
      <p class="lab-sentence">{verdict.answers[0]}</p>
      {verdict.warnings.map((warning) => (
        <p class="warning" key={warning}>
          {warning}
        </p>
      ))}
      <p class="lab-buttons">
        It is open like a recording:{' '}
        {['verdict', 'machine', 'timeline'].map((view) => (
          <button type="button" key={view} onClick={() => show(view)}>
            {view}
          </button>
        ))}
      </p>
    </div>
  );
}

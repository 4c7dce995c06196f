/** A policy of one's own, written in the page, beside the built-in ones. */

import { signal, useSignal } from '@preact/signals';
import { builtInPolicies } from '../../engine/policy/built-in.ts';
import { count } from '../../engine/report/numbers.ts';
import type { EngineError, PolicyOver, ScenarioMistake } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import { Figure } from '../parts/figure.tsx';
import { type SortedColumn, SortedTable } from '../parts/sorted-table.tsx';
import { Word } from '../parts/word.tsx';
import { current, type OpenRecording, work } from '../state.ts';
import { CodeArea } from './code-area.tsx';
import { MistakeList } from './mistake-list.tsx';
import { type Outcome, ownInScenario, ownOverRecording } from './own-policy-run.ts';
import { check, scenarioName, scenarioText } from './scenario-state.ts';

const editorLabel = 'Your policy in TypeScript';
const limitSeconds = 30;
const lengthMax = 50_000;

const example = `import { definePolicy } from 'drainlab';

// Leave CPUs alone that hold fewer than 16 pages.
const pagesMin: number = 16;

export default definePolicy({
  name: 'large-only',
  select: {
    who: 'custom',
    choose: (request, targets) => {
      for (const cpu of request.holders) {
        if (request.pages[cpu] >= pagesMin) targets.add(cpu);
      }
    },
  },
});
`;

/** Kept while the page is open, and not in the address: a link must not bring code with it. */
const written = signal(example);

interface Over {
  readonly recording: OpenRecording;
  readonly rows: readonly PolicyOver[];
}

export function PolicyEditor() {
  const error = useSignal<EngineError | null>(null);
  const over = useSignal<Over | null>(null);
  const simulated = useSignal('');
  const limit = useSignal(limitSeconds);
  const recording = current.value;
  const idle = work.value === null;
  const mistakes = error.value === null ? [] : [mistakeOf(error.value)];
  const scenarioReady = check.value?.mistakes.length === 0;
  const take = <Result,>(outcome: Outcome<Result>, show: (result: Result) => void) => {
    if ('error' in outcome) error.value = outcome.error;
    if ('result' in outcome) show(outcome.result);
  };
  const begin = () => {
    error.value = null;
    over.value = null;
    simulated.value = '';
  };
  const ask = async (asked: OpenRecording) => {
    begin();
    const names = builtInPolicies.map(({ name }) => name);
    take(await ownOverRecording(written.value, asked, names, limit.value), (rows) => {
      over.value = { recording: asked, rows };
    });
  };
  const simulate = async () => {
    begin();
    const name = scenarioName.value;
    const run = { yaml: scenarioText.value, file: `${name}.yaml`, sets: [] };
    const shown = check.value?.facts?.policies[0] ?? 'everyone';
    take(await ownInScenario(written.value, run, shown, `${name} with your policy`, limit.value), (named) => {
      simulated.value = named;
    });
  };
  return (
    <section class="own-policy">
      <h2>A policy of your own</h2>
      <p class="dim">
        <code>choose</code> is asked at each drain and adds to <code>targets</code> the CPUs to disturb
        (docs/policies.md). It runs in a worker of its own without network, and is ended when it takes too
        long.
      </p>
      <CodeArea
        label={editorLabel}
        text={written.value}
        rows={18}
        mistakes={mistakes}
        lengthMax={lengthMax}
        onText={(text) => {
          written.value = text;
          error.value = null;
        }}
      />
      <MistakeList mistakes={mistakes} label={editorLabel} />
      {error.value !== null && error.value.hint !== '' && <p class="dim">{error.value.hint}</p>}
      <p class="lab-buttons">
        <button
          type="button"
          disabled={!idle || recording === null}
          onClick={() => recording !== null && void ask(recording)}
        >
          {recording === null
            ? 'Ask it at the drains of a recording (none is open)'
            : `Ask it at the drains of ${recording.opened.name}`}
        </button>
        <button type="button" disabled={!idle || !scenarioReady} onClick={() => void simulate()}>
          Run {scenarioName.value} with it
        </button>
        <label>
          Ended after{' '}
          <input
            type="number"
            min={1}
            max={3600}
            value={limit.value}
            onChange={({ currentTarget }) => {
              limit.value = Math.min(3600, Math.max(1, currentTarget.valueAsNumber || limitSeconds));
            }}
          />{' '}
          s
        </label>
      </p>
      <div aria-live="polite">
        {over.value !== null && <OverTable over={over.value} />}
        {simulated.value !== '' && (
          <p class="lab-buttons">
            Done: {simulated.value}.{' '}
            <button type="button" onClick={() => choose({ recording: simulated.value, view: 'verdict' })}>
              Its verdict, beside the others
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

function mistakeOf({ where, message }: EngineError): ScenarioMistake {
  const [, line = 0, column = 0] = /:(\d+):(\d+)$/.exec(where) ?? [];
  return { line: Number(line), column: Number(column), message };
}

/** The rules of the verdict; '': exact. */
function whyModelled({ verdict }: OpenRecording, row: PolicyOver, isUnknown: boolean): string {
  if (verdict.simulation !== null) return 'the drains are those of a simulated run';
  if (verdict.source.lostEvents > 0 || verdict.source.unknownLosses > 0) return 'the recording lost events';
  if (isUnknown) return 'of some CPUs it is not known whether they held pages';
  if (row.everyCallIsCarriedOut)
    return 'calls that this policy would let return at once are counted as carried out';
  if (row.strandedPages[1] > 0) return 'it leaves pages on lists, which later drains would have met';
  return '';
}

function OverTable({ over: { recording, rows } }: { over: Over }) {
  const own = rows.at(-1);
  const most = Math.max(1, ...rows.map(({ interrupts }) => interrupts[1]));
  const figure = ([low, high]: readonly [number, number], row: PolicyOver) => {
    const why = whyModelled(recording, row, low !== high);
    return (
      <Figure
        text={low === high ? count(high) : `${count(low)}–${count(high)}`}
        basis={why === '' ? 'exact' : 'modelled'}
        why={why}
      />
    );
  };
  const column = (
    name: Exclude<keyof PolicyOver, 'policy' | 'origin' | 'drains' | 'everyCallIsCarriedOut'>,
    head: preact.ComponentChildren,
    label: string,
  ): SortedColumn<PolicyOver> => ({
    name: label,
    head,
    by: (row) => row[name][1],
    cell: (row) => figure(row[name], row),
  });
  const columns: Array<SortedColumn<PolicyOver>> = [
    { name: 'policy', head: 'Policy', by: ({ policy }) => policy, cell: ({ policy }) => policy },
    {
      name: 'interrupts',
      head: <Word of="interrupt">interrupts</Word>,
      by: ({ interrupts }) => interrupts[1],
      cell: (row) => (
        <span class="barred">
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" class="share" aria-hidden="true">
            <rect width={(100 * row.interrupts[1]) / most} height="10" />
          </svg>
          {figure(row.interrupts, row)}
        </span>
      ),
    },
    column('disturbed', 'disturbed', 'disturbed'),
    column('useless', <Word>useless</Word>, 'useless'),
    column('isolatedDisturbed', <Word of="isolated">isolated</Word>, 'isolated'),
    column('workers', <Word of="worker">works</Word>, 'works'),
    column('locked', <Word of="remote">lists locked</Word>, 'lists locked'),
    column('strandedPages', <Word of="stranded">pages left</Word>, 'pages left'),
  ];
  return (
    <>
      <h3>
        At the {count(own?.drains ?? 0)} drains of {recording.opened.name} that were carried out
      </h3>
      <SortedTable
        label="Your policy beside the others"
        orderKey="overOrder"
        columns={columns}
        rows={rows}
        keyOf={({ policy }) => policy}
        selected={(row) => row === own}
      />
      <p class="dim">
        Asked of each drain, with the lists as the recording has them. A policy that leaves pages behind would
        meet other lists later; the recording cannot tell. Calls that a policy with turns would let return at
        once are counted here: the verdict leaves them out.
      </p>
    </>
  );
}

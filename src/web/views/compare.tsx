/** Two recordings, two policies or two runs on common axes; and the map of break-even points. */

import { useMemo } from 'preact/hooks';
import { choose, chosen } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { DifferingDrains } from '../parts/compare-drains.tsx';
import { type Compared, figureRows, leadingSentence, pairCaveats } from '../parts/compare-figures.ts';
import { HoldersPair } from '../parts/compare-holders.tsx';
import { BreakEvenView } from '../parts/compare-map.tsx';
import { chosenSides, type Side, type Sides } from '../parts/compare-sides.ts';
import { FigureTable } from '../parts/compare-table.tsx';
import { CommonAxes } from '../parts/compare-tracks.tsx';
import { recordings } from '../state.ts';
import '../styles/timeline.css';
import '../styles/compare.css';

const pages = [
  ['', 'Two side by side'],
  ['map', 'Break-even map'],
] as const;

export function CompareView() {
  const sides = chosenSides();
  const isMap = chosen('compare') === 'map';
  useKeys(
    [
      {
        key: 'm',
        what: 'side by side, or the break-even map',
        run: () => choose({ compare: isMap ? '' : 'map' }),
      },
    ],
    [isMap],
  );
  return (
    <article class="compare">
      <nav class="pages" aria-label="Compare">
        {pages.map(([name, title]) => (
          <button
            type="button"
            key={name}
            aria-pressed={isMap === (name === 'map')}
            onClick={() => choose({ compare: name })}
          >
            {title}
          </button>
        ))}
      </nav>
      {isMap ? <BreakEvenView /> : sides === null ? <NothingOpen /> : <SideBySide sides={sides} />}
    </article>
  );
}

function NothingOpen() {
  return (
    <p>
      Open a recording to compare two policies at its drains, or two recordings to compare them. The
      break-even map needs none.
    </p>
  );
}

function SideBySide({ sides }: { sides: Sides }) {
  const { a, b, isOne } = sides;
  const { rows, sentence, caveats } = useMemo(
    () => told(a, b),
    [a.recording, a.policy, b.recording, b.policy],
  );
  return (
    <>
      <h1>{sentence}</h1>
      <Choices sides={sides} />
      <Unlike caveats={caveats} />
      {isOne && recordings.value.length < 2 && (
        <p class="dim">Open a second recording to compare two recordings.</p>
      )}
      <CommonAxes sides={sides} />
      <FigureTable rows={rows} isOne={isOne} />
      <HoldersPair sides={sides} />
      <DifferingDrains sides={sides} />
    </>
  );
}

/** What the two differ in beside what is to be compared. */
function Unlike({ caveats }: { caveats: readonly string[] }) {
  if (caveats.length === 0) return null;
  return (
    <div class="warning">
      <p>To be read with every difference below:</p>
      <ul>
        {caveats.map((caveat) => (
          <li key={caveat}>{caveat}</li>
        ))}
      </ul>
    </div>
  );
}

/** Once for each choice, not for every step of a zoom. */
function told(a: Side, b: Side) {
  const [comparedA, comparedB] = [compared(a), compared(b)];
  return {
    rows: figureRows(comparedA, comparedB),
    sentence: leadingSentence(comparedA, comparedB, [disturbedEach(a), disturbedEach(b)]),
    caveats: pairCaveats(comparedA, comparedB),
  };
}

function compared({ recording: { opened, verdict }, policy }: Side): Compared {
  return { name: opened.name, verdict, policy, memoryPages: opened.machine.memoryPages };
}

/** Other CPUs that the policy disturbs at a drain that was carried out. */
function disturbedEach({ recording: { opened }, policy }: Side): number {
  const { drains } = opened;
  const disturbed = drains.disturbed[drains.policies.indexOf(policy)];
  let carriedOut = 0;
  let sum = 0;
  for (let i = 0; i < drains.length; i++) {
    if (drains.turnedAway[i] === 1) continue;
    carriedOut++;
    sum += disturbed[i];
  }
  return carriedOut === 0 ? 0 : sum / carriedOut;
}

function Choices({ sides: { a, b } }: { sides: Sides }) {
  const swap = () =>
    choose({
      recording: b.recording.opened.name,
      policy: b.policy,
      b: a.recording.opened.name,
      policyB: a.policy,
    });
  useKeys(
    [{ key: 'x', what: 'exchange A and B', run: swap }],
    [a.policy, b.policy, a.recording.opened.name, b.recording.opened.name],
  );
  return (
    <div class="choices">
      <SideChoice side={a} recordingKey="recording" policyKey="policy" />
      <button type="button" title="Exchange A and B (x)" aria-label="Exchange A and B" onClick={swap}>
        ⇄
      </button>
      <SideChoice side={b} recordingKey="b" policyKey="policyB" />
    </div>
  );
}

interface SideChoiceProps {
  readonly side: Side;
  readonly recordingKey: string;
  readonly policyKey: string;
}

function SideChoice({ side: { letter, recording, policy }, recordingKey, policyKey }: SideChoiceProps) {
  return (
    <fieldset class={`side-choice ${letter.toLowerCase()}`}>
      <legend>{letter}</legend>
      <select
        aria-label={`Recording ${letter}`}
        value={recording.opened.name}
        onChange={({ currentTarget }) => choose({ [recordingKey]: currentTarget.value })}
      >
        {recordings.value.map(({ opened: { name } }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        aria-label={`Policy ${letter}`}
        value={policy}
        onChange={({ currentTarget }) => choose({ [policyKey]: currentTarget.value })}
      >
        {recording.opened.drains.policies.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </fieldset>
  );
}

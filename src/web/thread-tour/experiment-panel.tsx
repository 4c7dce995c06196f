/** The experiment beside a claim: started, followed, called off; its sentence, its picture, and ways to look closer. */

import { type ComponentChildren, Fragment } from 'preact';
import { useEffect } from 'preact/hooks';
import { choose } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { runScenario } from '../lab/run-scenario.ts';
import { HoldersBars } from '../parts/holders-bars.tsx';
import { Word } from '../parts/word.tsx';
import { fail, sharedEngine } from '../state.ts';
import { Bars } from './bars.tsx';
import { ChoicesPicture } from './choices-picture.tsx';
import type { Answer, Claim, Picture, ScenarioRun } from './claim.ts';
import { commandsOf, scenarioAsk } from './experiment.ts';
import { unbroken } from './marked-text.tsx';
import { PayMap } from './pay-map.tsx';
import { answerOf, callOff, goingOn, start } from './tour-engine.ts';
import '../styles/tour-pictures.css';

export function ExperimentPanel({ claim }: { claim: Claim }) {
  const answer = answerOf(claim);
  const going = goingOn();
  const running = going.state === 'running' && going.claim === claim.name;
  useEffect(() => {
    if (!claim.experiment.isLong && answerOf(claim) === null) void start(claim);
    return callOff;
  }, [claim]);
  useKeys(
    running
      ? [{ key: 'c', what: 'call off the experiment', run: callOff }]
      : [{ key: 'r', what: 'run the experiment', run: () => void start(claim) }],
    [claim, running],
  );
  return (
    <section class="experiment" aria-label="Experiment">
      <h2>The experiment</h2>
      {commandsOf(claim.experiment).map((command) => (
        <p class="command" key={command}>
          <code>
            {command.split(/ (?=--)/).map((part) => (
              <Fragment key={part}>
                <span class="option">{part}</span>{' '}
              </Fragment>
            ))}
          </code>
        </p>
      ))}
      <div aria-live="polite">
        {running && <Running claim={claim} />}
        {!running && answer === null && (
          <p>
            <button type="button" class="main" onClick={() => void start(claim)}>
              Run it here
            </button>{' '}
            <span class="dim">A few seconds, in this browser; nothing is sent anywhere.</span>
          </p>
        )}
        {answer !== null && (
          <Answered
            answer={answer}
            how={
              claim.experiment.kind === 'prices'
                ? 'prices of the table of costs (docs/model.md), for one drain'
                : 'a simulated machine, run here just now'
            }
          />
        )}
      </div>
      <Closer claim={claim} />
    </section>
  );
}

function Running({ claim }: { claim: Claim }) {
  const going = goingOn();
  const progress = going.state === 'running' && going.claim === claim.name ? going.progress : null;
  return (
    <p class="running">
      <progress max={1} value={progress?.part ?? undefined} aria-label="Progress of the experiment" />
      <span>{progress?.what ?? 'Starting'}</span>
      <button type="button" onClick={callOff}>
        Cancel
      </button>
    </p>
  );
}

function Answered({ answer: { sentence, picture }, how }: { answer: Answer; how: string }) {
  return (
    <>
      <p class="sentence">{unbroken(sentence)}</p>
      <p class="basis">
        <Word>modelled</Word>: {how}.
      </p>
      <Drawn picture={picture} />
    </>
  );
}

function Drawn({ picture }: { picture: Picture }) {
  switch (picture.kind) {
    case 'bars':
      return <Bars groups={picture.groups} />;
    case 'holders':
      return <HoldersBars holders={picture.holders} online={picture.online} />;
    case 'choices':
      return <ChoicesPicture run={picture.run} choices={picture.choices} />;
    case 'pays':
      return <PayMap rows={picture.rows} />;
  }
}

/** The same in the other views. */
function Closer({ claim: { experiment } }: { claim: Claim }) {
  if (experiment.kind === 'prices') {
    return (
      <p class="closer">
        <ViewLink to={{ view: 'compare', compare: 'map' }}>The whole break-even map in Compare</ViewLink>
      </p>
    );
  }
  const runs = experiment.kind === 'policies' ? experiment.runs : [experiment.run];
  const run = runs[runs.length - 1];
  return (
    <p class="closer">
      <button type="button" onClick={() => void openIn('verdict', run)}>
        Open in Verdict
      </button>
      <button type="button" onClick={() => void openIn('timeline', run)}>
        Open in Timeline
      </button>
      <ViewLink to={{ view: 'lab', scenario: run.scenario, yaml: '' }}>
        Change {run.scenario} in the Lab
      </ViewLink>
    </p>
  );
}

/** An address that keeps what else was chosen. */
function ViewLink({ to, children }: { to: Readonly<Record<string, string>>; children: ComponentChildren }) {
  return (
    <a
      href={`#${new URLSearchParams(to)}`}
      onClick={(event) => {
        event.preventDefault();
        choose(to);
      }}
    >
      {children}
    </a>
  );
}

async function openIn(view: string, run: ScenarioRun): Promise<void> {
  try {
    const ask = await scenarioAsk(run, (call, asked) => sharedEngine().ask(call, asked));
    const named = [run.scenario, ...(run.sets ?? []), ...(run.seconds ? [`${run.seconds} s`] : [])].join(' ');
    const shown = run.policies[run.policies.length - 1];
    if (await runScenario(ask, shown, named)) choose({ view, policy: shown });
  } catch (error) {
    fail(error);
  }
}

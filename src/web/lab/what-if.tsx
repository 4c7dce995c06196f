/** Values that are dragged: a short version of the scenario runs again after each change, and its answer stands beside. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, decimal, duration, percent } from '../../engine/report/numbers.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import type { EngineError, ScenarioFacts } from '../../thread/messages.ts';
import { choose, chosen } from '../address.ts';
import { EngineClient, EngineFailure } from '../engine-client.ts';
import { Figure } from '../parts/figure.tsx';
import { Word } from '../parts/word.tsx';
import { check, scenarioName, scenarioText } from './scenario-state.ts';

/** 1, 2, 4 … 8192. */
const cpuSteps = Array.from({ length: 14 }, (_, power) => 2 ** power);
/** 10 ns … 1 ms in steps that look equal. */
const priceSteps = Array.from({ length: 6 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** (power + 1)))
  .flat()
  .filter((ns) => ns <= 1e6);
const waitMs = 400;
/** A short version is so much of the scenario's own time, and not less than this. */
const shortPart = 0.1;
const shortSeconds = 0.3;

interface Answer {
  readonly sets: readonly string[];
  readonly verdict: Verdict;
  readonly tookMs: number;
}

export function WhatIf() {
  const facts = check.value?.facts ?? null;
  const answer = useSignal<Answer | null>(null);
  const running = useSignal<number | null>(null);
  const error = useSignal<EngineError | null>(null);
  const started = useSignal(false);
  const engine = useRef<EngineClient | null>(null);
  const text = scenarioText.value;
  const sets = facts === null ? [] : setsOf(facts);
  const key = sets.join(' ');
  const stop = () => {
    engine.current?.end();
    engine.current = null;
    running.value = null;
  };
  useEffect(() => stop, []);
  useEffect(() => {
    if (!started.value || sets.length === 0) return;
    const timer = setTimeout(() => {
      stop();
      const client = new EngineClient();
      engine.current = client;
      running.value = 0;
      error.value = null;
      const startMs = performance.now();
      client
        .ask(
          'simulate',
          { yaml: text, file: `${scenarioName.value}.yaml`, sets },
          {
            onProgress: ({ part }) => {
              running.value = part ?? 0;
            },
          },
        )
        .then(({ verdict }) => {
          answer.value = {
            sets,
            verdict: JSON.parse(verdict) as Verdict,
            tookMs: performance.now() - startMs,
          };
        })
        .catch((failure) => {
          if (failure instanceof EngineFailure && !failure.wasCancelled) error.value = failure.error;
        })
        .finally(() => {
          if (engine.current === client) stop();
        });
    }, waitMs);
    return () => clearTimeout(timer);
  }, [key, text, started.value]);
  if (facts === null) return null;
  const change = (name: string, value: string | number) => {
    started.value = true;
    choose({ [name]: value }, true);
  };
  return (
    <section class="what-if">
      <h2>Drag a value</h2>
      <p class="dim">
        After each change a short version runs: {decimal(secondsOf(facts), 2)} s of {facts.seconds} s, one
        seed, and four policies. A short run says which way it goes, not how much it is in the end.
      </p>
      <div class="lab-pair">
        <Sliders facts={facts} onChange={change} />
        <div>
          <p class="lab-buttons">
            {running.value === null ? (
              <button
                type="button"
                onClick={() => {
                  started.value = true;
                  answer.value = null;
                }}
              >
                {started.value ? 'Run again' : 'Run the short version'}
              </button>
            ) : (
              <>
                <progress max={1} value={running.value} aria-label="Short run" />
                <button type="button" onClick={stop}>
                  End it
                </button>
              </>
            )}
          </p>
          {error.value !== null && (
            <p class="warning" role="alert">
              {error.value.message}
            </p>
          )}
          {answer.value !== null && <ShortAnswer answer={answer.value} old={running.value !== null} />}
        </div>
      </div>
    </section>
  );
}

function secondsOf(facts: ScenarioFacts): number {
  const typed = Number(chosen('short'));
  if (typed > 0) return typed;
  return Number(Math.min(facts.seconds, Math.max(shortSeconds, facts.seconds * shortPart)).toPrecision(2));
}

/** As `--set` of the command line has them. */
function setsOf(facts: ScenarioFacts): string[] {
  const share = chosen('share') || '0.5';
  const optional = [
    ['cpus', 'machine.cpus'],
    ['maskFast', 'costs.maskFastNs'],
    ['maskPage', 'costs.maskPageNs'],
  ].flatMap(([name, path]) => (chosen(name) === '' ? [] : [`${path}=${chosen(name)}`]));
  const cpus = Number(chosen('cpus'));
  // A kernel built for fewer CPUs would refuse them; its mask grows with it.
  if (cpus > facts.nrCpus) optional.push(`kernel.nrCpus=${cpus}`);
  const twoPass = Number(share) === 0.5 ? 'two-pass' : `two-pass:share=${share}`;
  return [
    ...optional,
    `run.seconds=${secondsOf(facts)}`,
    'run.seeds=1',
    `run.policies=[everyone, selective, "${twoPass}", static-mask]`,
  ];
}

function Sliders({
  facts,
  onChange,
}: {
  facts: ScenarioFacts;
  onChange: (name: string, value: string | number) => void;
}) {
  const cpus = Number(chosen('cpus') || facts.cpus);
  const fast = Number(chosen('maskFast') || facts.maskFastNs);
  const page = Number(chosen('maskPage') || facts.maskPageNs);
  const share = Number(chosen('share') || 0.5);
  return (
    <div class="sliders">
      <Slider
        label="Share of CPUs that must be empty for two-pass"
        text={decimal(share)}
        value={Math.round(share * 20)}
        most={20}
        onValue={(step) => onChange('share', step / 20)}
      />
      <Slider
        label="CPUs"
        text={count(cpus)}
        value={nearest(cpuSteps, cpus)}
        most={cpuSteps.length - 1}
        onValue={(step) => onChange('cpus', cpuSteps[step])}
      />
      <Slider
        label="Mask from the CPU’s own objects"
        text={duration(fast)}
        value={nearest(priceSteps, fast)}
        most={priceSteps.length - 1}
        onValue={(step) => onChange('maskFast', priceSteps[step])}
      />
      <Slider
        label="Mask from a new page"
        text={duration(page)}
        value={nearest(priceSteps, page)}
        most={priceSteps.length - 1}
        onValue={(step) => onChange('maskPage', priceSteps[step])}
      />
      {!facts.offstack && (
        <p class="dim">
          Sets of CPUs of this kernel stand on the stack (kernel.offstack is false): their price changes
          nothing.
        </p>
      )}
      <label>
        Seconds of the short version{' '}
        <input
          type="number"
          min={0.01}
          max={facts.seconds}
          step="any"
          value={secondsOf(facts)}
          onChange={({ currentTarget }) => onChange('short', currentTarget.value)}
        />
      </label>
      <button
        type="button"
        onClick={() => choose({ share: '', cpus: '', maskFast: '', maskPage: '', short: '' })}
      >
        As the scenario has it
      </button>
    </div>
  );
}

function nearest(steps: readonly number[], value: number): number {
  const far = (step: number) => Math.abs(Math.log(step / Math.max(1, value)));
  return steps.reduce((best, step, i) => (far(step) < far(steps[best]) ? i : best), 0);
}

interface SliderProps {
  readonly label: string;
  readonly text: string;
  readonly value: number;
  readonly most: number;
  readonly onValue: (value: number) => void;
}

function Slider({ label, text, value, most, onValue }: SliderProps) {
  return (
    <label class="slider">
      <span>
        {label}: <strong>{text}</strong>
      </span>
      <input
        type="range"
        min={0}
        max={most}
        value={value}
        aria-valuetext={text}
        onInput={({ currentTarget }) => onValue(currentTarget.valueAsNumber)}
      />
    </label>
  );
}

const modelled = (text: string) => <Figure text={text} basis="modelled" />;

function ShortAnswer({ answer: { sets, verdict, tookMs }, old }: { answer: Answer; old: boolean }) {
  const { policies, lead } = verdict;
  const most = Math.max(1, ...policies.map(({ interrupts }) => interrupts));
  const changed = sets.slice(0, -3);
  return (
    <div class={old ? 'old' : undefined} aria-live="polite">
      <p>
        <strong>{verdict.answers[0]}</strong>
      </p>
      <p class="dim">
        {changed.length === 0 ? 'As the scenario has it' : `With ${changed.join(', ')}`}; in{' '}
        {duration(tookMs * 1e6)}.
        {verdict.drains.requested === 0 && ' The short version may be too short: give it more seconds.'}
      </p>
      <div class="scrolled">
        <table aria-label="Short run">
          <thead>
            <tr>
              <th scope="col">
                <Word>policy</Word>
              </th>
              <th scope="col">
                <Word of="interrupt">interrupts</Word>
              </th>
              <th scope="col">a drain</th>
              <th scope="col">saved</th>
              <th scope="col">
                <Word>stall</Word> p50
              </th>
              <th scope="col">p99</th>
            </tr>
          </thead>
          <tbody>
            {policies.map(({ name, interrupts, interruptsPerDrain, savedPercent, stallNs }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <span class="barred">
                    <svg viewBox="0 0 100 10" preserveAspectRatio="none" class="share" aria-hidden="true">
                      <rect width={(100 * interrupts) / most} height="10" />
                    </svg>
                    {modelled(count(interrupts))}
                  </span>
                </td>
                <td>{interruptsPerDrain === null ? '–' : modelled(decimal(interruptsPerDrain))}</td>
                <td>
                  {name === lead.baseline || savedPercent === null ? '–' : modelled(percent(savedPercent))}
                </td>
                <td>{stallNs === null ? '–' : modelled(duration(stallNs.p50))}</td>
                <td>{stallNs === null ? '–' : modelled(duration(stallNs.p99))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** One drain: who asked and why, who held what, whom each policy disturbs, and what the kernel did. */

import { useSignal, useSignalEffect } from '@preact/signals';
import { formatCpuList } from '../../base/cpu-list.ts';
import { count, duration, plural } from '../../engine/report/numbers.ts';
import type { DrainStoryData } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import { current, fail, policy } from '../state.ts';
import { timeText } from './time-scale.ts';
import { Word } from './word.tsx';
import '../styles/drain-panel.css';

export function DrainPanel({ number }: { number: number }) {
  const story = useSignal<DrainStoryData | null>(null);
  const wanted = useSignal(number);
  wanted.value = number;
  useSignalEffect(() => {
    const recording = current.value;
    const asked = wanted.value;
    if (recording === null || asked < 0 || asked >= recording.opened.drains.length) {
      story.value = null;
      return;
    }
    void recording.engine
      .ask('drain', { recording: recording.opened.recording, number: asked })
      .then((answer) => {
        if (asked === wanted.value) story.value = answer;
      }, fail);
  });
  const told = story.value;
  const recording = current.value;
  if (told === null || recording === null) return null;
  const { drains, machine } = recording.opened;
  const step = (to: number) => choose({ drain: Math.max(0, Math.min(drains.length - 1, to)) });
  return (
    <section class="drain-panel" aria-label="Drain" aria-live="polite">
      <header>
        <h2>
          <Word of="drain">Drain</Word> {count(number + 1)} of {count(drains.length)}
        </h2>
        <button
          type="button"
          aria-label="Drain before"
          title="Drain before (p)"
          onClick={() => step(number - 1)}
          disabled={number <= 0}
        >
          ←
        </button>
        <button
          type="button"
          aria-label="Next drain"
          title="Next drain (n)"
          onClick={() => step(number + 1)}
          disabled={number >= drains.length - 1}
        >
          →
        </button>
        <button
          type="button"
          title="Every CPU at this drain"
          onClick={() => choose({ view: 'machine', at: drains.timeNs[number], drain: number })}
        >
          machine
        </button>
        <button type="button" onClick={() => choose({ drain: '' })} aria-label="Close">
          ×
        </button>
      </header>
      <Facts story={told} zones={machine.zones} turnedAway={drains.turnedAway[number] === 1} />
      <HeldPages story={told} />
      <Disturbed story={told} policies={drains.policies} />
    </section>
  );
}

function Facts({
  story: { drain },
  zones,
  turnedAway,
}: {
  story: DrainStoryData;
  zones: readonly string[];
  turnedAway: boolean;
}) {
  const asked = `CPU ${drain.cpu}, task ${drain.pid}, asked at ${timeText(drain.timeNs, 1000)} for ${
    drain.zone < 0 ? 'every zone' : `zone ${zones[drain.zone] ?? drain.zone}`
  }: ${drain.cause.replaceAll('-', ' ')}${drain.forced ? ', forced on every CPU' : ''}.`;
  const parts: string[] = [];
  if (turnedAway) parts.push('turned the caller away at once, since another drain was running');
  else if (drain.targets === null) parts.push('did not say whom it drained');
  else if (drain.targets.length === 0) parts.push('drained nobody');
  else parts.push(`drained ${plural(drain.targets.length, 'CPU')}: ${formatCpuList(drain.targets)}`);
  if (drain.pagesDrained >= 0) parts.push(`got ${plural(drain.pagesDrained, 'page')} back`);
  if (drain.interruptsSent >= 0) parts.push(`sent ${plural(drain.interruptsSent, 'interrupt')}`);
  if (drain.endNs >= 0) parts.push(`was done after ${duration(drain.endNs - drain.timeNs)}`);
  return (
    <>
      <p>{asked}</p>
      <p>The kernel {parts.join(', ')}.</p>
    </>
  );
}

/** More CPUs than these are summed up. */
const shownMax = 32;

function HeldPages({ story: { drain } }: { story: DrainStoryData }) {
  const isKnown = drain.pages.every((pages) => pages >= 0);
  const pages = isKnown
    ? plural(
        drain.pages.reduce((sum, each) => sum + each, 0),
        'page',
      )
    : 'pages (how many is not known)';
  const most = Math.max(1, ...drain.pages);
  const shown = [...drain.holders.keys()].sort((a, b) => drain.pages[b] - drain.pages[a]).slice(0, shownMax);
  return (
    <>
      <h3>
        <Word of="holder">Holders</Word>
      </h3>
      <p>
        {plural(drain.holders.length, 'CPU')} held {pages}
        {drain.unknown.length > 0 && `; of ${plural(drain.unknown.length, 'CPU')} it is not known`}.
        {drain.holders.length > shownMax && ` The ${shownMax} with the most:`}
      </p>
      <table aria-label="Pages of holders">
        <tbody>
          {shown.map((i) => (
            <tr key={drain.holders[i]}>
              <th scope="row">CPU {drain.holders[i]}</th>
              <td>{isKnown ? count(drain.pages[i]) : '–'}</td>
              <td class="bar-cell">
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" class="share" aria-hidden="true">
                  <rect width={(100 * Math.max(0, drain.pages[i])) / most} height="10" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Disturbed({
  story: { drain, targets },
  policies,
}: {
  story: DrainStoryData;
  policies: readonly string[];
}) {
  const holding = new Set([...drain.holders, ...drain.unknown]);
  const bound = drain.unknown.length > 0 ? 'at least ' : '';
  return (
    <>
      <h3>Whom each policy disturbs</h3>
      <table aria-label="Disturbed by each policy">
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col">other CPUs</th>
            <th scope="col">
              for <Word of="useless">nothing</Word>
            </th>
            <th scope="col">which</th>
          </tr>
        </thead>
        <tbody>
          {policies.map((name, i) => {
            const others = [...targets[i]].filter((cpu) => cpu !== drain.cpu);
            return (
              <tr key={name} class={name === policy.value ? 'selected' : undefined}>
                <th scope="row">{name}</th>
                <td>{count(others.length)}</td>
                <td>
                  {bound}
                  {count(others.filter((cpu) => !holding.has(cpu)).length)}
                </td>
                <td class="cpus">{formatCpuList(others)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

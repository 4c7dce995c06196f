/** One CPU's story: what it is, its pages over time, and how often each policy disturbs it. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, plural } from '../../engine/report/numbers.ts';
import type { PagesTile } from '../../engine/timeline/pages-log.ts';
import { Mark } from '../../thread/messages.ts';
import { choose } from '../address.ts';
import { fail, type OpenRecording, policy } from '../state.ts';
import { isDark } from '../theme.ts';
import type { MomentShown } from './moments.ts';
import type { Playback } from './playback.ts';
import { timeText } from './time-scale.ts';
import { Word } from './word.tsx';
import '../styles/cpu-panel.css';

interface PanelProps {
  readonly cpu: number;
  readonly recording: OpenRecording;
  readonly moment: MomentShown | null;
  readonly playback: Playback;
}

export function CpuPanel({ cpu, recording, moment, playback }: PanelProps) {
  const { machine, drains } = recording.opened;
  const { online, isolated, nodeOfCpu } = machine;
  const what = [online[cpu] === 1 ? 'online' : 'offline', isolated[cpu] === 1 ? 'isolated' : 'not isolated'];
  if (nodeOfCpu[cpu] >= 0) what.push(`node ${nodeOfCpu[cpu]}`);
  const counted = drains.turnedAway.reduce((sum, away) => sum + 1 - away, 0);
  const arePagesKnown = recording.verdict.drains.pagesNotKnown === undefined;
  return (
    <section class="cpu-panel" aria-label={`CPU ${cpu}`}>
      <header>
        <h2>CPU {cpu}</h2>
        <button type="button" onClick={() => choose({ cpu: '' })} aria-label="Close">
          ×
        </button>
      </header>
      <p>
        {what.join(', ')}.{' '}
        {moment !== null && (
          <>
            It has{' '}
            <strong>
              {arePagesKnown ? plural(Math.max(0, moment.pages[cpu]), 'page') : 'an unknown number of pages'}
            </strong>
            {atDrain[moment.marks[cpu]]}.
          </>
        )}
      </p>
      {arePagesKnown && <PagesOverTime cpu={cpu} recording={recording} timeNs={playback.timeNs} />}
      <p>
        It was a <Word>holder</Word> at {count(drains.cpuHeld[cpu])} of {plural(counted, 'drain')}.
      </p>
      <Disturbed cpu={cpu} recording={recording} />
    </section>
  );
}

const atDrain: Readonly<Record<number, string>> = {
  [Mark.useful]: ' and is disturbed at this drain',
  [Mark.useless]: ' and is disturbed at this drain for nothing',
  [Mark.requester]: ' and asked for this drain itself',
};

function Disturbed({ cpu, recording }: { cpu: number; recording: OpenRecording }) {
  const { policies, cpuDisturbed, cpuUseless } = recording.opened.drains;
  return (
    <table aria-label={`How often each policy disturbs CPU ${cpu}`}>
      <thead>
        <tr>
          <th scope="col">Policy</th>
          <th scope="col">disturbs it</th>
          <th scope="col">
            for <Word of="useless">nothing</Word>
          </th>
        </tr>
      </thead>
      <tbody>
        {policies.map((name, i) => (
          <tr key={name} class={name === policy.value ? 'selected' : undefined}>
            <th scope="row">{name}</th>
            <td>{count(cpuDisturbed[i][cpu])}</td>
            <td>{count(cpuUseless[i][cpu])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const columns = 320;
const height = 64;

function PagesOverTime({
  cpu,
  recording,
  timeNs,
}: {
  cpu: number;
  recording: OpenRecording;
  timeNs: number;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tile = useSignal<PagesTile | null>(null);
  const { opened, engine } = recording;
  const { fromNs, toNs } = opened;
  useEffect(() => {
    let wanted = true;
    const ask = { recording: opened.recording, cpu, fromNs, toNs: toNs + 1, columns };
    void engine.ask('cpuPages', ask).then((answer) => {
      if (wanted) tile.value = answer;
    }, fail);
    return () => {
      wanted = false;
    };
  }, [engine, opened, cpu, fromNs, toNs, tile]);
  const pages = tile.value;
  const dark = isDark();
  const most = pages === null ? 0 : pages.most.reduce((a, b) => Math.max(a, b), 0);
  useEffect(() => {
    if (canvas.current !== null && pages !== null) drawPages(canvas.current, pages, most, dark);
  }, [pages, most, dark]);
  return (
    <figure>
      <div class="pages-over-time">
        <canvas
          ref={canvas}
          width={columns}
          height={height}
          role="img"
          aria-label={`Pages of CPU ${cpu} over the whole time, at most ${count(most)}`}
        />
        <span class="now" style={{ left: `${(100 * (timeNs - fromNs)) / Math.max(1, toNs - fromNs)}%` }} />
      </div>
      <figcaption>
        Its pages from {timeText(fromNs, 1e6)} to {timeText(toNs, 1e6)}, at most {count(most)}
      </figcaption>
    </figure>
  );
}

/** From the least to the most of each column, and faint below. */
function drawPages(canvas: HTMLCanvasElement, { least, most }: PagesTile, top: number, dark: boolean): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, columns, height);
  const y = (pages: number) => height - Math.round((Math.max(0, pages) / Math.max(1, top)) * (height - 2));
  for (let column = 0; column < columns; column++) {
    const high = y(most[column]);
    const low = y(least[column]);
    context.fillStyle = dark ? '#2f4a66' : '#cfe0f2';
    context.fillRect(column, low, 1, height - low);
    context.fillStyle = dark ? '#6fb4ff' : '#0a5fb4';
    context.fillRect(column, Math.min(high, height - 1), 1, Math.max(1, low - high));
  }
}

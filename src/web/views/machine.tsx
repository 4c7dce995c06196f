/** Every CPU a cell: who holds pages at a moment, and whom the chosen policy disturbs at the last drain until then. */

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { count, duration, plural } from '../../engine/report/numbers.ts';
import { Mark } from '../../thread/messages.ts';
import { choose, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { CpuPanel } from '../parts/cpu-panel.tsx';
import { MachineLegend } from '../parts/machine-legend.tsx';
import { MachinePicture } from '../parts/machine-picture.tsx';
import { type MachinePlan, neighbour } from '../parts/machine-plan.ts';
import { type MomentShown, useMoment } from '../parts/moments.ts';
import { useMostPages } from '../parts/most-pages.ts';
import { PlayControls } from '../parts/play-controls.tsx';
import { type Playback, usePlayback } from '../parts/playback.ts';
import { PolicyChoice } from '../parts/policy-choice.tsx';
import { timeText } from '../parts/time-scale.ts';
import { WhatFollows } from '../parts/what-follows.tsx';
import { Word } from '../parts/word.tsx';
import { current, type OpenRecording, policy } from '../state.ts';
import '../styles/machine.css';

export function MachineView() {
  const recording = current.value;
  if (recording === null) return null;
  return <Machine key={recording.opened.recording} recording={recording} />;
}

function Machine({ recording }: { recording: OpenRecording }) {
  const { opened } = recording;
  const playback = usePlayback(opened);
  const { timeNs, drain } = playback;
  const moment = useMoment(recording, { timeNs, policy: policy.value, drain });
  const most = useMostPages(recording);
  const plan = useSignal<MachinePlan | null>(null);
  const chosenCpu = chosenNumber('cpu', -1);
  const cpu = chosenCpu >= 0 && chosenCpu < opened.machine.cpuCount ? chosenCpu : -1;
  const offline = useMemo(() => opened.machine.online.reduce((sum, online) => sum + 1 - online, 0), [opened]);
  useMachineKeys(playback, plan);
  return (
    <article class="machine">
      <header>
        <h1>Every CPU of the machine</h1>
        <PolicyChoice />
      </header>
      <Sentence moment={moment.value} recording={recording} />
      <PlayControls playback={playback} recording={recording} />
      <div class={cpu >= 0 ? 'with-panel' : undefined}>
        <div>
          <MachinePicture recording={recording} moment={moment} most={most} plan={plan} cpu={cpu} />
          <MachineLegend
            most={most.value}
            policy={policy.value}
            cpu={cpu}
            cpuCount={opened.machine.cpuCount}
          />
        </div>
        {cpu >= 0 && <CpuPanel cpu={cpu} recording={recording} moment={moment.value} playback={playback} />}
      </div>
      <p class="dim">
        Pages: {opened.pagesBasis}. <WhatFollows recording={recording} policy={policy.value} />
        {offline > 0 && ` ${plural(offline, 'CPU is', 'CPUs are')} offline and not shown.`}
      </p>
    </article>
  );
}

/** What is to be seen, in words. */
function Sentence({ moment, recording }: { moment: MomentShown | null; recording: OpenRecording }) {
  if (moment === null) return <p class="sentence">…</p>;
  const { online } = recording.opened.machine;
  let holders = 0;
  let pages = 0;
  for (let cpu = 0; cpu < online.length; cpu++) {
    if (online[cpu] === 0 || moment.pages[cpu] <= 0) continue;
    holders++;
    pages += moment.pages[cpu];
  }
  const cpus = online.reduce((sum, each) => sum + each, 0);
  return (
    <p class="sentence">
      At <strong>{timeText(moment.timeNs, 1e3)}</strong>{' '}
      {recording.verdict.drains.pagesNotKnown === undefined
        ? `${count(holders)} of ${plural(cpus, 'CPU')} hold ${plural(pages, 'page')} on their `
        : 'it is not known how many pages stand on the '}
      <Word of="page list">lists</Word>. <AtDrain moment={moment} recording={recording} />
    </p>
  );
}

function AtDrain({ moment, recording }: { moment: MomentShown; recording: OpenRecording }) {
  const { drains } = recording.opened;
  const { zones } = recording.opened.machine;
  const { drain, marks, zone } = moment;
  if (drain < 0) return <>No drain was asked for until then.</>;
  const agoNs = moment.timeNs - drains.timeNs[drain];
  const when = agoNs <= 0 ? 'now' : `${duration(agoNs)} before`;
  const which = `${count(drain + 1)} of ${count(drains.length)}, ${when}`;
  if (drains.turnedAway[drain] === 1) {
    return (
      <>
        <Word of="drain">Drain</Word> {which}: turned away at once, since another one was running.
      </>
    );
  }
  let useful = 0;
  let useless = 0;
  for (const mark of marks) {
    if (mark === Mark.useful) useful++;
    if (mark === Mark.useless) useless++;
  }
  return (
    <>
      <Word of="drain">Drain</Word> {which}, asked for by CPU {drains.cpu[drain]}
      {zone >= 0 && ` for zone ${zones[zone] ?? zone} alone (pages in other zones are nothing to it)`}:{' '}
      <strong>{policy.value}</strong> disturbs {plural(useful + useless, 'other CPU')},{' '}
      {drains.unknown[drain] > 0 && 'at least '}
      {count(useless)} of them for <Word of="useless">nothing</Word>.{' '}
      <button type="button" onClick={() => tell(drain, drains.timeNs[drain])}>
        in the timeline
      </button>
    </>
  );
}

/** Shows a drain in the timeline, with a second around it. */
function tell(drain: number, timeNs: number): void {
  choose({ view: 'timeline', drain, from: Math.round(timeNs - 0.5e9), to: Math.round(timeNs + 0.5e9) });
}

function useMachineKeys(playback: Playback, plan: { readonly value: MachinePlan | null }): void {
  const select = (towards: 'left' | 'right' | 'up' | 'down') => () => {
    if (plan.value !== null) choose({ cpu: neighbour(plan.value, chosenNumber('cpu', -1), towards) }, true);
  };
  useKeys(
    [
      { key: 'k', what: 'play or pause', run: playback.toggle },
      { key: 'n', what: 'next drain', run: () => playback.step(1) },
      { key: 'p', what: 'drain before', run: () => playback.step(-1) },
      { key: '[', what: 'play at half the rate', run: () => playback.speedUp(1 / 2) },
      { key: ']', what: 'play at twice the rate', run: () => playback.speedUp(2) },
      { key: 'ArrowLeft', what: 'choose the CPU to the left', run: select('left') },
      { key: 'ArrowRight', what: 'choose the CPU to the right', run: select('right') },
      { key: 'ArrowUp', what: 'choose the CPU above', run: select('up') },
      { key: 'ArrowDown', what: 'choose the CPU below', run: select('down') },
    ],
    [playback.isPlaying],
  );
}

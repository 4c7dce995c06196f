/** The share of two-pass over the recording that is open: asked of every drain, so nothing runs and the answer is at once there. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count, decimal, percent, plural } from '../../engine/report/numbers.ts';
import type { ShareCurve } from '../../thread/messages.ts';
import { choose, chosenNumber } from '../address.ts';
import { Figure } from '../parts/figure.tsx';
import { useWidth } from '../parts/use-width.ts';
import { Word } from '../parts/word.tsx';
import { current, fail, type OpenRecording } from '../state.ts';
import { isDark } from '../theme.ts';

/** Mel Gorman's half. */
const half = 0.5;
const height = 220;

export function ShareSlider() {
  const recording = current.value;
  const curve = useSignal<ShareCurve | null>(null);
  useEffect(() => {
    curve.value = null;
    if (recording === null) return;
    let wanted = true;
    recording.engine
      .ask('shareCurve', { recording: recording.opened.recording })
      .then((answer) => {
        if (wanted) curve.value = answer;
      })
      .catch(fail);
    return () => {
      wanted = false;
    };
  }, [recording]);
  return (
    <section class="share-over">
      <h2>
        The share of <Word>two-pass</Word>, over {recording === null ? 'a recording' : recording.opened.name}
      </h2>
      {recording === null && (
        <p>
          Open a recording, or run a scenario: then each share is asked of every <Word>drain</Word> in it.
        </p>
      )}
      {recording !== null && curve.value === null && <p class="loading">Asking every drain …</p>}
      {recording !== null && curve.value !== null && <Over recording={recording} curve={curve.value} />}
    </section>
  );
}

function Over({ recording, curve }: { recording: OpenRecording; curve: ShareCurve }) {
  const step = Math.round(100 * Math.min(1, Math.max(0, chosenNumber('over', half))));
  const share = curve.shares[step];
  const everyone = sumOf(recording, 'everyone');
  const [low, high] = [curve.low[step], curve.high[step]];
  const isRun = recording.verdict.simulation !== null;
  const interrupts = low === high ? count(high) : `${count(low)}–${count(high)}`;
  const row = recording.verdict.policies.find(({ name }) => name === 'two-pass');
  const exact = low === high && row?.basis === 'exact';
  if (curve.drains === 0) return <p>No drain of it was carried out.</p>;
  return (
    <>
      <p class="lab-sentence">
        At a share of {decimal(share)}, two-pass sends{' '}
        <Figure
          text={interrupts}
          basis={exact ? 'exact' : 'modelled'}
          why={row?.why.interrupts ?? 'it is not known of all CPUs whether they held pages'}
        />{' '}
        interrupts at {plural(curve.drains, 'drain')}
        {everyone > 0 && `, ${percent((100 * (everyone - high)) / everyone)} fewer than everyone`}, and asks
        for a <Word>mask</Word> at {count(curve.masks[step])} of them.
      </p>
      <label class="slider">
        <span>
          Share of CPUs that must be empty: <strong>{decimal(share)}</strong>
          {share === half && ' (as proposed in 2011)'}
        </span>
        <input
          type="range"
          min={0}
          max={curve.shares.length - 1}
          value={step}
          aria-valuetext={`${decimal(share)}: ${interrupts} interrupts`}
          onInput={({ currentTarget }) => choose({ over: currentTarget.valueAsNumber / 100 }, true)}
        />
      </label>
      <Chart curve={curve} step={step} />
      <p class="dim">
        {isRun
          ? 'Modelled: asked of the drains of one simulated run, whose kernel drained by the policy that was run. Under another share that machine would have gone another way; “Drag a value” runs it.'
          : 'At 0 it is selective; where it is larger than the share of empty CPUs, everyone is interrupted. Asked of each drain that the recorded kernel carried out, with the lists as they were.'}
      </p>
    </>
  );
}

function sumOf({ opened: { drains } }: OpenRecording, policy: string): number {
  const interrupts = drains.disturbed[drains.policies.indexOf(policy)];
  return interrupts?.reduce((sum, one, i) => sum + (drains.turnedAway[i] === 1 ? 0 : one), 0) ?? 0;
}

function Chart({ curve, step }: { curve: ShareCurve; step: number }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame).value;
  const dark = isDark();
  const most = Math.max(...curve.high);
  return (
    <figure class="share-chart">
      <figcaption>
        Interrupts (upright) by the share (across); the line upright is the share that is chosen
      </figcaption>
      <div
        ref={frame}
        role="img"
        aria-label={`Interrupts of two-pass: ${count(curve.high[0])} at share 0, ${count(curve.high[50])} at 0.5, ${count(most)} at 1. Chosen: ${count(curve.high[step])}.`}
      >
        {width > 0 && <Plot key={`${width} ${dark}`} curve={curve} step={step} width={width} />}
      </div>
    </figure>
  );
}

function Plot({ curve, step, width }: { curve: ShareCurve; step: number; width: number }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const chosenStep = useRef(step);
  chosenStep.current = step;
  useEffect(() => {
    if (place.current === null) return;
    const data: uPlot.AlignedData = [[...curve.shares], [...curve.high], [...curve.low]];
    const marker = (chart: uPlot) => drawMarker(chart, curve.shares[chosenStep.current]);
    const made = new uPlot(options(width, marker), data, place.current);
    plot.current = made;
    return () => made.destroy();
  }, [curve, width]);
  useEffect(() => plot.current?.redraw(false), [step]);
  return <div ref={place} />;
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}

function options(width: number, marker: (chart: uPlot) => void): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colourOf('--dim'),
    grid: { stroke: colourOf('--line'), width: 0.5 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  // Each share holds until the next: the rule is a comparison.
  const stepped = uPlot.paths.stepped?.({ align: -1 });
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [0, 1] },
      y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] },
    },
    axes: [axis, { ...axis, size: 64, values: (_, values) => values.map((value) => count(value)) }],
    series: [
      {},
      {
        label: 'interrupts',
        stroke: colourOf('--useless'),
        width: 2,
        paths: stepped,
        points: { show: false },
      },
      {
        label: 'if unknown CPUs are empty',
        stroke: colourOf('--useful'),
        width: 1,
        dash: [4, 4],
        paths: stepped,
        points: { show: false },
      },
    ],
    hooks: { draw: [marker] },
  };
}

function drawMarker(chart: uPlot, share: number): void {
  const { ctx, bbox } = chart;
  const x = Math.round(chart.valToPos(share, 'x', true));
  ctx.save();
  ctx.strokeStyle = colourOf('--accent');
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

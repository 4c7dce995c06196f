/** CPUs over time: pages on every CPU's lists, drains, what a policy disturbs, stalls; from the whole recording to single events. */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, duration } from '../../engine/report/numbers.ts';
import { choose, chosenNumber } from '../address.ts';
import { type KeyBinding, useKeys } from '../keyboard.ts';
import { amountColours, amountSteps } from '../parts/colours.ts';
import { DrainPanel } from '../parts/drain-panel.tsx';
import { drainBars, nearestDrain } from '../parts/drain-track.ts';
import { cpuOrder, entryAt, type RowPlan, rowPlan } from '../parts/heat-map.ts';
import { PolicyChoice } from '../parts/policy-choice.tsx';
import { roundTimes, timeText } from '../parts/time-scale.ts';
import {
  drawDrainTrack,
  drawPictures,
  drawStallTrack,
  type Span,
  TilePicture,
  trackColours,
} from '../parts/timeline-canvas.ts';
import { Word } from '../parts/word.tsx';
import { current, fail, type OpenRecording, policy } from '../state.ts';
import { isDark } from '../theme.ts';
import '../styles/timeline.css';

/** The closest that one can look. */
const spanNsMin = 1000;
const heatHeightMax = 420;
const trackHeight = 48;
/** Of the shown time, for one press of a key. */
const keyStep = 0.2;
const zoomFactor = 1.5;

export function TimelineView() {
  const recording = current.value;
  if (recording === null) return null;
  return <Timeline key={recording.opened.name} recording={recording} />;
}

function Timeline({ recording }: { recording: OpenRecording }) {
  const { opened } = recording;
  const whole: Span = { fromNs: opened.fromNs, toNs: Math.max(opened.toNs, opened.fromNs + spanNsMin) };
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const span = shownSpan(whole);
  const show = (next: Span) => showSpan(next, whole);
  const columns = Math.max(1, width.value);
  const machine = opened.machine;
  const plan = rowPlan(cpuOrder(machine.online, machine.isolated, machine.nodeOfCpu), heatHeightMax);
  const under = useSignal<{ readonly timeNs: number; readonly cpu: number } | null>(null);
  useTimelineKeys(span, show, whole, recording);
  const pointer = usePointer(span, show, recording, plan, under);
  const drain = chosenNumber('drain', -1);
  return (
    <article class="timeline">
      <header>
        <h1>Pages on every CPU’s lists over time</h1>
        <PolicyChoice />
        <span class="span">
          {timeText(span.fromNs, (span.toNs - span.fromNs) / 100)} to{' '}
          {timeText(span.toNs, (span.toNs - span.fromNs) / 100)} ({duration(span.toNs - span.fromNs)})
        </span>
        <button type="button" onClick={() => show(zoomed(span, 1 / zoomFactor))}>
          closer +
        </button>
        <button type="button" onClick={() => show(zoomed(span, zoomFactor))}>
          farther −
        </button>
        <button type="button" onClick={() => show(whole)}>
          all 0
        </button>
      </header>
      <div class={drain >= 0 ? 'with-panel' : undefined}>
        <div ref={frame} class="tracks" {...pointer}>
          <Heat recording={recording} plan={plan} span={span} columns={columns} />
          <Tracks recording={recording} span={span} columns={columns} drain={drain} />
          <Axis span={span} width={columns} />
          <Overview recording={recording} whole={whole} span={span} columns={columns} show={show} />
        </div>
        {drain >= 0 && <DrainPanel number={drain} />}
      </div>
      <p class="dim" aria-live="off">
        {under.value === null
          ? 'Drag to move, wheel or + and − to zoom, click near a drain to look at it.'
          : `CPU ${under.value.cpu} at ${timeText(under.value.timeNs, (span.toNs - span.fromNs) / columns)}`}
      </p>
      <p class="dim">
        Pages: {opened.pagesBasis}. Each column shows the most that was there in its time, so no peak is lost.
        Bars: other CPUs that {policy.value} disturbs (the part on top for <Word of="useless">nothing</Word>),
        behind them everyone. Isolated CPUs are below the others.
      </p>
    </article>
  );
}

function shownSpan(whole: Span): Span {
  const fromNs = chosenNumber('from', whole.fromNs);
  const toNs = chosenNumber('to', whole.toNs);
  return toNs > fromNs ? { fromNs, toNs } : whole;
}

/** Within the recording, and not closer than one can look. What moves continuously makes no entry for the back button. */
function showSpan({ fromNs, toNs }: Span, whole: Span): void {
  const length = Math.min(whole.toNs - whole.fromNs, Math.max(spanNsMin, toNs - fromNs));
  const from = Math.min(Math.max(whole.fromNs, fromNs), whole.toNs - length);
  const isWhole = length >= whole.toNs - whole.fromNs;
  choose(isWhole ? { from: '', to: '' } : { from: Math.round(from), to: Math.round(from + length) }, true);
}

function zoomed({ fromNs, toNs }: Span, factor: number, at = 0.5): Span {
  const length = (toNs - fromNs) * factor;
  const fixed = fromNs + (toNs - fromNs) * at;
  return { fromNs: fixed - length * at, toNs: fixed + length * (1 - at) };
}

function moved({ fromNs, toNs }: Span, part: number): Span {
  const byNs = (toNs - fromNs) * part;
  return { fromNs: fromNs + byNs, toNs: toNs + byNs };
}

function useTimelineKeys(
  span: Span,
  show: (span: Span) => void,
  whole: Span,
  { opened }: OpenRecording,
): void {
  const drain = chosenNumber('drain', -1);
  const toDrain = (number: number) => {
    if (number < 0 || number >= opened.drains.length) return;
    choose({ drain: number });
    const timeNs = opened.drains.timeNs[number];
    if (timeNs < span.fromNs || timeNs > span.toNs) {
      const half = (span.toNs - span.fromNs) / 2;
      show({ fromNs: timeNs - half, toNs: timeNs + half });
    }
  };
  const keys: KeyBinding[] = [
    { key: 'ArrowLeft', what: 'earlier', run: () => show(moved(span, -keyStep)) },
    { key: 'ArrowRight', what: 'later', run: () => show(moved(span, keyStep)) },
    { key: '+', what: 'closer', run: () => show(zoomed(span, 1 / zoomFactor)) },
    { key: '=', what: 'closer', run: () => show(zoomed(span, 1 / zoomFactor)) },
    { key: '-', what: 'farther', run: () => show(zoomed(span, zoomFactor)) },
    { key: '0', what: 'the whole recording', run: () => show(whole) },
    { key: 'n', what: 'next drain', run: () => toDrain(drain + 1) },
    { key: 'p', what: 'drain before', run: () => toDrain(drain - 1) },
  ];
  useKeys(keys, [span.fromNs, span.toNs, drain, opened.name]);
}

/** Width of an element in CSS pixels, as a signal. */
function useWidth(element: { readonly current: HTMLElement | null }) {
  const width = useSignal(0);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry.contentRect.width);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, width]);
  return width;
}

/** Drag, wheel, click. */
function usePointer(
  span: Span,
  show: (span: Span) => void,
  { opened }: OpenRecording,
  plan: RowPlan,
  under: { value: { readonly timeNs: number; readonly cpu: number } | null },
) {
  const start = useRef<{ x: number; span: Span; moved: boolean } | null>(null);
  const timeAt = (event: MouseEvent, element: HTMLElement) => {
    const box = element.getBoundingClientRect();
    return span.fromNs + ((event.clientX - box.left) / box.width) * (span.toNs - span.fromNs);
  };
  return {
    onPointerDown(event: PointerEvent & { currentTarget: HTMLElement }) {
      start.current = { x: event.clientX, span, moved: false };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent & { currentTarget: HTMLElement }) {
      const box = event.currentTarget.getBoundingClientRect();
      const entry = entryAt(plan, Math.floor(event.clientY - box.top));
      under.value = entry < 0 ? null : { timeNs: timeAt(event, event.currentTarget), cpu: plan.order[entry] };
      const from = start.current;
      if (from === null) return;
      if (Math.abs(event.clientX - from.x) > 3) from.moved = true;
      if (from.moved) show(moved(from.span, (from.x - event.clientX) / box.width));
    },
    onPointerUp(event: PointerEvent & { currentTarget: HTMLElement }) {
      const from = start.current;
      start.current = null;
      if (from === null || from.moved) return;
      const box = event.currentTarget.getBoundingClientRect();
      const near = ((span.toNs - span.fromNs) * 12) / box.width;
      const number = nearestDrain(opened.drains, timeAt(event, event.currentTarget), near);
      if (number >= 0) choose({ drain: number });
    },
    onPointerLeave() {
      under.value = null;
    },
    onWheel(event: WheelEvent & { currentTarget: HTMLElement }) {
      event.preventDefault();
      const box = event.currentTarget.getBoundingClientRect();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) show(moved(span, event.deltaX / box.width));
      else show(zoomed(span, event.deltaY > 0 ? 1.2 : 1 / 1.2, (event.clientX - box.left) / box.width));
    },
  };
}

/** Most pages that a CPU ever had, for the scale; the verdict's own figures do not tell it. */
function useMostPages({ opened, engine }: OpenRecording) {
  const most = useSignal(0);
  useEffect(() => {
    const { recording, fromNs, toNs } = opened;
    void engine.ask('tile', { recording, fromNs, toNs: toNs + 1, columns: 1 }).then((tile) => {
      most.value = tile.most.reduce((a, b) => Math.max(a, b), 1);
    }, fail);
  }, [opened, engine, most]);
  return most;
}

interface HeatProps {
  readonly recording: OpenRecording;
  readonly plan: RowPlan;
  readonly span: Span;
  readonly columns: number;
}

function Heat({ recording, plan, span, columns }: HeatProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const most = useMostPages(recording);
  const coarse = useRef<TilePicture | null>(null);
  const fine = useRef<TilePicture | null>(null);
  const asked = useRef('');
  const busy = useRef(false);
  const shown = useSignal(span);
  shown.value = span;
  const drawing = useComputed(() => ({
    colours: amountColours(isDark()),
    steps: amountSteps(Math.max(1, most.value)),
  }));
  const draw = () => {
    if (canvas.current !== null) drawPictures(canvas.current, [coarse.current, fine.current], shown.value);
  };
  const fetchTile = () => {
    const { fromNs, toNs } = shown.value;
    const key = `${fromNs} ${toNs} ${columns}`;
    if (busy.current || key === asked.current || columns < 2 || most.value === 0) return;
    asked.current = key;
    busy.current = true;
    const { colours, steps } = drawing.value;
    void recording.engine
      .ask('tile', { recording: recording.opened.recording, fromNs, toNs, columns })
      .then((tile) => {
        fine.current = new TilePicture(tile, plan, steps, colours);
        coarse.current ??= fine.current;
        draw();
      }, fail)
      .finally(() => {
        busy.current = false;
        fetchTile();
      });
  };
  useSignalEffect(() => {
    drawing.value;
    coarse.current = null;
    asked.current = '';
    fetchTile();
  });
  useEffect(() => {
    draw();
    fetchTile();
  }, [span.fromNs, span.toNs, columns, plan.height]);
  const cpus = plan.order.length;
  return (
    <canvas
      ref={canvas}
      class="heat"
      width={columns}
      height={plan.height}
      role="img"
      aria-label={`Pages on the lists of ${count(cpus)} CPUs, one row for each, from few to ${count(most.value)} pages`}
    />
  );
}

interface TracksProps {
  readonly recording: OpenRecording;
  readonly span: Span;
  readonly columns: number;
  readonly drain: number;
}

function Tracks({ recording, span, columns, drain }: TracksProps) {
  const drainCanvas = useRef<HTMLCanvasElement>(null);
  const stallCanvas = useRef<HTMLCanvasElement>(null);
  const { drains } = recording.opened;
  const bars = drainBars(drains, policy.value, span.fromNs, span.toNs, columns);
  const hasStall = bars.stallNs.some((ns) => ns > 0);
  const dark = isDark();
  useEffect(() => {
    const colours = trackColours(dark);
    if (drainCanvas.current !== null) drawDrainTrack(drainCanvas.current, bars, colours);
    if (stallCanvas.current !== null) drawStallTrack(stallCanvas.current, bars, colours);
  });
  const most = Math.max(0, ...bars.everyone);
  const timeNs = drain >= 0 && drain < drains.length ? drains.timeNs[drain] : Number.NaN;
  const at = ((timeNs - span.fromNs) / (span.toNs - span.fromNs)) * columns;
  return (
    <>
      <div class="track-label">
        CPUs that {policy.value} disturbs, by column (most: {count(most)} by everyone)
      </div>
      <canvas
        ref={drainCanvas}
        width={columns}
        height={trackHeight}
        role="img"
        aria-label={`${count(bars.drains.reduce((a, b) => a + b, 0))} drains in this time`}
      />
      {hasStall && (
        <>
          <div class="track-label">longest wait of a requester, 1 µs to 1 s</div>
          <canvas
            ref={stallCanvas}
            width={columns}
            height={trackHeight}
            role="img"
            aria-label="Longest stall"
          />
        </>
      )}
      {at >= 0 && at <= columns && (
        <svg class="chosen-drain" width={columns} height="100%" aria-hidden="true">
          <line x1={at} x2={at} y1="0" y2="100%" />
        </svg>
      )}
    </>
  );
}

function Axis({ span, width }: { span: Span; width: number }) {
  const { stepNs, times } = roundTimes(span.fromNs, span.toNs, Math.max(2, Math.floor(width / 110)));
  const x = (timeNs: number) => ((timeNs - span.fromNs) / (span.toNs - span.fromNs)) * width;
  return (
    <svg class="axis" width={width} height={22} role="img" aria-label="Time since the first event">
      {times.map((timeNs) => (
        <g key={timeNs}>
          <line x1={x(timeNs)} x2={x(timeNs)} y1={0} y2={6} />
          <text x={x(timeNs)} y={18}>
            {timeText(timeNs, stepNs)}
          </text>
        </g>
      ))}
    </svg>
  );
}

/** The whole recording, small, with a window on what is shown. */
function Overview({
  recording,
  whole,
  span,
  columns,
  show,
}: {
  recording: OpenRecording;
  whole: Span;
  span: Span;
  columns: number;
  show: (span: Span) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { drains } = recording.opened;
  const dark = isDark();
  const shownPolicy = policy.value;
  useEffect(() => {
    if (canvas.current === null) return;
    drawDrainTrack(
      canvas.current,
      drainBars(drains, shownPolicy, whole.fromNs, whole.toNs, columns),
      trackColours(dark),
    );
  }, [drains, shownPolicy, columns, dark]);
  const part = (timeNs: number) => (timeNs - whole.fromNs) / (whole.toNs - whole.fromNs);
  return (
    <div
      class="overview"
      onPointerDown={(event) => {
        event.stopPropagation();
        const box = event.currentTarget.getBoundingClientRect();
        const at = whole.fromNs + ((event.clientX - box.left) / box.width) * (whole.toNs - whole.fromNs);
        const half = (span.toNs - span.fromNs) / 2;
        show({ fromNs: at - half, toNs: at + half });
      }}
    >
      <canvas ref={canvas} width={columns} height={32} role="img" aria-label="The whole recording: drains" />
      <svg width={columns} height={32} aria-hidden="true">
        <rect
          x={part(span.fromNs) * columns}
          width={Math.max(3, (part(span.toNs) - part(span.fromNs)) * columns)}
          y={0.5}
          height={31}
        />
      </svg>
    </div>
  );
}

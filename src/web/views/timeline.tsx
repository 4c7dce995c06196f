/** CPUs over time: pages on every CPU's lists, drains, what policies disturb, stalls, free memory; from the whole recording to single events. */

import { type Signal, useSignal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { duration } from '../../engine/report/numbers.ts';
import { choose, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { AmountLegend } from '../parts/amount-legend.tsx';
import { DrainPanel } from '../parts/drain-panel.tsx';
import { nearestDrain } from '../parts/drain-track.ts';
import { cpuOrder, entryAt, type RowPlan, rowPlan } from '../parts/heat-map.ts';
import { MemoryTrack } from '../parts/memory-track.tsx';
import { useMostPages } from '../parts/most-pages.ts';
import { PolicyChoice } from '../parts/policy-choice.tsx';
import { labelsWidth, RowLabels } from '../parts/row-labels.tsx';
import { TimeAxis } from '../parts/time-axis.tsx';
import { timeText } from '../parts/time-scale.ts';
import { Heat } from '../parts/timeline-heat.tsx';
import { Overview } from '../parts/timeline-overview.tsx';
import {
  centred,
  lengthOf,
  moved,
  type Span,
  shownSpan,
  showSpan,
  wholeSpan,
  zoomed,
  zoomedAround,
} from '../parts/timeline-span.ts';
import { Tracks } from '../parts/timeline-tracks.tsx';
import { useWidth } from '../parts/use-width.ts';
import { WhatFollows } from '../parts/what-follows.tsx';
import { current, type OpenRecording, policy } from '../state.ts';
import '../styles/timeline.css';

const heatHeightMax = 420;
/** Of the shown time, for one press of a key. */
const keyStep = 0.2;
const zoomFactor = 1.5;

export function TimelineView() {
  const recording = current.value;
  if (recording === null) return null;
  return <Timeline key={recording.opened.recording} recording={recording} />;
}

interface Place {
  readonly timeNs: number;
  readonly cpu: number;
}

function Timeline({ recording }: { recording: OpenRecording }) {
  const { opened } = recording;
  const { machine, drains } = opened;
  const frame = useRef<HTMLDivElement>(null);
  const columns = Math.max(1, useWidth(frame).value);
  const whole = wholeSpan(opened);
  const span = shownSpan(whole);
  const drain = chosenNumber('drain', -1);
  const drainNs = drain >= 0 && drain < drains.length ? drains.timeNs[drain] : null;
  const show = (next: Span) => showSpan(next, whole);
  // Keys may come faster than frames: they go from what the address says.
  const zoom = (factor: number) => {
    const now = shownSpan(whole);
    show(drainNs === null ? zoomed(now, factor) : zoomedAround(now, factor, drainNs));
  };
  const plan = useMemo(
    () => rowPlan(cpuOrder(machine.online, machine.isolated, machine.nodeOfCpu), heatHeightMax),
    [machine],
  );
  const under = useSignal<Place | null>(null);
  const most = useMostPages(recording);
  useTimelineKeys({ show, zoom, whole, recording, drainNs });
  const pointer = usePointer(show, recording, plan, under);
  return (
    <article class="timeline">
      <header>
        <h1>Pages on every CPU’s lists over time</h1>
        <PolicyChoice />
        <SpanText span={span} />
        <button type="button" onClick={() => zoom(1 / zoomFactor)}>
          closer +
        </button>
        <button type="button" onClick={() => zoom(zoomFactor)}>
          farther −
        </button>
        <button type="button" onClick={() => show(whole)}>
          all 0
        </button>
      </header>
      <div class={drain >= 0 ? 'with-panel' : undefined}>
        <div class="with-labels" style={{ paddingLeft: `${labelsWidth}px` }}>
          <RowLabels plan={plan} machine={machine} />
          <div ref={frame} class="tracks" {...pointer}>
            <Heat recording={recording} plan={plan} span={span} columns={columns} most={most} />
            <Tracks recording={recording} span={span} columns={columns} />
            <MemoryTrack recording={recording} span={span} columns={columns} />
            <TimeAxis span={span} width={columns} />
            <ChosenDrain timeNs={drainNs} span={span} columns={columns} />
            <Overview recording={recording} whole={whole} span={span} columns={columns} show={show} />
          </div>
          <p class="under">
            <AmountLegend most={most.value} />
            <Under under={under} stepNs={lengthOf(span) / columns} />
          </p>
        </div>
        {drain >= 0 && <DrainPanel number={drain} />}
      </div>
      <p class="dim">
        Pages: {opened.pagesBasis}. Each column shows the most that was there in its time, so no peak is lost
        {plan.height < plan.order.length && '; where CPUs share a row, it shows the one with the most'}.{' '}
        <WhatFollows recording={recording} policy={policy.value} />
      </p>
    </article>
  );
}

function SpanText({ span }: { span: Span }) {
  const stepNs = lengthOf(span) / 100;
  return (
    <span class="span">
      {timeText(span.fromNs, stepNs)} to {timeText(span.toNs, stepNs)} ({duration(lengthOf(span))})
    </span>
  );
}

/** What is under the pointer, or what can be done. */
function Under({ under, stepNs }: { under: Signal<Place | null>; stepNs: number }) {
  return (
    <span class="dim">
      {under.value === null
        ? 'Drag to move, wheel or + and − to zoom, click near a drain to look at it.'
        : `CPU ${under.value.cpu} at ${timeText(under.value.timeNs, stepNs)}`}
    </span>
  );
}

/** A line through all tracks. */
function ChosenDrain({ timeNs, span, columns }: { timeNs: number | null; span: Span; columns: number }) {
  if (timeNs === null) return null;
  const at = ((timeNs - span.fromNs) / lengthOf(span)) * columns;
  if (at < 0 || at > columns) return null;
  return (
    <svg class="chosen-drain" width={columns} height="100%" aria-hidden="true">
      <line x1={at} x2={at} y1="0" y2="100%" />
    </svg>
  );
}

interface Keyed {
  readonly show: (span: Span) => void;
  readonly zoom: (factor: number) => void;
  readonly whole: Span;
  readonly recording: OpenRecording;
  readonly drainNs: number | null;
}

function useTimelineKeys({ show, zoom, whole, recording: { opened }, drainNs }: Keyed): void {
  const toDrain = (number: number) => {
    if (number < 0 || number >= opened.drains.length) return;
    choose({ drain: number });
    const timeNs = opened.drains.timeNs[number];
    const span = shownSpan(whole);
    if (timeNs < span.fromNs || timeNs > span.toNs) show(centred(timeNs, lengthOf(span)));
  };
  useKeys(
    [
      { key: 'ArrowLeft', what: 'earlier', run: () => show(moved(shownSpan(whole), -keyStep)) },
      { key: 'ArrowRight', what: 'later', run: () => show(moved(shownSpan(whole), keyStep)) },
      { key: '+', what: 'closer, around the chosen drain', run: () => zoom(1 / zoomFactor) },
      { key: '=', what: 'closer, around the chosen drain', run: () => zoom(1 / zoomFactor) },
      { key: '-', what: 'farther', run: () => zoom(zoomFactor) },
      { key: '0', what: 'the whole recording', run: () => show(whole) },
      { key: 'n', what: 'next drain', run: () => toDrain(chosenNumber('drain', -1) + 1) },
      { key: 'p', what: 'drain before', run: () => toDrain(chosenNumber('drain', -1) - 1) },
    ],
    [drainNs, opened.recording],
  );
}

/** Drag, wheel, click. */
function usePointer(
  show: (span: Span) => void,
  { opened }: OpenRecording,
  plan: RowPlan,
  under: Signal<Place | null>,
) {
  const start = useRef<{ x: number; span: Span; moved: boolean } | null>(null);
  const now = () => shownSpan(wholeSpan(opened));
  const timeAt = (event: MouseEvent, element: HTMLElement) => {
    const box = element.getBoundingClientRect();
    const span = now();
    return span.fromNs + ((event.clientX - box.left) / box.width) * lengthOf(span);
  };
  return {
    onPointerDown(event: PointerEvent & { currentTarget: HTMLElement }) {
      start.current = { x: event.clientX, span: now(), moved: false };
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
      const near = (lengthOf(now()) * 12) / box.width;
      const number = nearestDrain(opened.drains, timeAt(event, event.currentTarget), near);
      if (number >= 0) choose({ drain: number });
    },
    onPointerLeave() {
      under.value = null;
    },
    onWheel(event: WheelEvent & { currentTarget: HTMLElement }) {
      event.preventDefault();
      const box = event.currentTarget.getBoundingClientRect();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) show(moved(now(), event.deltaX / box.width));
      else show(zoomed(now(), event.deltaY > 0 ? 1.2 : 1 / 1.2, (event.clientX - box.left) / box.width));
    },
  };
}

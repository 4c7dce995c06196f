/** Both sides on one axis of time: pages of every CPU one above the other, and drains a second against each other. */

import { useComputed } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { count, decimal, duration } from '../../engine/report/numbers.ts';
import { choose, chosenNumber } from '../address.ts';
import { useKeys } from '../keyboard.ts';
import { isDark } from '../theme.ts';
import { AmountLegend } from './amount-legend.tsx';
import { drawPair, pairColours, pairScale } from './compare-canvas.ts';
import {
  alignment,
  alignments,
  commonSpan,
  ownSpan,
  ratesOf,
  type Side,
  type Sides,
} from './compare-sides.ts';
import { cpuOrder, rowPlan } from './heat-map.ts';
import { useMostPages } from './most-pages.ts';
import { TimeAxis } from './time-axis.tsx';
import { timeText } from './time-scale.ts';
import { Heat } from './timeline-heat.tsx';
import { lengthOf, moved, type Span, wholeSpan, withinWhole, zoomed } from './timeline-span.ts';
import { useWidth } from './use-width.ts';

const heatHeightMax = 200;
const pairHeight = 96;
/** Pixels of one bar of a rate. */
const barWidth = 6;
const keyStep = 0.2;
const zoomFactor = 1.5;

export function CommonAxes({ sides }: { sides: Sides }) {
  const { a, b, isOne } = sides;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const columns = Math.max(1, width.value);
  const whole = wholeSpan(commonSpan(sides));
  const span = shown(whole);
  const show = (next: Span) => showCommon(next, whole);
  const mostA = useMostPages(a.recording);
  const mostB = useMostPages(b.recording);
  // One scale of colours; nothing is drawn before both ends of it are known.
  const most = useComputed(() =>
    mostA.value === 0 || mostB.value === 0 ? 0 : Math.max(mostA.value, mostB.value),
  );
  const pointer = usePointer(span, show);
  useKeys(
    [
      { key: 'ArrowLeft', what: 'earlier', run: () => show(moved(span, -keyStep)) },
      { key: 'ArrowRight', what: 'later', run: () => show(moved(span, keyStep)) },
      { key: '+', what: 'closer', run: () => show(zoomed(span, 1 / zoomFactor)) },
      { key: '=', what: 'closer', run: () => show(zoomed(span, 1 / zoomFactor)) },
      { key: '-', what: 'farther', run: () => show(zoomed(span, zoomFactor)) },
      { key: '0', what: 'all of both', run: () => show(whole) },
    ],
    [span.fromNs, span.toNs, whole.fromNs, whole.toNs],
  );
  return (
    <section class="common-axes">
      <h2>On one axis of time</h2>
      <div class="axes-head">
        {!isOne && <AlignChoice />}
        <span class="span">
          {timeText(span.fromNs, lengthOf(span) / 100)} to {timeText(span.toNs, lengthOf(span) / 100)} (
          {duration(lengthOf(span))})
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
        <AmountLegend most={most.value} />
      </div>
      <div ref={frame} class="tracks" {...pointer}>
        {(isOne ? [a] : [a, b]).map((side) => (
          <HeatOf key={side.letter} side={side} span={span} columns={columns} most={most} isOne={isOne} />
        ))}
        <RateTracks sides={sides} span={span} columns={columns} />
        <TimeAxis span={span} width={columns} />
      </div>
      <p class="dim">
        Drag to move, wheel or + and − to zoom; both move together. Pages of A:{' '}
        {a.recording.opened.pagesBasis}.{!isOne && ` Of B: ${b.recording.opened.pagesBasis}.`}
      </p>
    </section>
  );
}

function shown(whole: Span): Span {
  const fromNs = chosenNumber('abFrom', whole.fromNs);
  const toNs = chosenNumber('abTo', whole.toNs);
  return toNs > fromNs ? withinWhole({ fromNs, toNs }, whole) : whole;
}

function showCommon(wanted: Span, whole: Span): void {
  const { fromNs, toNs } = withinWhole(wanted, whole);
  const isWhole = toNs - fromNs >= lengthOf(whole);
  choose(isWhole ? { abFrom: '', abTo: '' } : { abFrom: Math.round(fromNs), abTo: Math.round(toNs) }, true);
}

function AlignChoice() {
  return (
    <label>
      Time 0 is{' '}
      <select
        value={alignment()}
        onChange={({ currentTarget }) =>
          choose({
            align: currentTarget.selectedIndex === 0 ? '' : currentTarget.value,
            abFrom: '',
            abTo: '',
          })
        }
      >
        {alignments.map((name) => (
          <option key={name} value={name}>
            {name === 'start' ? 'the first event of each' : 'the first drain of each'}
          </option>
        ))}
      </select>
    </label>
  );
}

interface HeatOfProps {
  readonly side: Side;
  readonly span: Span;
  readonly columns: number;
  readonly most: Parameters<typeof Heat>[0]['most'];
  readonly isOne: boolean;
}

function HeatOf({ side, span, columns, most, isOne }: HeatOfProps) {
  const { opened } = side.recording;
  const plan = useMemo(() => {
    const { online, isolated, nodeOfCpu } = opened.machine;
    return rowPlan(cpuOrder(online, isolated, nodeOfCpu), heatHeightMax);
  }, [opened]);
  const own = ownSpan(side, span);
  return (
    <div class={`side side-${side.letter.toLowerCase()}`}>
      <div class="track-label">
        <b>{isOne ? 'A and B' : side.letter}</b> {opened.name}: pages on the lists of{' '}
        {count(plan.order.length)} CPUs
      </div>
      <div class="recorded">
        <Heat
          key={opened.name}
          recording={side.recording}
          plan={plan}
          span={{ fromNs: Math.round(own.fromNs), toNs: Math.round(own.toNs) }}
          columns={columns}
          most={most}
        />
        <NotRecorded side={side} span={own} />
      </div>
    </div>
  );
}

/** Covers what lies before the first and after the last event: the last pages that were known are not what was there. */
function NotRecorded({ side: { recording }, span }: { side: Side; span: Span }) {
  const { fromNs, toNs } = recording.opened;
  const part = (timeNs: number) => 100 * Math.max(0, Math.min(1, (timeNs - span.fromNs) / lengthOf(span)));
  const [begin, end] = [part(fromNs), part(toNs)];
  return (
    <svg class="not-recorded" width="100%" height="100%" aria-hidden="true">
      <title>not recorded</title>
      <rect x={0} width={`${begin}%`} height="100%" />
      <rect x={`${end}%`} width={`${100 - end}%`} height="100%" />
      {begin > 0 && <line x1={`${begin}%`} x2={`${begin}%`} y1={0} y2="100%" />}
      {end < 100 && <line x1={`${end}%`} x2={`${end}%`} y1={0} y2="100%" />}
      {begin > 12 && (
        <text x={`${begin / 2}%`} y="50%">
          not recorded
        </text>
      )}
      {end < 88 && (
        <text x={`${(100 + end) / 2}%`} y="50%">
          not recorded
        </text>
      )}
    </svg>
  );
}

function RateTracks({
  sides: { a, b, isOne },
  span,
  columns,
}: {
  sides: Sides;
  span: Span;
  columns: number;
}) {
  const bins = Math.max(1, Math.floor(columns / barWidth));
  const ofA = ratesOf(a.recording.opened.drains, a.policy, ownSpan(a, span), bins);
  const barNs = lengthOf(span) / bins;
  const ofB = ratesOf(b.recording.opened.drains, b.policy, ownSpan(b, span), bins);
  return (
    <>
      {!isOne && (
        <Pair
          what="Drains a second"
          a={ofA.drains}
          b={ofB.drains}
          columns={columns}
          barNs={barNs}
          up="A"
          down="B"
        />
      )}
      <Pair
        what="Other CPUs disturbed a second"
        a={ofA.disturbed}
        b={ofB.disturbed}
        columns={columns}
        barNs={barNs}
        up={`A, ${a.policy}`}
        down={`B, ${b.policy}`}
      />
    </>
  );
}

interface PairProps {
  readonly what: string;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly up: string;
  readonly down: string;
  readonly columns: number;
  /** Time of one bar. */
  readonly barNs: number;
}

function Pair({ what, a, b, up, down, columns, barNs }: PairProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useEffect(() => {
    if (canvas.current !== null) drawPair(canvas.current, a, b, pairColours(dark));
  });
  const most = pairScale(a, b);
  const text = most >= 100 ? count(most) : decimal(most, 1);
  return (
    <>
      <div class="track-label">
        {what}, in bars of {duration(barNs)}: up {up}, down {down} (striped), line: A − B; most {text}
      </div>
      <canvas
        ref={canvas}
        width={columns}
        height={pairHeight}
        role="img"
        aria-label={`${what} over time, A against B; at most ${text}`}
      />
    </>
  );
}

function usePointer(span: Span, show: (span: Span) => void) {
  const start = useRef<{ x: number; span: Span } | null>(null);
  return {
    onPointerDown(event: PointerEvent & { currentTarget: HTMLElement }) {
      start.current = { x: event.clientX, span };
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove(event: PointerEvent & { currentTarget: HTMLElement }) {
      if (start.current === null) return;
      const { width } = event.currentTarget.getBoundingClientRect();
      show(moved(start.current.span, (start.current.x - event.clientX) / width));
    },
    onPointerUp() {
      start.current = null;
    },
    onPointerCancel() {
      start.current = null;
    },
    onWheel(event: WheelEvent & { currentTarget: HTMLElement }) {
      event.preventDefault();
      const box = event.currentTarget.getBoundingClientRect();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) show(moved(span, event.deltaX / box.width));
      else show(zoomed(span, event.deltaY > 0 ? 1.2 : 1 / 1.2, (event.clientX - box.left) / box.width));
    },
  };
}

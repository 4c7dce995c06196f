/** Below the heat map: interrupts of the chosen policy against those of another, and stalls. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { count, plural } from '../../engine/report/numbers.ts';
import { choose, chosen } from '../address.ts';
import { type OpenRecording, policy } from '../state.ts';
import { isDark } from '../theme.ts';
import { type DrainBars, drainBars } from './drain-track.ts';
import { drawMirrored, drawStallTrack, mostOfBoth, trackColours } from './timeline-canvas.ts';
import type { Span } from './timeline-span.ts';
import { Word } from './word.tsx';

const trackHeight = 88;
const stallHeight = 44;

interface TracksProps {
  readonly recording: OpenRecording;
  readonly span: Span;
  readonly columns: number;
}

export function Tracks({ recording, span, columns }: TracksProps) {
  const { drains } = recording.opened;
  const against = shownAgainst(drains.policies);
  const bars = drainBars(drains, [policy.value, against], span.fromNs, span.toNs, columns);
  return (
    <>
      <Interrupts bars={bars} columns={columns} against={against} policies={drains.policies} />
      <Stalls bars={bars} columns={columns} isTold={drains.endNs.some((ns) => ns >= 0)} />
    </>
  );
}

/** The policy with which the chosen one is compared. */
function shownAgainst(policies: readonly string[]): string {
  const named = chosen('against');
  return policies.includes(named) ? named : 'everyone';
}

interface InterruptsProps {
  readonly bars: DrainBars;
  readonly columns: number;
  readonly against: string;
  readonly policies: readonly string[];
}

function Interrupts({ bars, columns, against, policies }: InterruptsProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useLayoutEffect(() => {
    if (canvas.current !== null) drawMirrored(canvas.current, bars, trackColours(dark));
  });
  const sum = (values: Int32Array) => values.reduce((a, b) => a + b, 0);
  const bound = sum(bars.notKnown) > 0 ? 'at least ' : '';
  const told = `${count(sum(bars.disturbed))} by ${policy.value} (${bound}${count(sum(bars.useless))} for nothing), ${count(sum(bars.against))} by ${against} (${bound}${count(sum(bars.againstUseless))} for nothing)`;
  return (
    <>
      <div class="track-label" onPointerDown={(event) => event.stopPropagation()}>
        <span>
          Other CPUs disturbed at {plural(sum(bars.drains), 'drain')} in sight: {told}. Up, to{' '}
          {count(mostOfBoth(bars))} in a column: {policy.value}; down:{' '}
        </span>
        <label>
          <span class="hidden">Policy to compare with</span>
          <select value={against} onChange={({ currentTarget }) => choose({ against: currentTarget.value })}>
            {policies.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span>
          {' '}
          Striped: for <Word of="useless">nothing</Word>.
        </span>
      </div>
      <canvas
        ref={canvas}
        width={columns}
        height={trackHeight}
        role="img"
        aria-label={`Other CPUs disturbed: ${told}`}
      />
    </>
  );
}

function Stalls({ bars, columns, isTold }: { bars: DrainBars; columns: number; isTold: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const dark = isDark();
  useLayoutEffect(() => {
    if (canvas.current !== null) drawStallTrack(canvas.current, bars, trackColours(dark));
  });
  if (!isTold) {
    return (
      <div class="track-label">
        <Word of="stall">Stalls</Word>: not known, the recording does not tell when a drain ended.
      </div>
    );
  }
  return (
    <>
      <div class="track-label">
        Longest <Word>stall</Word> of a requester, as it was under the policy that ran, logarithmic from 1 µs
        to 1 s
      </div>
      <canvas ref={canvas} width={columns} height={stallHeight} role="img" aria-label="Longest stall" />
    </>
  );
}

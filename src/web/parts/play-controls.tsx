/** Play, pause, step, rate, and the time as a slider below all drains. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { count } from '../../engine/report/numbers.ts';
import { type OpenRecording, policy } from '../state.ts';
import { isDark } from '../theme.ts';
import { drainBars } from './drain-track.ts';
import type { Playback } from './playback.ts';
import { timeText } from './time-scale.ts';
import { drawDrainTrack, trackColours } from './timeline-canvas.ts';
import { useWidth } from './use-width.ts';
import '../styles/play-controls.css';

export function PlayControls({ playback, recording }: { playback: Playback; recording: OpenRecording }) {
  const { fromNs, toNs, drains } = recording.opened;
  const { timeNs, rate, isPlaying } = playback;
  return (
    <section class="play-controls" aria-label="Time">
      <div class="buttons">
        <button type="button" onClick={() => playback.step(-1)} disabled={drains.length === 0}>
          ← drain
        </button>
        <button type="button" class="play" onClick={playback.toggle}>
          {isPlaying.value ? 'Pause' : 'Play'}
        </button>
        <button type="button" onClick={() => playback.step(1)} disabled={drains.length === 0}>
          drain →
        </button>
        <label>
          at{' '}
          <input
            type="number"
            step="any"
            min={0}
            value={rate}
            onChange={({ currentTarget: { valueAsNumber } }) => {
              if (valueAsNumber > 0) playback.playAt(valueAsNumber);
            }}
          />{' '}
          × real time
        </label>
        <button type="button" title="Half the rate ([)" onClick={() => playback.speedUp(1 / 2)}>
          half
        </button>
        <button type="button" title="Twice the rate (])" onClick={() => playback.speedUp(2)}>
          double
        </button>
      </div>
      <DrainsBelow recording={recording} />
      <input
        class="time"
        type="range"
        min={fromNs}
        max={toNs}
        step="any"
        value={timeNs}
        aria-label="Time"
        aria-valuetext={timeText(timeNs, 1e3)}
        onInput={({ currentTarget: { valueAsNumber } }) => {
          isPlaying.value = false;
          playback.goTo(valueAsNumber, true);
        }}
      />
    </section>
  );
}

/** Every drain of the recording at its time. */
function DrainsBelow({ recording }: { recording: OpenRecording }) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame).value;
  const { drains, fromNs, toNs } = recording.opened;
  const shown = policy.value;
  const dark = isDark();
  useLayoutEffect(() => {
    if (canvas.current === null || width < 1) return;
    drawDrainTrack(
      canvas.current,
      drainBars(drains, [shown, 'everyone'], fromNs, toNs, width),
      trackColours(dark),
    );
  }, [drains, shown, fromNs, toNs, width, dark]);
  return (
    <div ref={frame} class="drains-below">
      <canvas
        ref={canvas}
        width={Math.max(1, width)}
        height={28}
        role="img"
        aria-label={`${count(drains.length)} drains over the whole time`}
      />
    </div>
  );
}

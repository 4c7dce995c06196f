/** Free memory against the watermarks, where it is known. */

import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { count, plural } from '../../engine/report/numbers.ts';
import { choose, chosenNumber } from '../address.ts';
import type { OpenRecording } from '../state.ts';
import { isDark } from '../theme.ts';
import { drawMemory, memoryColours, scaleOf } from './memory-canvas.ts';
import type { Span } from './timeline-span.ts';
import { Word } from './word.tsx';

const height = 72;

interface MemoryProps {
  readonly recording: OpenRecording;
  readonly span: Span;
  readonly columns: number;
}

export function MemoryTrack({ recording, span, columns }: MemoryProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { opened, verdict } = recording;
  const { memory, machine } = opened;
  const zones = machine.zones.length;
  const isSampled = verdict.source.kind !== 'recording';
  const scales = useMemo(
    () => machine.zones.map((_, zone) => scaleOf(memory, zones, zone)),
    [memory, machine, zones],
  );
  const named = chosenNumber('zone', -1);
  const zone = named >= 0 && named < zones ? named : largestZone(scales);
  const dark = isDark();
  useLayoutEffect(() => {
    if (canvas.current !== null)
      drawMemory(canvas.current, memory, { zones, zone, isSampled }, span, memoryColours(dark));
  });
  if (memory.timeNs.length === 0) {
    return (
      <div class="track-label">
        Free memory: not known, there is no snapshot of /proc/zoneinfo with a mark in the recording.
      </div>
    );
  }
  const basis = isSampled
    ? 'modelled, looked at now and then'
    : `exact, at the ${plural(memory.timeNs.length, 'moment')} at which /proc/zoneinfo was read; not known between them`;
  return (
    <>
      <div class="track-label" onPointerDown={(event) => event.stopPropagation()}>
        <label>
          Free pages of zone{' '}
          <select
            value={zone}
            onChange={({ currentTarget }) => choose({ zone: currentTarget.selectedIndex })}
          >
            {machine.zones.map((name, i) => (
              <option key={name} value={i}>
                {name}
              </option>
            ))}
          </select>
        </label>{' '}
        against its <Word of="watermark">watermarks</Word> min (dotted), low (dashed), high (line);
        logarithmic up to {count(scales[zone].most)}; {basis}
      </div>
      <canvas
        ref={canvas}
        width={columns}
        height={height}
        role="img"
        aria-label={`Free pages of zone ${machine.zones[zone]} and its watermarks, up to ${count(scales[zone].most)} pages`}
      />
    </>
  );
}

/** The zone with the most pages; it is the one that usually runs short. */
function largestZone(scales: ReadonlyArray<{ readonly most: number }>): number {
  return scales.reduce((best, { most }, zone) => (most > scales[best].most ? zone : best), 0);
}

/** The whole recording, small, with a window on what is shown. */

import { useLayoutEffect, useRef } from 'preact/hooks';
import { type OpenRecording, policy } from '../state.ts';
import { isDark } from '../theme.ts';
import { drainBars } from './drain-track.ts';
import { drawDrainTrack, trackColours } from './timeline-canvas.ts';
import { centred, lengthOf, type Span } from './timeline-span.ts';

const height = 32;

interface OverviewProps {
  readonly recording: OpenRecording;
  readonly whole: Span;
  readonly span: Span;
  readonly columns: number;
  readonly show: (span: Span) => void;
}

export function Overview({ recording, whole, span, columns, show }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { drains } = recording.opened;
  const dark = isDark();
  const shownPolicy = policy.value;
  useLayoutEffect(() => {
    if (canvas.current === null) return;
    drawDrainTrack(
      canvas.current,
      drainBars(drains, [shownPolicy, 'everyone'], whole.fromNs, whole.toNs, columns),
      trackColours(dark),
    );
  }, [drains, shownPolicy, columns, dark]);
  const part = (timeNs: number) => (timeNs - whole.fromNs) / lengthOf(whole);
  const goTo = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    event.stopPropagation();
    const box = event.currentTarget.getBoundingClientRect();
    const at = whole.fromNs + ((event.clientX - box.left) / box.width) * lengthOf(whole);
    show(centred(at, lengthOf(span)));
  };
  return (
    <div
      class="overview"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 1) goTo(event);
      }}
      onPointerUp={(event) => event.stopPropagation()}
    >
      <canvas
        ref={canvas}
        width={columns}
        height={height}
        role="img"
        aria-label="The whole recording: drains"
      />
      <svg width={columns} height={height} aria-hidden="true">
        <rect
          x={part(span.fromNs) * columns}
          width={Math.max(3, (part(span.toNs) - part(span.fromNs)) * columns)}
          y={0.5}
          height={height - 1}
        />
      </svg>
    </div>
  );
}

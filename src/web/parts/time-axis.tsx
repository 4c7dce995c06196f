/** Round times below the tracks. */

import { roundTimes, timeText } from './time-scale.ts';
import type { Span } from './timeline-span.ts';

/** Pixels that a time needs. */
const timeWidth = 110;

export function TimeAxis({ span, width }: { span: Span; width: number }) {
  const { stepNs, times } = roundTimes(span.fromNs, span.toNs, Math.max(2, Math.floor(width / timeWidth)));
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

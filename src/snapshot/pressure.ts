/** /proc/pressure/memory (kernel/sched/psi.c, 4.20 on) and /proc/loadavg (fs/proc/loadavg.c). */

import type { MemoryPressure, PressureLine } from './host-snapshot.ts';
import { linesOf } from './key-numbers.ts';

/** null: the text has no line `some`, or no line `full`. */
export function parsePressure(text: string): MemoryPressure | null {
  const some = lineOf(text, 'some');
  const full = lineOf(text, 'full');
  return some !== null && full !== null ? { some, full } : null;
}

function lineOf(text: string, kind: string): PressureLine | null {
  for (const line of linesOf(text)) {
    const match = pressureLine.exec(line);
    if (match?.[1] !== kind) continue;
    return {
      avg10: Number(match[2]),
      avg60: Number(match[3]),
      avg300: Number(match[4]),
      totalUs: Number(match[5]),
    };
  }
  return null;
}

const pressureLine =
  /^(some|full) avg10=(\d{1,3}\.\d{2}) avg60=(\d{1,3}\.\d{2}) avg300=(\d{1,3}\.\d{2}) total=(\d{1,20})\s*$/;

/** `0.52 0.41 0.30 2/345 6789` → the three averages; null: another form. */
export function parseLoadAverage(text: string): [number, number, number] | null {
  const match = /^(\d{1,9}\.\d{2}) (\d{1,9}\.\d{2}) (\d{1,9}\.\d{2}) \d{1,9}\/\d{1,9} \d{1,9}\s*$/.exec(
    text.slice(0, 200),
  );
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3])];
}

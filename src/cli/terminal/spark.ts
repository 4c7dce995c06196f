/** A row of counts as one line of small bars. */

import type { Screen } from './screen.ts';

const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ascii = [' ', '.', ':', '-', '=', '+', '*', '#', '@'];

/** At most `room` signs: neighbours are added up where there are more counts. Something is never drawn as nothing. */
export function spark(
  counts: readonly number[],
  room: number,
  { unicode }: Screen,
): { bars: string; most: number } {
  const step = Math.max(1, Math.ceil(counts.length / room));
  const sums: number[] = [];
  for (let i = 0; i < counts.length; i += step) {
    sums.push(counts.slice(i, i + step).reduce((sum, value) => sum + value, 0));
  }
  const most = Math.max(0, ...sums);
  const signs = unicode ? blocks : ascii;
  const bars = sums
    .map((sum) => signs[most === 0 ? 0 : Math.ceil((sum / most) * (signs.length - 1))])
    .join('');
  return { bars, most };
}

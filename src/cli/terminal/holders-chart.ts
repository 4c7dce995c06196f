/** How many CPUs held pages at a drain: one bar for each number of CPUs, or for each range of numbers on large machines. */

import { count, percent } from '../../engine/report/numbers.ts';
import type { Screen } from './screen.ts';

const barsMax = 17;

/** `drains[n]`: drains at which n CPUs held pages. The line parts drains at which two-pass uses a mask from the others. */
export function holdersChart(drains: readonly number[], onlineCpus: number, screen: Screen): string[] {
  const numbers = drains.slice(0, onlineCpus + 1);
  const lastEmptyHalf = Math.floor(onlineCpus / 2);
  const step = Math.ceil(numbers.length / barsMax);
  const bars = [...ranges(0, lastEmptyHalf, step), ...ranges(lastEmptyHalf + 1, onlineCpus, step)].map(
    ([from, to]) => ({
      label: rangeLabel(from, to),
      times: numbers.slice(from, to + 1).reduce((sum, times) => sum + times, 0),
      ...(from === lastEmptyHalf + 1
        ? { lineAbove: 'above: at least half were empty, two-pass uses a mask; below: everyone' }
        : {}),
    }),
  );
  return barChart(bars, { label: 'CPUs', times: 'drains' }, screen);
}

export interface Bar {
  readonly label: string;
  readonly times: number;
  /** After the percentage. */
  readonly note?: string;
  /** Text of a line above this bar. */
  readonly lineAbove?: string;
}

/** Bars as long as their share of the longest, with their share of all in percent. Empty when there is nothing to count. */
export function barChart(
  bars: readonly Bar[],
  heads: { readonly label: string; readonly times: string },
  screen: Screen,
): string[] {
  const total = bars.reduce((sum, { times }) => sum + times, 0);
  if (total === 0) return [];
  const labelWidth = Math.max(...bars.map(({ label }) => label.length), heads.label.length);
  const timesWidth = Math.max(...bars.map(({ times }) => count(times).length), heads.times.length);
  const noteWidth = Math.max(...bars.map(({ note }) => note?.length ?? 0));
  const room = Math.max(8, Math.min(40, screen.width - labelWidth - timesWidth - noteWidth - 14));
  const most = Math.max(...bars.map(({ times }) => times));
  const head = `  ${heads.label.padStart(labelWidth)}  ${heads.times.padStart(timesWidth)}`;
  const lines = [screen.colours.dim(head)];
  for (const { label, times, note = '', lineAbove } of bars) {
    if (lineAbove !== undefined) lines.push(screen.colours.dim(partingLine(lineAbove, screen)));
    const line = `  ${label.padStart(labelWidth)}  ${count(times).padStart(timesWidth)}`;
    const bar = '█'.repeat(Math.max(1, Math.round((times / most) * room)));
    lines.push(
      times === 0
        ? `${line}${note}`
        : `${line} ${screen.colours.cyan(bar)} ${percent((100 * times) / total)}${note}`,
    );
  }
  return lines;
}

export function rangeLabel(from: number, to: number): string {
  return from === to ? `${from}` : `${from}–${to}`;
}

function partingLine(text: string, screen: Screen): string {
  return `  ── ${text} `.padEnd(Math.min(screen.width, 84), '─').slice(0, screen.width);
}

function ranges(from: number, to: number, step: number): Array<[from: number, to: number]> {
  const list: Array<[number, number]> = [];
  for (let start = from; start <= to; start += step) list.push([start, Math.min(to, start + step - 1)]);
  return list;
}

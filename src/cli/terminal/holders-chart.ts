/** How many CPUs held pages at a drain: one bar for each number of CPUs, or for each range of numbers on large machines. */

import { count, percent } from '../../engine/report/numbers.ts';
import type { Screen } from './screen.ts';

const barsMax = 17;

/** `drains[n]`: drains at which n CPUs held pages. The line parts drains at which two-pass uses a mask from the others. */
export function holdersChart(drains: readonly number[], onlineCpus: number, screen: Screen): string[] {
  const numbers = drains.slice(0, onlineCpus + 1);
  const total = numbers.reduce((sum, times) => sum + times, 0);
  if (total === 0) return [];
  const lastEmptyHalf = Math.floor(onlineCpus / 2);
  const step = Math.ceil(numbers.length / barsMax);
  const bars = [...ranges(0, lastEmptyHalf, step), ...ranges(lastEmptyHalf + 1, onlineCpus, step)].map(
    ([from, to]) => ({
      label: from === to ? `${from}` : `${from}–${to}`,
      times: numbers.slice(from, to + 1).reduce((sum, times) => sum + times, 0),
      from,
    }),
  );
  const labelWidth = Math.max(...bars.map(({ label }) => label.length), 4);
  const timesWidth = Math.max(...bars.map(({ times }) => count(times).length), 6);
  const room = Math.max(8, Math.min(40, screen.width - labelWidth - timesWidth - 14));
  const most = Math.max(...bars.map(({ times }) => times));
  const lines = [screen.colours.dim(`  ${'CPUs'.padStart(labelWidth)}  ${'drains'.padStart(timesWidth)}`)];
  for (const { label, times, from } of bars) {
    if (from === lastEmptyHalf + 1) lines.push(screen.colours.dim(halfLine(screen)));
    const line = `  ${label.padStart(labelWidth)}  ${count(times).padStart(timesWidth)}`;
    const bar = '█'.repeat(Math.max(1, Math.round((times / most) * room)));
    lines.push(times === 0 ? line : `${line} ${screen.colours.cyan(bar)} ${percent((100 * times) / total)}`);
  }
  return lines;
}

function halfLine(screen: Screen): string {
  return `  ── above: at least half were empty, two-pass uses a mask; below: everyone `
    .padEnd(Math.min(screen.width, 84), '─')
    .slice(0, screen.width);
}

function ranges(from: number, to: number, step: number): Array<[from: number, to: number]> {
  const list: Array<[number, number]> = [];
  for (let start = from; start <= to; start += step) list.push([start, Math.min(to, start + step - 1)]);
  return list;
}

/** Prices of engine/report/break-even.ts in columns: a map of thousands of points that a page can colour at once. */

import { type BreakEven, type BreakEvenRow, holderCounts } from '../engine/report/break-even.ts';
import type { BreakEvenMap, BreakEvenSeries } from './messages.ts';

/** Every series has each point once, in the same order: numbers of CPUs, and for each the numbers of holders. */
export function breakEvenMap({
  kernel,
  baseline,
  pagesPerHolder,
  maskBytes,
  cpus,
  rows,
  frontiers,
}: BreakEven): BreakEvenMap {
  const counts = cpus.map(holderCounts);
  const first = new Int32Array(cpus.length + 1);
  for (let i = 0; i < cpus.length; i++) first[i + 1] = first[i] + counts[i].length;
  const bySeries = new Map<string, BreakEvenRow[]>();
  for (const row of rows) {
    const key = `${row.policy}\n${row.mask}`;
    const own = bySeries.get(key);
    if (own === undefined) bySeries.set(key, [row]);
    else own.push(row);
  }
  return {
    kernel,
    baseline,
    pagesPerHolder,
    cpus,
    maskBytes,
    first,
    holders: Int32Array.from(counts.flat()),
    series: [...bySeries.values()].map(seriesOf),
    frontiers,
  };
}

function seriesOf(rows: readonly BreakEvenRow[]): BreakEvenSeries {
  const [{ policy, mask }] = rows;
  return {
    policy,
    mask,
    callerNs: Float64Array.from(rows, ({ price }) => price.callerNs),
    disturbedNs: Float64Array.from(rows, ({ price }) => price.disturbedNs),
    totalNs: Float64Array.from(rows, ({ price }) => price.totalNs),
    interrupts: Int32Array.from(rows, ({ price }) => price.interrupts),
  };
}

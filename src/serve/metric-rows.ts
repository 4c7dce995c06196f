/** Metrics as tables of rows. A row whose value is null is left out: an absent series means not known, never zero. */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
export type Row = readonly [labels: Labels, value: number | null];

/** Each of the rows has the same labels. */
export function gauge(registry: Registry, name: string, help: string, rows: readonly Row[]): void {
  const known = knownRows(rows);
  if (known.length === 0) return;
  const metric = new Gauge({ name, help, labelNames: namesOf(known), registers: [registry] });
  for (const [labels, value] of known) metric.set(labels, value);
}

/** Totals that the kernel or we count, as they stand now. */
export function counter(registry: Registry, name: string, help: string, rows: readonly Row[]): void {
  const known = knownRows(rows);
  if (known.length === 0) return;
  const metric = new Counter({ name, help, labelNames: namesOf(known), registers: [registry] });
  for (const [labels, value] of known) metric.inc(labels, value);
}

export interface Distribution {
  readonly labels: Labels;
  readonly values: Iterable<number>;
}

/**
 * How values are spread at this moment. It is written as an ordinary histogram, since the text format has no other that
 * promtool, the textfile collector and Grafana's heatmap read; its buckets rise and fall, so no `rate()` of it means anything.
 */
export function histogramNow(
  registry: Registry,
  name: string,
  help: string,
  buckets: readonly number[],
  distributions: readonly Distribution[],
): void {
  if (distributions.length === 0) return;
  const labelNames = Object.keys(distributions[0].labels);
  const metric = new Histogram({ name, help, labelNames, buckets: [...buckets], registers: [registry] });
  for (const { labels, values } of distributions) {
    metric.zero(labels);
    const row = metric.labels(labels);
    for (const value of values) row.observe(value);
  }
}

function knownRows(rows: readonly Row[]): Array<readonly [Labels, number]> {
  return rows.flatMap(([labels, value]) => (value === null ? [] : [[labels, value] as const]));
}

function namesOf(rows: ReadonlyArray<readonly [Labels, number]>): string[] {
  return Object.keys(rows[0][0]);
}

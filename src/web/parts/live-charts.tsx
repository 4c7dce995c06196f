/** The last minutes of a host as lines: interrupts, reclaims, pressure, empty CPUs. */

import { useMemo } from 'preact/hooks';
import { count, decimal, plural } from '../../engine/report/numbers.ts';
import type { InterruptKind } from '../../snapshot/interrupts.ts';
import type { HostJson, SampleJson } from '../../snapshot/live-json.ts';
import type { FigureName, LiveRecord } from '../live-record.ts';
import { type ChartLine, LineChart } from './line-chart.tsx';
import { kindNames } from './live-tables.tsx';
import { Word } from './word.tsx';

/** What is on the screen; it stands still while somebody pauses. */
export interface Shown {
  readonly record: LiveRecord;
  readonly host: HostJson;
  readonly sample: SampleJson;
  /** The newest time of the pictures, ms. */
  readonly toMs: number;
}

const rangeMsMin = 30_000;

/** Times that the pictures show: the minutes that were chosen, or fewer while the record is that young. */
export function rangeOf({ record, toMs }: Shown, minutes: number): { fromMs: number; toMs: number } {
  const youngest = Math.min(record.oldestMs, toMs - rangeMsMin);
  return { fromMs: Math.max(toMs - minutes * 60_000, youngest), toMs };
}

/** Kinds that one CPU sends to another: the local timer and devices are in the table only. */
const sentKinds: readonly InterruptKind[] = ['call', 'reschedule', 'tlb', 'irqWork', 'stop'];
export function Charts({ shown, minutes }: { shown: Shown; minutes: number }) {
  const { record, sample, toMs } = shown;
  const sinceMs = rangeOf(shown, minutes).fromMs;
  const { seconds, range, line } = useMemo(() => {
    const times = record.times(sinceMs);
    return {
      seconds: times.map((ms) => ms / 1000),
      range: [sinceMs / 1000, toMs / 1000] as const,
      line: (name: FigureName, label: string, unit = '') => chartLine(record, name, sinceMs, label, unit),
    };
  }, [record, sinceMs, toMs]);
  const kinds = (prefix: 'all' | 'isolated') =>
    sentKinds
      .map((kind) => line(`${prefix}:${kind}`, kindNames[kind]))
      .filter(({ values }, i) => i < 2 || values.some((value) => value !== null && value > 0));
  const chart = (title: string, lines: readonly ChartLine[]) => (
    <LineChart
      title={title}
      says={`${title}, over the last ${plural(minutes, 'minute')}; now ${lines.map(({ label, newest }) => `${label} ${newest}`).join(', ')}.`}
      seconds={seconds}
      range={range}
      lines={lines}
    />
  );
  return (
    <section>
      <h2>Over the last minutes</h2>
      <div class="charts">
        {chart('Interrupts a second that CPUs send each other', kinds('all'))}
        {sample.cpus.isolatedOnline > 0 && chart('The same on isolated CPUs', kinds('isolated'))}
        {chart('Direct reclaims a second: each may drain once', [
          line('reclaimsPerSecond', 'direct reclaims'),
          ...(sample.drains === null ? [] : [line('drainsPerSecond', 'drains')]),
        ])}
        {chart('Time in which tasks waited for memory, % of 10 s', [
          line('pressureSome', 'some', ' %'),
          line('pressureFull', 'all', ' %'),
        ])}
        {chart('CPUs without a page, %', [line('emptyPercent', 'empty', ' %')])}
      </div>
      <p class="dim">
        Counted by the kernel, read from /proc: <Word>exact</Word> between two samples. On x86 a TLB flush is
        a function call too on most kernels.
        {sample.drains === null &&
          ' Drains themselves are counted with drainlab serve --trace; without it, direct reclaims are their upper bound.'}
      </p>
    </section>
  );
}

function chartLine(
  record: LiveRecord,
  name: FigureName,
  sinceMs: number,
  label: string,
  unit: string,
): ChartLine {
  const newest = record.newest(name);
  return {
    label,
    newest:
      newest === null ? '–' : `${newest >= 100 ? count(Math.round(newest)) : decimal(newest, 1)}${unit}`,
    values: record.figure(name, sinceMs),
  };
}

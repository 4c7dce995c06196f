/** The kernel's own counters over the recording, beside what the recording holds. */

import {
  countsOfKind,
  functionCalls,
  type InterruptKind,
  type InterruptTable,
} from '../snapshot/interrupts.ts';
import type { KernelCount } from './audit-report.ts';

/** /proc/interrupts before and after the recording. */
export interface InterruptTables {
  readonly start: InterruptTable;
  readonly end: InterruptTable;
}

/** What the recording says of a kind of interrupt; null: not recorded. */
export type RecordedOfKind = Pick<KernelCount, 'recorded' | 'isolatedRecorded' | 'sent'>;

/** Cross-CPU kinds. Not flushes of the TLB: from 3.7 on they count inside of calls. */
const compared: readonly InterruptKind[] = ['call', 'reschedule', 'irqWork', 'stop'];

/** `kernel`: release, which decides whether the row of calls holds the flushes of the TLB. */
export function kernelCounts(
  { start, end }: InterruptTables,
  kernel: string,
  isolated: ReadonlySet<number>,
  recordedOf: (kind: InterruptKind) => RecordedOfKind,
): KernelCount[] {
  const countsOf = (table: InterruptTable, kind: InterruptKind) =>
    kind === 'call' ? functionCalls(table, kernel) : countsOfKind(table, kind);
  return compared.flatMap((kind) => {
    const rows = end.rows.filter((row) => row.kind === kind);
    if (rows.length === 0) return [];
    const before = new Map([...countsOf(start, kind)].map((count, column) => [start.cpus[column], count]));
    const deltas = [...countsOf(end, kind)].map(
      (count, column) => count - (before.get(end.cpus[column]) ?? 0),
    );
    const sum = (wanted: (cpu: number) => boolean) =>
      deltas.reduce((total, delta, column) => total + (wanted(end.cpus[column]) ? delta : 0), 0);
    return [
      {
        label: rows.map(({ label }) => label).join('+'),
        text: rows[0].text,
        kind,
        delta: sum(() => true),
        isolatedDelta: isolated.size === 0 ? null : sum((cpu) => isolated.has(cpu)),
        ...recordedOf(kind),
      },
    ];
  });
}

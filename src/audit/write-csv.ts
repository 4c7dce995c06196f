/** An audit as CSV (RFC 4180, line feeds): one row for each cause. An empty cell is a figure that is not known. */

import { cell } from '../engine/report/write-csv.ts';
import type { AuditCause, AuditReport } from './audit-report.ts';

type CellValue = string | number | null | undefined;

const columns: ReadonlyArray<[name: string, value: (cause: AuditCause, report: AuditReport) => CellValue]> = [
  ['recording', (_, { source }) => source.name],
  ['kernel', (_, { source }) => source.kernel],
  ['isolated', (_, { isolated }) => isolated.cpus],
  ['kind', ({ kind }) => kind],
  ['callback', ({ callback }) => callback],
  ['callsite', ({ callsite }) => callsite],
  ['disturbances', ({ disturbances }) => disturbances],
  ['isolated_disturbances', ({ isolatedDisturbances }) => isolatedDisturbances],
  ['sent', ({ sent }, { totals }) => totals.sent && sent],
  ['handled', ({ handled }, { totals }) => totals.handled && handled],
  ['calls', ({ calls }, { totals }) => totals.calls && calls],
  ['isolated_calls', ({ isolatedCalls }, { totals }) => totals.calls && isolatedCalls],
  ['works_queued', ({ worksQueued }, { totals }) => totals.works && worksQueued],
  ['works_executed', ({ worksExecuted }, { totals }) => totals.works && worksExecuted],
  ['self_interrupts', ({ selfInterrupts }, { totals }) => totals.selfInterrupts && selfInterrupts],
  ['drains_judged', ({ drainsJudged }) => drainsJudged],
  ['drains_useless', ({ drainsUseless }) => drainsUseless],
  ['latency_ns_p50', ({ latencyNs }) => latencyNs?.p50],
  ['latency_ns_p99', ({ latencyNs }) => latencyNs?.p99],
  ['latency_ns_max', ({ latencyNs }) => latencyNs?.max],
  ['duration_ns_p50', ({ durationNs }) => durationNs?.p50],
  ['duration_ns_p99', ({ durationNs }) => durationNs?.p99],
  ['duration_ns_max', ({ durationNs }) => durationNs?.max],
  ['first_ns', ({ firstNs }) => (firstNs < 0 ? null : firstNs)],
  ['last_ns', ({ lastNs }) => (lastNs < 0 ? null : lastNs)],
];

export function writeAuditCsv(reports: readonly AuditReport[]): string {
  const rows = reports.flatMap((report) =>
    report.causes.map((cause) => columns.map(([, value]) => cell(value(cause, report))).join(',')),
  );
  return `${[columns.map(([name]) => name).join(','), ...rows].join('\n')}\n`;
}

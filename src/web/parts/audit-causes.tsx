/** Why CPUs were disturbed: by cause, sortable. */

import type { AuditCause, AuditReport } from '../../audit/audit-report.ts';
import { shortCauseText } from '../../audit/lead.ts';
import { count, duration, percent, plural } from '../../engine/report/numbers.ts';
import { BarredCount } from './barred-count.tsx';
import { type SortedColumn, SortedTable } from './sorted-table.tsx';
import { Word } from './word.tsx';

export function AuditCauses({ report }: { report: AuditReport }) {
  const { totals, isolatedTotals } = report;
  const causes = report.causes.filter(({ disturbances, calls }) => disturbances + calls > 0);
  if (causes.length === 0) return null;
  const further = report.causes.length - causes.length;
  const most = Math.max(1, ...causes.map(({ disturbances }) => disturbances));
  const time = (
    name: string,
    head: SortedColumn<AuditCause>['head'],
    of: (row: AuditCause) => number | undefined,
  ): SortedColumn<AuditCause> => ({
    name,
    head,
    by: (row) => of(row) ?? -1,
    cell: (row) => {
      const ns = of(row);
      return ns === undefined ? '–' : duration(ns);
    },
  });
  const columns: Array<SortedColumn<AuditCause>> = [
    {
      name: 'cause',
      head: 'cause',
      by: shortCauseText,
      cell: (row) => <code>{shortCauseText(row)}</code>,
    },
    ...(isolatedTotals === null
      ? []
      : [
          {
            name: 'isolated',
            head: (
              <>
                disturbs <Word>isolated</Word>
              </>
            ),
            by: ({ isolatedDisturbances }: AuditCause) => isolatedDisturbances,
            cell: ({ isolatedDisturbances }: AuditCause) => <strong>{count(isolatedDisturbances)}</strong>,
          },
        ]),
    {
      name: 'disturbs',
      head: 'disturbs',
      by: ({ disturbances }) => disturbances,
      cell: ({ disturbances }) => <BarredCount value={disturbances} most={most} />,
    },
    ...(totals.calls === null
      ? []
      : [
          {
            name: 'calls',
            head: 'calls',
            by: ({ calls }: AuditCause) => calls,
            cell: ({ calls }: AuditCause) => count(calls),
          },
        ]),
    ...(totals.drainsJudged === 0
      ? []
      : [
          {
            name: 'useless',
            head: <Word>useless</Word>,
            by: ({ drainsUseless }: AuditCause) => drainsUseless,
            cell: ({ drainsUseless, drainsJudged }: AuditCause) =>
              drainsJudged === 0 ? '–' : `${count(drainsUseless)} of ${count(drainsJudged)}`,
          },
        ]),
    time('until it runs p50', 'until it runs, p50', ({ latencyNs }) => latencyNs?.p50),
    time('until it runs p99', 'p99', ({ latencyNs }) => latencyNs?.p99),
    time('runs p50', 'runs for, p50', ({ durationNs }) => durationNs?.p50),
    time('runs longest', 'longest', ({ durationNs }) => durationNs?.max),
    {
      name: 'task',
      head: 'most by task',
      by: ({ tasks }) => tasks[0]?.comm ?? '',
      cell: (row) => taskText(row),
    },
  ];
  return (
    <section>
      <h2>Causes</h2>
      <SortedTable
        label="Causes of disturbances"
        orderKey="causeorder"
        columns={columns}
        rows={causes}
        keyOf={(row) => `${row.kind} ${row.callback} ${row.callsite}`}
      />
      <p class="dim">
        {further > 0 &&
          `${plural(further, 'further cause')} disturbed no other CPU, or ${further === 1 ? 'is' : 'are'} counted where sent: in the JSON below. `}
        The task is the one that ran on the sender. Times are of those that could be paired; – is not
        recorded.
      </p>
    </section>
  );
}

function taskText({ tasks }: AuditCause): string {
  const all = tasks.reduce((sum, task) => sum + task.count, 0);
  return all === 0 ? '–' : `${tasks[0].comm} ${percent((100 * tasks[0].count) / all, 0)}`;
}

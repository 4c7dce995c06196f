/** Who was disturbed: isolated CPUs first. */

import { useSignal } from '@preact/signals';
import type { AuditReport, AuditVictim } from '../../audit/audit-report.ts';
import { shortCauseText } from '../../audit/lead.ts';
import { parseCpuList } from '../../base/cpu-list.ts';
import { count, decimal, duration, plural } from '../../engine/report/numbers.ts';
import { BarredCount } from './barred-count.tsx';
import { type SortedColumn, SortedTable } from './sorted-table.tsx';
import { Word } from './word.tsx';

/** More rows are shown when they are asked for. */
const rowsShown = 24;

/** Empty where no CPU is isolated. */
export function IsolatedVictims({ report }: { report: AuditReport }) {
  if (report.isolatedTotals === null) return null;
  const rows = report.victims.filter(({ isolated }) => isolated);
  const spared = parseCpuList(report.isolated.cpus).length - rows.length;
  return (
    <section>
      <h2>
        Disturbed <Word>isolated</Word> CPUs
      </h2>
      {rows.length > 0 && (
        <Victims label="Disturbed isolated CPUs" orderKey="isolatedorder" report={report} rows={rows} />
      )}
      {(spared > 0 || rows.length === 0) && (
        <p>
          Nothing disturbed {rows.length > 0 && 'the other '}
          {plural(spared, 'isolated CPU')}
          {report.totals.disturbances === null && ', as far as was recorded'}.
        </p>
      )}
    </section>
  );
}

export function OtherVictims({ report }: { report: AuditReport }) {
  const rows = report.victims.filter(({ isolated }) => !isolated);
  return (
    <section>
      <h2>{report.isolatedTotals === null ? 'Disturbed CPUs' : 'Other disturbed CPUs'}</h2>
      {rows.length === 0 ? (
        <p>None.</p>
      ) : (
        <Victims label="Disturbed CPUs" orderKey="victimorder" report={report} rows={rows} />
      )}
    </section>
  );
}

function Victims({
  label,
  orderKey,
  report,
  rows,
}: {
  label: string;
  orderKey: string;
  report: AuditReport;
  rows: readonly AuditVictim[];
}) {
  const all = useSignal(false);
  const { totals, causes, source } = report;
  const most = Math.max(1, ...rows.map(({ disturbances }) => disturbances));
  const columns: Array<SortedColumn<AuditVictim>> = [
    { name: 'CPU', head: 'CPU', by: ({ cpu }) => -cpu, cell: ({ cpu }) => cpu },
    {
      name: 'disturbed',
      head: 'disturbed',
      by: ({ disturbances }) => disturbances,
      cell: ({ disturbances }) => <BarredCount value={disturbances} most={most} />,
    },
    {
      name: 'most by',
      head: 'most by',
      by: (row) => (row.causes.length === 0 ? '' : shortCauseText(causes[row.causes[0].cause])),
      cell: ({ causes: by }) =>
        by.length === 0 ? (
          '–'
        ) : (
          <>
            <code>{shortCauseText(causes[by[0].cause])}</code> {count(by[0].disturbances)}
          </>
        ),
    },
    ...(totals.works === null || totals.works === 0
      ? []
      : [
          {
            name: 'works',
            head: <Word of="worker">works</Word>,
            by: ({ works }: AuditVictim) => works,
            cell: ({ works }: AuditVictim) => count(works),
          },
        ]),
    ...(source.clockUnit === 'ns'
      ? [
          {
            name: 'first',
            head: 'first',
            by: ({ firstNs }: AuditVictim) => -firstNs,
            cell: ({ firstNs }: AuditVictim) => secondsText(firstNs),
          },
          {
            name: 'last',
            head: 'last',
            by: ({ lastNs }: AuditVictim) => lastNs,
            cell: ({ lastNs }: AuditVictim) => secondsText(lastNs),
          },
          {
            name: 'longest',
            head: 'longest handler',
            by: ({ longestNs }: AuditVictim) => longestNs,
            cell: ({ longestNs }: AuditVictim) => (longestNs < 0 ? '–' : duration(longestNs)),
          },
        ]
      : []),
  ];
  const shown = all.value ? rows : rows.slice(0, rowsShown);
  return (
    <>
      {shown.length < rows.length && (
        <p>
          The {count(shown.length)} most disturbed of {count(rows.length)}:
        </p>
      )}
      <SortedTable
        label={label}
        orderKey={orderKey}
        columns={columns}
        rows={shown}
        keyOf={({ cpu }) => String(cpu)}
      />
      {rows.length > rowsShown && (
        <button
          type="button"
          onClick={() => {
            all.value = !all.value;
          }}
        >
          {all.value ? `Only the ${rowsShown} most disturbed` : `All ${plural(rows.length, 'CPU')}`}
        </button>
      )}
    </>
  );
}

function secondsText(ns: number): string {
  return ns < 0 ? '–' : `+${decimal(ns / 1e9, 3)} s`;
}

/** Who disturbs whom: every sender by every victim where that fits, else the busiest senders. */

import type { AuditReport } from '../../audit/audit-report.ts';
import { count, plural } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from './layout.ts';
import type { Screen } from './screen.ts';

const sendersShown = 12;

interface Pair {
  readonly sender: number;
  readonly victim: number;
  readonly times: number;
}

interface Sender {
  readonly cpu: number;
  times: number;
  isolatedTimes: number;
  victims: number;
}

export function auditMatrix(report: AuditReport, screen: Screen): string[] {
  const disturbing = pairsOf(report, (interrupts, _, works) => interrupts + works);
  if (disturbing.length > 0) {
    const { interruptsFrom, worksFrom } = report.recorded;
    const what = [
      ...(interruptsFrom === 'sent' ? ['interrupts'] : []),
      ...(worksFrom === 'not recorded' ? [] : ['works']),
    ];
    return matrixOf(report, disturbing, what.join(' and '), screen);
  }
  // Of the patched kernel only the calls tell their sender.
  return matrixOf(
    report,
    pairsOf(report, (_, calls) => calls),
    'calls',
    screen,
  );
}

function pairsOf(
  { matrix }: AuditReport,
  of: (interrupts: number, calls: number, works: number) => number,
): Pair[] {
  return matrix.rows
    .map(([sender, victim, ...counts]) => ({ sender, victim, times: of(...counts) }))
    .filter(({ times }) => times > 0);
}

function matrixOf(report: AuditReport, pairs: readonly Pair[], what: string, screen: Screen): string[] {
  if (pairs.length === 0) return [];
  return square(report, pairs, what, screen) ?? busiest(report, pairs, what, screen);
}

/** null: it does not fit. */
function square(report: AuditReport, pairs: readonly Pair[], what: string, screen: Screen): string[] | null {
  const isolated = isolatedVictims(report);
  const unique = (cpus: number[]) => [...new Set(cpus)].sort((a, b) => a - b);
  const senders = unique(pairs.map(({ sender }) => sender));
  const victims = unique(pairs.map(({ victim }) => victim));
  const cells = new Map(pairs.map(({ sender, victim, times }) => [`${sender} ${victim}`, times]));
  const textOf = (sender: number, victim: number) => {
    const counted = cells.get(`${sender} ${victim}`);
    return counted === undefined ? '·' : count(counted);
  };
  const head = (victim: number) => `${isolated.has(victim) ? '*' : ''}${victim}`;
  const widths = victims.map(
    (victim) => 2 + Math.max(head(victim).length, ...senders.map((sender) => textOf(sender, victim).length)),
  );
  if (widths.reduce((sum, width) => sum + width, 11) > screen.width || senders.length > 24) return null;
  const columns: Array<Column<number>> = [
    { head: 'sender', text: (sender) => `${sender}`, weight: 9 },
    ...victims.map(
      (victim): Column<number> => ({
        head: head(victim),
        text: (sender) => textOf(sender, victim),
        weight: 8,
      }),
    ),
  ];
  const mark = isolated.size > 0 ? '; * is isolated' : '';
  return [screen.colours.bold(`Sender by victim, ${what}${mark}`), table(columns, senders, screen)];
}

/** Those that disturb isolated CPUs most first. */
function busiest(report: AuditReport, pairs: readonly Pair[], what: string, screen: Screen): string[] {
  const isolated = isolatedVictims(report);
  const senders = new Map<number, Sender>();
  for (const { sender, victim, times } of pairs) {
    const sums = senders.get(sender) ?? { cpu: sender, times: 0, isolatedTimes: 0, victims: 0 };
    sums.times += times;
    if (isolated.has(victim)) sums.isolatedTimes += times;
    sums.victims++;
    senders.set(sender, sums);
  }
  const sorted = [...senders.values()].sort((a, b) => b.isolatedTimes - a.isolatedTimes || b.times - a.times);
  const columns: Array<Column<Sender>> = [
    { head: 'CPU', text: ({ cpu }) => `${cpu}`, weight: 9 },
    { head: 'times', text: ({ times }) => count(times), weight: 9 },
    { head: 'isolated', text: ({ isolatedTimes }) => count(isolatedTimes), weight: 9 },
    { head: 'CPUs that it\ndisturbs', text: ({ victims }) => count(victims), weight: 8 },
  ];
  const lines = [
    screen.colours.bold(`By sender, ${what}`),
    table(columns, sorted.slice(0, sendersShown), screen),
  ];
  const rest = sorted.length - sendersShown;
  if (rest > 0)
    lines.push(wrap(`  … and ${plural(rest, 'other sender')} (--json has every pair)`, screen.width));
  return lines;
}

function isolatedVictims({ victims }: AuditReport): ReadonlySet<number> {
  return new Set(victims.filter(({ isolated }) => isolated).map(({ cpu }) => cpu));
}

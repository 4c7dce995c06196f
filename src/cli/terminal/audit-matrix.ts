/** Who disturbs whom: every sender by every victim where that fits, else the pairs with most. */

import type { AuditReport } from '../../audit/audit-report.ts';
import { count, plural } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from './layout.ts';
import type { Screen } from './screen.ts';

const pairsShown = 12;

interface Pair {
  readonly sender: number;
  readonly victim: number;
  readonly times: number;
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
  return square(report, pairs, what, screen) ?? most(report, pairs, what, screen);
}

/** null: it does not fit. */
function square(report: AuditReport, pairs: readonly Pair[], what: string, screen: Screen): string[] | null {
  const isolated = new Set(report.victims.filter((victim) => victim.isolated).map(({ cpu }) => cpu));
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

/** Isolated victims first. */
function most(report: AuditReport, pairs: readonly Pair[], what: string, screen: Screen): string[] {
  const isolated = new Set(report.victims.filter((victim) => victim.isolated).map(({ cpu }) => cpu));
  const rank = ({ victim }: Pair) => (isolated.has(victim) ? 1 : 0);
  const sorted = [...pairs].sort((a, b) => rank(b) - rank(a) || b.times - a.times);
  const columns: Array<Column<Pair>> = [
    { head: 'sender', text: ({ sender }) => `${sender}`, weight: 9 },
    {
      head: 'victim',
      text: ({ victim }) => `${victim}${isolated.has(victim) ? ' isolated' : ''}`,
      weight: 9,
    },
    { head: 'times', text: ({ times }) => count(times), weight: 9 },
  ];
  const lines = [
    screen.colours.bold(`Sender and victim, ${what}: the most frequent of ${plural(pairs.length, 'pair')}`),
    table(columns, sorted.slice(0, pairsShown), screen),
  ];
  const rest = pairs.length - pairsShown;
  if (rest > 0) lines.push(wrap(`  … and ${plural(rest, 'other pair')} (--json)`, screen.width));
  return lines;
}

/** What `drainlab validate` says, for people. */

import { exactPercent, type Predicted, type Tally } from '../../engine/driven/score.ts';
import type { DrivenReport } from '../../engine/driven/validate.ts';
import { count, percent, plural } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';

interface Row {
  readonly zone: string;
  readonly what: string;
  readonly tally: Tally;
  readonly of: Predicted;
}

const what: ReadonlyArray<readonly [Predicted, string]> = [
  ['refills', 'refills'],
  ['giveBacks', 'give-backs'],
  ['types', 'their types'],
  ['drains', 'drains'],
  ['snapshots', 'counts'],
];

const modeText = {
  hindsight: 'Type of a freed page read from the event with which it leaves its list (hindsight)',
  causal: 'Type of a freed page known only from what came before (causal)',
  'upper-bound': 'As with hindsight, and what no rule can know is chosen so that it fits (upper bound)',
};

/** Reports of one recording, one a mode. Ends with a line feed. */
export function drivenText(reports: readonly DrivenReport[], screen: Screen): string {
  const { colours, width } = screen;
  const [first] = reports;
  const zones = first.zones
    .map(({ name, limits }) => `${name} batch ${limits.batch}, high ${limitText(limits)}`)
    .join('; ');
  const sections = [
    [
      colours.bold(wrap(`${first.name}: ${plural(first.events, 'event')} of kernel ${first.kernel}`, width)),
      wrap(`Rules as tried on ${first.era}. ${zones}.${differing(first)}`, width, '  '),
      wrap(
        `${plural(first.cpusScored, 'CPU')} ${first.cpusScored === 1 ? 'was' : 'were'} drained, and scored from then on.`,
        width,
      ),
      ...(first.lostEvents > 0
        ? [
            colours.yellow(
              wrap(`${plural(first.lostEvents, 'event')} lost: the lists are off after each.`, width),
            ),
          ]
        : []),
    ],
    ...reports.map((report) => section(report, screen)),
    [colours.dim(wrap(notes, width))],
  ];
  return forScreen(`${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`, screen);
}

const notes =
  'exact: predicted at the right event with the right size; missed: the kernel did it, the model did not say so; ' +
  'unfounded: the model said so, the kernel did not do it. Types: pages that a give-back of the right size took from each list. Counts: pages on each list at the snapshots of /proc/zoneinfo.';

function section(report: DrivenReport, screen: Screen): string[] {
  const { colours, width } = screen;
  const rows = report.zones.flatMap((zone) =>
    what
      .filter(([of]) => zone[of].observed + zone[of].predicted > 0)
      .map(([of, name]): Row => ({ zone: zone.name, what: name, tally: zone[of], of })),
  );
  const lines = [colours.bold(wrap(modeText[report.knowledge], width))];
  if (rows.length === 0)
    return [...lines, 'No list was drained and used afterwards: nothing could be scored.'];
  lines.push(table(columns(), rows, screen));
  for (const [name, { parts, explanation }] of classesOf(report)) {
    lines.push(wrap(`  ${name} (${parts.join(', ')}): ${explanation}`, width, '    '));
  }
  return lines;
}

/** Deviations by class, the most frequent class first. */
function classesOf(report: DrivenReport): Map<string, { parts: string[]; explanation: string }> {
  const classes = new Map<string, { parts: string[]; explanation: string }>();
  for (const { class: name, explanation, zone, of, times } of report.deviations) {
    const known = classes.get(name) ?? { parts: [], explanation };
    known.parts.push(`${zone}: ${count(times)} ${what.find(([key]) => key === of)?.[1] ?? of}`);
    classes.set(name, known);
  }
  return classes;
}

function columns(): Array<Column<Row>> {
  const number = (key: keyof Tally) => (row: Row) => count(row.tally[key]);
  return [
    { head: 'zone', text: (row) => row.zone, weight: 9 },
    { head: 'what', text: (row) => row.what, weight: 9 },
    { head: 'kernel\ndid', text: number('observed'), weight: 8 },
    { head: 'predicted', text: number('predicted'), weight: 7 },
    { head: 'exact', text: number('exact'), weight: 6 },
    { head: '', text: (row) => percent(exactPercent(row.tally), 2), weight: 9 },
    { head: 'wrong\nsize', text: number('wrongSize'), weight: 5 },
    { head: 'missed', text: number('missed'), weight: 5 },
    { head: 'unfounded', text: number('unfounded'), weight: 5 },
    { head: 'pages\noff', text: number('pagesOff'), weight: 4 },
  ];
}

function limitText({ highMin, highMax }: { highMin: number; highMax: number }): string {
  return highMin === highMax ? String(highMin) : `${highMin}–${highMax}`;
}

/** The rules of the kernel may give other limits than its zoneinfo shows: settings, or a changed kernel. */
function differing({ zones }: DrivenReport): string {
  const other = zones.filter(
    ({ limits, limitsByRule: rule }) =>
      rule !== null && (rule.batch !== limits.batch || rule.highMin !== limits.highMin),
  );
  if (other.length === 0) return '';
  const texts = other.map(
    ({ name, limitsByRule: rule }) =>
      `${name} batch ${rule?.batch}, high ${rule === null ? '' : limitText(rule)}`,
  );
  return ` By the rules of this kernel it would be: ${texts.join('; ')}.`;
}

/** Several recordings side by side, for people. */

import type { Comparison, ComparisonRow } from '../../engine/report/comparison.ts';
import { count, decimal, percent } from '../../engine/report/numbers.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import { type Column, table, wrap } from './layout.ts';
import { forScreen, type Screen } from './screen.ts';

/** Ends with a line feed. */
export function comparisonText(comparison: Comparison, screen: Screen): string {
  const { colours } = screen;
  const { rows, verdicts } = comparison;
  const head = [
    ...comparison.warnings.map((text) => colours.yellow(wrap(text, screen.width))),
    ...comparison.answers.map((text) => colours.bold(wrap(text, screen.width))),
    ...comparison.caveats.map((text) => wrap(text, screen.width, '  ')),
  ];
  const sent = rows.some((row) => row.kernelInterruptsPerDrain !== null);
  const notes = [
    'Interrupts a drain by each policy, and in brackets how many fewer than by ' +
      `${verdicts[0].lead.baseline}${sent ? '; "kernel sent": what the recorded kernel really sent a drain' : ''}.`,
  ];
  const sections = [
    head,
    [table(columns(comparison), rows, screen), colours.dim(wrap(notes[0], screen.width))],
    checks(verdicts, screen),
  ];
  return forScreen(
    `${sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`,
    screen,
  );
}

function columns({ rows, verdicts }: Comparison): Array<Column<ComparisonRow>> {
  const number = (value: number | null) => (value === null ? '–' : decimal(value));
  const policies = verdicts[0].policies.filter(({ carrier }) => carrier === 'interrupt');
  const baseline = verdicts[0].lead.baseline;
  const common = commonFolder(rows.map(({ recording }) => recording));
  const list: Array<Column<ComparisonRow>> = [
    { head: 'recording', text: (row) => row.recording.slice(common), weight: 9 },
    { head: 'the kernel\ndrained by', text: (row) => row.kernelPolicy || '?', weight: 5 },
    { head: 'drains', text: (row) => count(row.drains), weight: 7 },
    { head: 'mean\nholders', text: (row) => number(row.holdersMean), weight: 4 },
  ];
  if (rows.some((row) => row.kernelInterruptsPerDrain !== null)) {
    list.push({ head: 'kernel\nsent', text: (row) => number(row.kernelInterruptsPerDrain), weight: 6 });
  }
  policies.forEach(({ name }, i) => {
    const saved = (row: ComparisonRow) => {
      const share = row.savedPercent[name];
      return name === baseline || share === null ? '' : ` (${percent(share, 0)})`;
    };
    list.push({
      head: name,
      text: (row) => `${number(row.interruptsPerDrain[name])}${saved(row)}`,
      weight: 8 - i * 0.1,
    });
  });
  return list;
}

/** Length of the folder that all names begin with. */
function commonFolder(names: readonly string[]): number {
  const shared = names.reduce((a, b) => {
    let i = 0;
    while (i < a.length && a[i] === b[i]) i++;
    return a.slice(0, i);
  });
  return shared.lastIndexOf('/') + 1;
}

function checks(verdicts: readonly Verdict[], screen: Screen): string[] {
  const share = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : percent(value, 2);
  const common = commonFolder(verdicts.map(({ source }) => source.name));
  return [
    'Checked against the kernel, equal:',
    table<Verdict>(
      [
        { head: 'recording', text: ({ source }) => source.name.slice(common), weight: 9 },
        { head: 'sets of CPUs', text: ({ selfCheck }) => share(selfCheck?.drainsEqualPercent), weight: 8 },
        { head: 'holders', text: ({ selfCheck }) => share(selfCheck?.holdersEqualPercent), weight: 7 },
        { head: 'pages of lists', text: ({ selfCheck }) => share(selfCheck?.listsEqualPercent), weight: 6 },
        { head: 'lost events', text: ({ source }) => count(source.lostEvents), weight: 5 },
        { head: 'run', text: ({ source }) => source.runHash, weight: 1 },
      ],
      verdicts,
      screen,
    ),
  ];
}

/** `--break-even cpus=2..4096 --by holders`: a map of where each policy begins to pay, and CSV. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { Scenario } from '../../engine/input/scenario.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import {
  type BreakEven,
  type BreakEvenRow,
  breakEven,
  breakEvenCsv,
  type Frontier,
  isPriced,
} from '../../engine/report/break-even.ts';
import { count, duration, percent } from '../../engine/report/numbers.ts';
import { type Column, table, wrap } from '../terminal/layout.ts';
import { forScreen, type Screen } from '../terminal/screen.ts';

const cpusMax = 8192;
/** What the thread weighed against each other; the map is theirs unless policies are named. */
const thread = ['everyone', 'selective', 'two-pass'];
/** Columns of the map: shares of CPUs that hold pages. */
const shares = 20;

/** `cpus=2..4096` → 2, 4, 8, … 4096; `cpus=8,12,100` as they are. Throws E_BREAK_EVEN. */
export function parseBreakEven(text: string, by = 'holders'): number[] {
  if (by !== 'holders')
    throw wrong(
      `--by ${by} is not known`,
      'Write: --by holders. The map goes by the share of CPUs that hold pages.',
    );
  const range = /^cpus=(\d{1,5})\.\.(\d{1,5})$/.exec(text.trim());
  const list = /^cpus=(\d{1,5}(?:,\d{1,5})*)$/.exec(text.trim());
  if (range === null && list === null)
    throw wrong(
      `--break-even ${text} is no range`,
      'Write: --break-even cpus=2..4096, or single numbers: cpus=8,64,4096.',
    );
  const numbers =
    list === null ? doubled(Number(range?.[1]), Number(range?.[2])) : list[1].split(',').map(Number);
  const outside = numbers.find((number) => number < 2 || number > cpusMax);
  if (outside !== undefined || numbers.length === 0)
    throw wrong(
      `--break-even ${text} leaves the range of 2 to ${cpusMax} CPUs`,
      'Write the smaller number first: --break-even cpus=2..4096.',
    );
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** From `first` on by doubling, and `last`. */
function doubled(first: number, last: number): number[] {
  if (first < 2 || last < first) return [];
  const numbers: number[] = [];
  for (let number = first; number < last; number *= 2) numbers.push(number);
  return [...numbers, last];
}

export function breakEvenOutput(
  scenario: Scenario,
  cpus: readonly number[],
  policies: readonly Policy[],
  baseline: Policy,
  csv: boolean,
  screen: Screen,
  mapped: readonly string[] = thread,
): string {
  const others = policies.filter((policy) => policy.name !== baseline.name && isPriced(policy));
  const result = breakEven(scenario, cpus, others, baseline);
  return csv ? breakEvenCsv(result) : breakEvenText(result, mapped, screen);
}

function breakEvenText(result: BreakEven, mapped: readonly string[], screen: Screen): string {
  const { kernel, baseline, pagesPerHolder, maskBytes } = result;
  const { colours, width } = screen;
  const priced = new Set(result.rows.map(({ policy }) => policy));
  const letters = letterOf([...new Set([baseline, ...mapped])].filter((name) => priced.has(name)));
  const head = [
    colours.bold(wrap(answer(result), width)),
    colours.dim(
      wrap(
        `One drain, Linux ${kernel}, by the cost model (docs/model.md): holders have ${pagesPerHolder} pages each, all CPUs are busy, ` +
          `no other drain runs. A mask is ${masksText(maskBytes)}.`,
        width,
      ),
    ),
  ];
  const names = [...letters].map(([name, letter]) => `${letter} ${name}`).join(', ');
  const map = [
    wrap(
      `The cheapest in all (caller and other CPUs), by share of CPUs that hold pages: ${names}`,
      width,
      '  ',
    ),
    ...mapLines(result, letters, screen),
  ];
  const frontiers = [
    wrap(
      `Cheaper than ${baseline} as long as at most so many CPUs hold pages (in brackets: for the caller alone):`,
      width,
    ),
    frontierTable(result, screen),
  ];
  const prices = [
    wrap('What one drain takes, caller + other CPUs, mask from the CPU:', width),
    priceTable(result, screen),
  ];
  const sections = [head, map, frontiers, prices].map((lines) => lines.join('\n'));
  return forScreen(`${sections.join('\n\n')}\n`, screen);
}

function masksText(bytes: readonly number[]): string {
  const least = Math.min(...bytes);
  const most = Math.max(...bytes);
  return least === most ? `${count(most)} bytes` : `${count(least)} to ${count(most)} bytes`;
}

/** What Mel asked: from when does the mask pay, and what if it takes a page? */
function answer({ frontiers, baseline, cpus }: BreakEven): string {
  const largest = cpus[cpus.length - 1];
  const of = (mask: string) =>
    frontiers.find((each) => each.cpus === largest && each.mask === mask && each.policy === 'selective');
  const own = of('cpu');
  const page = of('page');
  if (own === undefined || page === undefined)
    return `Where each policy begins to cost less than ${baseline}.`;
  const share = ({ holdersTotal }: Frontier) =>
    holdersTotal < 0 ? 'never' : `up to ${percent((100 * holdersTotal) / largest)} of them hold pages`;
  return (
    `On ${count(largest)} CPUs selective costs less than ${baseline} as long as ${share(own)}; ` +
    (own.holdersTotal === page.holdersTotal
      ? 'it makes no difference if the mask takes a new page.'
      : `if the mask takes a new page each time: ${share(page)}.`)
  );
}

/** Name → a letter of its own: the first that no other has. */
function letterOf(names: readonly string[]): Map<string, string> {
  const letters = new Map<string, string>();
  const used = new Set<string>();
  for (const name of names) {
    const letter =
      [...name.toUpperCase(), ...'123456789'].find((each) => /[A-Z0-9]/.test(each) && !used.has(each)) ?? '?';
    used.add(letter);
    letters.set(name, letter);
  }
  return letters;
}

function mapLines({ rows, cpus }: BreakEven, letters: ReadonlyMap<string, string>, screen: Screen): string[] {
  const labelWidth = Math.max(...cpus.map((number) => count(number).length), 4);
  const step = screen.width >= labelWidth + 4 + 4 * (shares + 1) ? 4 : 2;
  const marks = Array.from({ length: shares + 1 }, (_, i) => (i % 4 === 0 ? `${(100 * i) / shares}%` : ''));
  let ruler = '';
  marks.forEach((mark, i) => {
    if (mark !== '') ruler = `${ruler.padEnd(i * step)}${mark}`;
  });
  const lines = [screen.colours.dim(`  ${'CPUs'.padStart(labelWidth)}  ${ruler}`)];
  for (const number of cpus) {
    const own = rows.filter((row) => row.cpus === number && row.mask === 'cpu' && letters.has(row.policy));
    const cells = marks.map((_, i) =>
      (letters.get(cheapest(own, (number * i) / shares)) ?? '?').padEnd(step),
    );
    lines.push(`  ${count(number).padStart(labelWidth)}  ${cells.join('').trimEnd()}`);
  }
  return lines;
}

/** Of equal prices the policy that comes first in the order of the rows. */
function cheapest(rows: readonly BreakEvenRow[], holders: number): string {
  const nearest = rows.reduce((a, b) =>
    Math.abs(b.holders - holders) < Math.abs(a.holders - holders) ? b : a,
  ).holders;
  const there = rows.filter((row) => row.holders === nearest);
  return there.reduce((a, b) => (b.price.totalNs < a.price.totalNs - 0.5 ? b : a)).policy;
}

function frontierTable({ frontiers, cpus }: BreakEven, screen: Screen): string {
  const kinds = [...new Set(frontiers.map(({ policy, mask }) => `${policy}\n${mask}`))];
  const cell = (kind: string) => (number: number) => {
    const [policy, mask] = kind.split('\n');
    const found = frontiers.find(
      (each) => each.cpus === number && each.policy === policy && each.mask === mask,
    );
    if (found === undefined) return '';
    return `${holdersText(found.holdersTotal, number)} (${holdersText(found.holdersCaller, number)})`;
  };
  const columns: Array<Column<number>> = [
    { head: 'CPUs', text: count, weight: 9 },
    ...kinds.map((kind, i) => {
      const [policy, mask] = kind.split('\n');
      const masked = kinds.includes(`${policy}\npage`);
      return {
        head: masked ? `${policy},\n${mask === 'cpu' ? 'mask from CPU' : 'mask a new page'}` : policy,
        text: cell(kind),
        weight: 8 - i * 0.1,
      };
    }),
  ];
  return table(columns, cpus, screen);
}

function holdersText(holders: number, cpus: number): string {
  if (holders < 0) return 'never';
  return holders === cpus ? 'always' : percent((100 * holders) / cpus, 0);
}

function priceTable({ rows, cpus }: BreakEven, screen: Screen): string {
  const names = [...new Set(rows.map(({ policy }) => policy))];
  const shown = cpus.flatMap((number) => [0.1, 0.5, 1].map((share) => ({ number, share })));
  const kept = shown.filter(({ number }) => [8, 64, 512, 4096].includes(number) || cpus.length <= 4);
  const priceOf = (policy: string, number: number, share: number) => {
    const own = rows.filter((row) => row.cpus === number && row.policy === policy && row.mask === 'cpu');
    if (own.length === 0) return '';
    const { price } = own.reduce((a, b) =>
      Math.abs(b.holders - share * number) < Math.abs(a.holders - share * number) ? b : a,
    );
    return `${duration(price.callerNs)} + ${duration(price.disturbedNs)}`;
  };
  const columns: Array<Column<{ number: number; share: number }>> = [
    {
      head: 'CPUs, holders',
      text: ({ number, share }) => `${count(number)}, ${percent(100 * share, 0)}`,
      weight: 9,
    },
    ...names.map((name, i) => ({
      head: name,
      text: ({ number, share }: { number: number; share: number }) => priceOf(name, number, share),
      weight: 8 - i * 0.1,
    })),
  ];
  return table(columns, kept.length > 0 ? kept : shown, screen);
}

function wrong(message: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_BREAK_EVEN', hint, exitCode: ExitCode.wrongUse });
}

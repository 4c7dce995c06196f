/** Two verdicts side by side: figures with their differences, and in words what must not be compared. */

import { compare } from '../../engine/report/comparison.ts';
import { count, decimal, duration, eachText, percent } from '../../engine/report/numbers.ts';
import type { Basis, PolicyVerdict, Verdict } from '../../engine/report/verdict.ts';

type Interval = readonly [number, number];

/** One verdict, looked at under one policy. */
export interface Compared {
  readonly name: string;
  readonly verdict: Verdict;
  readonly policy: string;
  /** Pages that its zones span; 0: not known. */
  readonly memoryPages: number;
}

export interface FigureSide {
  /** null: there is no such figure. */
  readonly value: number | null;
  readonly text: string;
  readonly basis: Basis;
  readonly why: string;
  readonly interval: Interval | null;
}

export interface FigureRow {
  readonly name: string;
  /** Word that explains it. */
  readonly word: string;
  readonly a: FigureSide;
  readonly b: FigureSide;
  /** B against A: in percent of A, or in points where the figure is itself in percent; '' where there is none. */
  readonly difference: string;
  /** Do the 95 % intervals overlap? null: one of them has none. */
  readonly overlap: boolean | null;
}

/** What one recording needs to be compared with another, and what the engine's comparison says of it. */
export function figureRows(a: Compared, b: Compared): FigureRow[] {
  const [left, right] = [a, b].map((side) => figuresOf(side, a.verdict.lead.baseline));
  return left.map((figure, i) => {
    const other = right[i];
    return {
      name: figure.name,
      word: figure.word,
      a: figure.side,
      b: other.side,
      difference: differenceText(figure.side.value, other.side.value, figure.isShare),
      overlap: overlaps(figure.side.interval, other.side.interval),
    };
  });
}

interface NamedFigure {
  readonly name: string;
  readonly word: string;
  readonly isShare: boolean;
  readonly side: FigureSide;
}

/** `baseline`: what savings are against, for both sides. */
function figuresOf({ verdict, policy }: Compared, baseline: string): NamedFigure[] {
  const [row] = compare([verdict]).rows;
  const own = verdict.policies.find(({ name }) => name === policy) ?? null;
  const { seconds } = verdict.source;
  const missing = `only ${verdict.policies.map(({ name }) => name).join(', ')} in this run`;
  const ofWhole: Basis = verdict.source.kind === 'scenario' ? 'modelled' : 'exact';
  const otherBaseline = `its savings are against ${verdict.lead.baseline}`;
  const plain = (name: string, word: string, value: number | null, text: (value: number) => string) => ({
    name,
    word,
    isShare: false,
    side: sideOf(value, text, ofWhole, ofWhole === 'exact' ? '' : 'a run of the simulator', null),
  });
  const figure = (
    name: string,
    word: string,
    key: string,
    value: (own: PolicyVerdict) => number | null,
    text: (value: number) => string,
    interval: (own: PolicyVerdict) => Interval | null = () => null,
  ) => ({
    name,
    word,
    isShare: name.startsWith('saved'),
    side:
      own === null
        ? sideOf(null, text, 'not-known', missing, null)
        : sideOf(value(own), text, own.bases[key] ?? own.basis, own.why[key] ?? '', interval(own)),
  });
  const aDrain = (value: number) => (row.drains === 0 ? null : value / row.drains);
  return [
    plain('drains carried out', 'drain', row.drains, count),
    plain('drains a second', 'drain', seconds ? row.drains / seconds : null, (rate) => decimal(rate, 1)),
    plain('CPUs that hold pages at a drain', 'holder', row.holdersMean, eachText),
    figure(
      'interrupts a drain',
      'interrupt',
      'interrupts',
      ({ name }) => row.interruptsPerDrain[name],
      eachText,
      (each) => each.interruptsPerDrainInterval,
    ),
    verdict.lead.baseline === baseline
      ? figure(
          `saved against ${baseline}`,
          'policy',
          'interrupts',
          ({ name }) => row.savedPercent[name],
          percent,
          (each) => each.savedPercentInterval,
        )
      : {
          name: `saved against ${baseline}`,
          word: 'policy',
          isShare: true,
          side: sideOf(null, percent, 'not-known', otherBaseline, null),
        },
    figure('other CPUs disturbed a drain', 'useless', 'useless', (each) => aDrain(each.disturbed), eachText),
    figure('of them for nothing', 'useless', 'useless', (each) => aDrain(each.useless), eachText),
    figure(
      'isolated CPUs disturbed a drain',
      'isolated',
      'isolatedDisturbed',
      (each) => aDrain(each.isolatedDisturbed),
      eachText,
    ),
    figure('stall, p99', 'stall', 'stallNs', (each) => each.stallNs?.p99 ?? null, duration),
    figure('pages left on lists', 'stranded', 'strandedPages', (each) => each.strandedPages, count),
    plain('interrupts a drain, as the kernel sent them', 'interrupt', row.kernelInterruptsPerDrain, eachText),
  ];
}

function sideOf(
  value: number | null,
  text: (value: number) => string,
  basis: Basis,
  why: string,
  interval: Interval | null,
): FigureSide {
  if (value === null) return { value, text: '', basis: 'not-known', why, interval: null };
  return { value, text: text(value), basis, why, interval };
}

function differenceText(a: number | null, b: number | null, isShare: boolean): string {
  if (a === null || b === null) return '';
  const sign = b > a ? '+' : '';
  if (isShare) return `${sign}${decimal(b - a, 1)} points`;
  if (a === b) return 'none';
  if (a === 0) return '';
  return `${sign}${percent((100 * (b - a)) / a)}`;
}

function overlaps(a: Interval | null, b: Interval | null): boolean | null {
  if (a === null || b === null) return null;
  return a[0] <= b[1] && b[0] <= a[1];
}

/** The sentence that comes first. */
export function leadingSentence(a: Compared, b: Compared, disturbed: readonly [number, number]): string {
  const empty = [a, b].find(({ verdict }) => verdict.drains.carriedOut === 0);
  if (empty !== undefined) return `There was no drain in ${empty.name}: nothing can be compared by drain.`;
  if (a.verdict !== b.verdict && a.policy === b.policy && haveSamePolicies(a, b)) {
    const told = compare([a.verdict, b.verdict]).answers.find((answer) => answer.startsWith(`${a.policy} `));
    if (told !== undefined) return told;
  }
  const [ofA, ofB] = disturbed;
  const where = (side: Compared) => (a.verdict === b.verdict ? '' : ` in ${side.name}`);
  const start =
    a.verdict === b.verdict ? `At the same ${count(a.verdict.drains.carriedOut)} drains of ${a.name}, ` : '';
  const more =
    ofA === ofB
      ? 'as many'
      : ofA === 0
        ? `${eachText(ofB)} more`
        : `${percent(Math.abs((100 * (ofB - ofA)) / ofA))} ${ofB < ofA ? 'fewer' : 'more'}`;
  if (a.verdict !== b.verdict && a.policy === b.policy)
    return `${a.policy} disturbs ${eachText(ofA)} other CPUs a drain in ${a.name} and ${eachText(ofB)} in ${b.name}: ${more}.`;
  return `${start}${a.policy} disturbs ${eachText(ofA)} other CPUs a drain${where(a)}, ${b.policy} ${eachText(ofB)}${where(b)}: ${more}.`;
}

function haveSamePolicies(a: Compared, b: Compared): boolean {
  const names = ({ verdict }: Compared) => verdict.policies.map(({ name }) => name).join();
  return names(a) === names(b);
}

/** What two recordings differ in beside what is to be compared; one sentence each. */
export function pairCaveats(a: Compared, b: Compared): string[] {
  if (a.verdict === b.verdict) return [];
  const [x, y] = [a.verdict.source, b.verdict.source];
  const own = ({ verdict }: Compared) => verdict.kernel.map(({ policy }) => policy || 'not told').join(', ');
  const differ = (what: string, left: string, right: string, so: string) =>
    left === right ? [] : [`${what}: ${left || 'not known'} and ${right || 'not known'}; ${so}`];
  return [
    ...differ('One is a', x.kind, y.kind, 'times of a scenario are modelled, those of a recording are not.'),
    ...differ(
      'Kernels differ',
      x.kernel,
      y.kernel,
      'lists fill and drains are asked for by other rules, so sums do not compare.',
    ),
    ...differ('CPUs online', x.online, y.online, 'compare shares of the CPUs, not numbers of them.'),
    ...differ(
      'Isolated CPUs',
      x.isolated || 'none',
      y.isolated || 'none',
      'as many drains disturb them more or less often.',
    ),
    ...differ(
      'Memory',
      memoryText(a),
      memoryText(b),
      'less memory drains more often: counts of drains do not compare.',
    ),
    ...differ(
      'The recorded kernels drained by different policies',
      own(a),
      own(b),
      'each drain changes what the next one meets.',
    ),
    ...(x.lostEvents + y.lostEvents > 0
      ? [`Events were lost: ${count(x.lostEvents)} in ${a.name}, ${count(y.lostEvents)} in ${b.name}.`]
      : []),
    x.kind === 'scenario' && y.kind === 'scenario'
      ? 'One run and one seed each: simulate more seeds before you believe a small difference.'
      : 'One recording of each, and its load is not seeded: the same load recorded again differs too. Do not take a difference below some 20 % for an effect.',
  ];
}

/** Four KiB a page, as on every machine that drainlab reads. */
function memoryText({ memoryPages }: Compared): string {
  return memoryPages === 0 ? '' : `${count(memoryPages / 256)} MiB`;
}

/** Shares of the drains by number of CPUs that held pages, in the same bins for both. */
export interface HolderBins {
  /** In percent of the CPUs; each bin holds its end, the first also its begin. */
  readonly ends: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

const binsMost = 20;

/** `onlineA`, `onlineB`: where they are equal and few, a bin for each number of CPUs. */
export function holderBins(
  holdersA: readonly number[],
  onlineA: number,
  holdersB: readonly number[],
  onlineB: number,
): HolderBins {
  const each = onlineA === onlineB && onlineA <= binsMost;
  const ends = each
    ? Array.from({ length: onlineA + 1 }, (_, n) => (100 * n) / onlineA)
    : Array.from({ length: binsMost + 1 }, (_, i) => (100 * i) / binsMost);
  const binned = (holders: readonly number[], online: number) => {
    const total = Math.max(
      1,
      holders.reduce((sum, n) => sum + n, 0),
    );
    const bins = ends.map(() => 0);
    holders.forEach((drains, n) => {
      const share = (100 * n) / online;
      const at = ends.findIndex((end) => share <= end + 1e-9);
      bins[at < 0 ? ends.length - 1 : at] += (100 * drains) / total;
    });
    return bins;
  };
  return { ends, a: binned(holdersA, onlineA), b: binned(holdersB, onlineB) };
}

/**
 * The table that memory-management developers paste into changelogs: the layout of mmtests'
 * compare-kernels. One column for each policy, baseline first; behind each value the gain over the
 * baseline in percent, fewer being better, between stars instead of brackets where the 95 % interval excludes 0.
 */

import { drainsOf, type PolicyVerdict, type Verdict } from './verdict.ts';

interface Row {
  readonly label: string;
  readonly value: (policy: PolicyVerdict, verdict: Verdict) => number | null;
  /** Is more better? The others: fewer is better. */
  readonly more?: boolean;
  /** Only interrupts have an interval; in a simulation that of a drain is none of the whole. */
  readonly tested?: 'always' | 'recording';
}

const rows: readonly Row[] = [
  { label: 'Ops drains', value: ({ name }, verdict) => drainsOf(verdict, name).carriedOut },
  { label: 'Ops interrupts', value: (policy) => policy.interrupts, tested: 'recording' },
  { label: 'Amean interrupts/drain', value: (policy) => policy.interruptsPerDrain, tested: 'always' },
  { label: 'Ops broadcasts', value: (policy) => policy.broadcasts },
  { label: 'Ops disturbed-useless', value: (policy) => policy.useless },
  { label: 'Ops isolated-interrupts', value: (policy) => policy.isolatedInterrupts },
  { label: 'Ops isolated-disturbed', value: (policy) => policy.isolatedDisturbed },
  { label: 'Ops works-queued', value: (policy) => policy.workers },
  { label: 'Ops lists-locked', value: (policy) => policy.locked },
  { label: 'Ops mask-allocations', value: (policy) => policy.vmstat.pcp_mask_alloc },
  { label: 'Ops pages-back', value: (policy) => policy.pagesBack, more: true },
  { label: 'Ops pages-stranded', value: (policy) => policy.strandedPages },
];

const valueWidth = 10;
const gainWidth = 10;

export function writeMmtests(verdict: Verdict): string {
  const baseline =
    verdict.policies.find((policy) => policy.name === verdict.lead.baseline) ?? verdict.policies[0];
  const policies = [baseline, ...verdict.policies.filter((policy) => policy !== baseline)];
  const shown = rows.filter(counts(policies, verdict));
  const labelWidth = Math.max(0, ...shown.map(({ label }) => label.length));
  const column = Math.max(valueWidth + 1 + gainWidth, ...policies.map(({ name }) => name.length));
  const { source } = verdict;
  const kernel = source.kernel === '' ? source.name.replace(/^.*\//, '') : source.kernel;
  const head = (cells: string[]) =>
    `${' '.repeat(labelWidth)}${cells.map((text) => `  ${text.padStart(column)}`).join('')}`;
  const lines = [
    head(policies.map(() => shortened(kernel, column))),
    head(policies.map(({ name }) => name)),
    ...shown.map((row) => {
      const base = row.value(baseline, verdict);
      const cells = policies.map((policy) =>
        cell(row, row.value(policy, verdict), base, policy, verdict.simulation !== null),
      );
      return `${row.label.padEnd(labelWidth)}${cells.map((text) => `  ${text.padStart(column)}`).join('')}`;
    }),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Rows that are 0 for every policy say nothing. */
function counts(policies: readonly PolicyVerdict[], verdict: Verdict) {
  return (row: Row) => policies.some((policy) => (row.value(policy, verdict) ?? 0) !== 0);
}

function cell(
  row: Row,
  value: number | null,
  base: number | null,
  policy: PolicyVerdict,
  simulated: boolean,
): string {
  if (value === null || base === null) return `${'-'.padStart(valueWidth)} ${' '.repeat(gainWidth)}`;
  const number = value.toFixed(2).padStart(valueWidth);
  if (base === 0 && value !== 0) return `${number} ${' '.repeat(gainWidth)}`;
  const gain = base === 0 ? 0 : (100 * (row.more ? value - base : base - value)) / base;
  const text = `${(Math.abs(gain) < 0.005 ? 0 : gain).toFixed(2).padStart(gainWidth - 3)}%`;
  const tested = row.tested === 'always' || (row.tested === 'recording' && !simulated);
  return tested && excludesZero(policy) ? `${number} *${text}*` : `${number} (${text})`;
}

function excludesZero({ savedPercentInterval }: PolicyVerdict): boolean {
  return savedPercentInterval !== null && (savedPercentInterval[0] > 0 || savedPercentInterval[1] < 0);
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, width);
}

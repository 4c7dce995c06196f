/** Several recordings side by side. */

import { count, decimal, percent, plural } from './numbers.ts';
import type { Verdict } from './verdict.ts';

export const comparisonSchema = 'drainlab.comparison/1';

export interface ComparisonRow {
  recording: string;
  drains: number;
  holdersMean: number | null;
  /** Policies by which the recorded kernel drained; '' where the recording does not say. */
  kernelPolicy: string;
  /** Interrupts that the kernel really sent at each drain; null: not recorded. */
  kernelInterruptsPerDrain: number | null;
  /** By policy: what drainlab says for this recording. */
  interruptsPerDrain: Record<string, number | null>;
  savedPercent: Record<string, number | null>;
}

export interface Comparison {
  schema: typeof comparisonSchema;
  answers: string[];
  warnings: string[];
  caveats: string[];
  rows: ComparisonRow[];
  verdicts: Verdict[];
}

/** All verdicts must show the same policies. */
export function compare(verdicts: readonly Verdict[]): Comparison {
  return {
    schema: comparisonSchema,
    answers: answers(verdicts),
    warnings: named(verdicts, 'warnings'),
    caveats: named(verdicts, 'caveats'),
    rows: verdicts.map(comparisonRow),
    verdicts: [...verdicts],
  };
}

function named(verdicts: readonly Verdict[], kind: 'warnings' | 'caveats'): string[] {
  return verdicts.flatMap((verdict) => verdict[kind].map((text) => `${verdict.source.name}: ${text}`));
}

function comparisonRow({ source, drains, policies, kernel }: Verdict): ComparisonRow {
  const told = kernel.filter((own) => own.interrupts !== null);
  const sent = told.reduce((sum, own) => sum + (own.interrupts ?? 0), 0);
  const over = told.reduce((sum, own) => sum + own.interruptDrains, 0);
  return {
    recording: source.name,
    drains: drains.carriedOut,
    holdersMean: drains.holdersMean,
    kernelPolicy: kernel.map((own) => own.policy).join(', '),
    kernelInterruptsPerDrain: over === 0 ? null : sent / over,
    interruptsPerDrain: Object.fromEntries(
      policies.map((policy) => [policy.name, policy.interruptsPerDrain]),
    ),
    savedPercent: Object.fromEntries(policies.map((policy) => [policy.name, policy.savedPercent])),
  };
}

/** "static-mask sends between 12.1 % and 76.0 % fewer interrupts than everyone, by recording; over all 12 % …". */
function answers(verdicts: readonly Verdict[]): string[] {
  const { lead, policies } = verdicts[0];
  const drains = verdicts.reduce((sum, verdict) => sum + verdict.drains.carriedOut, 0);
  const asked = policies.filter(({ name }) => name !== lead.baseline && lead.asked.includes(name));
  return asked.flatMap(({ name }) => {
    const shares = verdicts.flatMap((verdict) => find(verdict, name)?.savedPercent ?? []);
    if (shares.length === 0) return [];
    const sum = total(verdicts, name);
    const base = total(verdicts, lead.baseline);
    const all = percent(100 * (1 - sum / base));
    const spread = `${decimal(Math.min(...shares), 1)} to ${percent(Math.max(...shares))} by recording`;
    return [
      `${name} sends ${all} fewer interrupts than ${lead.baseline} (${spread}): ` +
        `${count(sum)} instead of ${count(base)}, over ${plural(drains, 'drain')}.`,
    ];
  });
}

function find(verdict: Verdict, name: string) {
  return verdict.policies.find((policy) => policy.name === name);
}

function total(verdicts: readonly Verdict[], name: string): number {
  return verdicts.reduce((sum, verdict) => sum + (find(verdict, name)?.interrupts ?? 0), 0);
}

/** `--fail-on 'savedPercent<50'`: a condition on the figures of a verdict. */

import { closestWord } from '../../base/closest-word.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { PolicyVerdict, SelfCheck, Verdict } from './verdict.ts';

const operators = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;

export interface Condition {
  readonly text: string;
  /** `savedPercent`, `two-pass.interrupts`, `selfCheck.drainsEqualPercent`, `lostEvents`. */
  readonly metric: string;
  readonly operator: keyof typeof operators;
  readonly value: number;
}

/** Throws E_FAIL_ON for what is no condition. Whether the metric exists shows only with a verdict. */
export function parseCondition(text: string): Condition {
  const match = /^\s*([^<>=!\s]+)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  if (!match) {
    throw wrong(
      `"${text}" is no condition`,
      "Write a figure, a comparison and a number: --fail-on 'savedPercent<50'.",
    );
  }
  return {
    text: text.trim(),
    metric: match[1],
    operator: match[2] as keyof typeof operators,
    value: Number(match[3]),
  };
}

/** Why the run fails by this condition, or '' when it does not. A figure that is not known fails: nothing was checked. */
export function failure(condition: Condition, verdict: Verdict): string {
  const value = metricValue(condition.metric, verdict);
  if (value === null) return `${condition.text}: ${condition.metric} is not known for this recording`;
  if (!operators[condition.operator](value, condition.value)) return '';
  return `${condition.text}: ${condition.metric} is ${Math.round(value * 1e4) / 1e4}`;
}

/** A name without a policy is that of the leading policy. */
function metricValue(metric: string, verdict: Verdict): number | null {
  const owner = verdict.policies
    .filter(({ name }) => metric.startsWith(`${name}.`))
    .sort((a, b) => b.name.length - a.name.length)[0];
  const lead = verdict.policies.find(({ name }) => name === verdict.lead.policy) ?? verdict.policies[0];
  const found = owner
    ? policyMetrics(owner).get(metric.slice(owner.name.length + 1))
    : (wholeMetrics(verdict).get(metric) ?? policyMetrics(lead).get(metric));
  if (found !== undefined) return found;
  throw unknownMetric(metric, verdict, owner);
}

function policyMetrics(policy: PolicyVerdict): Map<string, number | null> {
  const metrics = new Map<string, number | null>();
  for (const [name, value] of Object.entries(policy)) if (isFigure(value)) metrics.set(name, value);
  for (const [name, value] of Object.entries(policy.vmstat)) metrics.set(name, value);
  for (const end of ['p50', 'p99', 'max'] as const)
    metrics.set(`stallNs.${end}`, policy.stallNs?.[end] ?? null);
  for (const name of ['stallNs', 'interruptsBounds', 'savedPercentBounds', 'savedPercentInterval'])
    metrics.delete(name);
  metrics.delete('interruptsPerDrainInterval');
  return metrics;
}

function wholeMetrics({ source, drains, selfCheck }: Verdict): Map<string, number | null> {
  const metrics = new Map<string, number | null>();
  metrics.set('lostEvents', source.lostEvents);
  metrics.set('unknownLosses', source.unknownLosses);
  for (const [name, value] of Object.entries(drains))
    if (isFigure(value)) metrics.set(`drains.${name}`, value);
  for (const name of selfCheckMetrics) metrics.set(`selfCheck.${name}`, selfCheck?.[name] ?? null);
  return metrics;
}

const selfCheckMetrics = [
  'drainsCompared',
  'drainsEqual',
  'drainsEqualPercent',
  'holdersCompared',
  'holdersEqual',
  'holdersEqualPercent',
  'listsCompared',
  'listsEqual',
  'listsEqualPercent',
] as const satisfies ReadonlyArray<keyof SelfCheck>;

function isFigure(value: unknown): value is number | null {
  return typeof value === 'number' || value === null;
}

function unknownMetric(metric: string, verdict: Verdict, owner: PolicyVerdict | undefined): DrainlabError {
  const ofPolicy = [...policyMetrics(owner ?? verdict.policies[0]).keys()];
  const names = owner ? ofPolicy : [...ofPolicy, ...wholeMetrics(verdict).keys()];
  const closest = closestWord(owner ? metric.slice(owner.name.length + 1) : metric, names);
  const question = closest === '' ? '' : `Did you mean ${owner ? `${owner.name}.` : ''}${closest}? `;
  const policies = verdict.policies.map(({ name }) => name).join(', ');
  return wrong(
    `there is no figure "${metric}"`,
    `${question}There are ${names.join(', ')}; for one policy: two-pass.interrupts (here ${policies}).`,
  );
}

function wrong(message: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_FAIL_ON', hint, exitCode: ExitCode.wrongUse });
}

/** `--fail-on 'savedPercent<50'`: a condition on the figures of a verdict. */

import { closestWord } from '../../base/closest-word.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { PolicyVerdict, SelfCheck, StallNs, Verdict, VerdictDrains, VmstatCounters } from './verdict.ts';

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

/** Throws E_FAIL_ON for what is no condition. `checkMetric` tells whether the figure exists. */
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

/** Throws E_FAIL_ON with the nearest name when there is no such figure. `policies`: names of those that a verdict will show. */
export function checkMetric({ metric }: Condition, policies: readonly string[]): void {
  const owner = ownerOf(metric, policies);
  const figure = owner === '' ? metric : metric.slice(owner.length + 1);
  const names: readonly string[] = owner === '' ? [...wholeFigures, ...policyFigures] : policyFigures;
  if (names.includes(figure)) return;
  const closest = closestWord(figure, names);
  const question = closest === '' ? '' : `Did you mean ${owner === '' ? '' : `${owner}.`}${closest}? `;
  throw wrong(
    `there is no figure "${metric}"`,
    `${question}There are ${names.join(', ')}; for one policy: two-pass.interrupts (here ${policies.join(', ')}).`,
  );
}

/** Why the run fails by this condition, or '' when it does not. A figure that is not known fails: nothing was checked. */
export function failure(condition: Condition, verdict: Verdict): string {
  const names = verdict.policies.map(({ name }) => name);
  checkMetric(condition, names);
  const { metric } = condition;
  // A name without a policy is that of the leading policy.
  const owner = ownerOf(metric, names) || verdict.lead.policy;
  const policy = verdict.policies.find(({ name }) => name === owner) ?? verdict.policies[0];
  const whole = (wholeFigures as readonly string[]).includes(metric);
  const figure = metric.startsWith(`${owner}.`) ? metric.slice(owner.length + 1) : metric;
  return failureBy(condition, whole ? wholeValue(metric, verdict) : policyValue(figure, policy));
}

/** The same for a figure of any report; null: the figure is not known. */
export function failureBy({ text, metric, operator, value: limit }: Condition, value: number | null): string {
  if (value === null) return `${text}: ${metric} is not known for this recording`;
  if (!operators[operator](value, limit)) return '';
  return `${text}: ${metric} is ${Math.round(value * 1e4) / 1e4}`;
}

/** The policy that a metric names, or ''. Names may have dots: `two-pass:share=0.3.saved`. */
function ownerOf(metric: string, policies: readonly string[]): string {
  const owners = policies.filter((name) => metric.startsWith(`${name}.`));
  return owners.sort((a, b) => b.length - a.length)[0] ?? '';
}

const ownFigures = [
  'interrupts',
  'interruptsPerDrain',
  'saved',
  'savedPercent',
  'broadcasts',
  'hardwareSends',
  'disturbed',
  'useful',
  'useless',
  'isolatedInterrupts',
  'isolatedDisturbed',
  'workers',
  'locked',
  'cpusScanned',
  'pagesBack',
  'strandedPages',
  'returnedAtOnce',
  'turnedAwayInterrupts',
] as const satisfies ReadonlyArray<keyof PolicyVerdict>;

const vmstatFigures = [
  'pcp_global_drain',
  'pcp_global_ipi_saved',
  'pcp_mask_alloc',
  'pcp_mask_alloc_fail',
  'pcp_mask_alloc_pages',
] as const satisfies ReadonlyArray<keyof VmstatCounters>;

const stallFigures = ['stallNs.p50', 'stallNs.p99', 'stallNs.max'] as const;

const policyFigures: readonly string[] = [...ownFigures, ...vmstatFigures, ...stallFigures];

const drainFigures = [
  'requested',
  'carriedOut',
  'turnedAway',
  'inferred',
  'forced',
  'foundNothing',
  'overlapping',
  'halfEmpty',
  'requesterHeld',
  'holdersNotKnown',
  'holdersMean',
] as const satisfies ReadonlyArray<keyof VerdictDrains>;

const checkFigures = [
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

const wholeFigures = [
  'lostEvents',
  'unknownLosses',
  ...drainFigures.map((name) => `drains.${name}` as const),
  ...checkFigures.map((name) => `selfCheck.${name}` as const),
] as const;

function policyValue(figure: string, policy: PolicyVerdict): number | null {
  const own = ownFigures.find((name) => name === figure);
  if (own) return policy[own];
  const vmstat = vmstatFigures.find((name) => name === figure);
  if (vmstat) return policy.vmstat[vmstat];
  return policy.stallNs?.[figure.slice('stallNs.'.length) as keyof StallNs] ?? null;
}

function wholeValue(metric: string, { source, drains, selfCheck }: Verdict): number | null {
  if (metric === 'lostEvents' || metric === 'unknownLosses') return source[metric];
  const [part, name] = metric.split('.');
  if (part === 'drains') return drains[name as (typeof drainFigures)[number]];
  return selfCheck?.[name as (typeof checkFigures)[number]] ?? null;
}

/** E_FAIL_ON for a figure that a report does not have. `names`: those that it has. */
export function noSuchFigure(metric: string, names: readonly string[]): DrainlabError {
  const closest = closestWord(metric, names);
  const question = closest === '' ? '' : `Did you mean ${closest}? `;
  return wrong(`there is no figure "${metric}"`, `${question}There are ${names.join(', ')}.`);
}

function wrong(message: string, hint: string): DrainlabError {
  return new DrainlabError(message, { code: 'E_FAIL_ON', hint, exitCode: ExitCode.wrongUse });
}

/** Figures of a verdict as bars and words of the tour. */

import { count, decimal, duration, percent } from '../../engine/report/numbers.ts';
import type { SimulatedPolicy } from '../../engine/report/simulation-figures.ts';
import type { PolicyVerdict, Verdict } from '../../engine/report/verdict.ts';
import type { Bar, BarGroup } from './claim.ts';

export interface Side {
  readonly policy: PolicyVerdict;
  readonly run: SimulatedPolicy;
}

/** A policy of a simulated verdict. */
export function side(verdict: Verdict, name: string): Side {
  const policy = verdict.policies.find((candidate) => candidate.name === name);
  const run = verdict.simulation?.policies.find((candidate) => candidate.name === name);
  if (policy === undefined || run === undefined) throw new Error(`no run under ${name}`);
  return { policy, run };
}

export function online(verdict: Verdict): number {
  return (side(verdict, verdict.lead.baseline).run.holders.length || 1) - 1;
}

/** Interrupts a drain: to CPUs that held pages, and for nothing. */
export function interruptBars(verdict: Verdict, names: readonly string[]): BarGroup {
  return {
    title: 'Interrupts a drain',
    bars: names.map((name): Bar => {
      const { policy, run } = side(verdict, name);
      const each = (value: number) => value / Math.max(1, run.carriedOut);
      const sends = policy.interrupts > 0;
      return {
        label: name,
        text: sends
          ? `${eachText(each(policy.interrupts))}, ${eachText(each(policy.useless))} for nothing`
          : '0',
        parts: [
          { value: sends ? each(policy.useful) : 0, kind: 'useful', what: 'CPU held pages' },
          { value: sends ? each(policy.useless) : 0, kind: 'useless', what: 'for nothing' },
        ],
      };
    }),
  };
}

function eachText(value: number): string {
  return value >= 1000 ? count(value) : decimal(value);
}

/** Where the masks came from. */
export function sourceBars(title: string, { run: { ledger } }: Side): BarGroup {
  const rows: ReadonlyArray<readonly [string, number, 'useful' | 'useless']> = [
    ['the CPU’s own objects', ledger.fromCpu, 'useful'],
    ['the node’s objects', ledger.fromNode, 'useful'],
    ['a new page', ledger.fromPageAllocator, 'useful'],
    ['the reserve, below min', ledger.fromReserve, 'useless'],
    ['failed: everyone', ledger.failed, 'useless'],
  ];
  return {
    title,
    bars: rows.map(([label, value, kind]) => ({
      label,
      text: count(value),
      parts: [{ value, kind, what: kind === 'useful' ? 'harmless' : 'what Mel worries about' }],
    })),
  };
}

/** One plain bar for each policy. */
export function plainBars(
  title: string,
  verdict: Verdict,
  names: readonly string[],
  value: (side: Side) => number,
  text: (value: number) => string,
): BarGroup {
  return {
    title,
    bars: names.map((name) => {
      const found = value(side(verdict, name));
      return { label: name, text: text(found), parts: [{ value: found, kind: 'plain', what: '' }] };
    }),
  };
}

/** Mean time of the caller at a drain, by what it is spent on. */
export function callerBars(verdict: Verdict, names: readonly string[]): BarGroup {
  return {
    title: 'The caller’s time at a drain, mean',
    bars: names.map((name): Bar => {
      const { run } = side(verdict, name);
      const each = (ns: number) => ns / Math.max(1, run.carriedOut);
      return {
        label: name,
        text: `${duration(each(run.stallNsSum))}, of it ${duration(each(run.maskNs))} for the mask`,
        parts: [
          { value: each(run.maskNs), kind: 'mask', what: 'getting the mask' },
          { value: each(run.scanNs), kind: 'look', what: 'looking at all lists' },
          {
            value: each(run.stallNsSum - run.maskNs - run.scanNs),
            kind: 'plain',
            what: 'sending, and waiting for the others',
          },
        ],
      };
    }),
  };
}

/** `15.00`, of an interrupt policy. */
export function aDrain({ policy }: Side): string {
  return eachText(policy.interruptsPerDrain ?? 0);
}

export function shareText(part: number, whole: number): string {
  return percent((100 * part) / Math.max(1, whole));
}

/** `none` for 0. */
export function someOf(value: number): string {
  return value === 0 ? 'none' : count(value);
}

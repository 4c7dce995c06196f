/** Ledger and self check → verdict. */

import { formatCpuList } from '../../base/cpu-list.ts';
import { type KernelSums, quantile } from '../accounting/kernel-own.ts';
import type { Ledger } from '../accounting/ledger.ts';
import type { DrainCause } from '../input/drain-request.ts';
import type { Machine } from '../input/machine.ts';
import type { RebuildReport } from '../model/rebuild.ts';
import { unknownPolicy } from '../policy/by-name.ts';
import { answer, caveats, warnings } from './answers.ts';
import { policyVerdict } from './policy-verdict.ts';
import type { KernelVerdict, SelfCheck, StallNs, Verdict, VerdictDrains, VerdictSource } from './verdict.ts';
import { verdictSchema } from './verdict.ts';

export interface VerdictParts {
  readonly source: Omit<VerdictSource, 'runHash' | 'cpus' | 'online' | 'isolated' | 'zones'>;
  readonly machine: Machine;
  readonly ledger: Ledger;
  readonly report: RebuildReport | null;
  /** Names of the policies to show, in order; the baseline is put first if it is missing. */
  readonly shown: readonly string[];
  readonly baseline: string;
  /** Could the recording show a drain at all? */
  readonly showsDrains?: boolean;
  /** Instances of the tracer whose events were merged; 1 when left out. */
  readonly instances?: number;
  /** Policies that get a sentence, the leading one first. */
  readonly asked: readonly string[];
}

export function makeVerdict(parts: VerdictParts): Verdict {
  const { ledger, machine } = parts;
  const sumsOf = (name: string) => {
    const sums = ledger.policies.find((candidate) => candidate.policy.name === name);
    if (!sums) throw unknownPolicy(name);
    return sums;
  };
  const source: VerdictSource = {
    ...parts.source,
    cpus: machine.cpuCount,
    online: formatCpuList(machine.online),
    isolated: formatCpuList(machine.isolated),
    zones: machine.zones.map((zone) => zone.name),
    runHash: ledger.runHash(),
  };
  const context = {
    ledger,
    baseline: sumsOf(parts.baseline),
    missingEvents: missingEvents(source),
    ran: (policy: string) => ledger.kernel.byPolicy.has(policy),
    stallOf: (policy: string) => stallOf(ledger.kernel.byPolicy.get(policy)),
  };
  const names = parts.shown.includes(parts.baseline) ? parts.shown : [parts.baseline, ...parts.shown];
  const policies = names.map((name) => policyVerdict(sumsOf(name), context));
  const baseline = policies.find((policy) => policy.name === parts.baseline) ?? policies[0];
  const drains = drainsVerdict(ledger);
  const asked = policies.filter((policy) => parts.asked.includes(policy.name) && policy !== baseline);
  if (asked.length === 0) asked.push(baseline);
  asked.sort((a, b) => parts.asked.indexOf(a.name) - parts.asked.indexOf(b.name));
  return {
    schema: verdictSchema,
    source,
    answers: [...new Set(asked.map((policy) => answer(policy, baseline, drains)))],
    warnings: warnings(source, parts.showsDrains ?? true, parts.instances ?? 1),
    caveats: caveats(drains, machine.online.count, [...new Set([baseline, asked[0]])]),
    lead: { policy: asked[0].name, asked: asked.map(({ name }) => name), baseline: baseline.name },
    drains,
    policies,
    kernel: [...ledger.kernel.byPolicy].sort(([a], [b]) => (a < b ? -1 : 1)).map(kernelVerdict),
    selfCheck: parts.report && selfCheck(parts.report),
    simulation: null,
  };
}

function drainsVerdict({ drains }: Ledger): VerdictDrains {
  const known = drains.carriedOut - drains.holdersNotKnown;
  const held = drains.holders.reduce((sum, times, cpus) => sum + times * cpus, 0);
  return {
    requested: drains.requested,
    carriedOut: drains.carriedOut,
    turnedAway: drains.turnedAway,
    inferred: drains.inferredStatus,
    forced: drains.forced,
    foundNothing: drains.foundNothing,
    overlapping: drains.overlapping,
    halfEmpty: drains.halfEmpty,
    requesterHeld: drains.requesterHeld,
    holdersNotKnown: drains.holdersNotKnown,
    ...(drains.pagesNotKnown > 0 && { pagesNotKnown: drains.pagesNotKnown }),
    byCause: Object.fromEntries(drains.byCause) as Record<DrainCause, number>,
    holders: [...drains.holders],
    holdersMean: known === 0 ? null : held / known,
    heldByCpu: [...drains.heldByCpu],
  };
}

function kernelVerdict([policy, sums]: [string, KernelSums]): KernelVerdict {
  const told = sums.drainsWithInterrupts > 0;
  return {
    policy,
    drains: sums.drains,
    turnedAway: sums.turnedAway,
    interrupts: told ? sums.interrupts : null,
    interruptDrains: sums.drainsWithInterrupts,
    interruptsPerDrain: told ? sums.interrupts / sums.drainsWithInterrupts : null,
    predictedInterrupts: told && sums.predictedInterrupts >= 0 ? sums.predictedInterrupts : null,
    cpusDrained: sums.drainsWithTargets > 0 ? sums.targets : null,
    pagesBack: sums.drainsWithPages > 0 ? sums.pages : null,
    stallNs: stallOf(sums),
  };
}

function stallOf(sums: KernelSums | undefined): StallNs | null {
  if (!sums || sums.durationsNs.length === 0) return null;
  const sorted = Float64Array.from(sums.durationsNs).sort();
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted[sorted.length - 1] };
}

function selfCheck(report: RebuildReport): SelfCheck {
  return {
    drainsCompared: report.drainsCompared,
    drainsEqual: report.drainsEqual,
    drainsEqualPercent: share(report.drainsEqual, report.drainsCompared),
    drainDifferences: sorted(Object.entries(report.drainDifferences)),
    holdersCompared: report.holdersCompared,
    holdersEqual: report.holdersEqual,
    holdersEqualPercent: share(report.holdersEqual, report.holdersCompared),
    holderDifferences: sorted(Object.entries(report.holderDifferences)),
    listsCompared: report.listsCompared,
    listsEqual: report.listsEqual,
    listsEqualPercent: share(report.listsEqual, report.listsCompared),
    listDifferences: sorted(Object.entries(report.listDifferences)),
    anchor: report.anchor,
    notes: sorted(report.notes),
  };
}

function share(equal: number, compared: number): number | null {
  return compared === 0 ? null : (100 * equal) / compared;
}

/** By name, so that the order in which things were met does not show. */
function sorted(entries: Iterable<[string, number]>): Record<string, number> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A recording that was read in part lacks events too: a damaged trace.dat those of single CPUs, whatever their time. */
function missingEvents({ lostEvents, unknownLosses, stoppedAt }: VerdictSource): string {
  if (lostEvents > 0 || unknownLosses > 0) return 'the recording lost events';
  return stoppedAt === '' ? '' : 'only a part of the recording was read';
}

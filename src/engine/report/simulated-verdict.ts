/**
 * Runs of all policies and seeds → verdict, basis "modelled". In a closed loop each policy has drains of its own: figures
 * are a drain and, beside that, in all. docs/result-format.md, `simulation`.
 */

import { formatCpuList } from '../../base/cpu-list.ts';
import { quantile } from '../accounting/kernel-own.ts';
import { pairedDifference, perDrain, savedPerDrain } from '../accounting/paired.ts';
import type { Run } from '../accounting/run.ts';
import { RunHash } from '../accounting/run-hash.ts';
import type { Scenario } from '../input/scenario.ts';
import { maskStorage } from '../machine/cpumask-storage.ts';
import { kernelRules } from '../machine/kernel-rules.ts';
import type { Policy } from '../policy/policy.ts';
import { addedSums, maskCounts, type RunSums, runSums } from './run-sums.ts';
import { simulatedAnswer, simulatedCaveats, simulatedWarnings } from './simulated-answers.ts';
import type { PairedFigures, SimulatedPolicy } from './simulation-figures.ts';
import { threadLedger } from './thread-ledger.ts';
import type { Basis, PolicyVerdict, StallNs, Verdict, VerdictDrains } from './verdict.ts';
import { verdictSchema } from './verdict.ts';

export interface SimulatedVerdictOptions {
  /** Policies that get a sentence, the leading one first; static-mask, or the first that is not the baseline. */
  readonly asked?: readonly string[];
  /** Policy with which the others are compared; the scenario's when left out. */
  readonly baseline?: string;
  /** Why the runs ended early (Ctrl-C, a limit); '' when they did not. */
  readonly stoppedAt?: string;
}

const modelled = 'a model of this machine, not a recording of one (docs/model.md)';

/** One policy with its runs, by seed in the order of the shared seeds. */
interface Side {
  readonly policy: Policy;
  readonly seeds: readonly RunSums[];
  readonly sums: RunSums;
}

/** Throws a RangeError without runs, or if the baseline has none. */
export function simulatedVerdict(
  runs: readonly Run[],
  scenario: Scenario,
  options: SimulatedVerdictOptions = {},
): Verdict {
  const baselineName = options.baseline ?? scenario.run.baseline;
  const { seeds, byPolicy } = sharedSeeds(runs, baselineName);
  const used = [...byPolicy.values()].flat();
  const sides = [...byPolicy].map(([, own]) => sideOf(own));
  const baseline = sides.find(({ policy }) => policy.name === baselineName) as Side;
  const figures = sides.map((side) => simulatedPolicy(side, baseline, scenario));
  const policies = sides.map((side) => policyVerdict(side, baseline));
  const secondsPerRun = Math.max(...used.map((run) => run.simulatedNs)) / 1e9;
  const partial =
    (options.stoppedAt ?? '') !== '' ||
    used.length < runs.length ||
    used.some(({ endedBy }) => endedBy === 'max-events' || endedBy === 'stopped');
  const verdict: Verdict = {
    schema: verdictSchema,
    source: {
      kind: 'scenario',
      name: scenario.name,
      format: 'scenario',
      kernel: scenario.kernel.version,
      cpus: scenario.machine.cpus,
      online: formatCpuList(scenario.machine.online),
      isolated: formatCpuList(scenario.machine.isolated),
      zones: scenario.machine.zones.map((zone) => zone.name),
      seconds: secondsPerRun,
      events: used.reduce((sum, run) => sum + run.events, 0),
      lostEvents: 0,
      unknownLosses: 0,
      stoppedAt: options.stoppedAt ?? '',
      runHash: hashOf(used),
    },
    answers: [],
    warnings: [],
    caveats: [],
    lead: { policy: '', asked: [], baseline: baselineName },
    drains: drainsVerdict(baseline),
    policies,
    kernel: [],
    selfCheck: null,
    simulation: {
      scenario: scenario.name,
      title: scenario.title,
      seeds,
      secondsPerRun,
      partial,
      runs: sides.flatMap((side) => side.seeds.map(simulatedRun)),
      policies: figures,
    },
  };
  const asked = askedPolicies(sides, baselineName, options.asked);
  verdict.lead = { policy: asked[0], asked, baseline: baselineName };
  verdict.answers = [...new Set(asked.map((name) => simulatedAnswer(verdict, name)))];
  verdict.warnings = simulatedWarnings(verdict, runs.length - used.length);
  verdict.caveats = simulatedCaveats(verdict);
  return verdict;
}

/** Seeds that every policy of the first seed has run with; other runs are left out, and said to be. */
function sharedSeeds(runs: readonly Run[], baseline: string) {
  const byPolicy = new Map<string, Run[]>();
  for (const run of runs) byPolicy.set(run.policy.name, [...(byPolicy.get(run.policy.name) ?? []), run]);
  const ofBaseline = byPolicy.get(baseline);
  if (ofBaseline === undefined) throw new RangeError(`no run of the baseline ${baseline}`);
  const has = (own: readonly Run[], seed: number) => own.some((run) => run.seed === seed);
  const first = ofBaseline[0].seed;
  for (const [name, own] of byPolicy) if (!has(own, first)) byPolicy.delete(name);
  const seeds = ofBaseline
    .map(({ seed }) => seed)
    .filter((seed) => [...byPolicy.values()].every((own) => has(own, seed)));
  for (const [name, own] of byPolicy) {
    byPolicy.set(
      name,
      seeds.map((seed) => own.find((run) => run.seed === seed) as Run),
    );
  }
  return { seeds, byPolicy };
}

function sideOf(runs: readonly Run[]): Side {
  const seeds = runs.map(runSums);
  return { policy: runs[0].policy, seeds, sums: addedSums(seeds) };
}

function askedPolicies(sides: readonly Side[], baseline: string, asked?: readonly string[]): string[] {
  const names = sides.map(({ policy }) => policy.name).filter((name) => name !== baseline);
  const wanted = (asked ?? ['static-mask']).filter((name) => names.includes(name));
  if (wanted.length > 0) return wanted;
  return [names[0] ?? baseline];
}

/** The drains under the baseline: what the machine does before any other policy changes it. */
function drainsVerdict({ sums, seeds }: Side): VerdictDrains {
  const heldByCpu = new Array<number>(sums.run.heldByCpu.length).fill(0);
  for (const { run } of seeds) {
    run.heldByCpu.forEach((times, cpu) => {
      heldByCpu[cpu] += times;
    });
  }
  return {
    requested: sums.requested,
    carriedOut: sums.carriedOut,
    turnedAway: sums.busy,
    inferred: 0,
    forced: sums.forced,
    foundNothing: sums.foundNothing,
    overlapping: sums.overlapping,
    halfEmpty: sums.halfEmpty,
    requesterHeld: sums.requesterHeld,
    holdersNotKnown: 0,
    byCause: sums.byCause,
    holders: sums.holders,
    holdersMean: ratio(sums.holdersSum, sums.carriedOut),
    heldByCpu,
  };
}

function policyVerdict({ policy, sums, seeds }: Side, baseline: Side): PolicyVerdict {
  const interruptsOf = (all: readonly RunSums[]) =>
    all.map(({ interrupts, carriedOut }) => ({ count: interrupts, drains: carriedOut }));
  const each = perDrain(interruptsOf(seeds));
  const saved = savedPerDrain(interruptsOf(seeds), interruptsOf(baseline.seeds));
  const masks = maskCounts(sums);
  const drains = policy.select.who === 'nobody' ? 0 : sums.carriedOut;
  return {
    name: policy.name,
    origin: policy.origin,
    select:
      policy.select.who === 'holders-if-empty'
        ? `holders-if-empty:${policy.select.share}`
        : policy.select.who,
    mask: policy.mask,
    carrier: policy.carrier,
    turn: policy.turn,
    basis: 'modelled',
    interrupts: sums.interrupts,
    interruptsBounds: null,
    interruptsPerDrain: each?.value ?? null,
    interruptsPerDrainInterval: each?.interval ?? null,
    saved: baseline.sums.interrupts - sums.interrupts,
    savedPercent: saved?.percent ?? null,
    savedPercentBounds: null,
    savedPercentInterval: saved?.interval ?? null,
    broadcasts: sums.broadcasts,
    hardwareSends: sums.hardwareSends,
    disturbed: sums.disturbed,
    useful: sums.disturbed - sums.useless,
    useless: sums.useless,
    isolatedInterrupts: sums.isolatedInterrupts,
    isolatedDisturbed: sums.isolatedDisturbed,
    workers: sums.workers,
    locked: sums.locked,
    cpusScanned: sums.scanned,
    pagesBack: sums.pagesBack,
    strandedPages: total(seeds, ({ run }) => run.counters.strandedPagesEnd),
    returnedAtOnce: sums.busy,
    turnedAwayInterrupts: 0,
    vmstat: {
      pcp_global_drain: drains,
      pcp_global_ipi_saved: sums.fewerThanHalf,
      pcp_mask_alloc: masks.asked,
      pcp_mask_alloc_fail: masks.failed,
      pcp_mask_alloc_pages: masks.pages,
    },
    stallNs: stallOf(sums.stallsNs),
    bases: Object.fromEntries(modelledFigures.map((figure): [string, Basis] => [figure, 'modelled'])),
    why: Object.fromEntries(modelledFigures.map((figure) => [figure, modelled])),
  };
}

/** Those of a recorded verdict (policy-verdict.ts). */
const modelledFigures = [
  'interrupts',
  'useless',
  'isolatedInterrupts',
  'isolatedDisturbed',
  'cpusScanned',
  'workers',
  'locked',
  'pagesBack',
  'strandedPages',
  'hardwareSends',
  'returnedAtOnce',
  'turnedAwayInterrupts',
  'vmstat.pcp_global_ipi_saved',
  'vmstat.pcp_mask_alloc',
  'vmstat.pcp_mask_alloc_fail',
  'vmstat.pcp_mask_alloc_pages',
  'stallNs',
];

function simulatedPolicy(side: Side, baseline: Side, { kernel, machine }: Scenario): SimulatedPolicy {
  const { sums, seeds, policy } = side;
  const counter = (of: (run: Run) => number) => total(seeds, ({ run }) => of(run));
  const disturbedNs = counter(({ counters }) => counters.disturbedNs);
  const disturbed = perDrain(seeds.map(disturbance));
  const ofBaseline = baseline.sums.interrupts;
  return {
    name: policy.name,
    requested: sums.requested,
    carriedOut: sums.carriedOut,
    turnedAway: sums.busy,
    unfinished: sums.unfinished,
    fellBack: sums.fellBack,
    everyoneByChoice: sums.everyoneByChoice,
    overlapping: sums.overlapping,
    foundNothing: sums.foundNothing,
    halfEmpty: sums.halfEmpty,
    holders: sums.holders,
    holdersMean: ratio(sums.holdersSum, sums.carriedOut),
    savedPercentInAll: ofBaseline === 0 ? null : 100 * (1 - sums.interrupts / ofBaseline),
    retriesTried: sums.retriesTried,
    retriesGot: sums.retriesGot,
    retriesGotPercent: ratio(100 * sums.retriesGot, sums.retriesTried),
    idleWoken: sums.idleWoken,
    idleWokenByState: byState(seeds),
    lostResidencyNs: counter(({ counters }) => counters.lostResidencyNs),
    disturbedNs,
    isolatedDisturbedNs: counter(({ counters }) => counters.isolatedDisturbedNs),
    disturbedNsPerDrain: disturbed?.value ?? null,
    disturbedNsPerDrainInterval: disturbed?.interval ?? null,
    stallNsSum: sums.stallNs,
    scanNs: sums.scanNs,
    maskNs: sums.maskNs,
    slowestNs: sums.slowestNs,
    allocstall: counter(({ counters }) => counters.allocstall),
    directReclaimNs: counter(({ counters }) => counters.directReclaimNs),
    allocationFailures: counter(({ counters }) => counters.allocationFailures),
    throttled: counter(({ counters }) => counters.throttled),
    oomKills: counter(({ counters }) => counters.oomKills),
    pageOperations: counter(({ counters }) => counters.pageOperations),
    lockedOut: counter(({ counters }) => counters.lockedOut),
    sendMaskAllocations: counter(({ counters }) => counters.sendMaskAllocations),
    sendMaskFailures: counter(({ counters }) => counters.sendMaskFailures),
    ledger: threadLedger(
      { sums, disturbedNs },
      { sums: baseline.sums, disturbedNs: total(baseline.seeds, ({ run }) => run.counters.disturbedNs) },
      maskStorage(kernel, kernelRules(kernel.version), machine.cpus, policy.mask),
    ),
    paired: side === baseline ? null : pairedFigures(side, baseline),
  };
}

function disturbance({ run, carriedOut }: RunSums) {
  return { count: run.counters.disturbedNs, drains: carriedOut };
}

function pairedFigures(side: Side, baseline: Side): PairedFigures {
  const paired = (of: (sums: RunSums) => number) =>
    pairedDifference(side.seeds.map(of), baseline.seeds.map(of));
  // A seed without drains has no figure a drain.
  const everyDrained = [...side.seeds, ...baseline.seeds].every(({ carriedOut }) => carriedOut > 0);
  const eachDrain = (of: (sums: RunSums) => number) =>
    everyDrained ? paired((sums) => of(sums) / sums.carriedOut) : null;
  return {
    interrupts: paired(({ interrupts }) => interrupts),
    drains: paired(({ carriedOut }) => carriedOut),
    interruptsPerDrain: eachDrain(({ interrupts }) => interrupts),
    disturbedNsPerDrain: eachDrain(({ run }) => run.counters.disturbedNs),
    stallNsPerDrain: eachDrain(({ stallNs }) => stallNs),
    directReclaimNs: paired(({ run }) => run.counters.directReclaimNs),
    allocationFailures: paired(({ run }) => run.counters.allocationFailures),
  };
}

function simulatedRun({ run, carriedOut, requested, interrupts }: RunSums) {
  return {
    policy: run.policy.name,
    seed: run.seed,
    drains: carriedOut,
    requested,
    interrupts,
    events: run.events,
    simulatedSeconds: run.simulatedNs / 1e9,
    endedBy: run.endedBy,
    hash: run.hash,
  };
}

function byState(seeds: readonly RunSums[]): number[] {
  const states: number[] = [];
  for (const { run } of seeds) {
    run.counters.idleWokenByState.forEach((times, state) => {
      states[state] = (states[state] ?? 0) + times;
    });
  }
  return states;
}

function stallOf(stallsNs: readonly number[]): StallNs | null {
  if (stallsNs.length === 0) return null;
  const sorted = Float64Array.from(stallsNs).sort();
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted[sorted.length - 1] };
}

function hashOf(runs: readonly Run[]): string {
  const hash = new RunHash();
  for (const run of runs) hash.text(run.policy.name).column([run.seed]).text(run.hash);
  return hash.digest();
}

function total(seeds: readonly RunSums[], of: (sums: RunSums) => number): number {
  return seeds.reduce((sum, sums) => sum + of(sums), 0);
}

function ratio(above: number, below: number): number | null {
  return below === 0 ? null : above / below;
}

/**
 * The answer as one versioned object, `drainlab.verdict/1`. docs/result-format.md describes every
 * field; a change there, here or in the schema test needs the other two, and a line in the changelog.
 */

import type { Interval } from '../accounting/interval.ts';
import type { DrainCause } from '../input/drain-request.ts';
import type { SimulationFigures } from './simulation-figures.ts';

export const verdictSchema = 'drainlab.verdict/1';

/**
 * exact: what the policy does at each recorded drain, given the lists as they were at that moment.
 * modelled: needs an assumption, which `why` names. not-known: the recording cannot tell; the figure is null.
 */
export type Basis = 'exact' | 'modelled' | 'not-known';

export interface VerdictSource {
  kind: 'recording' | 'scenario' | 'snapshot';
  name: string;
  format: string;
  kernel: string;
  /** Largest CPU number + 1. */
  cpus: number;
  /** CPUs that were online, and the isolated ones, as the kernel writes lists. */
  online: string;
  isolated: string;
  zones: string[];
  seconds: number | null;
  events: number;
  lostEvents: number;
  /** Marks of lost events that give no number. */
  unknownLosses: number;
  /** Why reading stopped early; '' when all was read. */
  stoppedAt: string;
  /** 32 bits over the result columns of every policy, hexadecimal. Equal hash, equal result. */
  runHash: string;
}

export interface VerdictDrains {
  /** Calls of the drain function. */
  requested: number;
  /** Calls that looked at the lists and drained whoever held pages. All figures of `policies` are over these. */
  carriedOut: number;
  /** Calls that the recorded kernel sent away at once, since another drain was running. */
  turnedAway: number;
  /** Calls of which the recording does not tell which of the two they are; what was found decides. */
  inferred: number;
  /** Of `carriedOut`: forced on every CPU (memory off-lining). */
  forced: number;
  /** Of `carriedOut`: no CPU held a page. */
  foundNothing: number;
  /** Of `carriedOut`: began while another drain ran. */
  overlapping: number;
  /** Of `carriedOut`: at least half of the online CPUs held nothing. */
  halfEmpty: number;
  /** Of `carriedOut`: the requester's own CPU held pages. */
  requesterHeld: number;
  /** Of `carriedOut`: not known of every CPU whether it held pages. */
  holdersNotKnown: number;
  /** Requests of which it is told who held pages and not how many (light recordings). Absent: none. */
  pagesNotKnown?: number;
  byCause: Record<DrainCause, number>;
  /** Drains by number of CPUs that held pages: n0, n1, … n_cpus. */
  holders: number[];
  holdersMean: number | null;
  /** How often each CPU held pages at a drain. */
  heldByCpu: number[];
}

export interface VmstatCounters {
  pcp_global_drain: number;
  pcp_global_ipi_saved: number;
  pcp_mask_alloc: number;
  pcp_mask_alloc_fail: number | null;
  pcp_mask_alloc_pages: number | null;
}

export interface StallNs {
  p50: number;
  p99: number;
  max: number;
}

export interface PolicyVerdict {
  name: string;
  origin: string;
  select: string;
  mask: string;
  carrier: string;
  turn: string;
  /** Of `interrupts` and all that is counted with it; `bases` has each figure. */
  basis: 'exact' | 'modelled';
  /** Interrupts sent to other CPUs. Where holders are not known: the larger bound. */
  interrupts: number;
  /** Unknown CPUs counted as empty and as holding pages; null when all was known. */
  interruptsBounds: Interval | null;
  interruptsPerDrain: number | null;
  /** 95 %, block bootstrap over drains; null: too few drains. */
  interruptsPerDrainInterval: Interval | null;
  /** Interrupts fewer than the baseline's. */
  saved: number;
  savedPercent: number | null;
  savedPercentBounds: Interval | null;
  savedPercentInterval: Interval | null;
  broadcasts: number;
  hardwareSends: number;
  /** Other CPUs that were interrupted, given work or had a list locked; of these with and without pages. */
  disturbed: number;
  useful: number;
  useless: number;
  isolatedInterrupts: number;
  isolatedDisturbed: number;
  workers: number;
  locked: number;
  cpusScanned: number;
  /** null: the recording tells who held pages and not how many. */
  pagesBack: number | null;
  strandedPages: number | null;
  /** Drains that this policy would have let return at once, since another was running. */
  returnedAtOnce: number;
  /** Interrupts more, had the calls that the recorded kernel turned away been carried out by this policy. */
  turnedAwayInterrupts: number;
  /** Where it is not known who held pages then: unknown CPUs counted as empty and as holding pages. Absent: all was known. */
  turnedAwayInterruptsBounds?: Interval;
  vmstat: VmstatCounters;
  stallNs: StallNs | null;
  /** Basis of each figure; those that go with `interrupts` are listed under that name only. */
  bases: Record<string, Basis>;
  /** For each basis that is not exact: why. */
  why: Record<string, string>;
}

/** What the recorded kernel itself did, under one policy of its own. */
export interface KernelVerdict {
  /** '' where the recording does not name it. */
  policy: string;
  drains: number;
  turnedAway: number;
  /** Interrupts to other CPUs, where the recording tells them, and of how many drains it does. */
  interrupts: number | null;
  interruptDrains: number;
  interruptsPerDrain: number | null;
  /** What drainlab says that the same policy sends at the same drains. */
  predictedInterrupts: number | null;
  /** CPUs that it drained. */
  cpusDrained: number | null;
  pagesBack: number | null;
  stallNs: StallNs | null;
}

export interface SelfCheck {
  drainsCompared: number;
  drainsEqual: number;
  drainsEqualPercent: number | null;
  drainDifferences: Record<string, number>;
  holdersCompared: number;
  holdersEqual: number;
  holdersEqualPercent: number | null;
  holderDifferences: Record<string, number>;
  listsCompared: number;
  listsEqual: number;
  listsEqualPercent: number | null;
  listDifferences: Record<string, number>;
  anchor: 'snapshot' | 'drain' | 'none';
  notes: Record<string, number>;
}

export interface Verdict {
  schema: typeof verdictSchema;
  source: VerdictSource;
  /** The answer in sentences, the leading one first. */
  answers: string[];
  /** What comes before the answer: lost events, an early end. */
  warnings: string[];
  /** What must be read with it: calls that were turned away, holders not known. */
  caveats: string[];
  /** Policy of the first answer, all policies that have one, and the one that they are compared with. */
  lead: { policy: string; asked: string[]; baseline: string };
  drains: VerdictDrains;
  policies: PolicyVerdict[];
  kernel: KernelVerdict[];
  selfCheck: SelfCheck | null;
  /** Seeds, runs and further figures of a scenario; null for a recording. */
  simulation: SimulationFigures | null;
}

/** Calls, and drains that were carried out, that a policy's figures are over: in a simulation each policy has its own. */
export function drainsOf(
  { drains, simulation }: Verdict,
  policy: string,
): { readonly requested: number; readonly carriedOut: number } {
  return simulation?.policies.find(({ name }) => name === policy) ?? drains;
}

/** What a verdict on a scenario holds beyond one on a recording: docs/result-format.md, `simulation`. */

import type { Interval } from '../accounting/interval.ts';
import type { Paired } from '../accounting/paired.ts';
import type { Run } from '../accounting/run.ts';
import type { ThreadLedger } from './thread-ledger.ts';

export interface SimulatedRun {
  policy: string;
  seed: number;
  /** Calls that were carried out, and all calls. */
  drains: number;
  requested: number;
  interrupts: number;
  events: number;
  simulatedSeconds: number;
  endedBy: Run['endedBy'];
  hash: string;
}

/** Paired differences, policy minus baseline on the same seed; null for the baseline itself. */
export interface PairedFigures {
  interrupts: Paired;
  drains: Paired;
  interruptsPerDrain: Paired | null;
  disturbedNsPerDrain: Paired | null;
  stallNsPerDrain: Paired | null;
  directReclaimNs: Paired;
  allocationFailures: Paired;
}

/** One policy over all its seeds; sums unless the name says otherwise. */
export interface SimulatedPolicy {
  name: string;
  requested: number;
  carriedOut: number;
  /** Calls that returned at once, since another drain was running. */
  turnedAway: number;
  /** Calls that the end of the run cut off: in no other figure. */
  unfinished: number;
  fellBack: number;
  everyoneByChoice: number;
  overlapping: number;
  foundNothing: number;
  halfEmpty: number;
  holders: number[];
  holdersMean: number | null;
  /** Interrupts fewer than the baseline's over the whole run, in percent. `savedPercent` of the policy is a drain. */
  savedPercentInAll: number | null;
  /** Of all retries after a drain: got their page. */
  retriesTried: number;
  retriesGot: number;
  retriesGotPercent: number | null;
  idleWoken: number;
  idleWokenByState: number[];
  lostResidencyNs: number;
  disturbedNs: number;
  isolatedDisturbedNs: number;
  disturbedNsPerDrain: number | null;
  disturbedNsPerDrainInterval: Interval | null;
  /** Time of the callers in drains that were carried out; the parts of it. */
  stallNsSum: number;
  scanNs: number;
  maskNs: number;
  slowestNs: number;
  allocstall: number;
  directReclaimNs: number;
  allocationFailures: number;
  throttled: number;
  oomKills: number;
  pageOperations: number;
  lockedOut: number;
  sendMaskAllocations: number;
  sendMaskFailures: number;
  ledger: ThreadLedger;
  paired: PairedFigures | null;
}

export interface SimulationFigures {
  scenario: string;
  title: string;
  /** Seeds that every shown policy ran with; all figures are over these. */
  seeds: number[];
  /** Longest simulated time of a run. */
  secondsPerRun: number;
  /** A run was stopped, or the number of events was not enough. */
  partial: boolean;
  runs: SimulatedRun[];
  /** In the order of the verdict's `policies`. */
  policies: SimulatedPolicy[];
}

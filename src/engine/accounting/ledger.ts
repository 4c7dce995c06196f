/**
 * Asks every policy at every request and adds up what each would have cost. All policies in one pass;
 * called once a drain, never once an event. Sums of drains that the recorded kernel carried out are
 * kept apart from those of calls that it turned away: only the first are exact.
 *
 * A CPU of which it is not known whether it holds pages is counted both ways. `low` and `high` of
 * each cell are the smaller and the larger of the two counts.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { DrainCause, DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import { drainCauses } from '../input/drain-request.ts';
import type { Machine } from '../input/machine.ts';
import type { RebuildObserver } from '../model/rebuild.ts';
import { builtInPolicies } from '../policy/built-in.ts';
import { Decision, decide } from '../policy/decide.ts';
import type { Policy, Turn } from '../policy/policy.ts';
import { DrainLog, DrainStatus } from './drain-log.ts';
import { KernelOwn } from './kernel-own.ts';
import { Cell, cellCount, measure } from './measure.ts';
import { RunHash } from './run-hash.ts';
import { TurnKeeper } from './turn-keeper.ts';

/** Sums of one policy. Positions: `Cell`. */
export interface PolicySums {
  readonly policy: Policy;
  /** Over drains that were carried out, without those that this policy would have let return at once. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Over calls that the recorded kernel turned away, had this policy carried them out. */
  readonly turnedAwayLow: Float64Array;
  readonly turnedAwayHigh: Float64Array;
  /** Carried-out drains that this policy would have let return at once. */
  returned: number;
  /** Is `returned` the kernel's own word, since it ran under the same turn? */
  returnedIsKernels: boolean;
}

/** What is known about the drains themselves, under no policy. */
export class DrainSums {
  requested = 0;
  carriedOut = 0;
  turnedAway = 0;
  /** Of `carriedOut`: every CPU must be reached whatever it holds. */
  forced = 0;
  /** Of `carriedOut`: nobody held a page, as far as is known. */
  foundNothing = 0;
  /** Of `carriedOut`: began while another one ran, as far as ends are recorded. */
  overlapping = 0;
  /** Of `carriedOut`: at least half of the online CPUs held nothing (two-pass would use a mask). */
  halfEmpty = 0;
  /** Of `carriedOut`: not known of every CPU whether it held pages. Neither in `holders` nor in `halfEmpty`. */
  holdersNotKnown = 0;
  /** Of `carriedOut`: the requester's own CPU held pages. */
  requesterHeld = 0;
  /** Drains by number of CPUs that held pages. */
  readonly holders: Int32Array;
  /** Of `carriedOut`: how often each CPU held pages. */
  readonly heldByCpu: Int32Array;
  /** Every request, by who asked. */
  readonly byCause: Map<DrainCause, number> = new Map();
  /** Requests of which it is told who held pages and not how many. */
  pagesNotKnown = 0;
  /** Statuses that follow from what was found, since the recording does not tell them. */
  inferredStatus = 0;

  constructor(cpuCount: number) {
    this.holders = new Int32Array(cpuCount + 1);
    this.heldByCpu = new Int32Array(cpuCount);
  }
}

/** A request that waits for its outcome, and for those of all requests before it. */
interface Pending {
  readonly number: number;
  readonly timeNs: number;
  readonly cpu: number;
  readonly zone: number;
  readonly forced: boolean;
  readonly online: number;
  readonly holders: BitSet;
  readonly unknown: number;
  /** Rows of all policies, one after the other. `high` is `low` where everything is known. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  ended: boolean;
  endNs: number;
  status: DrainStatus;
  kernelTurn: Turn | null;
}

export class Ledger implements RebuildObserver {
  readonly policies: readonly PolicySums[];
  readonly drains: DrainSums;
  readonly log: DrainLog;
  readonly kernel: KernelOwn;
  private readonly tellsTargets: () => boolean;
  private readonly zoneCount: number;
  private readonly decision: Decision;
  private readonly turnKeeper = new TurnKeeper();
  private kernelTurn: Turn | null = null;
  /** End of the latest drain that was carried out so far. */
  private busyUntilNs = -1;
  private readonly waiting: Pending[] = [];
  /** Position in `waiting` by number of the request: `number - firstWaiting`. */
  private firstWaiting = 0;

  /** `tellsTargets`: does the recording hold whom the kernel drained? Then no target means that nobody was drained. */
  constructor(machine: Machine, policies: readonly Policy[], tellsTargets = () => false) {
    this.tellsTargets = tellsTargets;
    this.policies = policies.map((policy) => ({
      policy,
      low: new Float64Array(cellCount),
      high: new Float64Array(cellCount),
      turnedAwayLow: new Float64Array(cellCount),
      turnedAwayHigh: new Float64Array(cellCount),
      returned: 0,
      returnedIsKernels: false,
    }));
    this.drains = new DrainSums(machine.cpuCount);
    this.log = new DrainLog(policies.length);
    this.kernel = new KernelOwn();
    this.zoneCount = machine.zones.length;
    this.decision = new Decision(machine.cpuCount);
    for (const cause of drainCauses) this.drains.byCause.set(cause, 0);
  }

  drainRequested(request: DrainRequest): void {
    const low = this.ask(request);
    let high = low;
    if (request.unknown.count > 0) {
      high = this.ask(withUnknownAsHolders(request));
      order(low, high);
    }
    const { drains } = this;
    drains.requested++;
    if (request.pagesNotKnown === true) drains.pagesNotKnown++;
    drains.byCause.set(request.cause, (drains.byCause.get(request.cause) ?? 0) + 1);
    this.waiting.push({
      number: request.number,
      timeNs: request.timeNs,
      cpu: request.cpu,
      zone: request.zone,
      forced: request.forced,
      online: request.online.count,
      holders: request.holders.clone(),
      unknown: request.unknown.count,
      low,
      high,
      ended: false,
      endNs: -1,
      status: DrainStatus.carriedOut,
      kernelTurn: null,
    });
  }

  drainEnded(outcome: DrainOutcome): void {
    const pending = this.waiting[outcome.number - this.firstWaiting];
    if (!pending || pending.ended) return;
    pending.ended = true;
    pending.endNs = outcome.endNs;
    pending.status = this.statusOf(outcome, pending);
    const name = outcome.kernelPolicy ?? '';
    // A drain that did nothing does not show the kernel's policy: the one before it does.
    const kernelPolicy = builtInPolicies.find((policy) => policy.name === name);
    this.kernelTurn = kernelPolicy?.turn ?? this.kernelTurn;
    pending.kernelTurn = this.kernelTurn;
    const own = this.policies.findIndex((sums) => sums.policy.name === name);
    const predicted = own < 0 ? -1 : pending.high[own * cellCount + Cell.interrupts];
    const timed = outcome.returnTold === true || kernelPolicy?.carrier !== 'lock';
    this.kernel.add(pending, outcome, predicted, timed);
    this.settleEnded(false);
  }

  /** After the last event. */
  finish(): void {
    this.settleEnded(true);
    this.kernel.finish();
  }

  runHash(): string {
    const { log, drains } = this;
    const hash = new RunHash();
    for (const column of [log.timeNs, log.endNs, log.cpu, log.status, log.holders, log.unknown]) {
      hash.column(column, log.length);
    }
    hash.column(drains.holders).column(drains.heldByCpu);
    this.policies.forEach((sums, p) => {
      hash.text(sums.policy.name).column(sums.low).column(sums.high);
      hash.column(sums.turnedAwayLow).column(sums.turnedAwayHigh).column([sums.returned]);
      hash.column(log.interrupts[p], log.length);
    });
    return hash.digest();
  }

  /** The rows of all policies for one request. */
  private ask(request: DrainRequest): Float64Array {
    const rows = new Float64Array(this.policies.length * cellCount);
    this.policies.forEach(({ policy }, p) => {
      decide(policy, request, this.decision);
      measure(policy, request, this.decision, this.zoneCount, rows, p * cellCount);
    });
    return rows;
  }

  /** Where the recording does not tell whether a call was turned away, what was found does. */
  private statusOf(outcome: DrainOutcome, request: { zone: number; forced: boolean }): DrainStatus {
    if (outcome.turnedAwayInferred === true) this.drains.inferredStatus++;
    if (outcome.turnedAway !== null)
      return outcome.turnedAway ? DrainStatus.turnedAway : DrainStatus.carriedOut;
    if (outcome.targets === null ? !this.tellsTargets() : outcome.targets.count > 0)
      return DrainStatus.carriedOut;
    // Who names a zone, or forces the drain, waits for the turn.
    if (request.zone >= 0 || request.forced) return DrainStatus.carriedOut;
    this.drains.inferredStatus++;
    return outcome.rebuiltHolders.count > 0 ? DrainStatus.turnedAway : DrainStatus.carriedOut;
  }

  /** Requests are counted in the order in which they were made, so that it is known which of them overlap. */
  private settleEnded(all: boolean): void {
    let settled = 0;
    while (settled < this.waiting.length && (all || this.waiting[settled].ended))
      this.settle(this.waiting[settled++]);
    this.waiting.splice(0, settled);
    this.firstWaiting += settled;
  }

  private settle(pending: Pending): void {
    const wouldReturn = this.turnKeeper.wouldReturn(pending, pending.endNs);
    this.addDrain(pending);
    const at = this.log.add({ ...pending, holders: pending.holders.count });
    this.policies.forEach((sums, p) => {
      const from = p * cellCount;
      if (pending.status === DrainStatus.turnedAway) {
        // A policy with the same turn turns the call away too, and it costs nothing.
        if (sums.policy.turn === 'one-others-return') return;
        addCells(sums.turnedAwayLow, pending.low, from);
        addCells(sums.turnedAwayHigh, pending.high, from);
        return;
      }
      if (sums.policy.turn === 'one-others-return') {
        if (pending.kernelTurn === sums.policy.turn) sums.returnedIsKernels = true;
        else if (wouldReturn) {
          sums.returned++;
          return;
        }
      }
      addCells(sums.low, pending.low, from);
      addCells(sums.high, pending.high, from);
      this.log.interrupts[p][at] = pending.high[from + Cell.interrupts];
    });
  }

  private addDrain(pending: Pending): void {
    const { drains } = this;
    if (pending.status === DrainStatus.turnedAway) {
      drains.turnedAway++;
      return;
    }
    drains.carriedOut++;
    if (pending.forced) drains.forced++;
    // Under the kernel's mutex no two drains run at once; only who names a zone can begin, and wait.
    const alone = pending.kernelTurn === 'one-others-return' && pending.zone < 0;
    if (!alone && pending.timeNs < this.busyUntilNs) drains.overlapping++;
    this.busyUntilNs = Math.max(this.busyUntilNs, pending.endNs);
    for (const cpu of pending.holders) drains.heldByCpu[cpu]++;
    if (pending.holders.has(pending.cpu)) drains.requesterHeld++;
    if (pending.unknown > 0) {
      drains.holdersNotKnown++;
      return;
    }
    const held = pending.holders.count;
    drains.holders[held]++;
    if (held === 0) drains.foundNothing++;
    if ((pending.online - held) * 2 >= pending.online) drains.halfEmpty++;
  }
}

/** The same request, had every CPU of which it is not known held pages; how many is not known. */
function withUnknownAsHolders(request: DrainRequest): DrainRequest {
  const { number, timeNs, cpu, pid, cause, zone, forced, online, isolated, pages, concurrent } = request;
  const holders = request.holders.clone();
  holders.addAll(request.unknown);
  const unknown = new BitSet(request.unknown.size);
  return {
    number,
    timeNs,
    cpu,
    pid,
    cause,
    zone,
    forced,
    online,
    isolated,
    pages,
    holders,
    unknown,
    concurrent,
  };
}

function addCells(sums: Float64Array, rows: Float64Array, from: number): void {
  for (let i = 0; i < cellCount; i++) sums[i] += rows[from + i];
}

/** Puts the smaller of each pair into `low`. */
function order(low: Float64Array, high: Float64Array): void {
  for (let i = 0; i < low.length; i++) {
    if (low[i] <= high[i]) continue;
    const larger = low[i];
    low[i] = high[i];
    high[i] = larger;
  }
}

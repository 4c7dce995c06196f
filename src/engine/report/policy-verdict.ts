/** One policy's sums → its figures, each with what it rests on. */

import type { DrainLog } from '../accounting/drain-log.ts';
import { DrainStatus } from '../accounting/drain-log.ts';
import { type Interval, ratioInterval } from '../accounting/interval.ts';
import type { Ledger, PolicySums } from '../accounting/ledger.ts';
import { Cell } from '../accounting/measure.ts';
import { count, plural } from './numbers.ts';
import type { Basis, PolicyVerdict, StallNs, VmstatCounters } from './verdict.ts';

export interface PolicyContext {
  readonly ledger: Ledger;
  readonly baseline: PolicySums;
  /** Why events are missing: lost by the kernel, or not read; '' when none are. */
  readonly missingEvents: string;
  /** Durations under each policy of the recorded kernel. */
  /** Did the recorded kernel drain by this policy? */
  readonly ran: (policy: string) => boolean;
  readonly stallOf: (policy: string) => StallNs | null;
}

export function policyVerdict(sums: PolicySums, context: PolicyContext): PolicyVerdict {
  const { ledger, baseline } = context;
  const { policy, high } = sums;
  const drains = ledger.drains.carriedOut;
  const interrupts = high[Cell.interrupts];
  const bounds = boundsOf(sums, Cell.interrupts);
  const ofBaseline = baseline.high[Cell.interrupts];
  const saved = ofBaseline - interrupts;
  const columns = carriedOutColumns(ledger, sums, baseline);
  const { bases, why } = basesOf(sums, context);
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
    basis: bases.interrupts === 'exact' ? 'exact' : 'modelled',
    interrupts,
    interruptsBounds: bounds,
    interruptsPerDrain: drains === 0 ? null : interrupts / drains,
    interruptsPerDrainInterval: ratioInterval(columns.interrupts, columns.ones, columns.ones.length),
    saved,
    savedPercent: ofBaseline === 0 ? null : (100 * saved) / ofBaseline,
    savedPercentBounds: savedBounds(sums, baseline),
    savedPercentInterval: savedInterval(columns),
    broadcasts: high[Cell.broadcasts],
    hardwareSends: high[Cell.sends],
    disturbed: high[Cell.disturbed],
    useful: high[Cell.disturbed] - high[Cell.useless],
    useless: high[Cell.useless],
    isolatedInterrupts: high[Cell.isolatedInterrupts],
    isolatedDisturbed: high[Cell.isolatedDisturbed],
    workers: high[Cell.workers],
    locked: high[Cell.locked],
    cpusScanned: high[Cell.scanned],
    pagesBack: bases.pagesBack === 'not-known' ? null : high[Cell.pagesBack],
    strandedPages: bases.strandedPages === 'not-known' ? null : high[Cell.pagesStranded],
    returnedAtOnce: sums.returned,
    turnedAwayInterrupts: sums.turnedAwayHigh[Cell.interrupts],
    ...turnedAwayBounds(sums),
    vmstat: vmstatOf(sums, drains),
    stallNs: context.stallOf(policy.name),
    bases,
    why,
  };
}

/** The thread's counters. Whether an allocation failed or reached the page allocator no recording of another policy tells. */
function vmstatOf(sums: PolicySums, drains: number): VmstatCounters {
  const allocations = sums.high[Cell.maskAllocations];
  return {
    pcp_global_drain: sums.policy.select.who === 'nobody' ? 0 : drains,
    pcp_global_ipi_saved: sums.high[Cell.saved],
    pcp_mask_alloc: allocations,
    pcp_mask_alloc_fail: allocations === 0 ? 0 : null,
    pcp_mask_alloc_pages: allocations === 0 ? 0 : null,
  };
}

function turnedAwayBounds({ turnedAwayLow, turnedAwayHigh }: PolicySums): Partial<PolicyVerdict> {
  const bounds: Interval = [turnedAwayLow[Cell.interrupts], turnedAwayHigh[Cell.interrupts]];
  return bounds[0] === bounds[1] ? {} : { turnedAwayInterruptsBounds: bounds };
}

function boundsOf(sums: PolicySums, cell: number): Interval | null {
  return sums.low[cell] === sums.high[cell] ? null : [sums.low[cell], sums.high[cell]];
}

function savedBounds(sums: PolicySums, baseline: PolicySums): Interval | null {
  if (!boundsOf(sums, Cell.interrupts) && !boundsOf(baseline, Cell.interrupts)) return null;
  const lowest = baseline.low[Cell.interrupts];
  const highest = baseline.high[Cell.interrupts];
  if (lowest === 0) return null;
  if (sums === baseline) return [0, 0];
  return [100 * (1 - sums.high[Cell.interrupts] / lowest), 100 * (1 - sums.low[Cell.interrupts] / highest)];
}

interface CarriedOutColumns {
  readonly interrupts: Int32Array;
  readonly ofBaseline: Int32Array;
  readonly ones: Int32Array;
}

/** Interrupts of this policy and of the baseline at each drain that was carried out, in order of time. */
function carriedOutColumns(ledger: Ledger, sums: PolicySums, baseline: PolicySums): CarriedOutColumns {
  const { log } = ledger;
  return {
    interrupts: carriedOut(log, log.interrupts[ledger.policies.indexOf(sums)]),
    ofBaseline: carriedOut(log, log.interrupts[ledger.policies.indexOf(baseline)]),
    ones: new Int32Array(ledger.drains.carriedOut).fill(1),
  };
}

function carriedOut(log: DrainLog, column: Int32Array): Int32Array {
  return column.subarray(0, log.length).filter((_, at) => log.status[at] === DrainStatus.carriedOut);
}

function savedInterval({ interrupts, ofBaseline }: CarriedOutColumns): Interval | null {
  const share = ratioInterval(interrupts, ofBaseline, interrupts.length);
  return share && [100 * (1 - share[1]), 100 * (1 - share[0])];
}

/** What each figure rests on. The rules look at the axes and at what was counted, never at a policy's name. */
function basesOf(sums: PolicySums, context: PolicyContext): Pick<PolicyVerdict, 'bases' | 'why'> {
  const bases: Record<string, Basis> = {};
  const why: Record<string, string> = {};
  const put = (figure: string, reason: string, basis: Basis = 'modelled') => {
    bases[figure] = reason === '' ? 'exact' : basis;
    if (reason !== '') why[figure] = reason;
  };
  const { ledger } = context;
  const { carrier, select } = sums.policy;
  const shared = [overlapReason(sums), strandedReason(sums, context), context.missingEvents].filter(
    (reason) => reason !== '',
  );
  const reasonFor = (cell: number, needed: boolean) =>
    needed
      ? [unknownReason(sums, cell, context), ...shared].filter((reason) => reason !== '').join('; ')
      : '';
  const disturbs = carrier !== 'nobody' && select.who !== 'nobody';

  put('interrupts', reasonFor(Cell.interrupts, carrier === 'interrupt'));
  put('useless', reasonFor(Cell.useless, disturbs));
  put('isolatedInterrupts', reasonFor(Cell.isolatedInterrupts, carrier === 'interrupt'));
  put('isolatedDisturbed', reasonFor(Cell.isolatedDisturbed, disturbs));
  put('cpusScanned', reasonFor(Cell.scanned, disturbs && select.who !== 'everyone'));
  put('workers', reasonFor(Cell.workers, carrier === 'worker'));
  put('locked', reasonFor(Cell.locked, carrier === 'lock'));
  if (ledger.drains.pagesNotKnown > 0) {
    const untold = 'the recording tells who held pages and not how many';
    put('pagesBack', untold, 'not-known');
    put('strandedPages', untold, 'not-known');
  } else {
    put('pagesBack', reasonFor(Cell.disturbed, disturbs) || pagesReason(context));
    put('strandedPages', strandedReason(sums, context));
  }
  put(
    'hardwareSends',
    sums.high[Cell.sends] === 0 ? '' : 'CPU numbers are taken for x2APIC ids, 16 in a cluster',
  );
  put('returnedAtOnce', returnedReason(sums));
  put('turnedAwayInterrupts', turnedAwayReason(sums, context));
  put('vmstat.pcp_global_ipi_saved', reasonFor(Cell.saved, select.who !== 'nobody'));
  put('vmstat.pcp_mask_alloc', reasonFor(Cell.maskAllocations, sums.policy.mask === 'allocated'));
  const allocations = sums.high[Cell.maskAllocations];
  const outcome =
    allocations === 0 ? '' : 'the recording cannot tell how an allocation that was not made would have ended';
  put('vmstat.pcp_mask_alloc_fail', outcome, 'not-known');
  put('vmstat.pcp_mask_alloc_pages', outcome, 'not-known');
  const timed = context.stallOf(sums.policy.name) !== null;
  const untimed = context.ran(sums.policy.name)
    ? 'the recording does not show when the calls returned'
    : 'the recorded kernel did not drain by this policy, so nothing was timed';
  put('stallNs', timed ? '' : untimed, 'not-known');
  return { bases, why };
}

function overlapReason({ returned }: PolicySums): string {
  return returned === 0
    ? ''
    : `${plural(returned, 'drain')} would have returned at once, by the recorded durations`;
}

function strandedReason({ high }: PolicySums, { ledger }: PolicyContext): string {
  const pages = high[Cell.pagesStranded];
  if (pages === 0) return '';
  const howMany = ledger.drains.pagesNotKnown > 0 ? 'how many is not known' : `${count(pages)} in all`;
  return `it leaves pages on lists (${howMany}), so later drains would meet other lists`;
}

function unknownReason(sums: PolicySums, cell: number, { ledger }: PolicyContext): string {
  if (sums.low[cell] === sums.high[cell]) return '';
  const drains = ledger.drains.holdersNotKnown;
  return `at ${plural(drains, 'drain')} not known of every CPU whether it held pages; counted both ways`;
}

function pagesReason({ ledger, missingEvents }: PolicyContext): string {
  if (missingEvents !== '') return missingEvents;
  return ledger.drains.holdersNotKnown === 0 ? '' : 'pages of CPUs that are not known are not counted';
}

function returnedReason(sums: PolicySums): string {
  if (sums.policy.turn !== 'one-others-return' || sums.returnedIsKernels) return '';
  return 'from the recorded durations, which are those of another policy';
}

function turnedAwayReason(sums: PolicySums, { ledger }: PolicyContext): string {
  if (ledger.drains.turnedAway === 0 || sums.turnedAwayHigh[Cell.interrupts] === 0) return '';
  return 'the recorded kernel turned these calls away; a drain at each of them would have changed what the next one met';
}

/**
 * Time of a membarrier by number of CPUs that it interrupts. The kernel sends it with the same function as a drain up to
 * 4.10 (smp_call_function_many, waiting), to the CPUs that run a thread of this process. A batch counts only if
 * /proc/interrupts confirms that each call interrupted each busy CPU once, and nobody else.
 */

import { countedMin, type RoundTrip } from './calibration.ts';
import { spreadOf } from './spread.ts';
import type { SystemCalls } from './system-calls.ts';

export interface RoundTripOptions {
  /** CPUs that run a busy thread of this process. */
  readonly targets: readonly number[];
  /** CPU of the calling thread. */
  readonly cpu: number;
  readonly milliseconds: number;
  /** Call interrupts taken so far, by CPU. */
  readonly interrupts: () => Float64Array;
  readonly nowNs: () => number;
}

const callsPerBatch = 100;
/** Interrupts that may be missing or too many in a batch that counts, as a part of the calls: the reading itself takes time. */
const tolerance = 0.02;

export function measureRoundTrip(calls: SystemCalls, options: RoundTripOptions): RoundTrip {
  const { targets, cpu, interrupts, nowNs } = options;
  for (let i = 0; i < callsPerBatch; i++) calls.barrier();
  const counted: number[] = [];
  let batches = 0;
  let arrived = 0;
  const endNs = nowNs() + options.milliseconds * 1e6;
  while (nowNs() < endNs) {
    const before = interrupts();
    const startNs = nowNs();
    for (let i = 0; i < callsPerBatch; i++) calls.barrier();
    const callNs = (nowNs() - startNs) / callsPerBatch;
    const after = interrupts();
    batches++;
    for (const target of targets) arrived += after[target] - before[target];
    if (isConfirmed(before, after, targets, cpu)) counted.push(callNs);
  }
  return {
    targets: targets.length,
    batches,
    callsPerBatch,
    counted: counted.length,
    arrivedPerCall: targets.length === 0 ? 0 : arrived / (batches * callsPerBatch * targets.length),
    callNs: counted.length >= countedMin ? spreadOf(counted) : null,
  };
}

/** Did each of a batch's calls interrupt each target once, and no other CPU? */
export function isConfirmed(
  before: Float64Array,
  after: Float64Array,
  targets: readonly number[],
  cpu: number,
): boolean {
  const slack = callsPerBatch * tolerance;
  let others = 0;
  for (let at = 0; at < after.length; at++) {
    const rise = after[at] - before[at];
    if (targets.includes(at)) {
      if (Math.abs(rise - callsPerBatch) > slack) return false;
    } else if (at !== cpu) others += rise;
  }
  return others <= slack;
}

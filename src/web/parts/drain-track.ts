/** Drains over time as bars in columns: how many CPUs a policy disturbs, and how many of them for nothing. */

import type { DrainColumns } from '../../thread/messages.ts';
import { firstAtLeast } from './time-scale.ts';

/** Sums of the drains in each column. */
export interface DrainBars {
  readonly drains: Int32Array;
  /** Other CPUs disturbed by the policy, and those of them for nothing. */
  readonly disturbed: Int32Array;
  readonly useless: Int32Array;
  /** The same by the policy with which it is compared. */
  readonly against: Int32Array;
  readonly againstUseless: Int32Array;
  /** Drains of which it is not known of every CPU whether it held pages: there, what is for nothing is a lower bound. */
  readonly notKnown: Int32Array;
  /** Longest stall in the column, ns; 0: none told. */
  readonly stallNs: Float64Array;
}

/** Drains that the recorded kernel turned away are in no bar, as in the verdict. */
export function drainBars(
  drains: DrainColumns,
  [policy, compared]: readonly [policy: string, compared: string],
  fromNs: number,
  toNs: number,
  columns: number,
): DrainBars {
  const bars: DrainBars = {
    drains: new Int32Array(columns),
    disturbed: new Int32Array(columns),
    useless: new Int32Array(columns),
    against: new Int32Array(columns),
    againstUseless: new Int32Array(columns),
    notKnown: new Int32Array(columns),
    stallNs: new Float64Array(columns),
  };
  const of = Math.max(0, drains.policies.indexOf(policy));
  const against = Math.max(0, drains.policies.indexOf(compared));
  const perNs = columns / Math.max(1, toNs - fromNs);
  for (let i = firstAtLeast(drains.timeNs, fromNs); i < drains.length && drains.timeNs[i] < toNs; i++) {
    const column = Math.min(columns - 1, Math.floor((drains.timeNs[i] - fromNs) * perNs));
    const endNs = drains.endNs[i];
    if (endNs >= 0) bars.stallNs[column] = Math.max(bars.stallNs[column], endNs - drains.timeNs[i]);
    if (drains.turnedAway[i] === 1) continue;
    bars.drains[column]++;
    if (drains.unknown[i] > 0) bars.notKnown[column]++;
    bars.disturbed[column] += drains.disturbed[of][i];
    bars.useless[column] += drains.useless[of][i];
    bars.against[column] += drains.disturbed[against][i];
    bars.againstUseless[column] += drains.useless[against][i];
  }
  return bars;
}

/** The drain that begins nearest to `timeNs` within `withinNs`, or -1. */
export function nearestDrain({ timeNs, length }: DrainColumns, at: number, withinNs: number): number {
  const next = firstAtLeast(timeNs, at, length);
  const candidates = [next - 1, next].filter((i) => i >= 0 && i < length);
  let best = -1;
  for (const i of candidates) {
    const away = Math.abs(timeNs[i] - at);
    if (away <= withinNs && (best < 0 || away < Math.abs(timeNs[best] - at))) best = i;
  }
  return best;
}

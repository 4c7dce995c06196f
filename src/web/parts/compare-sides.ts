/** The two sides of a comparison: A is what the other views show, B stands beside it in the address. */

import type { DrainColumns } from '../../thread/messages.ts';
import { chosen } from '../address.ts';
import { current, type OpenRecording, recordings } from '../state.ts';
import type { Span } from './timeline-span.ts';

export interface Side {
  readonly letter: 'A' | 'B';
  readonly recording: OpenRecording;
  readonly policy: string;
  /** Time of the recording that is 0 on the common axis. */
  readonly originNs: number;
}

export interface Sides {
  readonly a: Side;
  readonly b: Side;
  /** Two policies at the drains of one recording. */
  readonly isOne: boolean;
}

export const alignments = ['start', 'first-drain'] as const;
export type Alignment = (typeof alignments)[number];

export function alignment(): Alignment {
  return alignments.find((name) => name === chosen('align')) ?? 'start';
}

/** null: nothing is open. */
export function chosenSides(): Sides | null {
  const first = current.value;
  if (first === null) return null;
  const others = recordings.value.filter((recording) => recording !== first);
  const named = recordings.value.find(({ opened }) => opened.name === chosen('b'));
  const second = named ?? others[0] ?? first;
  const isOne = second === first;
  const a = side('A', first, isOne, policyOf(first, chosen('policy'), first.verdict.lead.policy));
  const b = side('B', second, isOne, policyOf(second, chosen('policyB'), defaultB(a, second, isOne)));
  return { a, b, isOne };
}

/** Of one recording another policy; of two the same, so that one thing differs at a time. */
function defaultB({ policy, recording }: Side, second: OpenRecording, isOne: boolean): string {
  const { lead } = recording.verdict;
  if (!isOne) return second.verdict.policies.length > 1 ? policy : second.verdict.lead.policy;
  return policy === lead.baseline ? lead.policy : lead.baseline;
}

function policyOf({ opened }: OpenRecording, wanted: string, otherwise: string): string {
  const { policies } = opened.drains;
  // A policy of the user's own is in the verdict of its run only.
  return [wanted, otherwise].find((name) => policies.includes(name)) ?? policies[0];
}

/** Of one recording the time is its own. */
function side(letter: 'A' | 'B', recording: OpenRecording, isOne: boolean, policy: string): Side {
  const { fromNs, drains } = recording.opened;
  const atDrain = alignment() === 'first-drain' && drains.length > 0;
  const originNs = isOne ? 0 : atDrain ? drains.timeNs[0] : fromNs;
  return { letter, recording, policy, originNs };
}

/** From the earliest to the latest of both, on the common axis. */
export function commonSpan({ a, b }: Sides): Span {
  const ends = [a, b].map(({ recording: { opened }, originNs }) => [
    opened.fromNs - originNs,
    opened.toNs - originNs,
  ]);
  return { fromNs: Math.min(...ends.map(([from]) => from)), toNs: Math.max(...ends.map(([, to]) => to)) };
}

/** A span of the common axis in the time of a side. */
export function ownSpan({ originNs }: Side, { fromNs, toNs }: Span): Span {
  return { fromNs: fromNs + originNs, toNs: toNs + originNs };
}

/** Drains that were carried out, and CPUs disturbed at them, in bins of equal time; a second each. */
export interface Rates {
  readonly drains: Float64Array;
  readonly disturbed: Float64Array;
}

export function ratesOf(drains: DrainColumns, policy: string, { fromNs, toNs }: Span, bins: number): Rates {
  const rates = { drains: new Float64Array(bins), disturbed: new Float64Array(bins) };
  const of = drains.policies.indexOf(policy);
  const each = bins / ((toNs - fromNs) / 1e9);
  for (let i = 0; i < drains.length; i++) {
    const bin = Math.floor(((drains.timeNs[i] - fromNs) / (toNs - fromNs)) * bins);
    if (bin < 0 || bin >= bins || drains.turnedAway[i] === 1) continue;
    rates.drains[bin] += each;
    rates.disturbed[bin] += drains.disturbed[of][i] * each;
  }
  return rates;
}

/** Drains at which the two policies disturb different numbers of CPUs, in order of time. */
export function differingDrains(drains: DrainColumns, policyA: string, policyB: string): Int32Array {
  const a = drains.disturbed[drains.policies.indexOf(policyA)];
  const b = drains.disturbed[drains.policies.indexOf(policyB)];
  return Int32Array.from({ length: drains.length }, (_, i) => i).filter(
    (i) => drains.turnedAway[i] === 0 && a[i] !== b[i],
  );
}

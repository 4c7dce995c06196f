/** The time that is looked at: within the recording, moved and zoomed. */

import { choose, chosenNumber } from '../address.ts';

export interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** The closest that one can look. */
export const spanNsMin = 1000;

export function lengthOf({ fromNs, toNs }: Span): number {
  return toNs - fromNs;
}

export function wholeSpan({ fromNs, toNs }: Span): Span {
  return { fromNs, toNs: Math.max(toNs, fromNs + spanNsMin) };
}

/** What the address says, or the whole. */
export function shownSpan(whole: Span): Span {
  const fromNs = chosenNumber('from', whole.fromNs);
  const toNs = chosenNumber('to', whole.toNs);
  return toNs > fromNs ? { fromNs, toNs } : whole;
}

/** What moves continuously makes no entry for the back button. */
export function showSpan(wanted: Span, whole: Span): void {
  const { fromNs, toNs } = withinWhole(wanted, whole);
  const isWhole = toNs - fromNs >= lengthOf(whole);
  choose(isWhole ? { from: '', to: '' } : { from: Math.round(fromNs), to: Math.round(toNs) }, true);
}

export function withinWhole(wanted: Span, whole: Span): Span {
  const length = Math.min(lengthOf(whole), Math.max(spanNsMin, lengthOf(wanted)));
  const fromNs = Math.min(Math.max(whole.fromNs, wanted.fromNs), whole.toNs - length);
  return { fromNs, toNs: fromNs + length };
}

/** `at`: the part of the span that stays where it is, 0 … 1. */
export function zoomed({ fromNs, toNs }: Span, factor: number, at = 0.5): Span {
  const length = (toNs - fromNs) * factor;
  const fixed = fromNs + (toNs - fromNs) * at;
  return { fromNs: fixed - length * at, toNs: fixed + length * (1 - at) };
}

/** Around a moment: it stays where it is when it is in sight, and comes into the middle when it is not. */
export function zoomedAround(span: Span, factor: number, timeNs: number): Span {
  const at = (timeNs - span.fromNs) / lengthOf(span);
  if (at >= 0 && at <= 1) return zoomed(span, factor, at);
  return centred(timeNs, lengthOf(span) * factor);
}

export function centred(timeNs: number, length: number): Span {
  return { fromNs: timeNs - length / 2, toNs: timeNs + length / 2 };
}

export function moved({ fromNs, toNs }: Span, part: number): Span {
  const byNs = (toNs - fromNs) * part;
  return { fromNs: fromNs + byNs, toNs: toNs + byNs };
}

/**
 * What it costs to read the counts of other CPUs: each of 256 lines stands on a page of its own, as the lists of 256 CPUs
 * do; a thread on another CPU writes them all, this thread reads them all. The reads do not depend on each other, as in
 * the kernel's loop over CPUs, so the processor may have several on the way.
 */

import { Control } from './busy-order.ts';
import type { LineCosts } from './calibration.ts';
import { spreadOf } from './spread.ts';

const lineCount = 256;
/** Words from one line to the next: a page and a line, so that the lines do not share one set of the cache. */
export const lineStride: number = (4096 + 64) / 4;
export const linesBytes: number = lineCount * lineStride * 4;

const roundsPerKind = 400;

/** Reading a line of another CPU must cost so many times an own one, or the two share a cache. */
const remoteByOwnMin = 3;

/** `control` and `lines` of the busy CPU `writer`. Takes about a tenth of a second. */
export function measureLines(
  control: Int32Array,
  writer: number,
  lines: SharedArrayBuffer,
  nowNs: () => number,
): LineCosts {
  const words = new Int32Array(lines);
  const remote: number[] = [];
  const own: number[] = [];
  const atomic: number[] = [];
  for (let round = 0; round < roundsPerKind; round++) {
    written(control);
    remote.push(timed(words, readAll, nowNs));
    own.push(timed(words, readAll, nowNs));
    written(control);
    atomic.push(timed(words, addAll, nowNs));
  }
  // The first quarter warms up: caches, pages, compiled code.
  const settled = (values: readonly number[]) => spreadOf(values.slice(roundsPerKind / 4));
  const remoteNs = settled(remote);
  const ownNs = settled(own);
  return {
    writer,
    lines: lineCount,
    rounds: roundsPerKind - roundsPerKind / 4,
    remoteNs,
    ownNs,
    remoteAtomicNs: settled(atomic),
    counts: remoteNs.median >= remoteByOwnMin * ownNs.median,
  };
}

/** Has the other thread write every line, and waits for it. */
function written(control: Int32Array): void {
  const round = Atomics.load(control, Control.round) + 1;
  Atomics.store(control, Control.round, round);
  while (Atomics.load(control, Control.round) === round);
}

/** Nanoseconds a line. */
function timed(words: Int32Array, visit: (words: Int32Array) => number, nowNs: () => number): number {
  const startNs = nowNs();
  seen = visit(words);
  return (nowNs() - startNs) / lineCount;
}

/** Kept where the compiler cannot drop it. */
export let seen = 0;

function readAll(words: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < words.length; at += lineStride) sum += words[at];
  return sum;
}

function addAll(words: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < words.length; at += lineStride) sum += Atomics.add(words, at, 1);
  return sum;
}

/**
 * From recorded stamps to time: correction of a guest's clock against its host (option TIME_SHIFT), then cycles to
 * nanoseconds (option TSC2NSEC), as libtracecmd does when it reads. Fixed offsets are added elsewhere.
 */

import type { FileOptions, TimeShift } from './container.ts';

/** Stamp as recorded → stamp in ns. */
export type LaneClock = (stamp: bigint) => bigint;

const mask64 = (1n << 64n) - 1n;
/** Flag of TIME_SHIFT: offsets between two samples lie on the line between them. */
const flagInterpolate = 1;

/** null: stamps are times already. */
export function laneClock(options: FileOptions, cpu: number): LaneClock | null {
  const shift = options.timeShift?.cpus[cpu];
  const { tscToNs } = options;
  const hasShift = shift !== undefined && shift.times.length > 0;
  if (!hasShift && (tscToNs === null || tscToNs.mult === 0n)) return null;
  const flags = options.timeShift?.flags ?? 0;
  return (stamp) => {
    const synced = hasShift ? shifted(stamp, shift, flags) : stamp;
    if (tscToNs === null || tscToNs.mult === 0n) return synced;
    return ((synced * tscToNs.mult) >> tscToNs.shift) & mask64;
  };
}

function shifted(stamp: bigint, shift: TimeShift['cpus'][number], flags: number): bigint {
  const { times, offsets, scalings, fractions } = shift;
  if (times.length === 1) return (stamp + offsets[0]) & mask64;
  // The sample at or before the stamp; the outer samples hold for everything outside.
  let at = 0;
  let high = times.length - 2;
  while (at < high) {
    const middle = (at + high + 1) >> 1;
    if (times[middle] <= stamp) at = middle;
    else high = middle - 1;
  }
  let correction = offsets[at];
  const span = times[at + 1] - times[at];
  if ((flags & flagInterpolate) !== 0 && span !== 0n) {
    const slope = (stamp - times[at]) * (offsets[at + 1] - offsets[at]);
    correction += (slope + span / 2n) / span;
  }
  const scaling = scalings[at] === 0n ? 1n : scalings[at];
  const scaled = (stamp * scaling) >> (fractions[at] ?? 0n);
  return (scaled + correction) & mask64;
}

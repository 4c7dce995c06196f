/** A time that is looked at, stands in the address, and runs on by itself while it is played. */

import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { DrainColumns, Opened } from '../../thread/messages.ts';
import { choose, chosenNumber } from '../address.ts';
import { firstAtLeast } from './time-scale.ts';

export interface Playback {
  readonly timeNs: number;
  /** A drain that was stepped to; -1: any time. */
  readonly drain: number;
  readonly isPlaying: Signal<boolean>;
  /** Seconds of the recording in a second. */
  readonly rate: number;
  /** `isMoving`: it is dragged, and makes no entry for the back button. */
  goTo(timeNs: number, isMoving?: boolean): void;
  step(by: 1 | -1): void;
  toggle(): void;
  playAt(rate: number): void;
}

/** The whole in about so many seconds, where nothing was chosen. */
const wholeSeconds = 30;
const rateMin = 1e-6;
const rateMax = 1e6;

export function usePlayback({ drains, fromNs, toNs }: Opened): Playback {
  const isPlaying = useSignal(false);
  const first = drains.length > 0 ? drains.timeNs[0] : fromNs;
  const shownNs = () => Math.min(toNs, Math.max(fromNs, chosenNumber('at', first)));
  const timeNs = shownNs();
  const chosenDrain = chosenNumber('drain', chosenNumber('at', -1) < 0 && drains.length > 0 ? 0 : -1);
  const drain = drains.timeNs[chosenDrain] === timeNs ? chosenDrain : -1;
  const rate = Math.min(rateMax, Math.max(rateMin, chosenNumber('rate', usualRate(toNs - fromNs))));
  const goTo = (to: number, isMoving = false) =>
    choose({ at: Math.min(toNs, Math.max(fromNs, to)), drain: '' }, isMoving);
  useSignalEffect(() => {
    if (!isPlaying.value) return;
    let lastMs = performance.now();
    let frame = requestAnimationFrame(function next(nowMs) {
      const playedNs = (nowMs - lastMs) * 1e6 * chosenNumber('rate', usualRate(toNs - fromNs));
      lastMs = nowMs;
      goTo(shownNs() + playedNs, true);
      if (shownNs() >= toNs) isPlaying.value = false;
      else frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  });
  return {
    timeNs,
    drain,
    isPlaying,
    rate,
    goTo,
    step(by) {
      isPlaying.value = false;
      const next = stepFrom(drains, timeNs, drain, by);
      if (next >= 0) choose({ at: drains.timeNs[next], drain: next });
    },
    toggle() {
      if (!isPlaying.value && timeNs >= toNs) goTo(fromNs, true);
      isPlaying.value = !isPlaying.value;
    },
    playAt(to) {
      choose({ rate: Number(Math.min(rateMax, Math.max(rateMin, to)).toPrecision(3)) }, true);
    },
  };
}

/** A round rate at which the whole takes about half a minute: 1, 2 or 5 times a power of ten. */
export function usualRate(lengthNs: number): number {
  const exact = Math.max(1, lengthNs) / 1e9 / wholeSeconds;
  const power = 10 ** Math.floor(Math.log10(exact));
  const factor = [5, 2, 1].find((each) => each * power <= exact * 1.0001) ?? 1;
  return Number((factor * power).toPrecision(1));
}

/** The drain after or before a time, or after or before one drain, where several were asked for at the same moment. -1: none. */
export function stepFrom(
  { timeNs, length }: Pick<DrainColumns, 'timeNs' | 'length'>,
  at: number,
  drain: number,
  by: 1 | -1,
): number {
  if (drain >= 0) return drain + by < length ? drain + by : -1;
  const next = firstAtLeast(timeNs, at, length);
  if (by < 0) return next - 1;
  let after = next;
  while (after < length && timeNs[after] <= at) after++;
  return after < length ? after : -1;
}

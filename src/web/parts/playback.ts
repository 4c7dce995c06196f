/** A time that is looked at, stands in the address, and runs on by itself while it is played. */

import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { DrainColumns, Opened } from '../../thread/messages.ts';
import { choose, chosenNumber } from '../address.ts';
import { firstAtLeast } from './time-scale.ts';

/** What it does goes from what the address says at that time: keys may come faster than frames. */
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
  speedUp(factor: number): void;
}

/** The whole in about so many seconds, where nothing was chosen. */
const wholeSeconds = 30;
const rateMin = 1e-6;
const rateMax = 1e6;

export function usePlayback({ drains, fromNs, toNs }: Opened): Playback {
  const isPlaying = useSignal(false);
  const first = drains.length > 0 ? drains.timeNs[0] : fromNs;
  // A drain that was chosen, here or in the timeline, says the time; whoever moves the time takes the choice away.
  const chosenDrain = () => {
    const number = chosenNumber('drain', -1);
    return Number.isInteger(number) && number >= 0 && number < drains.length ? number : -1;
  };
  const shownNs = () => {
    if (chosenDrain() >= 0) return drains.timeNs[chosenDrain()];
    return Math.min(toNs, Math.max(fromNs, chosenNumber('at', first)));
  };
  const timeNs = shownNs();
  const drain = chosenDrain();
  const chosenRate = () =>
    Math.min(rateMax, Math.max(rateMin, chosenNumber('rate', usualRate(toNs - fromNs))));
  const goTo = (to: number, isMoving = false) =>
    choose({ at: Math.min(toNs, Math.max(fromNs, to)), drain: '' }, isMoving);
  useSignalEffect(() => {
    if (!isPlaying.value) return;
    let lastMs = performance.now();
    let frame = requestAnimationFrame(function next(nowMs) {
      const playedNs = (nowMs - lastMs) * 1e6 * chosenRate();
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
    rate: chosenRate(),
    goTo,
    step(by) {
      isPlaying.value = false;
      const next = stepFrom(drains, shownNs(), chosenDrain(), by);
      if (next >= 0) choose({ at: drains.timeNs[next], drain: next });
    },
    toggle() {
      if (!isPlaying.value && shownNs() >= toNs) goTo(fromNs, true);
      isPlaying.value = !isPlaying.value;
    },
    playAt(to) {
      choose({ rate: Number(Math.min(rateMax, Math.max(rateMin, to)).toPrecision(3)) }, true);
    },
    speedUp(factor) {
      this.playAt(chosenRate() * factor);
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

/** The machine at the time that is looked at: one question at a time is with the engine, and the newest wins. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Moment } from '../../thread/messages.ts';
import { fail, type OpenRecording } from '../state.ts';

export interface MomentWanted {
  readonly timeNs: number;
  readonly policy: string;
  /** -1: the last until then. */
  readonly drain: number;
}

/** A moment with the time that it was asked for. */
export interface MomentShown extends Moment {
  readonly timeNs: number;
}

/** Null until the first answer. */
export function useMoment(
  { opened, engine }: OpenRecording,
  { timeNs, policy, drain }: MomentWanted,
): ReadonlySignal<MomentShown | null> {
  const shown = useSignal<MomentShown | null>(null);
  const wanted = useRef<MomentWanted>({ timeNs, policy, drain });
  const isAsking = useRef(false);
  const ask = () => {
    if (isAsking.current) return;
    isAsking.current = true;
    const asked = wanted.current;
    const named = asked.drain >= 0 ? { drain: asked.drain } : {};
    void engine
      .ask('moment', {
        recording: opened.recording,
        timeNs: asked.timeNs,
        policy: asked.policy,
        ...named,
      })
      .then((moment) => {
        shown.value = { ...moment, timeNs: asked.timeNs };
        isAsking.current = false;
        if (wanted.current !== asked) ask();
      }, fail);
  };
  useEffect(() => {
    wanted.current = { timeNs, policy, drain };
    ask();
  }, [engine, opened, timeNs, policy, drain]);
  return shown;
}

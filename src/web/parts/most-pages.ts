/** The most pages that a CPU ever had: the end of the scale of colours. */

import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { fail, type OpenRecording } from '../state.ts';

/** 0 until it is known; the verdict's own figures do not tell it. */
export function useMostPages({ opened, engine }: OpenRecording): ReadonlySignal<number> {
  const most = useSignal(0);
  useEffect(() => {
    const { recording, fromNs, toNs } = opened;
    void engine.ask('tile', { recording, fromNs, toNs: toNs + 1, columns: 1 }).then((tile) => {
      most.value = tile.most.reduce((a, b) => Math.max(a, b), 1);
    }, fail);
  }, [opened, engine, most]);
  return most;
}

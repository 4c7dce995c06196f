/** When to look: places in time that keep off the host's own rhythm. */

import { waitFor } from './wait-for.ts';

export interface SampleClockOptions {
  /** Mean time between two samples. */
  readonly everyMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** 0.618…: its multiples fall evenly between 0 and 1 and repeat no pattern. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * Comes back at each time to look, until the signal. Each lies in the first half of its own slot of `everyMs`, at a place that
 * changes from slot to slot: the kernel's workers run once a second (vm.stat_interval), and looks at the same beat would always see
 * the same phase. A slot that is over before it is looked at is left out, never caught up.
 */
export async function* sampleTimes(options: SampleClockOptions): AsyncGenerator<number> {
  const { everyMs, signal, now = () => performance.now(), wait = waitFor } = options;
  const startMs = now();
  for (let slot = 0; signal?.aborted !== true; ) {
    yield slot;
    slot = Math.max(slot + 1, Math.floor((now() - startMs) / everyMs));
    const place = slot + ((slot * goldenRatio) % 1) / 2;
    await wait(Math.max(0, startMs + place * everyMs - now()), signal);
  }
}

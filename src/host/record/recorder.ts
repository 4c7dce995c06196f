/** What every backend can do. The steps of its plan call these in order. */

import type { Losses } from './losses.ts';
import type { Change, RecordPlan, Step } from './plan.ts';
import type { Wanted } from './wanted-events.ts';

export interface Recorder {
  /** Done when events that happen from now on will be taken. */
  start(): Promise<void>;
  /** A text in the recording, at this time. */
  mark(text: string): void;
  /** Events are taken no longer. */
  stop(): Promise<void>;
  /** Writes the recording into its folder. Called while the host's files still are as they were. */
  finish(): Promise<Recorded>;
  /** Ends whatever runs, after an error, and waits for its end: until then it holds what is to be taken back. Never throws. */
  abandon(): Promise<void>;
  /** Bytes taken so far, for progress. */
  readonly bytes: number;
}

export interface Recorded {
  readonly file: string;
  readonly events: number;
  readonly losses: Losses;
}

/** What a backend is asked for. */
export interface RecordOrder {
  /** Of the recording; exists. */
  readonly folder: string;
  readonly wanted: Wanted;
  readonly bufferKilobytesPerCpu: number;
  /** The user's command; empty: none. */
  readonly command: readonly string[];
}

export interface BackendPlan {
  readonly writes: string;
  readonly notes: readonly string[];
  readonly before: readonly Change[];
  /** Each as a shell would do it. */
  readonly start: string;
  readonly stop: string;
  readonly finish: string;
  /** Turn recording on and off, where that is a file. */
  readonly on?: Change;
  readonly off?: Change;
}

/**
 * The whole plan around what a backend does. /proc is saved as near to the recording as can be, after all that turning events on
 * did: the kernel rewrites code for it, with interrupts to every CPU.
 */
export function planAround(backend: BackendPlan, order: RecordOrder): RecordPlan {
  const { on, off } = backend;
  const steps: Step[] = [
    ...backend.before,
    { do: 'start', line: backend.start },
    { do: 'save', to: 'proc-start' },
    ...(on === undefined ? [] : [on]),
    { do: 'snapshot', label: 'start' },
    { do: 'command', words: order.command },
    { do: 'snapshot', label: 'end' },
    ...(off === undefined ? [] : [off]),
    { do: 'save', to: 'proc-end' },
    { do: 'stop', line: backend.stop },
    { do: 'finish', line: backend.finish },
  ];
  return { writes: backend.writes, notes: [...backend.notes, ...order.wanted.lacking], steps };
}

/** What the measuring thread and a busy worker tell each other, in one shared block. */

/** Words of the control block. */
export const Control = { state: 0, round: 1 } as const;
export const controlBytes = 8;

/** `state` of a busy worker. */
export const State = { starting: 0, running: 1, stop: 2, failed: 3 } as const;

export interface BusyOrder {
  readonly cpu: number;
  readonly control: SharedArrayBuffer;
  /** Lines to write each time `round` becomes odd; it is made even when they are written. null: only spin. */
  readonly lines: SharedArrayBuffer | null;
  /** Words from one line to the next. */
  readonly stride: number;
}

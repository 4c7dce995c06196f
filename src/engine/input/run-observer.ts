/**
 * Who watches a simulated run from outside: the story of one drain, the live view, the recording that is
 * written. Each method is optional; a run without an observer pays one comparison for it.
 */

import type { Nanoseconds } from '../../base/units.ts';
import type { DrainRequest } from './drain-request.ts';

/** Steps of one drain, in the order in which they can happen. `value` in the comments. */
export const drainSteps = [
  /** Reclaim ended with progress, the retry failed. Pages reclaimed. */
  'requested',
  /** Another drain runs: returned at once. */
  'turned-away',
  /** Waits for the drain that runs. */
  'waits-for-turn',
  /** Looked at the lists. CPUs that hold pages. */
  'scanned',
  /** Asked for a mask. Bytes. */
  'mask-asked',
  /** Got it. MaskSource. */
  'mask-got',
  'mask-failed',
  /** Policy chose. CPUs. */
  'chosen',
  /** Interrupts sent or works queued. Hardware sends, or works. */
  'sent',
  /** CPU `cpu` left its idle state. Exit latency in ns. */
  'idle-left',
  /** Handler, worker or lock section on CPU `cpu` begins. Pages on its lists. */
  'began-on',
  /** … and ends. Pages given back. */
  'ended-on',
  /** The requester's own part. Pages given back. */
  'own-part',
  /** All answers are in. Pages back in all. */
  'ended',
  /** The retry. 1: got its page. */
  'retried',
] as const;
export type DrainStep = (typeof drainSteps)[number];

export interface RunObserver {
  /** As a policy sees it; the object is reused. */
  drainRequested?(request: DrainRequest): void;
  drainStep?(drain: number, step: DrainStep, timeNs: Nanoseconds, cpu: number, value: number): void;
  /**
   * One event of the kinds of event-log.ts (`Kind`), with its columns, in the order in which they happen.
   * `zone` is a position in the machine's zones where the kind has a zone pointer (a or b), -1: every zone.
   */
  event?(
    kind: number,
    timeNs: Nanoseconds,
    cpu: number,
    pid: number,
    pfn: number,
    order: number,
    a: number,
    b: number,
    c: number,
  ): void;
  /** Called every `sampleNs` of simulated time, with the live state (read only). */
  readonly sampleNs?: Nanoseconds;
  sample?(timeNs: Nanoseconds): void;
}

/**
 * Which requests would have returned at once, had only one drain been allowed at a time (the kernel's
 * pcpu_drain_mutex, 4.11 on): modelled, since it takes the recorded durations for those of another policy.
 */

import type { Nanoseconds } from '../../base/units.ts';
import type { DrainRequest } from '../input/drain-request.ts';

export class TurnKeeper {
  private busyUntilNs: Nanoseconds = -1;

  /** Call in order of time. `endNs` -1: the end is not known, and the drain counts as instant. */
  wouldReturn(request: Pick<DrainRequest, 'timeNs' | 'zone' | 'forced'>, endNs: Nanoseconds): boolean {
    const waits = request.zone >= 0 || request.forced;
    if (!waits && request.timeNs < this.busyUntilNs) return true;
    const start = Math.max(request.timeNs, this.busyUntilNs);
    this.busyUntilNs = start + Math.max(0, endNs - request.timeNs);
    return false;
  }
}

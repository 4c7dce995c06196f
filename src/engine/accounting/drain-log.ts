/** One row for each drain that was asked for, in columns: what intervals, stalls and the run hash are made of. */

import type { CpuIndex, Nanoseconds } from '../../base/units.ts';

export const DrainStatus = {
  /** Somebody drained, or looked at every list and found them empty. */
  carriedOut: 0,
  /** The recorded kernel sent the caller away at once, since another drain was running. */
  turnedAway: 1,
} as const;
export type DrainStatus = (typeof DrainStatus)[keyof typeof DrainStatus];

export interface DrainRow {
  readonly timeNs: Nanoseconds;
  /** -1: the recording does not show it. */
  readonly endNs: Nanoseconds;
  readonly cpu: CpuIndex;
  readonly status: DrainStatus;
  /** CPUs known to hold pages. */
  readonly holders: number;
  /** CPUs of which it is not known. */
  readonly unknown: number;
}

export class DrainLog {
  length = 0;
  timeNs: Float64Array = new Float64Array(256);
  endNs: Float64Array = new Float64Array(256);
  cpu: Int32Array = new Int32Array(256);
  status: Uint8Array = new Uint8Array(256);
  holders: Int32Array = new Int32Array(256);
  unknown: Int32Array = new Int32Array(256);
  /** Interrupts of each policy, the upper bound where holders are not known. */
  readonly interrupts: Int32Array[];

  constructor(policyCount: number) {
    this.interrupts = Array.from({ length: policyCount }, () => new Int32Array(256));
  }

  /** Adds a row; returns its position, at which `interrupts` are to be filled. */
  add(row: DrainRow): number {
    const at = this.length++;
    if (at === this.timeNs.length) this.grow();
    this.timeNs[at] = row.timeNs;
    this.endNs[at] = row.endNs;
    this.cpu[at] = row.cpu;
    this.status[at] = row.status;
    this.holders[at] = row.holders;
    this.unknown[at] = row.unknown;
    return at;
  }

  private grow(): void {
    const size = this.timeNs.length * 2;
    this.timeNs = grown(this.timeNs, new Float64Array(size));
    this.endNs = grown(this.endNs, new Float64Array(size));
    this.cpu = grown(this.cpu, new Int32Array(size));
    this.status = grown(this.status, new Uint8Array(size));
    this.holders = grown(this.holders, new Int32Array(size));
    this.unknown = grown(this.unknown, new Int32Array(size));
    for (let p = 0; p < this.interrupts.length; p++) {
      this.interrupts[p] = grown(this.interrupts[p], new Int32Array(size));
    }
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** One drain of the recording, while the events that belong to it are collected. */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';
import type { DrainCause } from '../input/drain-request.ts';
import type { LightDrain } from './light-drain.ts';
import type { Look } from './looks.ts';

export class Drain {
  number = 0;
  timeNs: Nanoseconds = 0;
  endNs: Nanoseconds = -1;
  cpu: CpuIndex = 0;
  pid = 0;
  cause: DrainCause = 'unknown';
  zonePointer = 0;
  zone: ZoneIndex = -1;
  forced = false;
  concurrent = 0;
  /** Kinds of begin events seen, as bits: nested calls of one drain have one each. */
  stages = 0;
  open = true;
  /** The caller walked the lists and is back: what it drains from now on is something else. */
  walked = false;
  sequence = -1;
  /** State when the kernel looked: at the request, until an event tells a later moment. */
  looked: Look | null = null;
  /** State before an interrupt that came between the entry and the event with the holders, and its end. */
  beforeInterrupt: Look | null = null;
  interruptEndNs: Nanoseconds = 0;
  targetsTold = false;
  kernelHoldersTold = false;
  worksOpen = 0;
  turnedAway: boolean | null = null;
  pagesDrained: Pages = 0;
  interruptsSent = -1;
  policy: string | undefined = undefined;
  /** A line of a light recording: no page event tells of the lists, so the kernel's own set is what is known. */
  light: LightDrain | null = null;
  readonly targets: BitSet;
  readonly kernelHolders: BitSet;

  constructor(cpuCount: number) {
    this.targets = new BitSet(cpuCount);
    this.kernelHolders = new BitSet(cpuCount);
  }
}

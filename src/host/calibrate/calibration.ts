/**
 * What `drainlab calibrate` found on a host, as one versioned object, `drainlab.calibration/1`. docs/calibrate.md says how
 * each figure is measured and what makes it count.
 */

import type { Nanoseconds } from '../../base/units.ts';

export const calibrationSchema = 'drainlab.calibration/1';

export interface Calibration {
  schema: typeof calibrationSchema;
  host: CalibratedHost;
  /** What this host did not allow, and what must be read with the figures. */
  warnings: string[];
  /** A membarrier that interrupts 0, 1, 2, 4, … CPUs. */
  roundTrips: RoundTrip[];
  /** Reading lines as a drain reads counts; null: not measured (one CPU). */
  lines: LineCosts | null;
  /** What the kernel declares of its idle states; nothing here is measured. */
  idleStates: DeclaredIdleState[];
  /** For scenarios. Empty when nothing counted. */
  costs: CalibratedCost[];
}

export interface CalibratedHost {
  name: string;
  kernel: string;
  processor: string;
  /** The processor says that a hypervisor runs it. */
  virtual: boolean;
  /** CPU that asked, and CPUs that could be interrupted, as the kernel writes lists. */
  cpu: number;
  targets: string;
  /** Of the time of these CPUs while it measured: taken away by the hypervisor (steal of /proc/stat). */
  stealPercent: number | null;
}

/** Middle and ends of what was measured: half of the batches took at most `median`, a tenth at most `low`, nine tenths at most `high`. */
export interface Spread {
  median: Nanoseconds;
  low: Nanoseconds;
  high: Nanoseconds;
}

export interface RoundTrip {
  /** CPUs that one call interrupts. */
  targets: number;
  batches: number;
  callsPerBatch: number;
  /** Batches of which /proc/interrupts confirms that every call interrupted each target once, and nobody else. */
  counted: number;
  /** Interrupts that arrived at the targets, by call and target, over all batches; 1 when all is well. */
  arrivedPerCall: number;
  /** Time of one call over the counted batches; null: too few counted. */
  callNs: Spread | null;
}

export interface LineCosts {
  /** CPU that writes them. */
  writer: number;
  /** Lines read in one round, each on a page of its own. */
  lines: number;
  rounds: number;
  /** One line that another CPU has just written. */
  remoteNs: Spread;
  /** One line that this CPU has just read. */
  ownNs: Spread;
  /** An atomic addition on a line that another CPU has just written. */
  remoteAtomicNs: Spread;
  /** False where the two CPUs share a cache: the figures then say nothing of a large machine. */
  counts: boolean;
}

export interface DeclaredIdleState {
  name: string;
  /** `latency` and `residency` of cpuidle in sysfs, µs. */
  exitUs: number;
  residencyUs: number;
}

/** One line of the cost table for scenarios. */
export interface CalibratedCost {
  name: string;
  ns: Nanoseconds;
  /** How it comes about: measured as it is, or the model's default scaled so that a measured sum comes out. */
  basis: 'measured' | 'scaled';
  from: string;
}

/** Fewer counted batches say too little. */
export const countedMin = 20;

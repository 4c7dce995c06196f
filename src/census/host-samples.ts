/**
 * Many looks at one running host as one versioned object, `drainlab.samples/1`: how often are how many CPUs empty.
 * docs/result-format.md describes every field.
 */

import type { Interval } from '../engine/accounting/interval.ts';

export const samplesSchema = 'drainlab.samples/1';

export interface HostSamples {
  schema: typeof samplesSchema;
  source: { kind: 'host'; name: string; kernel: string };
  /** The answer in sentences, the leading one first. */
  answers: string[];
  warnings: string[];
  caveats: string[];
  timing: SampleTiming;
  cpus: SampleCpus;
  /** [n0, n1, …]: samples in which 0, 1, … CPUs were empty. */
  empty: number[];
  /** The same in at most 18 ranges (on up to 16 CPUs each number by itself), none of which reaches over the half. */
  distribution: EmptyRange[];
  /** Samples in which at least half of the online CPUs were empty: two-pass uses a mask. */
  halfEmpty: Share;
  /** Mean share of the CPUs that were empty. */
  meanEmpty: MeanShare;
  housekeeping: MeanShare & { allEmpty: Share };
  /** null: no CPU is isolated. */
  isolated: (MeanShare & { allEmpty: Share }) | null;
  byCpu: CpuSamples[];
  load: SampleLoad;
  self: SampleSelf;
}

export interface SampleTiming {
  samples: number;
  asked: number;
  everyMs: number;
  /** From the first sample to the last. */
  seconds: number;
  /** Between two samples. */
  gapMs: { least: number; mean: number; most: number } | null;
  /** Reading of one sample, from its first byte to its last. */
  readMs: { mean: number; most: number };
  /** How many samples that do not depend on each other the empty CPUs are worth; null: their number never changed. */
  effectiveSamples: number | null;
}

export interface SampleCpus {
  /** CPUs that were online in some sample, and in how many samples a CPU had come or gone since the sample before. */
  online: string;
  onlineCount: { least: number; most: number };
  changes: number;
  isolated: string;
}

export interface Share {
  samples: number;
  percent: number;
  /** 95 %, in percent; null: fewer than 20 samples. */
  interval: Interval | null;
}

export interface EmptyRange extends Share {
  /** CPUs that held nothing: from … to, both included. */
  from: number;
  to: number;
}

export interface MeanShare {
  percent: number | null;
  interval: Interval | null;
}

export interface CpuSamples {
  cpu: number;
  isolated: boolean;
  /** Samples in which it was online, and of those empty. */
  online: number;
  empty: number;
  percent: number;
  interval: Interval | null;
  meanPages: number;
}

export interface SampleLoad {
  loadAverage: { first: number; last: number } | null;
  runningTasks: { mean: number; most: number } | null;
  allocationStalls: { total: number; perSecond: number } | null;
  /** Of the time, in percent: some task, all tasks waited for memory (from the µs that the kernel counts). */
  pressure: { somePercent: number; fullPercent: number } | null;
}

/** What the looking itself cost, and where it ran. */
export interface SampleSelf {
  cpuMs: number;
  kernelMs: number;
  corePercent: number;
  residentBytes: number;
  /** CPUs on which it was allowed to run; '' : not known. */
  allowed: string;
  /** Of these, isolated ones: it could not be kept off them. '' : none. */
  onAvoided: string;
  /** In how many samples it ran on each CPU. */
  ranOn: Array<{ cpu: number; samples: number }>;
  said: string;
}

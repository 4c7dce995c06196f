/**
 * What a host that is looked at again and again says, as JSON: `watch --json` prints it, `serve` sends it as events, the page reads
 * it. docs/result-format.md describes every field. null: the host does not let it be read.
 */

import type { MemoryPressure } from './host-snapshot.ts';
import type { InterruptKind } from './interrupts.ts';

/** Sent first, and again when CPUs or zones have changed. */
export interface HostJson {
  readonly schema: 'drainlab.host/1';
  readonly name: string;
  readonly kernel: string;
  /** CPU lists as the kernel writes them. */
  readonly possible: string;
  readonly isolated: string;
  readonly nohzFull: string;
  /** By CPU; -1: not known. */
  readonly nodeOfCpu: readonly number[];
  readonly zones: ReadonlyArray<{
    readonly node: number;
    readonly name: string;
    readonly managedPages: number | null;
  }>;
}

export interface SampleJson {
  readonly schema: 'drainlab.sample/1';
  /** 1, 2, …. */
  readonly number: number;
  /** Since sampling began, by the monotonic clock, and since the sample before. */
  readonly timeMs: number;
  readonly sinceMs: number;
  /** From the first byte read to the last. */
  readonly readMs: number;
  readonly online: string;
  readonly cpus: {
    readonly online: number;
    readonly empty: number;
    readonly isolatedOnline: number;
    readonly isolatedEmpty: number;
    readonly parkedPages: number;
  };
  readonly zones: ReadonlyArray<ZoneJson>;
  /** Of the newest reading; null: only one so far, or none. */
  readonly interrupts: InterruptsJson | null;
  readonly load: {
    readonly loadAverage: number | null;
    readonly runningTasks: number | null;
    /** Direct reclaims since the sample before. */
    readonly allocationStalls: number | null;
    readonly pressure: MemoryPressure | null;
  };
  /** null: not traced. */
  readonly drains: {
    readonly directReclaims: number;
    readonly drains: number | null;
    readonly lost: number;
  } | null;
}

export interface ZoneJson {
  readonly node: number;
  readonly name: string;
  readonly freePages: number | null;
  readonly minPages: number | null;
  readonly lowPages: number | null;
  readonly highPages: number | null;
  /** Pages on the list of each online CPU, ascending. */
  readonly lists: ReadonlyArray<number | null>;
}

export interface KindCountJson {
  readonly all: number;
  readonly isolated: number;
}

export interface InterruptsJson {
  readonly timeMs: number;
  /** Counted over so much time. */
  readonly sinceMs: number;
  readonly byKind: Readonly<Partial<Record<InterruptKind, KindCountJson>>>;
  /** By online CPU: those that another CPU sends. */
  readonly crossCpu: readonly number[];
  /** Counters that went backwards and are left out. */
  readonly backwards: number;
}

/** What drainlab itself costs, all its threads and everything that it sends included. */
export interface CostJson {
  readonly schema: 'drainlab.cost/1';
  /** Percent of one CPU, over this time. */
  readonly corePercent: number;
  readonly overMs: number;
  readonly residentBytes: number;
}

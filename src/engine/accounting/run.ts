/**
 * What one simulated run leaves: one policy, one seed. Written by simulate.ts only; the report reads it.
 * Drains are columns, one row a call of the drain function, in order of the calls.
 */

import type { Policy } from '../policy/policy.ts';

export const DrainResult = {
  /** Looked and disturbed whoever the policy chose. */
  done: 0,
  /** Another drain ran and this one returned at once. */
  busy: 1,
  /** The mask could not be allocated: everyone was disturbed. */
  fellBack: 2,
  /** Two-pass: not enough CPUs were empty, everyone was disturbed by choice. */
  everyoneByChoice: 3,
  /** Not over when the run ended. */
  unfinished: 4,
} as const;
export type DrainResult = (typeof DrainResult)[keyof typeof DrainResult];

/** Where a mask came from. */
export const MaskSource = {
  none: 0,
  /** Static, or on the stack: no allocation. */
  noAllocation: 1,
  /** SLAB: the CPU's array. SLUB: the CPU's slab or partial list. */
  cpuCache: 2,
  /** SLAB: array shared by the node, partial or free slabs. SLUB: the node's partial list. */
  nodeCache: 3,
  /** The page allocator, above the min watermark. */
  pageAllocator: 4,
  /** The page allocator, below the min watermark: from the reserve. */
  reserve: 5,
  failed: 6,
} as const;
export type MaskSource = (typeof MaskSource)[keyof typeof MaskSource];

/** Did the caller get its page at the retry right after the drain? */
export const Retry = { notTried: 0, got: 1, failed: 2 } as const;

/** Columns; `length` rows are valid. */
export interface DrainColumns {
  length: number;
  timeNs: Float64Array;
  /** -1: not over. */
  endNs: Float64Array;
  cpu: Int32Array;
  task: Int32Array;
  /** Position in `drainCauses`. */
  cause: Uint8Array;
  zone: Int32Array;
  forced: Uint8Array;
  result: Uint8Array;
  retry: Uint8Array;
  /** Online CPUs that held pages when the call looked (busy: when it was turned away). */
  holders: Int32Array;
  /** Of these: isolated. */
  isolatedHolders: Int32Array;
  /** Did the requester's own CPU hold pages? */
  requesterHeld: Uint8Array;
  holderPages: Int32Array;
  online: Int32Array;
  /** CPUs chosen, the requester's own included. */
  targets: Int32Array;
  /** Other CPUs that were interrupted. */
  interrupts: Int32Array;
  /** Of all other CPUs that were disturbed (interrupt, worker or lock): found nothing on their lists. */
  useless: Int32Array;
  workers: Int32Array;
  locked: Int32Array;
  isolatedDisturbed: Int32Array;
  /** Of the interrupted: woken from an idle state. */
  idleWoken: Int32Array;
  hardwareSends: Int32Array;
  maskSource: Uint8Array;
  maskPages: Int32Array;
  maskNs: Float64Array;
  scanNs: Float64Array;
  /** Time of the slowest target from the send to its answer. */
  slowestNs: Float64Array;
  pagesBack: Int32Array;
  /** Free pages of all zones at the call. */
  freePages: Int32Array;
  /** Other drains in progress at the call. */
  concurrent: Int32Array;
}

/** Sums of a run; every name says what and in which unit. */
export interface RunCounters {
  pageOperations: number;
  allocations: number;
  frees: number;
  allocationFailures: number;
  refills: number;
  giveBacks: number;
  allocstall: number;
  directReclaimProgress: number;
  directReclaimNoProgress: number;
  directReclaimNs: number;
  throttled: number;
  kswapdWakes: number;
  kswapdReclaimed: number;
  oomKills: number;
  /** Time that CPUs other than the requester spent on drains: handlers, workers, waking, cache refill. */
  disturbedNs: number;
  isolatedDisturbedNs: number;
  /** Idle CPUs woken by drains, by idle state (0: shallowest). */
  idleWokenByState: number[];
  lostResidencyNs: number;
  /** Page operations that met a list locked by a remote drain and went to the free lists. */
  lockedOut: number;
  maskPagesHeld: number;
  /** Masks that the x86 send itself allocated, and failures. */
  sendMaskAllocations: number;
  sendMaskFailures: number;
  strandedPagesEnd: number;
}

export interface Run {
  readonly policy: Policy;
  readonly seed: number;
  readonly simulatedNs: number;
  readonly events: number;
  readonly endedBy: 'time' | 'max-events' | 'stopped' | 'all-tasks-dead';
  readonly drains: DrainColumns;
  /** How often each CPU held pages at a drain that looked. */
  readonly heldByCpu: Int32Array;
  readonly counters: RunCounters;
  /** Eight hexadecimal digits over drains and counters. */
  readonly hash: string;
}

/**
 * The seam of the whole product: somebody asks that the per-CPU page lists be drained. Replay and
 * simulation make requests, policies answer them, the ledger counts the answers.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';

/** Who asked (kernel-facts: callers of drain_all_pages). `unknown`: the recording does not tell. */
export const drainCauses = [
  'direct-reclaim',
  'compaction',
  'memory-offline',
  'memory-failure',
  'soft-offline',
  'contiguous-range',
  'cpu-offline',
  'debug-read',
  'unknown',
] as const;
export type DrainCause = (typeof drainCauses)[number];

/**
 * One request, with the lists as they were when the recorded kernel looked at them: at the request itself, or where it
 * waited for its turn, or counted in an event of its own, at that moment. The object
 * and its sets are reused for the next request: copy what you keep.
 */
export interface DrainRequest {
  /** 0, 1, 2, … in order of time. */
  readonly number: number;
  readonly timeNs: Nanoseconds;
  /** CPU that asks. */
  readonly cpu: CpuIndex;
  readonly pid: number;
  readonly cause: DrainCause;
  /** The zone asked for, or -1 for every zone. */
  readonly zone: ZoneIndex;
  /** The kernel disturbs every CPU here whatever they hold (zone_pcp_disable). */
  readonly forced: boolean;
  readonly online: BitSet;
  readonly isolated: BitSet;
  /** Pages on each CPU's lists that this request concerns; never negative. */
  readonly pages: Int32Array;
  /** The recording tells who held pages and not how many: `pages` is 1 for each holder. Absent: they are known. */
  readonly pagesNotKnown?: boolean;
  /** CPUs whose `pages` are more than 0 as far as is known. */
  readonly holders: BitSet;
  /** CPUs of which it is not known whether they hold pages (no snapshot and no drain so far). Never also in `holders`. */
  readonly unknown: BitSet;
  /** Other requests that had begun and not ended at this moment. */
  readonly concurrent: number;
}

/** What the recorded kernel did with a request, as far as the recording tells. Reused like the request. */
export interface DrainOutcome {
  /** Number of the request. */
  readonly number: number;
  /** End of the call, or -1 when the recording does not show it. */
  readonly endNs: Nanoseconds;
  /** CPUs whose lists the kernel really drained or tried to: works queued, lists locked, CPUs interrupted. null: not told. */
  readonly targets: BitSet | null;
  /** CPUs that held pages by the kernel's own look (pcp_drain_begin's holders_mask). null: not told. */
  readonly kernelHolders: BitSet | null;
  /** The request's holders, for whoever sees the outcome only: what is compared with the kernel's word. */
  readonly rebuiltHolders: BitSet;
  /** Did the kernel turn the caller away because another drain was running? null: not told. */
  readonly turnedAway: boolean | null;
  /** `turnedAway` follows from circumstances (another drain ran at the call), not from an event. */
  readonly turnedAwayInferred?: boolean;
  /** `endNs` is the return of the call itself. Absent: the last event of the drain, where the requester does the work. */
  readonly returnTold?: boolean;
  /** Pages that the drain brought back to the free lists; -1: not told. */
  readonly pagesDrained: Pages;
  /** Interrupts that the kernel sent for it to other CPUs; -1: not told. */
  readonly interruptsSent: number;
  /** Built-in policy by which the kernel drained (`worker`, `remote`; patched kernels: also the others). Absent: not told. */
  readonly kernelPolicy?: string;
}

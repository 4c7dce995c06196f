/**
 * The census of one host as one versioned object, `drainlab.census/1`: who holds pages now, and what a drain would do
 * here. docs/result-format.md describes every field.
 */

import type { Basis } from '../engine/report/verdict.ts';

export const censusSchema = 'drainlab.census/1';

export interface HostCensus {
  schema: typeof censusSchema;
  source: CensusSource;
  /** The answer in sentences, the leading one first. */
  answers: string[];
  /** What comes before the answer: files missing or cut. */
  warnings: string[];
  /** What must be read with it. */
  caveats: string[];
  cpus: CensusCpus;
  zones: CensusZone[];
  /** One row a NUMA node: CPUs with pages in zones of that node. */
  nodes: CensusNode[];
  /** CPUs by what they hold in all zones together: what a drain of every zone looks at. */
  holders: CensusHolders;
  /** Pages on the lists of each CPU in all zones, by CPU number; null: not online. */
  pagesByCpu: Array<number | null>;
  parked: CensusParked;
  /** A drain of every zone, asked for now, under each policy. */
  policies: CensusPolicy[];
  twoPass: CensusTwoPass;
  mask: CensusMask;
}

export interface CensusSource {
  kind: 'host' | 'snapshot' | 'sosreport';
  name: string;
  /** Path as it was named; '' for this host. */
  path: string;
  kernel: string;
  architecture: string;
}

export interface CensusCpus {
  /** CPU lists as the kernel writes them, and how many CPUs are in each. */
  possible: string;
  possibleCount: number;
  online: string;
  onlineCount: number;
  isolated: string;
  isolatedCount: number;
  nohzFull: string;
  nohzFullCount: number;
  /** CONFIG_NR_CPUS; null: not known. */
  nrCpus: number | null;
}

export interface CensusZone {
  node: number;
  name: string;
  managedPages: number;
  freePages: number;
  /** Watermarks in pages; null: not printed. */
  min: number | null;
  low: number | null;
  high: number | null;
  /** Online CPUs that have a list here, and how many of these lists are empty. */
  lists: number;
  empty: number;
  emptyPercent: number | null;
  parkedPages: number;
  /** Pages on the fullest list. */
  mostPages: number;
  /** Refill size, and the smallest and the largest limit of a list; null: not printed. */
  batch: number | null;
  listHighMin: number | null;
  listHighMax: number | null;
}

export interface CensusNode {
  node: number;
  zones: string[];
  /** Online CPUs, and those of them that hold no page in any zone of this node. */
  cpus: number;
  empty: number;
  parkedPages: number;
}

export interface CensusHolders {
  online: number;
  holding: number;
  empty: number;
  emptyPercent: number | null;
  /** CPUs that hold pages, as the kernel writes lists. */
  holdingCpus: string;
  /** Isolated and nohz_full CPUs apart from the others. */
  isolated: { online: number; empty: number };
  housekeeping: { online: number; empty: number };
}

export interface CensusParked {
  pages: number;
  bytes: number;
  /** Of all managed pages. */
  percentOfMemory: number | null;
  /** Sum of the zones' watermarks in pages, and parked pages in percent of each. */
  minPages: number | null;
  lowPages: number | null;
  percentOfMin: number | null;
  percentOfLow: number | null;
  freePages: number;
}

export interface CensusPolicy {
  name: string;
  /** The policy of this host's kernel, by its version. */
  isKernels: boolean;
  /**
   * Interrupts to other CPUs: least and most over the CPUs that could ask (its own part is no interrupt).
   * exact for the lists as they were read.
   */
  interrupts: readonly [least: number, most: number];
  workers: number;
  locked: number;
  /** CPUs disturbed that hold nothing. */
  useless: number;
  isolatedDisturbed: number;
  maskAllocated: boolean;
  pagesBack: number;
  strandedPages: number;
  basis: Basis;
}

export interface CensusTwoPass {
  share: number;
  empty: number;
  /** Empty CPUs that it needs to use a mask. */
  needed: number;
  decision: 'mask' | 'everyone';
  /** How many CPUs would have to change for the other decision. */
  marginCpus: number;
}

export interface CensusMask {
  nrCpus: number | null;
  /** Size of a set of CPUs for this kernel; null: NR_CPUS is not known. */
  bytes: number | null;
  where: 'stack' | 'heap' | 'not-known';
  /** Object size of the kmalloc cache that serves it; 0 on the stack. */
  cacheBytes: number | null;
  /** How this is known: `configuration`, `kernel_max and the rules of kernel X`, … */
  from: string;
}

/**
 * The census of one host as one versioned object, `drainlab.census/1`: who holds pages now, and what a drain would do
 * here. docs/result-format.md describes every field, docs/census.schema.json checks it.
 */

import type { Basis } from '../engine/report/verdict.ts';

export const censusSchema = 'drainlab.census/1';

/** Least and most: over the CPUs that could ask, and over what the CPUs of which nothing is known may hold. */
export type Bounds = readonly [least: number, most: number];

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
  /** vm.* settings that bear on the lists and the watermarks, by name, where they were readable. */
  settings: Record<string, number>;
  zones: CensusZone[];
  /** One row a NUMA node that has a populated zone. */
  nodes: CensusNode[];
  /** CPUs by what they hold in all zones together: what a drain of every zone looks at. */
  holders: CensusHolders;
  /** Pages on the lists of each CPU in all zones, by CPU number; null: not online, or no count of it was printed. */
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
  /** File of each of the sets, or how it was inferred. */
  from: Record<'possible' | 'online' | 'isolated' | 'nohzFull' | 'nrCpus', string>;
}

/** One zone that has lists. */
export interface CensusZone {
  node: number;
  name: string;
  /** null: not printed (up to 3.8). */
  managedPages: number | null;
  freePages: number | null;
  /** Watermarks in pages; null: not printed. */
  min: number | null;
  low: number | null;
  high: number | null;
  /** Online CPUs of which the count here was printed, and how many of these lists are empty. */
  lists: number;
  empty: number;
  emptyPercent: number | null;
  parkedPages: number;
  /** Pages on the fullest list. */
  mostPages: number;
  /** Refill size; the smallest and the largest limit of a list now; null: not printed. */
  batch: number | null;
  listHighLeast: number | null;
  listHighMost: number | null;
  /** Bounds between which the limit floats (printed from 6.13 on); null: not printed. */
  listHighMin: number | null;
  listHighMax: number | null;
}

export interface CensusNode {
  node: number;
  zones: string[];
  /** Online CPUs of which every count in this node's zones was printed, and those that hold no page in any of them. */
  cpus: number;
  empty: number;
  /** The same among the CPUs of this node; null: no file tells which CPUs are of it. */
  ownCpus: number | null;
  ownEmpty: number | null;
  parkedPages: number;
}

export interface CensusHolders {
  online: number;
  holding: number;
  empty: number;
  /** Online CPUs that have no page on the lists that were printed, and lists that were not. */
  notKnown: number;
  /** Of those that are known. */
  emptyPercent: number | null;
  /** CPUs that hold pages, as the kernel writes lists. */
  holdingCpus: string;
  /** Isolated and nohz_full CPUs apart from the others. */
  isolated: { online: number; empty: number; notKnown: number };
  housekeeping: { online: number; empty: number; notKnown: number };
}

export interface CensusParked {
  pages: number;
  /** null: the size of a page is not known. */
  bytes: number | null;
  pageBytes: number | null;
  /** How the size of a page is known. */
  pageBytesFrom: string;
  /** Of all managed pages; null: not printed. */
  percentOfMemory: number | null;
  /** Sum of the zones' watermarks in pages, and parked pages in percent of each. */
  minPages: number | null;
  lowPages: number | null;
  percentOfMin: number | null;
  percentOfLow: number | null;
  freePages: number | null;
}

export interface CensusPolicy {
  name: string;
  /** The policy of this host's kernel, by its version. */
  isKernels: boolean;
  /** Interrupts to other CPUs; the asking CPU's own part is none. */
  interrupts: Bounds;
  /** Other CPUs that are interrupted, get work queued or have their lists locked. */
  disturbed: Bounds;
  /** Of these, CPUs that hold nothing. */
  useless: Bounds;
  /** Isolated and nohz_full CPUs among `disturbed`. */
  isolatedDisturbed: Bounds;
  /** Works queued, the asking CPU's own included. */
  workers: Bounds;
  /** Lists of other CPUs that are locked from afar. */
  locked: Bounds;
  /** A set of CPUs is asked of the allocator. */
  maskAllocated: boolean;
  /** Pages of the counts that were printed. */
  pagesBack: Bounds;
  strandedPages: Bounds;
  /** exact for the lists as they were read; not-known: some counts are missing, the bounds are wider for it. */
  basis: Basis;
}

export interface CensusTwoPass {
  /** Share of the online CPUs that must be empty for a mask. */
  share: number;
  empty: number;
  /** Empty CPUs that it needs to use a mask. */
  needed: number;
  decision: 'mask' | 'everyone' | 'not-known';
  /** How many CPUs would have to change for the other decision; null: not known, or no change brings it. */
  marginCpus: number | null;
}

export interface CensusMask {
  nrCpus: number | null;
  /** Size of a set of CPUs that a drain would allocate or keep on its stack; null: not known. */
  bytes: number | null;
  where: 'stack' | 'heap' | 'not-known';
  /** Object size of the kmalloc cache that serves it; 0 on the stack; null: not known. */
  cacheBytes: number | null;
  /** Size of the static set of 3.4 and later, whatever the above; null: NR_CPUS is not known. */
  staticBytes: number | null;
  /** How this is known. */
  from: string;
}

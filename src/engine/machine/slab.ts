/**
 * The kmalloc cache from which an off-stack mask comes, shared with everybody else who asks for objects of
 * that size. slab-array.ts follows SLAB, slub.ts SLUB, slub-sheaves.ts SLUB from 7.0; all of them take
 * whole pages from the page allocator only when nothing is left in the cache.
 */

import type { Nanoseconds, Pages, Pfn } from '../../base/units.ts';
import type { MaskSource } from '../accounting/run.ts';
import type { KernelSpec } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import { SlabArray, type SlabArraySpec } from './slab-array.ts';
import { Slub } from './slub.ts';
import { SlubSheaves } from './slub-sheaves.ts';

/** The page allocator as a cache sees it. How deep a request may dig is the caller's affair. */
export interface SlabPages {
  /** First page of a block of 2^order pages for this CPU, or -1. */
  take(cpu: number, order: number): Pfn;
  give(pfn: Pfn, order: number): void;
  /** The last `take` left the zone below its min watermark. */
  readonly tookReserve: boolean;
}

/** Which CPUs and nodes share the cache. */
export interface SlabSpec {
  readonly objectBytes: number;
  /** Possible CPUs. */
  readonly cpus: number;
  readonly nodes: number;
  readonly nodeOfCpu: Int32Array;
}

export interface SlabCache {
  /** Where the object of the last `allocate` came from. */
  readonly lastSource: MaskSource;
  /** Pages that the last `allocate` took from the page allocator. */
  readonly lastPages: Pages;
  /** Pages that the cache has now. */
  readonly pagesHeld: Pages;
  /** Objects that callers hold now. */
  readonly objectsHeld: number;
  readonly spec: SlabSpec;
  /** An object for a request on `cpu`, or -1 when the page allocator refused. */
  allocate(cpu: number): number;
  free(cpu: number, object: number): void;
  /** First page of the slab in which the object lies. */
  pfnOf(object: number): Pfn;
  /** SLAB's timer on one CPU, to be called each `reapNs`; does nothing under SLUB. */
  reap(cpu: number, timeNs: Nanoseconds): void;
  /** The CPU went offline: what it keeps goes back to its node. */
  flushCpu(cpu: number): void;
}

/** Time between two passes of SLAB's timer on a CPU (REAPTIMEOUT_CPUC, mm/slab.c). */
export const reapNs: Nanoseconds = 2e9;

/** An empty cache of objects of `spec.objectBytes` as this kernel keeps it. */
export function createSlabCache(
  kernel: Pick<KernelSpec, 'slab'>,
  rules: KernelRules,
  spec: SlabSpec,
  pages: SlabPages,
): SlabCache {
  if (kernel.slab === 'slub')
    return rules.slubPartial === 'sheaves' ? new SlubSheaves(spec, pages) : new Slub(spec, rules, pages);
  return new SlabArray(slabArraySpec(spec, rules), pages);
}

/**
 * Before 3.13 a slab had a head of its own, from 512 bytes of object size on outside the slab, in an object of a
 * smaller cache. Later the list of free objects lies in the slab's page data or in a free object.
 */
function slabArraySpec(spec: SlabSpec, rules: KernelRules): SlabArraySpec {
  return { ...spec, slabHead: !kernelAtLeast(rules.version, '3.13') };
}

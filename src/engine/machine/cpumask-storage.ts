/**
 * Where a set of CPUs (`cpumask_var_t`, include/linux/cpumask.h) lives and how large it is. Without
 * CONFIG_CPUMASK_OFFSTACK it is part of the stack frame and cannot fail; with it the frame holds a pointer
 * and the set comes from kmalloc. The heap size followed NR_CPUS up to about 4.0, the possible CPUs since.
 */

import type { KernelSpec } from '../input/scenario.ts';
import type { Mask } from '../policy/policy.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';

export interface MaskStorage {
  /** `static`: in the kernel's BSS; `none`: the policy has no set of CPUs. */
  readonly where: 'stack' | 'heap' | 'static' | 'none';
  /** Size of the set itself. */
  readonly bytes: number;
  /** Object size of the kmalloc cache that serves it; 0 when it is not on the heap. */
  readonly cacheBytes: number;
  /** What a drain takes of its task's stack for the set: all of it, or the pointer to it. */
  readonly stackBytes: number;
}

const pointerBytes = 8;

/** `sizeof(struct cpumask)`: whole words of 64 bits. */
export function maskTypeBytes(cpus: number): number {
  return Math.ceil(cpus / 64) * 8;
}

/** Storage of the set that a policy of this `mask` kind uses, on this kernel with CPUs 0 … possibleCpus-1. */
export function maskStorage(
  kernel: Pick<KernelSpec, 'nrCpus' | 'offstack' | 'slab' | 'maskBytes'>,
  rules: KernelRules,
  possibleCpus: number,
  mask: Mask = 'allocated',
): MaskStorage {
  if (mask === 'none') return { where: 'none', bytes: 0, cacheBytes: 0, stackBytes: 0 };
  const full = maskTypeBytes(kernel.nrCpus);
  if (mask === 'static') return { where: 'static', bytes: full, cacheBytes: 0, stackBytes: 0 };
  if (!kernel.offstack) return { where: 'stack', bytes: full, cacheBytes: 0, stackBytes: full };
  const bytes = kernel.maskBytes >= 0 ? kernel.maskBytes : heapMaskBytes(kernel.nrCpus, rules, possibleCpus);
  return {
    where: 'heap',
    bytes,
    cacheBytes: kmallocBytes(bytes, kernel.slab, rules),
    stackBytes: pointerBytes,
  };
}

/** `cpumask_size()` with CONFIG_CPUMASK_OFFSTACK. */
function heapMaskBytes(nrCpus: number, rules: KernelRules, possibleCpus: number): number {
  if (rules.maskSizedBy === 'NR_CPUS') return maskTypeBytes(nrCpus);
  // 6.3: large_cpumask_bits is a constant where four words are enough.
  if (kernelAtLeast(rules.version, '6.3') && nrCpus <= 256) return maskTypeBytes(nrCpus);
  return maskTypeBytes(possibleCpus);
}

/** Object size of the kmalloc cache that serves a request (mm/slab_common.c; include/linux/kmalloc_sizes.h up to 3.9). */
export function kmallocBytes(bytes: number, slab: 'slab' | 'slub', rules: KernelRules): number {
  const least = slab === 'slab' ? 32 : 8;
  // On x86 with lines of 64 bytes SLAB had no cache of 96 bytes before it shared the table of SLUB.
  const has96 = slab === 'slub' || kernelAtLeast(rules.version, '3.10');
  if (bytes > 64 && bytes <= 96 && has96) return 96;
  if (bytes > 128 && bytes <= 192) return 192;
  let size = least;
  while (size < bytes) size *= 2;
  return size;
}

/**
 * The rules of each kernel era, by version: one table that every part of the simulated machine reads.
 * docs/model.md has the source of each line (kernel function and version). A version in between takes
 * the rules of the last turning release before it.
 */

import { DrainlabError, ExitCode } from '../../base/errors.ts';

export interface KernelRules {
  readonly version: string;
  /** Cap of the batch rule in bytes before the division by 4 (zone_batchsize); 6.19 counts differently. */
  readonly batchRule: '512K' | '1M' | '6.19';
  /** How `high` comes about: 6 batches; the low watermark shared by the node's CPUs; floating between two bounds. */
  readonly highRule: 'six-batches' | 'low-watermark' | 'auto';
  /** Highest order kept on the lists (PAGE_ALLOC_COSTLY_ORDER from 5.14), and lists for huge pages. */
  readonly listOrders: 0 | 3;
  readonly hugeLists: 0 | 1 | 2 | 3;
  /** Give-back: round robin that starts after the type used last (`next-type`), or at the list just used (`same-list`). */
  readonly giveBack: 'next-type' | 'same-list';
  /** 5.18 on, before 6.7: a freed order 1–3 page with a raised factor gives the whole list back. */
  readonly highOrderFlush: boolean;
  /** The owner takes its list with a trylock and goes to the free lists when it fails. */
  readonly listLock: boolean;
  /** Pages freed for one hold of the list's lock by a remote drain: batch << scale, or the whole list. */
  readonly drainInChunks: boolean;
  /** Who drains: interrupt on everyone, interrupt on holders, worker, requester. For docs and `policy: kernel`. */
  readonly ownPolicy: 'everyone' | 'static-mask' | 'worker' | 'remote';
  /** Worker or handler honours the zone that was asked for. */
  readonly zoneHonoured: boolean;
  /** Memory off-lining: zone_pcp_disable forces every CPU. */
  readonly forcedOffline: boolean;
  /** Watermark gap: min/4, or scaled by vm.watermark_scale_factor from 4.6. */
  readonly gapRule: 'quarter' | 'scaled';
  readonly minFreeKbytesMax: 65536 | 262144;
  /** Free pages that a request must leave above its own: 3.0 counts two for order 0. */
  readonly watermarkExtra: 0 | 1;
  /** From 4.4 one free block of the order is enough; before, each lower order is discounted. */
  readonly watermarkByBlocks: boolean;
  /** Highatomic reserve (4.4 on), a block of it released before each drain. */
  readonly highatomic: boolean;
  /** What OOM victims may take: everything, or half of the min watermark (4.14 on: not in 4.9, in 4.19). */
  readonly oomVictim: 'all' | 'half';
  /** Mask on the heap: sized by NR_CPUS, or by nr_cpu_ids (about 4.1 on). */
  readonly maskSizedBy: 'NR_CPUS' | 'nr_cpu_ids';
  /** x86: sending to several CPUs allocates a mask (up to 4.19). */
  readonly sendAllocatesMask: boolean;
  /** One global queue of call data (3.8), an entry for each target, entries that coalesce (5.4). */
  readonly callPath: 'global-queue' | 'per-target' | 'coalescing';
  /** The requester's own part runs while the others answer (5.12 on), or after. */
  readonly ownPartOverlaps: boolean;
  /** x86 may send to all-but-self at once (5.4 on). */
  readonly shorthand: boolean;
  /** Fault attributes: order of tests of 3.0 or of 6.x. */
  readonly faultOrder: '3.0' | '6.x';
  /** SLUB: objects kept for a CPU, rules of up to 5.15, from 5.16, sheaves (7.0). */
  readonly slubPartial: 'none' | 'up-to-5.15' | '5.16' | 'sheaves';
  /** Numbers of the migrate types on lists: movable and reclaimable swapped after 3.18. */
  readonly movable: 1 | 2;
  /** Direct reclaim retries: a loop without bound, or 16 rounds without progress. */
  readonly retryRounds: number;
  /** A reclaimer sleeps while free pages are below half of min (pfmemalloc throttle, 3.6 on). */
  readonly throttle: boolean;
  /** The vmstat worker of a CPU lowers `high` by 1/8 a second (6.7 on). */
  readonly decay: boolean;
}

/** 3.10 is after 3.4: numbers of a version, compared one by one. */
export function kernelAtLeast(version: string, other: string): boolean {
  const [major, minor] = parts(version);
  const [otherMajor, otherMinor] = parts(other);
  return major > otherMajor || (major === otherMajor && minor >= otherMinor);
}

/** Rules of a kernel version such as `3.0`, `5.10`, `6.12`. Throws E_SCENARIO_KERNEL for a text that is none, or older than 3.0. */
export function kernelRules(version: string): KernelRules {
  const from = (other: string) => kernelAtLeast(version, other);
  if (!from('3.0')) {
    throw new DrainlabError(`the rules of kernel ${version} are not known`, {
      code: 'E_SCENARIO_KERNEL',
      hint: 'Versions from 3.0 on are modelled: 3.0, 3.4, 4.9, 4.19, 5.10, 6.1, 6.12, 6.19, …',
      exitCode: ExitCode.wrongUse,
    });
  }
  return {
    version,
    batchRule: from('6.19') ? '6.19' : from('4.19') ? '1M' : '512K',
    highRule: from('6.7') ? 'auto' : from('5.14') ? 'low-watermark' : 'six-batches',
    listOrders: from('5.14') ? 3 : 0,
    hugeLists: from('6.10') ? 2 : from('6.0') ? 1 : from('5.14') ? 3 : 0,
    giveBack: from('5.18') ? 'same-list' : 'next-type',
    highOrderFlush: from('5.18') && !from('6.7'),
    listLock: from('6.0'),
    drainInChunks: from('6.10'),
    ownPolicy: from('6.0') ? 'remote' : from('4.11') ? 'worker' : from('3.4') ? 'static-mask' : 'everyone',
    zoneHonoured: from('5.4') || (from('3.19') && !from('4.11')),
    forcedOffline: from('5.11'),
    gapRule: from('4.6') ? 'scaled' : 'quarter',
    minFreeKbytesMax: from('5.5') ? 262144 : 65536,
    watermarkExtra: from('3.4') ? 0 : 1,
    watermarkByBlocks: from('4.4'),
    highatomic: from('4.4'),
    oomVictim: from('4.14') ? 'half' : 'all',
    maskSizedBy: from('4.1') ? 'nr_cpu_ids' : 'NR_CPUS',
    sendAllocatesMask: !from('5.4'),
    callPath: from('5.4') ? 'coalescing' : from('3.9') ? 'per-target' : 'global-queue',
    ownPartOverlaps: from('5.12'),
    shorthand: from('5.4'),
    faultOrder: from('6.0') ? '6.x' : '3.0',
    slubPartial: from('7.0') ? 'sheaves' : from('5.16') ? '5.16' : from('3.2') ? 'up-to-5.15' : 'none',
    movable: from('4.4') ? 1 : 2,
    retryRounds: from('4.6') ? 16 : Number.POSITIVE_INFINITY,
    throttle: from('3.6'),
    decay: from('6.7'),
  };
}

function parts(version: string): [number, number] {
  const match = /^(\d{1,3})\.(\d{1,3})(?:[.-].*)?$/.exec(version);
  return match ? [Number(match[1]), Number(match[2])] : [0, 0];
}

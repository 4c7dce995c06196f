/** How large a set of CPUs is on this host, and where a drain that allocates one would get it. */

import { kmallocBytes, maskStorage, maskTypeBytes } from '../engine/machine/cpumask-storage.ts';
import { type KernelRules, kernelAtLeast, kernelRules } from '../engine/machine/kernel-rules.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import type { CensusMask } from './host-census.ts';

/** Largest CONFIG_NR_CPUS that x86 offers without CPUMASK_OFFSTACK (arch/x86/Kconfig, 3.0 to 6.10). */
const x86StackMax = 512;
/** arm64 selects CPUMASK_OFFSTACK above this (arch/arm64/Kconfig, read in 6.10). */
const arm64StackMax = 256;

export function maskCensus(host: HostSnapshot): CensusMask {
  const { config, cpus } = host;
  const rules = rulesOf(host.kernel);
  const nrCpus = cpus.nrCpus > 0 ? cpus.nrCpus : null;
  const notKnown: CensusMask = {
    nrCpus,
    bytes: null,
    where: 'not-known',
    cacheBytes: null,
    staticBytes: nrCpus === null ? null : maskTypeBytes(nrCpus),
    from:
      nrCpus === null
        ? 'no file tells NR_CPUS: neither kernel_max nor a configuration of the kernel'
        : cpus.from.nrCpus,
  };
  if (nrCpus === null) return notKnown;
  const [offstack, from] =
    config === null ? offstackByRule(host, nrCpus) : [config.offstack, host.configFrom];
  if (rules === null || offstack === null) return { ...notKnown, from: `${notKnown.from}; ${from}` };
  const maskBytes = config?.maskBytes ?? -1;
  const storage = maskStorage({ nrCpus, offstack, maskBytes, slab: 'slub' }, rules, cpus.possible.size);
  const isHeap = storage.where === 'heap';
  return {
    ...notKnown,
    bytes: storage.bytes,
    where: isHeap ? 'heap' : 'stack',
    cacheBytes: isHeap ? cacheBytes(storage.bytes, rules, config?.slab) : 0,
    from: `${cpus.from.nrCpus}; ${from}${isHeap ? `; ${sizeRule(host, rules)}` : ''}`,
  };
}

/** Rules of this kernel's release, or null for one that names none. Vendors carry later changes in old releases. */
export function rulesOf(kernel: string): KernelRules | null {
  return kernelAtLeast(kernel, '3.0') ? kernelRules(kernel) : null;
}

function offstackByRule(host: HostSnapshot, nrCpus: number): [offstack: boolean | null, from: string] {
  if (host.architecture === 'x86_64') {
    return nrCpus > x86StackMax
      ? [true, `x86 offers more than ${x86StackMax} CPUs only with CONFIG_CPUMASK_OFFSTACK`]
      : [false, `x86 with ${nrCpus} CPUs, unless CONFIG_CPUMASK_OFFSTACK was chosen by hand`];
  }
  if (host.architecture === 'aarch64' && kernelAtLeast(host.kernel, '6.10')) {
    return nrCpus > arm64StackMax
      ? [true, `arm64 selects CONFIG_CPUMASK_OFFSTACK above ${arm64StackMax} CPUs`]
      : [false, `arm64 with ${nrCpus} CPUs, unless CONFIG_CPUMASK_OFFSTACK was chosen by hand`];
  }
  return [null, 'whether it is on the stack needs the configuration of the kernel'];
}

/** null: SLAB and SLUB differ, and it is not known which one this kernel has. */
function cacheBytes(bytes: number, rules: KernelRules, slab: 'slab' | 'slub' | undefined): number | null {
  const [bySlab, bySlub] = [kmallocBytes(bytes, 'slab', rules), kmallocBytes(bytes, 'slub', rules)];
  if (slab !== undefined) return slab === 'slab' ? bySlab : bySlub;
  // mm/slab.c was removed in 6.8.
  return bySlab === bySlub || kernelAtLeast(rules.version, '6.8') ? bySlub : null;
}

function sizeRule({ cpus }: HostSnapshot, rules: KernelRules): string {
  if (rules.maskSizedBy === 'NR_CPUS') return 'sized by NR_CPUS before 4.1';
  const inferred = cpus.from.possible.startsWith('inferred') ? ' or more (no file tells it)' : '';
  return `sized by ${cpus.possible.size}${inferred} possible CPUs`;
}

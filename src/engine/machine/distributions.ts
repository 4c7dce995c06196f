/**
 * What distributions build into their kernels, as far as the size and the place of a mask and the per-CPU lists
 * depend on it. Each value says how it is known; a kernel's own `.config` (kernel-config.ts) is better than any of them.
 */

/**
 * `read`: in a configuration of that distribution, or in a change to it. `mail`: said on a mailing list, the thread
 * of 2011 included. `rule`: follows from other values by Kconfig (SLAB went in 6.8). `memory`: general knowledge, not checked.
 */
export type ValueBasis = 'read' | 'mail' | 'rule' | 'memory';

type Known<Value> = readonly [value: Value, basis: ValueBasis];

interface KnownValues {
  /** For people: release and date. */
  readonly title: string;
  /** Where the values were found. */
  readonly source: string;
  readonly version: Known<string>;
  readonly nrCpus: Known<number>;
  readonly offstack: Known<boolean>;
  readonly maxsmp: Known<boolean>;
  readonly slab: Known<'slab' | 'slub'>;
  /** Has an effect from 6.7 on. */
  readonly batchScaleMax: Known<number>;
  readonly hz: Known<number>;
}

export interface Distribution {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** Kernel that such a machine runs. */
  readonly version: string;
  readonly nrCpus: number;
  readonly offstack: boolean;
  readonly maxsmp: boolean;
  readonly slab: 'slab' | 'slub';
  readonly batchScaleMax: number;
  readonly hz: number;
  /** How each of these values is known. */
  readonly basis: Readonly<Record<DistributionValue, ValueBasis>>;
}

export type DistributionValue =
  | 'version'
  | 'nrCpus'
  | 'offstack'
  | 'maxsmp'
  | 'slab'
  | 'batchScaleMax'
  | 'hz';

export const distributionNames = [
  'sles-2011',
  'sles',
  'rhel-7',
  'rhel',
  'debian-2011',
  'debian-10',
  'debian',
  'fedora',
  'ubuntu-24.04',
  'arch',
  'talos',
] as const;
export type DistributionName = (typeof distributionNames)[number];

/** The kernel's default of CONFIG_PCP_BATCH_SCALE_MAX. */
const scaleDefault: Known<number> = [5, 'memory'];

const known: Readonly<Record<DistributionName, KnownValues>> = {
  'sles-2011': {
    title: 'SLES, December 2011',
    source: 'MAXSMP: mail of 30 Dec 2011',
    version: ['3.0', 'memory'],
    nrCpus: [4096, 'memory'],
    offstack: [true, 'rule'],
    maxsmp: [true, 'mail'],
    slab: ['slab', 'memory'],
    batchScaleMax: scaleDefault,
    hz: [250, 'memory'],
  },
  sles: {
    title: 'SLES and openSUSE, 2026',
    source: 'openSUSE kernel-source, config/x86_64/default',
    version: ['6.12', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'read'],
    maxsmp: [true, 'read'],
    slab: ['slub', 'rule'],
    batchScaleMax: scaleDefault,
    hz: [1000, 'read'],
  },
  'rhel-7': {
    title: 'RHEL 7, 2014–17',
    source: 'coreos/bugs#1771 says 8192 for 2017',
    version: ['3.10', 'memory'],
    nrCpus: [5120, 'memory'],
    offstack: [true, 'memory'],
    maxsmp: [true, 'memory'],
    slab: ['slub', 'memory'],
    batchScaleMax: scaleDefault,
    hz: [1000, 'memory'],
  },
  rhel: {
    title: 'RHEL (ark configuration), 2026',
    source: 'kernel-bazzite, kernel-x86_64-rhel.config, 2026-03',
    version: ['6.12', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'read'],
    maxsmp: [true, 'read'],
    slab: ['slub', 'rule'],
    batchScaleMax: [0, 'read'],
    hz: [1000, 'memory'],
  },
  'debian-2011': {
    title: 'Debian, December 2011',
    source: 'no MAXSMP: mail of 30 Dec 2011',
    version: ['3.1', 'memory'],
    nrCpus: [512, 'memory'],
    offstack: [false, 'mail'],
    maxsmp: [false, 'mail'],
    slab: ['slab', 'memory'],
    batchScaleMax: scaleDefault,
    hz: [250, 'memory'],
  },
  'debian-10': {
    title: 'Debian 10, 2019',
    source: 'configuration of Debian 10',
    version: ['4.19', 'read'],
    nrCpus: [512, 'read'],
    offstack: [false, 'read'],
    maxsmp: [false, 'read'],
    slab: ['slub', 'read'],
    batchScaleMax: scaleDefault,
    hz: [250, 'read'],
  },
  debian: {
    title: 'Debian, 2026',
    source: 'AOSC mirror of the Debian configuration',
    version: ['6.12', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'read'],
    maxsmp: [true, 'read'],
    slab: ['slub', 'rule'],
    batchScaleMax: scaleDefault,
    hz: [250, 'memory'],
  },
  fedora: {
    title: 'Fedora, 2026',
    source: 'kernel-bazzite, kernel-x86_64-fedora.config, 2026-03',
    version: ['6.19', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'read'],
    maxsmp: [true, 'read'],
    slab: ['slub', 'rule'],
    batchScaleMax: [5, 'read'],
    hz: [1000, 'memory'],
  },
  'ubuntu-24.04': {
    title: 'Ubuntu 24.04',
    source: 'NR_CPUS: xdp-tools#486',
    version: ['6.8', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'rule'],
    maxsmp: [true, 'memory'],
    slab: ['slub', 'rule'],
    batchScaleMax: scaleDefault,
    hz: [1000, 'memory'],
  },
  arch: {
    title: 'Arch, October 2024',
    source: 'mails on fortified copies of masks, 31 Oct 2024',
    version: ['6.11', 'memory'],
    nrCpus: [320, 'mail'],
    offstack: [false, 'mail'],
    maxsmp: [false, 'mail'],
    slab: ['slub', 'rule'],
    batchScaleMax: scaleDefault,
    hz: [300, 'memory'],
  },
  talos: {
    title: 'Talos, August 2025',
    source: 'siderolabs/pkgs#1304',
    version: ['6.12', 'memory'],
    nrCpus: [8192, 'read'],
    offstack: [true, 'rule'],
    maxsmp: [true, 'rule'],
    slab: ['slub', 'rule'],
    batchScaleMax: scaleDefault,
    hz: [250, 'memory'],
  },
};

function distribution(name: DistributionName): Distribution {
  const { title, source, ...values } = known[name];
  return {
    name,
    title,
    source,
    version: values.version[0],
    nrCpus: values.nrCpus[0],
    offstack: values.offstack[0],
    maxsmp: values.maxsmp[0],
    slab: values.slab[0],
    batchScaleMax: values.batchScaleMax[0],
    hz: values.hz[0],
    basis: {
      version: values.version[1],
      nrCpus: values.nrCpus[1],
      offstack: values.offstack[1],
      maxsmp: values.maxsmp[1],
      slab: values.slab[1],
      batchScaleMax: values.batchScaleMax[1],
      hz: values.hz[1],
    },
  };
}

export const distributions = Object.fromEntries(
  distributionNames.map((name) => [name, distribution(name)]),
) as Readonly<Record<DistributionName, Distribution>>;

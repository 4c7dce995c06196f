/** One host of a fleet: what of its census goes into the survey. Small, so that thousands fit into memory, a cache and a table. */

import type { Bounds, CensusPolicy, CensusTwoPass, HostCensus } from './host-census.ts';

export interface FleetHost {
  name: string;
  /** As it was found: below a path that was named. */
  path: string;
  kind: HostCensus['source']['kind'];
  kernel: string;
  /** `6.1` of `6.1.0-37-amd64`; '' : not known. */
  series: string;
  architecture: string;
  /** Online CPUs; those without a page on any list; those of which it is not known. */
  cpus: FleetCpus;
  /** Isolated and nohz_full CPUs apart from the others. */
  isolated: FleetCpus;
  housekeeping: FleetCpus;
  /** Share of the CPUs that are empty; null: of some CPU it is not known. */
  emptyPercent: number | null;
  /** At least half of the CPUs are empty; null: what is not known decides. */
  halfEmpty: boolean | null;
  nodes: number;
  zones: FleetHostZone[];
  parkedPages: number;
  parkedBytes: number | null;
  percentOfMemory: number | null;
  percentOfLow: number | null;
  /** The policy of this host's kernel; '' : not known. */
  kernelPolicy: string;
  policies: FleetHostPolicy[];
  twoPass: CensusTwoPass['decision'];
  twoPassMarginCpus: number | null;
  nrCpus: number | null;
  maskBytes: number | null;
  maskWhere: HostCensus['mask']['where'];
  /** What is missing, cut or odd on this host. */
  warnings: string[];
}

export interface FleetCpus {
  online: number;
  empty: number;
  notKnown: number;
}

export interface FleetHostZone {
  name: string;
  lists: number;
  empty: number;
}

export type FleetHostPolicy = Pick<
  CensusPolicy,
  'name' | 'interrupts' | 'disturbed' | 'useless' | 'isolatedDisturbed'
>;

/** A host without a census: why. */
export interface FleetError {
  path: string;
  code: string;
  message: string;
}

export function fleetHost(census: HostCensus): FleetHost {
  const { source, holders, parked, mask, twoPass } = census;
  const cpus = cpusOf(holders);
  return {
    name: source.name,
    path: source.path,
    kind: source.kind,
    kernel: source.kernel,
    series: /^\d+\.\d+/.exec(source.kernel)?.[0] ?? '',
    architecture: source.architecture,
    cpus,
    isolated: cpusOf(holders.isolated),
    housekeeping: cpusOf(holders.housekeeping),
    emptyPercent: cpus.notKnown > 0 || cpus.online === 0 ? null : (100 * cpus.empty) / cpus.online,
    halfEmpty: halfEmpty(cpus),
    nodes: census.nodes.length,
    zones: zonesByName(census),
    parkedPages: parked.pages,
    parkedBytes: parked.bytes,
    percentOfMemory: parked.percentOfMemory,
    percentOfLow: parked.percentOfLow,
    kernelPolicy: census.policies.find(({ isKernels }) => isKernels)?.name ?? '',
    policies: census.policies.map(({ name, interrupts, disturbed, useless, isolatedDisturbed }) => {
      return { name, interrupts, disturbed, useless, isolatedDisturbed };
    }),
    twoPass: twoPass.decision,
    twoPassMarginCpus: twoPass.marginCpus,
    nrCpus: mask.nrCpus,
    maskBytes: mask.bytes,
    maskWhere: mask.where,
    warnings: [...census.warnings],
  };
}

/** The interrupts of a policy on this host; null: it was not asked. */
export function interruptsOf(host: FleetHost, policy: string): Bounds | null {
  return host.policies.find(({ name }) => name === policy)?.interrupts ?? null;
}

function cpusOf({ online, empty, notKnown }: FleetCpus): FleetCpus {
  return { online, empty, notKnown };
}

function halfEmpty({ online, empty, notKnown }: FleetCpus): boolean | null {
  if (online === 0) return null;
  if (2 * empty >= online) return true;
  return 2 * (empty + notKnown) >= online ? null : false;
}

/** Zones of one name on all nodes together. */
function zonesByName({ zones }: HostCensus): FleetHostZone[] {
  const byName = new Map<string, FleetHostZone>();
  for (const { name, lists, empty } of zones) {
    const sum = byName.get(name) ?? { name, lists: 0, empty: 0 };
    sum.lists += lists;
    sum.empty += empty;
    byName.set(name, sum);
  }
  return [...byName.values()];
}

/** The census of one host: `censusOf(snapshot)`. Pure: what to read and how is decided before. */

import { BitSet } from '../base/bit-set.ts';
import { formatCpuList } from '../base/cpu-list.ts';
import { DrainlabError } from '../base/errors.ts';
import { builtInPolicies, twoPass } from '../engine/policy/built-in.ts';
import type { Policy } from '../engine/policy/policy.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import { censusAnswers, censusCaveats } from './census-answers.ts';
import { type CpuPages, cpuPagesOf } from './cpu-pages.ts';
import {
  type CensusCpus,
  type CensusHolders,
  type CensusParked,
  type CensusSource,
  type CensusZone,
  censusSchema,
  type HostCensus,
} from './host-census.ts';
import { maskCensus, rulesOf } from './mask-census.ts';
import { policyCensus, twoPassCensus } from './policy-census.ts';
import { nodeCensus, percentOf, zoneCensus } from './zone-census.ts';

export interface CensusOptions {
  readonly kind?: CensusSource['kind'];
  /** As it was named; '' for this host. */
  readonly path?: string;
  /** Default: all built-in ones. */
  readonly policies?: readonly Policy[];
  /** CPUs that must not be disturbed. Default: the isolated and the nohz_full ones of the host. */
  readonly isolated?: readonly number[];
}

/** Throws E_CENSUS_NO_LISTS when the host has no list at all: then nothing can be said of it. */
export function censusOf(host: HostSnapshot, options: CensusOptions = {}): HostCensus {
  if (host.zones.every((zone) => zone.lists.length === 0)) throw noLists(host, options);
  const lists = cpuPagesOf(host, isolatedOf(host, options.isolated));
  const policies = options.policies ?? builtInPolicies;
  const counting = policies.find((policy) => policy.select.who === 'holders-if-empty') ?? twoPass;
  const share = counting.select.who === 'holders-if-empty' ? counting.select.share : 0.5;
  const kernelsOwn = rulesOf(host.kernel)?.ownPolicy ?? '';
  const zones = zoneCensus(host);
  const figures = {
    cpus: cpusOf(host),
    settings: Object.fromEntries(host.sysctl),
    zones,
    nodes: nodeCensus(host, zones),
    holders: holdersOf(lists),
    pagesByCpu: pagesByCpu(lists),
    parked: parkedOf(host, zones),
    policies: policies.map((policy) => policyCensus(policy, lists, host.machine.zones.length, kernelsOwn)),
    twoPass: twoPassCensus(counting, share, lists),
    mask: maskCensus(host),
  };
  return {
    schema: censusSchema,
    source: {
      kind: options.kind ?? 'snapshot',
      name: host.name,
      path: options.path ?? '',
      kernel: host.kernel,
      architecture: host.architecture,
    },
    answers: censusAnswers(figures, host.kernel),
    warnings: [...host.problems],
    caveats: censusCaveats(figures, host, options.isolated !== undefined),
    ...figures,
  };
}

/** A CPU that the host does not have cannot be disturbed. */
function isolatedOf({ machine }: HostSnapshot, named: readonly number[] | undefined): BitSet {
  if (named === undefined) return machine.isolated;
  return BitSet.of(
    machine.cpuCount,
    named.filter((cpu) => cpu < machine.cpuCount),
  );
}

function cpusOf({ cpus }: HostSnapshot): CensusCpus {
  return {
    possible: formatCpuList(cpus.possible),
    possibleCount: cpus.possible.count,
    online: formatCpuList(cpus.online),
    onlineCount: cpus.online.count,
    isolated: formatCpuList(cpus.isolated),
    isolatedCount: cpus.isolated.count,
    nohzFull: formatCpuList(cpus.nohzFull),
    nohzFullCount: cpus.nohzFull.count,
    nrCpus: cpus.nrCpus > 0 ? cpus.nrCpus : null,
    from: { ...cpus.from },
  };
}

function holdersOf(lists: CpuPages): CensusHolders {
  const apart = lists.isolated.clone();
  apart.keepOnly(lists.online);
  const others = lists.online.clone();
  others.deleteAll(apart);
  const all = shareOf(lists.online, lists);
  return {
    online: all.online,
    holding: lists.holders.count,
    empty: all.empty,
    notKnown: all.notKnown,
    emptyPercent: percentOf(all.empty, all.online - all.notKnown),
    holdingCpus: formatCpuList(lists.holders),
    isolated: shareOf(apart, lists),
    housekeeping: shareOf(others, lists),
  };
}

function shareOf(cpus: BitSet, { holders, unknown }: CpuPages) {
  const notKnown = cpus.countCommon(unknown);
  return { online: cpus.count, empty: cpus.count - cpus.countCommon(holders) - notKnown, notKnown };
}

function pagesByCpu({ online, unseen, pages }: CpuPages): Array<number | null> {
  return Array.from(pages, (count, cpu) => (online.has(cpu) && !unseen.has(cpu) ? count : null));
}

function parkedOf(host: HostSnapshot, zones: readonly CensusZone[]): CensusParked {
  const pages = zones.reduce((sum, zone) => sum + zone.parkedPages, 0);
  const minPages = sumOf(zones, 'min');
  const lowPages = sumOf(zones, 'low');
  const managed = sumOf(zones, 'managedPages');
  return {
    pages,
    bytes: host.pageBytes > 0 ? pages * host.pageBytes : null,
    pageBytes: host.pageBytes > 0 ? host.pageBytes : null,
    pageBytesFrom: host.pageBytesFrom,
    percentOfMemory: managed === null ? null : percentOf(pages, managed),
    minPages,
    lowPages,
    percentOfMin: minPages === null ? null : percentOf(pages, minPages),
    percentOfLow: lowPages === null ? null : percentOf(pages, lowPages),
    freePages: sumOf(zones, 'freePages'),
  };
}

/** null: one of the zones does not tell it, so that there is no sum. */
function sumOf(
  zones: readonly CensusZone[],
  field: 'min' | 'low' | 'managedPages' | 'freePages',
): number | null {
  let sum = 0;
  for (const zone of zones) {
    const value = zone[field];
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

function noLists(host: HostSnapshot, { path = '' }: CensusOptions): DrainlabError {
  return new DrainlabError(`nothing is known of the lists of its CPUs: ${host.problems.join(' ')}`, {
    code: 'E_CENSUS_NO_LISTS',
    where: path || host.name,
    hint: 'Its zoneinfo must have the part "pagesets" of at least one zone.',
  });
}

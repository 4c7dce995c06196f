/**
 * A survey of many hosts as one versioned object, `drainlab.fleet/1`: how often do many CPUs hold no page? (Mel Gorman asked on
 * 30 December 2011.) docs/result-format.md describes every field.
 */

import type { Interval } from '../engine/accounting/interval.ts';
import { fleetAnswers, fleetCaveats, fleetWarnings } from './fleet-answers.ts';
import type { FleetCpus, FleetError, FleetHost } from './fleet-host.ts';
import type { Bounds } from './host-census.ts';
import { ShareIntervals } from './share-intervals.ts';

const fleetSchema = 'drainlab.fleet/1';

export interface FleetCensus {
  schema: typeof fleetSchema;
  source: FleetSource;
  answers: string[];
  warnings: string[];
  caveats: string[];
  /** Share of empty CPUs over the hosts of which it is known. */
  emptyShare: EmptyShare;
  /** Hosts on which at least half of the CPUs are empty: there two-pass uses a mask. */
  halfEmpty: HostShare;
  /** Hosts on which every CPU holds pages. */
  noneEmpty: HostShare;
  /** All CPUs of all hosts together, the isolated ones apart. */
  cpus: CpuShare;
  isolated: CpuShare;
  housekeeping: CpuShare;
  /** Lists by name of their zone: an empty list does not make an empty CPU. */
  zones: FleetZone[];
  bySeries: FleetGroup[];
  byCpus: FleetGroup[];
  /** One drain of every zone on each host, under each policy. */
  policies: FleetPolicy[];
  hosts: FleetHost[];
  errors: FleetError[];
}

export interface FleetSource {
  paths: string[];
  /** Hosts with a census, and those without. */
  hosts: number;
  failed: number;
  /** Names of different hosts: one host may have several reports. */
  hostNames: number;
  /** Files and folders below the named paths that are no host, by what they are. */
  ignored: Record<string, number>;
  /** Hosts that were not looked at any more because the survey was stopped. */
  notRead: number;
}

export interface EmptyShare {
  hosts: number;
  meanPercent: number | null;
  /** 95 %, over hosts; null: too few of them. */
  meanInterval: Interval | null;
  /** Quantiles in percent: `p0` is the least, `p50` the median, `p100` the most. */
  quantiles: Record<(typeof quantileNames)[number], number> | null;
  bins: ShareBin[];
}

/**
 * Hosts whose share of empty CPUs is from `fromPercent` on and below `toPercent`. The first and the last bin are those of 0 and of
 * 100 exactly, which the others do not count.
 */
export interface ShareBin {
  label: string;
  fromPercent: number;
  toPercent: number;
  hosts: number;
}

export interface HostShare {
  hosts: number;
  /** Of so many. */
  of: number;
  percent: number | null;
  interval: Interval | null;
}

export interface CpuShare extends FleetCpus {
  /** Hosts that have such CPUs. */
  hosts: number;
  /** Of the CPUs of which it is known. */
  emptyPercent: number | null;
  interval: Interval | null;
}

export interface FleetZone {
  name: string;
  hosts: number;
  lists: number;
  empty: number;
  emptyPercent: number | null;
}

export interface FleetGroup {
  name: string;
  hosts: number;
  meanPercent: number;
  medianPercent: number;
  halfEmptyHosts: number;
}

export interface FleetPolicy {
  name: string;
  interrupts: Bounds;
  disturbed: Bounds;
  useless: Bounds;
  isolatedDisturbed: Bounds;
  /** Interrupts saved against `everyone`, in percent; null: everyone sends none. */
  savedPercent: Bounds | null;
}

const quantileNames = ['p0', 'p10', 'p25', 'p50', 'p75', 'p90', 'p100'] as const;
const binPercent = 10;

export interface FleetInput {
  readonly paths: readonly string[];
  readonly hosts: readonly FleetHost[];
  readonly errors: readonly FleetError[];
  readonly ignored: Readonly<Record<string, number>>;
  readonly notRead: number;
}

/** The same hosts give the same survey in whatever order they come. */
export function fleetOf({ paths, hosts, errors, ignored, notRead }: FleetInput): FleetCensus {
  const sorted = [...hosts].sort(byNameAndPath);
  const known = sorted.filter((host) => host.emptyPercent !== null);
  const figures = {
    source: {
      paths: [...paths],
      hosts: sorted.length,
      failed: errors.length,
      hostNames: new Set(sorted.map(({ name }) => name)).size,
      ignored: { ...ignored },
      notRead,
    },
    emptyShare: emptyShareOf(known.map(({ emptyPercent }) => emptyPercent ?? 0)),
    halfEmpty: hostShare(sorted, (host) => host.halfEmpty),
    noneEmpty: hostShare(sorted, ({ cpus }) => (cpus.empty > 0 ? false : cpus.notKnown > 0 ? null : true)),
    cpus: cpuShare(sorted.map(({ cpus }) => cpus)),
    isolated: cpuShare(sorted.map(({ isolated }) => isolated)),
    housekeeping: cpuShare(sorted.map(({ housekeeping }) => housekeeping)),
    zones: zonesOf(sorted),
    bySeries: groupsOf(known, ({ series }) => series || 'not known').sort(bySeries),
    byCpus: groupsOf(known, ({ cpus }) => cpuRange(cpus.online)).sort(
      (a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10),
    ),
    policies: policiesOf(sorted),
    hosts: sorted,
    errors: [...errors].sort((a, b) => compare(a.path, b.path)),
  };
  return {
    schema: fleetSchema,
    answers: fleetAnswers(figures),
    warnings: fleetWarnings(figures),
    caveats: fleetCaveats(figures),
    ...figures,
  };
}

export type FleetFigures = Omit<FleetCensus, 'schema' | 'answers' | 'warnings' | 'caveats'>;

function emptyShareOf(percents: readonly number[]): EmptyShare {
  const intervals = new ShareIntervals(percents.length, 1);
  const mean = intervals.mean(
    percents.map((percent) => percent / 100),
    percents.map(() => 1),
  );
  const sorted = Float64Array.from(percents).sort();
  return {
    hosts: percents.length,
    meanPercent: mean.percent,
    meanInterval: mean.interval,
    quantiles: percents.length === 0 ? null : quantilesOf(sorted),
    bins: binsOf(percents),
  };
}

function quantilesOf(sorted: Float64Array): EmptyShare['quantiles'] {
  const at = (name: string) => quantile(sorted, Number(name.slice(1)) / 100);
  return {
    p0: at('p0'),
    p10: at('p10'),
    p25: at('p25'),
    p50: at('p50'),
    p75: at('p75'),
    p90: at('p90'),
    p100: at('p100'),
  };
}

/** Between the two nearest values, in proportion (type 7 of Hyndman and Fan 1996). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

function binsOf(percents: readonly number[]): ShareBin[] {
  const bins: ShareBin[] = [{ label: '0 %', fromPercent: 0, toPercent: 0, hosts: 0 }];
  for (let from = 0; from < 100; from += binPercent) {
    bins.push({
      label: from === 0 ? `below ${binPercent} %` : `${from}–${from + binPercent} %`,
      fromPercent: from,
      toPercent: from + binPercent,
      hosts: 0,
    });
  }
  bins.push({ label: '100 %', fromPercent: 100, toPercent: 100, hosts: 0 });
  for (const percent of percents) bins[percent === 0 ? 0 : Math.floor(percent / binPercent) + 1].hosts++;
  return bins;
}

/** `holds`: null where it is not known. */
function hostShare(hosts: readonly FleetHost[], holds: (host: FleetHost) => boolean | null): HostShare {
  const answers = hosts.map(holds).filter((answer) => answer !== null);
  const { samples, percent, interval } = new ShareIntervals(answers.length, 1).share(
    Uint8Array.from(answers, Number),
  );
  return { hosts: samples, of: answers.length, percent: answers.length === 0 ? null : percent, interval };
}

function cpuShare(all: readonly FleetCpus[]): CpuShare {
  const hosts = all.filter(({ online }) => online > 0);
  const sum = { online: 0, empty: 0, notKnown: 0 };
  for (const { online, empty, notKnown } of hosts) {
    sum.online += online;
    sum.empty += empty;
    sum.notKnown += notKnown;
  }
  const share = new ShareIntervals(hosts.length, 1).mean(
    hosts.map(({ empty }) => empty),
    hosts.map(({ online, notKnown }) => online - notKnown),
  );
  return { hosts: hosts.length, ...sum, emptyPercent: share.percent, interval: share.interval };
}

function zonesOf(hosts: readonly FleetHost[]): FleetZone[] {
  const zones = new Map<string, FleetZone>();
  for (const host of hosts) {
    for (const { name, lists, empty } of host.zones) {
      const zone = zones.get(name) ?? { name, hosts: 0, lists: 0, empty: 0, emptyPercent: null };
      zone.hosts++;
      zone.lists += lists;
      zone.empty += empty;
      zones.set(name, zone);
    }
  }
  for (const zone of zones.values())
    zone.emptyPercent = zone.lists === 0 ? null : (100 * zone.empty) / zone.lists;
  return [...zones.values()].sort((a, b) => zoneRank(a.name) - zoneRank(b.name) || compare(a.name, b.name));
}

/** enum zone_type of include/linux/mmzone.h. */
function zoneRank(name: string): number {
  const at = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable', 'Device'].indexOf(name);
  return at < 0 ? 6 : at;
}

function groupsOf(hosts: readonly FleetHost[], nameOf: (host: FleetHost) => string): FleetGroup[] {
  const groups = new Map<string, number[]>();
  for (const host of hosts) {
    const name = nameOf(host);
    const percents = groups.get(name) ?? [];
    percents.push(host.emptyPercent ?? 0);
    groups.set(name, percents);
  }
  return [...groups].map(([name, percents]) => ({
    name,
    hosts: percents.length,
    meanPercent: percents.reduce((sum, percent) => sum + percent, 0) / percents.length,
    medianPercent: quantile(Float64Array.from(percents).sort(), 0.5),
    halfEmptyHosts: percents.filter((percent) => percent >= 50).length,
  }));
}

/** `1`, `2`, `3–4`, `5–8`, …: powers of two. */
function cpuRange(cpus: number): string {
  let most = 1;
  while (most < cpus) most *= 2;
  return most <= 2 ? `${most}` : `${most / 2 + 1}–${most}`;
}

function policiesOf(hosts: readonly FleetHost[]): FleetPolicy[] {
  const sums = new Map<string, FleetPolicy>();
  for (const { policies } of hosts) {
    for (const policy of policies) {
      const sum = sums.get(policy.name);
      if (sum === undefined) sums.set(policy.name, { ...policy, savedPercent: null });
      else
        for (const key of countedKeys)
          sum[key] = [sum[key][0] + policy[key][0], sum[key][1] + policy[key][1]];
    }
  }
  const everyone = sums.get('everyone')?.interrupts[1] ?? 0;
  for (const sum of sums.values()) {
    if (everyone > 0)
      sum.savedPercent = [savedOf(sum.interrupts[1], everyone), savedOf(sum.interrupts[0], everyone)];
  }
  return [...sums.values()];
}

const countedKeys = ['interrupts', 'disturbed', 'useless', 'isolatedDisturbed'] as const;

function savedOf(interrupts: number, everyone: number): number {
  return 100 * (1 - interrupts / everyone);
}

function bySeries(a: FleetGroup, b: FleetGroup): number {
  const [major, minor] = a.name.split('.').map(Number);
  const [otherMajor, otherMinor] = b.name.split('.').map(Number);
  return major - otherMajor || minor - otherMinor || compare(a.name, b.name);
}

function byNameAndPath(a: FleetHost, b: FleetHost): number {
  return compare(a.name, b.name) || compare(a.path, b.path);
}

/** By code units: the same in every language setting. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

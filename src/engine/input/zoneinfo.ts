/**
 * Reads the text of /proc/zoneinfo of every kernel from 3.0 to 7.x (mm/vmstat.c, zoneinfo_show_print):
 * zones with their spans, and the pages on each CPU's list. Keys are found by name and any run of blanks,
 * unknown lines are skipped, since every few releases add some.
 *
 * Mind the two meanings of "high": `high     N` is a watermark of the zone, `high:  N` the limit of a list.
 */

import { BitSet } from '../../base/bit-set.ts';
import { DrainlabError } from '../../base/errors.ts';
import type { Machine, Zone, ZoneinfoSnapshot } from './machine.ts';

/** More than any kernel has; a larger number is damage. */
const cpusMax = 1 << 16;
const pagesMax = 2 ** 31 - 1;
const zonesMax = 8192;
/** Lists: CPUs times zones. The largest kernels (8192 CPUs, 64 nodes of 3 zones) have a fifth of this. */
const listsMax = 1 << 23;

/** The list of one CPU in one zone, as printed. */
export interface ZoneinfoList {
  readonly cpu: number;
  /** Base pages on it. */
  count: number;
  /** Place of the count in the text, as a part of its length. */
  place: number;
  /** Limit; -1: not printed. */
  high: number;
  /** Refill and give-back size; -1: not printed. */
  batch: number;
}

export interface ZoneinfoZone {
  readonly node: number;
  readonly name: string;
  spanned: number;
  present: number;
  managed: number;
  free: number;
  /** Low and high watermark; -1: not printed. */
  low: number;
  highMark: number;
  /** Pages kept from requests that could do without this zone (`protection`); -1: not printed. */
  reserve: number;
  startPfn: number;
  /** Place of the zone's first line in the text, as a part of its length. */
  readonly place: number;
  readonly lists: ZoneinfoList[];
}

/** Zones in the order of the text, unpopulated ones included. `name` is for messages. */
export function parseZoneinfo(text: string, name = 'zoneinfo'): ZoneinfoZone[] {
  const zones: ZoneinfoZone[] = [];
  let zone: ZoneinfoZone | null = null;
  let list: ZoneinfoList | null = null;
  let lineNumber = 0;
  let from = 0;
  while (from < text.length) {
    let to = text.indexOf('\n', from);
    if (to < 0) to = text.length;
    const line = text.slice(from, Math.min(to, from + 200)).trim();
    from = to + 1;
    lineNumber++;
    const head = /^Node (\d+), zone\s+(\S+)$/.exec(line);
    if (head !== null) {
      if (zones.length >= zonesMax) throw damaged(name, lineNumber, `more than ${zonesMax} zones`);
      zone = newZone(numberIn(head[1], cpusMax, name, lineNumber), head[2], from / text.length);
      zones.push(zone);
      list = null;
      continue;
    }
    if (zone === null) continue;
    const pair = /^(pages free|[a-z_]+:?)\s+(\d+)$/.exec(line);
    if (pair === null) {
      const protection = /^protection: \(.*?(\d+)\)$/.exec(line);
      if (protection !== null) zone.reserve = numberIn(protection[1], pagesMax, name, lineNumber);
      continue;
    }
    const [, key, digits] = pair;
    if (key === 'cpu:') {
      list = { cpu: numberIn(digits, cpusMax, name, lineNumber), count: -1, place: 0, high: -1, batch: -1 };
      zone.lists.push(list);
    } else if (list !== null && listKeys.has(key)) {
      if (key === 'count:') list.place = from / text.length;
      list[key.slice(0, -1) as 'count' | 'high' | 'batch'] = numberIn(digits, pagesMax, name, lineNumber);
    } else if (zoneKeys.has(key)) {
      setZone(zone, key, numberIn(digits, Number.MAX_SAFE_INTEGER, name, lineNumber));
    }
  }
  if (zones.length === 0) throw damaged(name, 1, 'no line "Node N, zone NAME"');
  return zones;
}

const listKeys = new Set(['count:', 'high:', 'batch:']);
const zoneKeys = new Set(['pages free', 'low', 'high', 'spanned', 'present', 'managed', 'start_pfn:']);

function newZone(node: number, name: string, place: number): ZoneinfoZone {
  return {
    node,
    name,
    spanned: 0,
    present: 0,
    managed: -1,
    free: -1,
    low: -1,
    highMark: -1,
    reserve: -1,
    startPfn: -1,
    place,
    lists: [],
  };
}

function setZone(zone: ZoneinfoZone, key: string, value: number): void {
  if (key === 'pages free') zone.free = value;
  else if (key === 'low') zone.low = value;
  else if (key === 'high') zone.highMark = value;
  else if (key === 'start_pfn:') zone.startPfn = value;
  else if (key === 'spanned') zone.spanned = value;
  else if (key === 'present') zone.present = value;
  else zone.managed = value;
}

function numberIn(digits: string, max: number, name: string, line: number): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value) || value > max)
    throw damaged(name, line, `the number ${digits.slice(0, 40)} is too large`);
  return value;
}

function damaged(name: string, line: number, what: string): DrainlabError {
  return new DrainlabError(`this is no /proc/zoneinfo: ${what}`, {
    code: 'E_ZONEINFO',
    where: `${name}:${line}`,
    hint: 'Save it with: cat /proc/zoneinfo > zoneinfo',
  });
}

/** What beside zoneinfo is known of the machine. */
export interface MachineFacts {
  /** Largest CPU number + 1 by the recording; zoneinfo may show more. */
  cpuCount: number;
  /** Default: the CPUs that zoneinfo lists, or all of them without zoneinfo. */
  online?: Iterable<number>;
  isolated?: Iterable<number>;
}

/** Machine of a parsed zoneinfo (null: none; one zone '' that spans everything). */
export function machineFrom(zoneinfo: readonly ZoneinfoZone[] | null, facts: MachineFacts): Machine {
  const zones: Zone[] = [];
  const listed = new Set<number>();
  let cpuCount = Math.max(1, facts.cpuCount);
  for (const zone of zoneinfo ?? []) {
    if (zone.lists.length === 0) continue;
    // A zone that is populated later (hot-added memory) may have no start yet; it cannot be placed.
    if (zone.startPfn < 0 || zone.spanned === 0) continue;
    const { batch, high } = zone.lists[0];
    zones.push({
      name: zone.name,
      node: zone.node,
      startPfn: zone.startPfn,
      endPfn: zone.startPfn + zone.spanned,
      ...(batch > 0 ? { batch } : {}),
      ...(high >= 0 ? { high } : {}),
      ...(zone.managed >= 0 ? { managedPages: zone.managed } : {}),
      ...(zone.low >= 0 ? { lowWatermark: zone.low } : {}),
      ...(zone.highMark >= 0 ? { highWatermark: zone.highMark } : {}),
      ...(zone.reserve >= 0 ? { reservePages: zone.reserve } : {}),
    });
    for (const list of zone.lists) {
      listed.add(list.cpu);
      cpuCount = Math.max(cpuCount, list.cpu + 1);
    }
  }
  if (zones.length === 0) zones.push({ name: '', node: 0, startPfn: 0, endPfn: Number.MAX_SAFE_INTEGER });
  const isolated = [...(facts.isolated ?? [])];
  const online = facts.online === undefined ? null : [...facts.online];
  for (const cpu of [...isolated, ...(online ?? [])]) cpuCount = Math.max(cpuCount, cpu + 1);
  if (cpuCount * zones.length > listsMax) {
    throw new DrainlabError(
      `a machine of ${cpuCount} CPUs and ${zones.length} zones is too large to be true`,
      {
        code: 'E_ZONEINFO',
        hint: 'Look at the zoneinfo and the CPU lists beside the recording: they seem to be damaged.',
      },
    );
  }
  return {
    cpuCount,
    online:
      online !== null
        ? BitSet.of(cpuCount, online)
        : listed.size > 0
          ? BitSet.of(cpuCount, listed)
          : BitSet.full(cpuCount),
    isolated: BitSet.of(cpuCount, isolated),
    zones,
  };
}

/** Counts of one snapshot in the lists of `machine`. Zones that the machine does not have are left out. */
export function snapshotFrom(
  zoneinfo: readonly ZoneinfoZone[],
  machine: Machine,
  number: number,
  label: string,
): ZoneinfoSnapshot {
  const zoneCount = machine.zones.length;
  const pages = new Int32Array(machine.cpuCount * zoneCount).fill(-1);
  const printedAt = new Float32Array(pages.length);
  const high = new Int32Array(pages.length).fill(-1);
  const free = new Int32Array(zoneCount).fill(-1);
  for (const zone of zoneinfo) {
    const index = machine.zones.findIndex((z) => z.node === zone.node && z.name === zone.name);
    if (index < 0) continue;
    free[index] = zone.free;
    const start = zoneinfo.find((z) => z.node === zone.node)?.place ?? 0;
    const end = zoneinfo.find((z) => z.place > zone.place && z.node !== zone.node)?.place ?? 1;
    for (const list of zone.lists) {
      if (list.cpu >= machine.cpuCount) continue;
      pages[list.cpu * zoneCount + index] = list.count;
      high[list.cpu * zoneCount + index] = list.high;
      printedAt[list.cpu * zoneCount + index] = (list.place - start) / (end - start);
    }
  }
  return { number, label, pages, printedAt, high, free };
}

/** Zones and nodes of one host: how many of their lists are empty, and what is parked on them. */

import type { ZoneinfoLists, ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import type { CensusNode, CensusZone } from './host-census.ts';

/** Zones that have lists, in the order of the text. */
export function zoneCensus({ zones, machine, counts }: HostSnapshot): CensusZone[] {
  const rows: CensusZone[] = [];
  for (const [index, { node, name }] of machine.zones.entries()) {
    // Where a zone stands twice the later text counts, as in the counts.
    const zone = zones.findLast((one) => one.node === node && one.name === name && one.lists.length > 0);
    if (zone === undefined || machine.zones.findIndex((z) => z.node === node && z.name === name) !== index)
      continue;
    rows.push(zoneRow(zone, countsOfZone(counts.pages, machine.zones.length, index)));
  }
  return rows;
}

function countsOfZone(pages: Int32Array, zoneCount: number, zone: number): number[] {
  const found: number[] = [];
  for (let at = zone; at < pages.length; at += zoneCount) if (pages[at] >= 0) found.push(pages[at]);
  return found;
}

function zoneRow(zone: ZoneinfoZone, counts: readonly number[]): CensusZone {
  const empty = counts.filter((count) => count === 0).length;
  const [listHighLeast, listHighMost] = leastAndMost(zone.lists, 'high');
  return {
    node: zone.node,
    name: zone.name,
    managedPages: printed(zone.managed),
    freePages: printed(zone.free),
    min: printed(zone.min),
    low: printed(zone.low),
    high: printed(zone.highMark),
    lists: counts.length,
    empty,
    emptyPercent: percentOf(empty, counts.length),
    parkedPages: counts.reduce((sum, count) => sum + count, 0),
    mostPages: counts.reduce((most, count) => Math.max(most, count), 0),
    batch: leastAndMost(zone.lists, 'batch')[1],
    listHighLeast,
    listHighMost,
    listHighMin: leastAndMost(zone.lists, 'highMin')[0],
    listHighMax: leastAndMost(zone.lists, 'highMax')[1],
  };
}

function leastAndMost(
  lists: ZoneinfoLists,
  column: 'high' | 'batch' | 'highMin' | 'highMax',
): [least: number | null, most: number | null] {
  let least = -1;
  let most = -1;
  for (const value of lists.column(column)) {
    if (value < 0) continue;
    if (least < 0 || value < least) least = value;
    if (value > most) most = value;
  }
  return [printed(least), printed(most)];
}

/** Nodes that have lists, ascending. */
export function nodeCensus(
  { machine, counts, cpus }: HostSnapshot,
  rows: readonly CensusZone[],
): CensusNode[] {
  const zoneCount = machine.zones.length;
  const nodes = [...new Set(rows.map((row) => row.node))].sort((a, b) => a - b);
  return nodes.map((node) => {
    const own = rows.filter((row) => row.node === node);
    const indexes = machine.zones.flatMap((zone, index) => (zone.node === node ? [index] : []));
    const found = { cpus: 0, empty: 0, ownCpus: 0, ownEmpty: 0 };
    for (const cpu of machine.online) {
      const held = indexes.map((zone) => counts.pages[cpu * zoneCount + zone]);
      if (held.some((count) => count < 0)) continue;
      const isOwn = cpus.nodeOfCpu[cpu] === node;
      const isEmpty = held.every((count) => count === 0);
      found.cpus++;
      if (isEmpty) found.empty++;
      if (isOwn) found.ownCpus++;
      if (isOwn && isEmpty) found.ownEmpty++;
    }
    const isTold = cpus.nodeOfCpu.some((cpuNode) => cpuNode >= 0);
    return {
      node,
      zones: own.map((row) => row.name),
      cpus: found.cpus,
      empty: found.empty,
      ownCpus: isTold ? found.ownCpus : null,
      ownEmpty: isTold ? found.ownEmpty : null,
      parkedPages: own.reduce((sum, row) => sum + row.parkedPages, 0),
    };
  });
}

export function percentOf(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}

function printed(value: number): number | null {
  return value < 0 ? null : value;
}

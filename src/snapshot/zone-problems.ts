/** What is odd about the zones of one zoneinfo, in sentences: a text that was cut, zones that stand twice, lists that lack lines. */

import type { ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import { plural } from '../engine/report/numbers.ts';
import { quoted } from './quoted.ts';

const problemsMax = 10;

export function zoneProblems(zones: readonly ZoneinfoZone[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const mostLists = zones.reduce((most, zone) => Math.max(most, zone.lists.length), 0);
  for (const zone of zones) {
    const place = `proc/zoneinfo, node ${zone.node}, zone ${quoted(zone.name, 40)}`;
    const key = `${zone.node} ${zone.name}`;
    if (seen.has(key)) problems.push(`${place}: stands there twice; the later text counts.`);
    seen.add(key);
    const without = zone.lists.column('count').filter((count) => count < 0).length;
    if (without > 0)
      problems.push(`${place}: the lists of ${plural(without, 'CPU')} have no count: the text was cut.`);
    if (zone.lists.length > 0 && zone.startPfn < 0)
      problems.push(`${place}: its last lines are missing: the text was cut.`);
    if (zone.lists.length > 0 && zone.lists.length < mostLists)
      problems.push(
        `${place}: has lists of ${plural(zone.lists.length, 'CPU')}, another zone of ${mostLists}.`,
      );
    if (new Set(zone.lists.column('cpu')).size < zone.lists.length)
      problems.push(`${place}: has a CPU twice; the later list counts.`);
    if (zone.lists.length === 0 && zone.reserve < 0)
      problems.push(`${place}: ends before the line protection: the text was cut.`);
    else if (zone.lists.length === 0 && zone.managed > 0)
      problems.push(`${place}: has ${zone.managed} pages and no lists: the text was cut.`);
  }
  if (zones.every((zone) => zone.lists.length === 0)) problems.push('proc/zoneinfo has no list of any CPU.');
  if (problems.length <= problemsMax) return problems;
  return [
    ...problems.slice(0, problemsMax),
    `proc/zoneinfo: ${problems.length - problemsMax} more of this kind.`,
  ];
}

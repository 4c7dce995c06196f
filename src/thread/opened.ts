/** What a page gets of an opened recording: from its timeline, its verdict and its machine. */

import type { BitSet } from '../base/bit-set.ts';
import { drainCauses } from '../engine/input/drain-request.ts';
import type { Machine, Zone } from '../engine/input/machine.ts';
import type { Policy } from '../engine/policy/policy.ts';
import type { Timeline } from '../engine/timeline/timeline.ts';
import type { DrainColumns, DrainStoryData, OpenedMachine } from './messages.ts';

export function openedMachine(machine: Machine, nodeOfCpu: Int32Array): OpenedMachine {
  return {
    cpuCount: machine.cpuCount,
    online: flags(machine.online),
    isolated: flags(machine.isolated),
    nodeOfCpu,
    zones: machine.zones.map(({ node, name }) => `${node} ${name}`),
    memoryPages: machine.zones.reduce((sum, zone) => sum + pagesOf(zone), 0),
  };
}

/** The one zone of a machine of which nothing is known has no name. */
function pagesOf({ name, startPfn, endPfn, managedPages }: Zone): number {
  return name === '' ? 0 : (managedPages ?? endPfn - startPfn);
}

function flags(set: BitSet): Uint8Array {
  return Uint8Array.from({ length: set.size }, (_, cpu) => (set.has(cpu) ? 1 : 0));
}

/** Asks every policy about every drain. */
export function drainColumns({ drains, machine }: Timeline, policies: readonly Policy[]): DrainColumns {
  const { length } = drains;
  const columns = {
    length,
    timeNs: new Float64Array(length),
    endNs: new Float64Array(length),
    cpu: new Int32Array(length),
    cause: new Uint8Array(length),
    holders: new Int32Array(length),
    unknown: new Int32Array(length),
    turnedAway: new Uint8Array(length),
    forced: new Uint8Array(length),
    policies: policies.map(({ name }) => name),
    disturbed: policies.map(() => new Int32Array(length)),
    useless: policies.map(() => new Int32Array(length)),
    cpuHeld: new Int32Array(machine.cpuCount),
    cpuDisturbed: policies.map(() => new Int32Array(machine.cpuCount)),
    cpuUseless: policies.map(() => new Int32Array(machine.cpuCount)),
  };
  for (let number = 0; number < length; number++) {
    const drain = drains.at(number);
    columns.timeNs[number] = drain.timeNs;
    columns.endNs[number] = drain.endNs;
    columns.cpu[number] = drain.cpu;
    columns.cause[number] = drainCauses.indexOf(drain.cause);
    columns.holders[number] = drain.holders.length;
    columns.unknown[number] = drain.unknown.length;
    columns.turnedAway[number] = drains.wasTurnedAway(number) ? 1 : 0;
    columns.forced[number] = drain.forced ? 1 : 0;
    const holding = new Set([...drain.holders, ...drain.unknown]);
    for (const [i, policy] of policies.entries()) {
      const others = drains.targetsOf(policy, number).filter((cpu) => cpu !== drain.cpu);
      columns.disturbed[i][number] = others.length;
      const useless = others.filter((cpu) => !holding.has(cpu));
      columns.useless[i][number] = useless.length;
      if (columns.turnedAway[number] === 1) continue;
      for (const cpu of others) columns.cpuDisturbed[i][cpu]++;
      for (const cpu of useless) columns.cpuUseless[i][cpu]++;
    }
    if (columns.turnedAway[number] === 0) for (const cpu of drain.holders) columns.cpuHeld[cpu]++;
  }
  return columns;
}

export function drainStory(
  { drains, machine }: Timeline,
  policies: readonly Policy[],
  number: number,
): DrainStoryData {
  const drain = drains.at(number);
  const pages = new Int32Array(machine.cpuCount);
  for (const [i, cpu] of drain.holders.entries()) pages[cpu] = drain.pages[i];
  for (const cpu of drain.unknown) pages[cpu] = -1;
  return {
    drain,
    pages,
    targets: policies.map((policy) => Uint32Array.from(drains.targetsOf(policy, number))),
  };
}

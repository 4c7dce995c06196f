/** What each CPU holds in all zones together: what a drain of every zone looks at. */

import { BitSet } from '../base/bit-set.ts';
import type { DrainRequest } from '../engine/input/drain-request.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';

export interface CpuPages {
  readonly online: BitSet;
  readonly isolated: BitSet;
  /** Sum of the counts that were printed, by CPU; 0 where none was. */
  readonly pages: Int32Array;
  readonly holders: BitSet;
  /** Online CPUs that are no holders by what was printed, with a count that was not: never also in `holders`. */
  readonly unknown: BitSet;
  /** Online CPUs without any count. */
  readonly unseen: BitSet;
}

/** Sums stay below 2^31 or are clipped there. */
const pagesMax = 2 ** 31 - 1;

/** `isolated`: CPUs that must not be disturbed. */
export function cpuPagesOf({ machine, counts }: HostSnapshot, isolated: BitSet): CpuPages {
  const { cpuCount, online } = machine;
  const zoneCount = machine.zones.length;
  const pages = new Int32Array(cpuCount);
  const holders = new BitSet(cpuCount);
  const unknown = new BitSet(cpuCount);
  const unseen = new BitSet(cpuCount);
  for (let cpu = online.next(0); cpu >= 0; cpu = online.next(cpu + 1)) {
    let sum = 0;
    let missing = 0;
    for (let zone = 0; zone < zoneCount; zone++) {
      const count = counts.pages[cpu * zoneCount + zone];
      if (count < 0) missing++;
      else sum += count;
    }
    pages[cpu] = Math.min(sum, pagesMax);
    if (sum > 0) holders.add(cpu);
    else if (missing > 0) unknown.add(cpu);
    if (missing === zoneCount) unseen.add(cpu);
  }
  return { online, isolated, pages, holders, unknown, unseen };
}

/** A drain of every zone that `cpu` asks for now. `isHolding`: CPUs of which it is not known are taken to hold pages, else not to. */
export function requestNow(lists: CpuPages, cpu: number, isHolding: boolean): DrainRequest {
  const { online, isolated, pages, unknown } = lists;
  const holders = lists.holders.clone();
  if (isHolding) holders.addAll(unknown);
  return {
    number: 0,
    timeNs: 0,
    cpu,
    pid: 0,
    cause: 'unknown',
    zone: -1,
    forced: false,
    online,
    isolated,
    pages,
    holders,
    unknown: new BitSet(online.size),
    concurrent: 0,
  };
}

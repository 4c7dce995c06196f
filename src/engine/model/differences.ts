/**
 * Names for what differs between the kernel's word and the rebuilt lists. Each difference is counted in
 * exactly one class, so that the classes add up to the number of differences.
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex } from '../../base/units.ts';
import type { Look } from './looks.ts';
import type { PageLists } from './page-lists.ts';
import type { ListDifference } from './snapshot-check.ts';

export const differenceNames = {
  unanchored: 'list not anchored yet',
  refill: 'refill in progress',
  giveBack: 'give-back in progress',
  printing: 'changed while zoneinfo was printed',
  zone: 'zone of a bulk allocation',
  bulk: 'bulk allocation',
  huge: 'huge-page entry',
  inFlight: 'in flight',
  other: 'not explained',
} as const;
type DifferenceName = (typeof differenceNames)[keyof typeof differenceNames];

/** As many pages as one call frees or takes between its first event and its last insertion (SWAP_CLUSTER_MAX). */
const inFlightMax = 32;
const hugePages = 512;

/** Class of a set of CPUs that is not the kernel's: that of its first CPU that differs. */
export function drainDifference(
  kernel: BitSet,
  rebuilt: BitSet,
  look: Look,
  unknown: BitSet,
  lists: PageLists,
): DifferenceName {
  for (let cpu = 0; cpu < lists.cpuCount; cpu++) {
    if (kernel.has(cpu) !== rebuilt.has(cpu)) return cpuDifference(cpu, look, unknown, lists);
  }
  return differenceNames.other;
}

function cpuDifference(cpu: CpuIndex, look: Look, unknown: BitSet, lists: PageLists): DifferenceName {
  if (unknown.has(cpu)) return differenceNames.unanchored;
  if (look.refilling.has(cpu)) return differenceNames.refill;
  if (look.givingBack.has(cpu)) return differenceNames.giveBack;
  let pages = 0;
  for (let list = cpu * lists.zoneCount; list < (cpu + 1) * lists.zoneCount; list++) {
    if (lists.ghosts[list] > 0) return differenceNames.bulk;
    pages += look.pagesOf(list);
  }
  if (pages > 0 && pages % hugePages === 0) return differenceNames.huge;
  return Math.abs(pages) <= inFlightMax ? differenceNames.inFlight : differenceNames.other;
}

/** Class of a count that is not zoneinfo's. */
export function listDifference(difference: ListDifference): DifferenceName {
  const off = difference.rebuilt - difference.kernel;
  if (difference.changing) return differenceNames.printing;
  if (difference.refilling) return differenceNames.refill;
  if (difference.givingBack) return differenceNames.giveBack;
  if (difference.cpuOff === 0) return differenceNames.zone;
  if (off % hugePages === 0) return differenceNames.huge;
  return Math.abs(off) <= inFlightMax ? differenceNames.inFlight : differenceNames.other;
}

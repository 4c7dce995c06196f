/** Files of a host by hand, for sums that a reader can check. */

import type { HostFiles, HostSnapshot } from '../src/snapshot/host-snapshot.ts';
import { readHostSnapshot } from '../src/snapshot/read-host-snapshot.ts';

interface ZoneByHand {
  node?: number;
  name?: string;
  /** Pages of each CPU's list by CPU number; null: the CPU has no list (it is offline). */
  pages: ReadonlyArray<number | null>;
  managed?: number;
  free?: number;
  min?: number;
  low?: number;
}

/** Text of /proc/zoneinfo in the form of 5.11; limit 378, batch 63. */
export function zoneinfoText(zones: readonly ZoneByHand[]): string {
  return zones.map((zone, i) => zoneText({ ...zone, startPfn: (i + 1) * 1_048_576 })).join('');
}

function zoneText(zone: ZoneByHand & { startPfn: number }): string {
  const { node = 0, name = 'Normal', managed = 100_000, free = 20_000, min = 100, low = 125 } = zone;
  const lists = zone.pages.flatMap((pages, cpu) =>
    pages === null
      ? []
      : [
          `    cpu: ${cpu}\n              count: ${pages}\n              high:  378\n              batch: 63\n  vm stats threshold: 24\n`,
        ],
  );
  return (
    `Node ${node}, zone ${name.padStart(8)}\n  pages free     ${free}\n        min      ${min}\n        low      ${low}\n` +
    `        high     150\n        spanned  ${managed}\n        present  ${managed}\n        managed  ${managed}\n` +
    `        protection: (0, 0, 0, 0)\n      nr_free_pages ${free}\n  pagesets\n${lists.join('')}` +
    `  node_unreclaimable:  0\n  start_pfn:           ${zone.startPfn}\n`
  );
}

/** A host of these zones; `more` are further files, or others than the usual ones. Kernel 5.11 on x86-64 unless it says otherwise. */
export function hostOf(zones: readonly ZoneByHand[], more: Record<string, string> = {}): HostSnapshot {
  return readHostSnapshot(hostFiles(zones, more), 'by hand');
}

export function hostFiles(zones: readonly ZoneByHand[], more: Record<string, string> = {}): HostFiles {
  return new Map(
    Object.entries({
      'proc/zoneinfo': zoneinfoText(zones),
      uname: 'Linux host01 5.11.4 #1 SMP x86_64 GNU/Linux\n',
      'sys/devices/system/cpu/isolated': '\n',
      'sys/devices/system/cpu/nohz_full': '\n',
      ...more,
    }),
  );
}

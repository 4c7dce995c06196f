/**
 * Size of a page. x86-64 has one; arm64 has 4, 16 or 64 KiB, and no file that is saved names it. meminfo counts in kB what vmstat and
 * zoneinfo count in pages: their ratio tells which of the sizes it is, since these differ by a factor of four and the readings by far less.
 */

import type { ZoneinfoZone } from '../engine/input/zoneinfo.ts';

export interface PageBytes {
  /** -1: not known. */
  readonly pageBytes: number;
  readonly pageBytesFrom: string;
}

/** Sizes of the kernels that the census knows (arch/arm64/Kconfig; powerpc has 4 and 64 KiB). */
const sizesKb = [4, 16, 64];

export function pageBytesOf(
  architecture: string,
  zones: readonly ZoneinfoZone[],
  meminfo: ReadonlyMap<string, number>,
  vmstat: ReadonlyMap<string, number> | null,
): PageBytes {
  if (/^(x86_64|i[3-6]86)$/.test(architecture)) return { pageBytes: 4096, pageBytesFrom: architecture };
  const managed = zones.reduce((sum, zone) => sum + Math.max(0, zone.managed), 0);
  const free = vmstat?.get('nr_free_pages') ?? zones.reduce((sum, zone) => sum + Math.max(0, zone.free), 0);
  const byTotal = sizeNear((meminfo.get('MemTotal') ?? 0) / managed);
  if (byTotal > 0) return { pageBytes: byTotal, pageBytesFrom: 'MemTotal against managed pages' };
  const byFree = sizeNear((meminfo.get('MemFree') ?? 0) / free);
  if (byFree > 0) return { pageBytes: byFree, pageBytesFrom: 'MemFree against free pages' };
  return { pageBytes: -1, pageBytesFrom: 'not known' };
}

/** The size in bytes that a ratio in kB a page is within a third of; 0: none. */
function sizeNear(kb: number): number {
  const size = sizesKb.find((candidate) => kb > candidate / 1.5 && kb < candidate * 1.5);
  return size === undefined ? 0 : size * 1024;
}

/** The machine of a recording: its CPUs and zones. */

import type { BitSet } from '../../base/bit-set.ts';
import type { Pfn } from '../../base/units.ts';

export interface Zone {
  /** `DMA`, `DMA32`, `Normal`, `Movable`, … */
  readonly name: string;
  readonly node: number;
  /** First pfn of the zone's span. */
  readonly startPfn: Pfn;
  /** First pfn after the span. Zones of one node do not overlap; spans of nodes may. */
  readonly endPfn: Pfn;
  /** Pages of a refill (`batch` of /proc/zoneinfo), if known. */
  readonly batch?: number;
  /** Limit of a list (`high:` of /proc/zoneinfo) when recording began, if known. From 6.7 on it floats. */
  readonly high?: number;
  /** Pages that the allocator manages, and the zone's low and high watermark, if known. */
  readonly managedPages?: number;
  readonly lowWatermark?: number;
  readonly highWatermark?: number;
  /** Pages that it keeps from requests that could do without it (the largest lowmem_reserve), if known. */
  readonly reservePages?: number;
}

export interface Machine {
  /** Largest CPU number + 1. */
  readonly cpuCount: number;
  readonly online: BitSet;
  /** CPUs that must not be disturbed: isolcpus and nohz_full, or what the user named. */
  readonly isolated: BitSet;
  /** Populated zones. One zone named '' that spans everything when nothing is known about zones. */
  readonly zones: readonly Zone[];
}

/** Page counts that /proc/zoneinfo printed: what the kernel itself said. */
export interface ZoneinfoSnapshot {
  /** N of the marks `snapshot N begin LABEL` and `snapshot N end LABEL` in the recording. */
  readonly number: number;
  readonly label: string;
  /** Pages by list (`cpu * zones + zone`); -1 where zoneinfo has no such list (CPU offline, zone empty). */
  readonly pages: Int32Array;
  /** Where in the text of its node the list's count stands, as a part of that text (0 … 1), by list: when it was printed. */
  readonly printedAt?: Float32Array;
  /** Limit of each list (`high:`), by list; -1: not printed. */
  readonly high?: Int32Array;
  /** Free pages by zone; -1: not printed. */
  readonly free?: Int32Array;
  /** Watermarks by zone; -1: not printed. */
  readonly watermarks?: Readonly<Record<'min' | 'low' | 'high', Int32Array>>;
}

/** Where the per-CPU lists get blocks from and give them back to: the simulated free lists, or a recording (validate). */

import type { CpuIndex, Pages, ZoneIndex } from '../../base/units.ts';

export interface ListSupply {
  /**
   * Adds up to `blocks` blocks of `order` and migrate type `type` from the zone's free lists to the tail of `list`
   * (rmqueue_bulk). Returns how many came.
   */
  take(zone: ZoneIndex, order: number, type: number, blocks: number, list: number, cpu: CpuIndex): number;
  /**
   * A give-back of about `pages` pages begins (free_pcppages_bulk): the calls of `give` for the same CPU and zone that
   * follow at once are one.
   */
  giveBackBegins?(zone: ZoneIndex, pages: Pages, cpu: CpuIndex): void;
  /** Takes `blocks` blocks of `order` from the tail of `list` to the zone's free lists: one turn of free_pcppages_bulk. */
  give(zone: ZoneIndex, order: number, blocks: number, list: number, cpu: CpuIndex): void;
}

/** Limits of one (CPU, zone) set of lists, in base pages. */
export interface ListLimits {
  readonly batch: Pages;
  readonly high: Pages;
  /** 6.7 on; before, both are `high`. */
  readonly highMin: Pages;
  readonly highMax: Pages;
}

/** Bits of `PcpLists.zoneFlags` (6.7 on, and reclaim active from 5.14). */
export const ZoneFlag = { belowHigh: 1, reclaimActive: 2 } as const;

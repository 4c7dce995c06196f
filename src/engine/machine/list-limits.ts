/**
 * How many pages a CPU may keep of one zone: `batch` (zone_batchsize) and `high` (zone_set_pageset_high_and_batch, before
 * 5.11 pageset_set_high_and_batch, from 5.14 zone_highsize), mm/page_alloc.c of 3.0 to 6.19, for pages of 4 KiB.
 * Integer arithmetic throughout, as in the kernel.
 */

import type { Pages } from '../../base/units.ts';
import type { KernelRules } from './kernel-rules.ts';
import type { ListLimits } from './list-supply.ts';

const pageBytes = 4096;
/** `batch` set through vm.percpu_pagelist_fraction is at most PAGE_SHIFT * 8. */
const fractionBatchMax = 96;
/** The sysctls refuse smaller fractions; from 6.7 on this one gives high_max (MIN_PERCPU_PAGELIST_HIGH_FRACTION). */
const fractionMin = 8;

export interface ZoneSize {
  /** Pages that the allocator manages in the zone (3.0: present pages). */
  readonly managedPages: Pages;
  /** The zone's low watermark; asked for from 5.14 on. */
  readonly lowWatermark: Pages;
  /** Online CPUs of the zone's node, or all online CPUs where the node has none. */
  readonly localCpus: number;
  /** vm.percpu_pagelist_fraction, from 5.14 on vm.percpu_pagelist_high_fraction; 0: off. */
  readonly fraction: number;
}

/** The rule itself; it says 0 for small zones, and then the kernel uses 1. */
export function batchRule(rule: KernelRules['batchRule'], managedPages: Pages): Pages {
  if (rule === '6.19') {
    const batch = Math.min(Math.floor(managedPages / 4096), (256 << 10) / pageBytes);
    return batch <= 1 ? 1 : floorPowerOfTwo(batch + (batch >> 1)) - 1;
  }
  const capPages = (rule === '512K' ? 512 << 10 : 1 << 20) / pageBytes;
  const batch = Math.max(1, Math.min(Math.floor(managedPages / 1024), capPages) >> 2);
  // One less than a power of two: pages that many CPUs take in turn should not all have the same colour.
  return floorPowerOfTwo(batch + (batch >> 1)) - 1;
}

/** Limits of the set of lists that each CPU has for a zone of this size. */
export function listLimits(rules: KernelRules, zone: ZoneSize): ListLimits {
  const rule = batchRule(rules.batchRule, zone.managedPages);
  const fraction = zone.fraction >= fractionMin ? zone.fraction : 0;
  if (rules.highRule === 'six-batches') {
    if (fraction === 0) return fixed(Math.max(1, rule), 6 * rule);
    const high = Math.floor(zone.managedPages / fraction);
    return fixed(Math.min(fractionBatchMax, Math.max(1, high >> 2)), high);
  }
  const batch = Math.max(1, rule);
  const total = fraction === 0 ? zone.lowWatermark : Math.floor(zone.managedPages / fraction);
  const high = highOf(total, zone.localCpus, batch);
  if (rules.highRule === 'low-watermark' || fraction !== 0) return fixed(batch, high);
  const highMax = highOf(Math.floor(zone.managedPages / fractionMin), zone.localCpus, batch);
  return { batch, high, highMin: high, highMax };
}

/** Lists that keep nothing: boot page sets, and zone_pcp_disable (5.11 on). */
export const disabledLimits: ListLimits = fixed(1, 0);

function fixed(batch: Pages, high: Pages): ListLimits {
  return { batch, high, highMin: high, highMax: high };
}

/** The pages of all CPUs, shared out; four batches must fit (zone_highsize). */
function highOf(total: Pages, cpus: number, batch: Pages): Pages {
  return Math.max(Math.floor(total / Math.max(1, cpus)), 4 * batch);
}

function floorPowerOfTwo(value: number): number {
  return 1 << (31 - Math.clz32(value));
}

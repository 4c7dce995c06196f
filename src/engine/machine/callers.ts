/**
 * Who else asks for a drain, with which arguments, by kernel version: memory off-lining, memory failure, soft off-lining,
 * contiguous ranges, compaction, debug readers (docs/model.md has the table; kernel functions in the comments).
 */

import type { CallSpec } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';

export interface CallPlan {
  /** How often the drain is called, one call after the other; 0: this kernel does not drain here. */
  readonly drains: number;
  /** Does the call name the zone? */
  readonly namesZone: boolean;
  /** Every online CPU is reached whatever it holds (zone_pcp_disable, 5.11 on). */
  readonly forced: boolean;
}

export function callPlan(cause: CallSpec['cause'], rules: KernelRules): CallPlan {
  const from = (version: string) => kernelAtLeast(rules.version, version);
  const byZone = from('3.19');
  switch (cause) {
    case 'memory-offline':
      // __offline_pages: before and after the pages have moved; from 5.11 once, forced, and the lists stay closed.
      return { drains: rules.forcedOffline ? 1 : 2, namesZone: byZone, forced: rules.forcedOffline };
    case 'memory-failure':
      // shake_page up to 5.10; __page_handle_poison from 6.10 (5.15 too, after a free huge page is dissolved).
      return from('5.11') && !from('6.10')
        ? { drains: 0, namesZone: true, forced: false }
        : { drains: 1, namesZone: byZone, forced: false };
    case 'soft-offline':
      // soft_offline_page; from 5.11 zone_pcp_disable while the page leaves the free lists.
      return { drains: 1, namesZone: byZone, forced: rules.forcedOffline };
    case 'contiguous-range':
      // alloc_contig_range (3.4 on); set_migratetype_isolate drained too up to 5.10.
      return { drains: from('3.4') ? (from('5.11') ? 1 : 2) : 0, namesZone: byZone, forced: false };
    case 'compaction':
      // kcompactd_do_work.
      return { drains: from('4.17') ? 1 : 0, namesZone: true, forced: false };
    case 'debug-read':
      return { drains: from('4.6') ? 1 : 0, namesZone: false, forced: false };
    case 'cpu-offline':
      // page_alloc_cpu_dead drains the dead CPU only: no call of drain_all_pages.
      return { drains: 0, namesZone: false, forced: false };
  }
}

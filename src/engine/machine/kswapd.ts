/**
 * What kswapd of each node is about to do; the event loop gives it time (mm/vmscan.c: wakeup_kswapd, balance_pgdat,
 * kswapd_shrink_node, pgdat_balanced; mm/page_alloc.c calls wakeup_kswapd when no zone is above its low mark).
 *
 * A pass scans the page cache at a priority; without success the next one scans twice as much. A node is balanced
 * when all zones are above their high mark (up to 4.7), or when one is (4.8 on). After 16 rounds without a page
 * it gives up (4.12 on), before: when it has scanned six times what there is.
 *
 * Not modelled: compaction and slab shrinkers, boosted marks, the nap of 100 ms before a real sleep.
 */

import type { Pages } from '../../base/units.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast } from './kernel-rules.ts';
import { firstPriority, reclaimCluster } from './page-cache.ts';
import { Depth, type FreeLists, Mark, type Watermarks, ZoneClass } from './watermarks.ts';

/** Rounds without a page after which kswapd leaves a node alone (MAX_RECLAIM_RETRIES). */
export const failuresMax = 16;

export class Kswapd {
  /** By node: runs, or is about to. While it does, the zones' lists are kept short (ZONE_RECLAIM_ACTIVE, 5.14 on). */
  readonly awake: Uint8Array;
  /** By node: priority of the pass that comes next. */
  readonly priority: Uint8Array;
  readonly failures: Uint8Array;
  wakes = 0;
  private readonly order: Uint8Array;
  /** Highest zone class for which it was woken; zones above do not matter. */
  private readonly zoneClass: Uint8Array;
  /** Reclaimed since this round began. */
  private readonly roundReclaimed: Float64Array;
  private readonly scannedInVain: Float64Array;
  /** Zones of each node, lowest first. */
  private readonly zonesOf: readonly (readonly number[])[];
  private readonly classOf: Uint8Array;
  private readonly marks: Watermarks;
  private readonly anyZone: boolean;
  private readonly countsFailures: boolean;

  constructor(marks: Watermarks, zones: readonly ZoneSpec[], nodes: number, rules: KernelRules) {
    this.marks = marks;
    this.awake = new Uint8Array(nodes);
    this.priority = new Uint8Array(nodes).fill(firstPriority);
    this.failures = new Uint8Array(nodes);
    this.order = new Uint8Array(nodes);
    this.zoneClass = new Uint8Array(nodes);
    this.roundReclaimed = new Float64Array(nodes);
    this.scannedInVain = new Float64Array(nodes);
    this.zonesOf = Array.from({ length: nodes }, (_, node) =>
      zones.map((_, index) => index).filter((index) => zones[index].node === node),
    );
    this.classOf = Uint8Array.from(zones, ({ name }) => ZoneClass[name]);
    this.anyZone = kernelAtLeast(rules.version, '4.8');
    this.countsFailures = kernelAtLeast(rules.version, '4.12');
  }

  /**
   * Wakes the node's kswapd for a block of `order` from zones up to `zoneClass` (wakeup_kswapd). `reclaimable` is
   * what the node's page cache has. True: it slept and has work now.
   */
  wake(node: number, order: number, zoneClass: ZoneClass, lists: FreeLists, reclaimable: Pages): boolean {
    if (this.zonesOf[node].length === 0 || this.isHopeless(node, reclaimable)) return false;
    if (this.awake[node] === 1) {
      this.order[node] = Math.max(this.order[node], order);
      this.zoneClass[node] = Math.max(this.zoneClass[node], zoneClass);
      return false;
    }
    const enough = this.anyZone
      ? this.balanced(node, order, zoneClass, lists)
      : this.above(node, order, zoneClass, Mark.low, lists, true);
    if (enough) return false;
    this.zoneClass[node] = zoneClass;
    this.awake[node] = 1;
    this.order[node] = order;
    this.beginRound(node);
    this.wakes++;
    return true;
  }

  /** Pages to reclaim in the next pass, at `priority[node]`; 0: the node is balanced or hopeless, and kswapd sleeps. */
  next(node: number, lists: FreeLists, reclaimable: Pages): Pages {
    if (this.awake[node] === 0) return 0;
    if (
      this.balanced(node, this.order[node], this.zoneClass[node] as ZoneClass, lists) ||
      this.isHopeless(node, reclaimable)
    ) {
      this.awake[node] = 0;
      return 0;
    }
    let pages = 0;
    for (const zone of this.zonesOf[node])
      if (this.classOf[zone] <= this.zoneClass[node])
        pages += Math.max(this.marks.high[zone], reclaimCluster);
    return pages;
  }

  /** Tells what the pass did. A round ends after priority 1, and the next one begins at 12. */
  passed(node: number, target: Pages, scanned: Pages, reclaimed: Pages): void {
    this.roundReclaimed[node] += reclaimed;
    this.scannedInVain[node] = reclaimed > 0 ? 0 : this.scannedInVain[node] + scanned;
    if (reclaimed > 0) this.failures[node] = 0;
    if (scanned >= target && reclaimed > 0) return;
    if (--this.priority[node] >= 1) return;
    if (this.roundReclaimed[node] === 0) this.failures[node] = Math.min(failuresMax, this.failures[node] + 1);
    // A larger block is tried for one round only; then order 0 is enough.
    this.order[node] = 0;
    this.beginRound(node);
  }

  /** Direct reclaim got pages of the node: it is not hopeless any more. */
  madeProgress(node: number): void {
    this.failures[node] = 0;
    this.scannedInVain[node] = 0;
  }

  /** Are the node's zones up to the class above their high marks (pgdat_balanced)? */
  balanced(node: number, order: number, zoneClass: ZoneClass, lists: FreeLists): boolean {
    return this.above(node, order, zoneClass, Mark.high, lists, !this.anyZone);
  }

  /** Has kswapd given the node up? A throttled reclaimer does not wait for it then. */
  isHopeless(node: number, reclaimable: Pages): boolean {
    if (this.countsFailures) return this.failures[node] >= failuresMax;
    // zone_reclaimable; with nothing there at all a round without a page is enough.
    return reclaimable === 0 ? this.failures[node] > 0 : this.scannedInVain[node] >= 6 * reclaimable;
  }

  /** Up to 4.7 each zone is held against its mark alone, then also against what requests from above must leave. */
  private above(
    node: number,
    order: number,
    zoneClass: ZoneClass,
    mark: Mark,
    lists: FreeLists,
    every: boolean,
  ): boolean {
    for (const zone of this.zonesOf[node]) {
      const own = this.classOf[zone] as ZoneClass;
      if (own > zoneClass) continue;
      const ask = this.anyZone ? zoneClass : own;
      const ok = this.marks.ok(zone, order, mark, Depth.normal, ask, lists);
      if (ok !== every) return !every;
    }
    return every;
  }

  private beginRound(node: number): void {
    this.priority[node] = firstPriority;
    this.roundReclaimed[node] = 0;
  }
}

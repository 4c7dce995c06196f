/**
 * What this recording's kernel does with its lists, read from its event formats, its symbols and the events
 * it recorded: never from a version number, since distributions move features about.
 */

import { type EventLogSource, Kind } from '../input/event-log.ts';

export interface ListRules {
  /** Orders 1–3 and the huge-page order are on the lists too (5.14 on). */
  readonly highOrders: boolean;
  /** mm_page_alloc_zone_locked stores whether the page may go to a list (5.19 on and 5.15-stable). */
  readonly refillField: boolean;
  /** A refill is `batch` pages; from 6.7 on it grows with the demand. */
  readonly fixedRefill: boolean;
  /** free_pcppages_bulk takes its pages off the list before it waits for the zone lock (4.17–5.17); later one by one. */
  readonly bulkTakesFirst: boolean;
  /** A page taken from another type enters a list with mm_page_alloc_extfrag alone (6.10 on). */
  readonly stealsAreRefills: boolean;
  /** compaction_free emits mm_page_free for pages that reach no list (6.10 on). */
  readonly compactionFreesEmit: boolean;
  /** Drains are done by the caller for other CPUs (6.0 on): the event's CPU is not the owner's. */
  readonly remoteDrains: boolean;
  /** A free that found its list locked is told by free_one_page; without that probe it has to be inferred. */
  readonly bypassTold: boolean;
}

/** Largest order on the lists beside the huge-page order. */
export const costlyOrder = 3;

export function rulesOf(source: EventLogSource): ListRules {
  const features = source.features;
  const refillField = features.hasField('kmem', 'mm_page_alloc_zone_locked', 'percpu_refill');
  // Not by the workqueue events: their formats exist on every kernel.
  const works = features.has(Kind.drainLocalPagesWq) || features.symbolExists('drain_local_pages_wq');
  // The "_noprof" names came with the release that reworked the free lists (6.10).
  const reworked =
    features.symbolExists('__alloc_pages_noprof') || features.symbolExists('__alloc_frozen_pages_noprof');
  return {
    highOrders: refillField || features.symbolExists('percpu_pagelist_high_fraction_sysctl_handler'),
    refillField,
    fixedRefill: !features.symbolExists('decay_pcp_high') && !features.has(Kind.decayPcpHigh),
    bulkTakesFirst: works,
    stealsAreRefills: reworked,
    compactionFreesEmit: reworked,
    remoteDrains: refillField && !works,
    bypassTold: features.has(Kind.freeOnePage),
  };
}

/**
 * What this recording's kernel does with its lists, read from its event formats, its symbols and the events
 * it recorded: never from a version number, since distributions move features about.
 */

import { type EventLogSource, Kind } from '../input/event-log.ts';

export interface ListRules {
  /** The recording lists its formats and symbols: the rules do not change as it is read. */
  readonly final: boolean;
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
  /** Drains are done by a kernel worker on each CPU (4.11–5.19). With neither of both: in an interrupt on each CPU. */
  readonly workDrains: boolean;
  /**
   * A give-back of less than `batch` pages is all that the list holds: nr_pcp_free gives at least `batch` back, or
   * everything after a page of order 1–3 (6.0–6.6; from 6.7 on decay_pcp_high gives back any number).
   */
  readonly smallGiveBacksEmpty: boolean;
  /** The rmqueue_bulk probe tells each refill, and a drained page is told with the type that it was freed with (6.0–6.9). */
  readonly refillsTold: boolean;
  /** The queueing of that work is recorded. */
  readonly worksTold: boolean;
  /** The begin of each give-back is recorded (probe free_pcppages_bulk). */
  readonly giveBacksTold: boolean;
  /** A free that found its list locked is told by free_one_page; without that probe it has to be inferred. */
  readonly bypassTold: boolean;
}

/** Largest order on the lists beside the huge-page order. */
export const costlyOrder = 3;

/** What the rows themselves have shown, for recordings (text) that list neither formats nor symbols. */
export interface RuleEvidence {
  /** A page of order 1 or more left a list. */
  highOrderDrained: boolean;
  /** mm_page_alloc_extfrag followed mm_page_alloc_zone_locked of the same page: the order of 6.10 on. */
  claimAfterZoneLocked: boolean;
}

export function rulesOf(source: EventLogSource, seen: RuleEvidence): ListRules {
  const { features } = source;
  const refillField = features.hasField('kmem', 'mm_page_alloc_zone_locked', 'percpu_refill');
  const symbolsKnown = features.symbolExists('drain_all_pages') || features.symbolExists('drain_pages');
  // With symbols not by the workqueue events: their formats exist on every kernel.
  const works =
    features.has(Kind.drainLocalPagesWq) ||
    (symbolsKnown
      ? features.symbolExists('drain_local_pages_wq')
      : !refillField && features.has(Kind.drainWorkQueued));
  // The "_noprof" names came with the release that reworked the free lists (6.10).
  const reworked =
    features.symbolExists('__alloc_pages_noprof') ||
    features.symbolExists('__alloc_frozen_pages_noprof') ||
    seen.claimAfterZoneLocked;
  return {
    final: symbolsKnown,
    highOrders:
      refillField ||
      features.symbolExists('percpu_pagelist_high_fraction_sysctl_handler') ||
      seen.highOrderDrained,
    refillField,
    fixedRefill: !features.symbolExists('decay_pcp_high') && !features.has(Kind.decayPcpHigh),
    bulkTakesFirst: works,
    stealsAreRefills: reworked,
    compactionFreesEmit: reworked,
    remoteDrains: refillField && !works,
    workDrains: works,
    // Without symbols (text) a kernel of 6.7 on looks the same.
    smallGiveBacksEmpty:
      symbolsKnown &&
      refillField &&
      !works &&
      !features.symbolExists('decay_pcp_high') &&
      !features.has(Kind.decayPcpHigh),
    refillsTold: refillField && !works && !reworked && features.has(Kind.rmqueueBulk),
    worksTold: works && features.has(Kind.drainWorkQueued),
    giveBacksTold: features.has(Kind.freePcppagesBulk),
    bypassTold: features.has(Kind.freeOnePage),
  };
}

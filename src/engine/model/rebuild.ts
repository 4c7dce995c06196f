/**
 * CONTRACT (first draft; the implementation replaces this file): rebuilds who held pages from the rows of a recording.
 */

import type { DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import type { EventBlock, EventLogSource } from '../input/event-log.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';

export interface RebuildObserver {
  /** A drain is asked for; state of the lists at the request. Called in time order. */
  drainRequested(request: DrainRequest): void;
  /** The drain has ended or everything the recording tells about it is known. Order of ends, each request once. */
  drainEnded(outcome: DrainOutcome): void;
}

/** Why a compared count or set differs from the kernel's; every difference is in exactly one class. */
export interface DifferenceClasses {
  [className: string]: number;
}

export interface RebuildReport {
  /** Drains of which the kernel said whom it drained (effective: at least one CPU), and in how many drainlab's set is equal. */
  drainsCompared: number;
  drainsEqual: number;
  drainDifferences: DifferenceClasses;
  /** Where the kernel's own holders_mask is recorded: drains compared, equal. */
  holdersCompared: number;
  holdersEqual: number;
  /** (CPU, zone) counts compared with zoneinfo snapshots after the first, and equal ones. */
  listsCompared: number;
  listsEqual: number;
  listDifferences: DifferenceClasses;
  /** How the counts were anchored. */
  anchor: 'snapshot' | 'drain' | 'none';
  /** Odd things that were met while rebuilding, by name, with how often: each is explained in docs/trace-formats.md. */
  notes: Map<string, number>;
}

export interface Rebuild {
  feed(block: EventBlock): void;
  /** After the last block. */
  finish(): RebuildReport;
}

export type MakeRebuild = (
  source: EventLogSource,
  machine: Machine,
  snapshots: readonly ZoneinfoSnapshot[],
  observer: RebuildObserver,
) => Rebuild;

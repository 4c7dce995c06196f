/**
 * Driven validation: a recording's allocations, frees and drain requests are fed to the list code of the simulator
 * (machine/pcp-lists.ts), which must say by the rules of that kernel what the recorded kernel did: each refill, each
 * give-back, the size of each drain, the counts that zoneinfo printed.
 *
 * How an era plugs in: write a `DrivenEra` and name it in eras.ts. It makes passes over the recording; each
 * pass gets all rows in order, then `finish`. An earlier pass may learn what the last one needs to know of the future
 * (with `hindsight`) or how events of one call belong together. The last pass drives PcpLists through a `ListSupply`
 * that notes what it was asked for, and tells `Score` each prediction beside what was observed. Observed refills,
 * give-backs and drains must never reach the lists: only allocations, frees, requests of drains (and what the era's
 * header names as a further input). Every deviation gets a class, which `classes` explains.
 */

import type { EventBlock, EventLogSource } from '../input/event-log.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import type { KernelRules } from '../machine/kernel-rules.ts';
import type { ListLimits } from '../machine/list-supply.ts';
import type { Score } from './score.ts';

/**
 * How the type of a freed page's block (the one hidden input of the old kernels) is known: from the event with which
 * that page leaves its list later, or from what came before.
 */
export const knowledges = ['hindsight', 'causal'] as const;
/** `upper-bound`: also what no rule can know (zone flags, short refills); up to 5.13 the same as `hindsight`. */
export type Knowledge = (typeof knowledges)[number] | 'upper-bound';

export interface DrivenSetting {
  /** What the recording says about itself: its features, its CPUs. Rows come through the passes. */
  readonly source: EventLogSource;
  readonly machine: Machine;
  readonly snapshots: readonly ZoneinfoSnapshot[];
  readonly rules: KernelRules;
  /** By zone of the machine. */
  readonly limits: readonly ListLimits[];
  readonly knowledge: Knowledge;
  /** Passed on to PcpLists; tests shift it. */
  readonly roundRobinStart: number;
}

/** One reading of the recording from its beginning to its end. */
export interface DrivenPass {
  /** The block is reused after the call. */
  feed(block: EventBlock): void;
  /** After the last row. */
  finish(): void;
}

export interface DrivenEra {
  /** `5.10`: the kernel on which it was tried. */
  readonly name: string;
  /** What is fed beside allocations, frees and drain requests, in a sentence; '' if nothing. */
  readonly inputs: string;
  /** Does it drive recordings of a kernel with these rules? */
  drives(rules: KernelRules): boolean;
  /** All but the last prepare; the last scores. Made anew for each run. */
  makePasses(setting: DrivenSetting, score: Score): readonly DrivenPass[];
  /** Class of deviation → what it is, in a sentence. */
  readonly classes: Readonly<Record<string, string>>;
}

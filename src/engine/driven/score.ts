/**
 * What a driven model predicted, held against what the kernel did. Position and size count: a prediction is exact when it
 * was made at the event at which the kernel did it, with the kernel's size. Zones apart: a zone whose lists keep nothing
 * (DMA up to 5.13) is predicted by everybody and must not lift the figures of the others.
 */

import type { Machine } from '../input/machine.ts';

/**
 * What is predicted: refills and give-backs (when and how large), how many pages of each type a give-back of the right
 * size takes, drains (how large), counts at snapshots.
 */
export const predictions = ['refills', 'giveBacks', 'types', 'drains', 'snapshots'] as const;
export type Predicted = (typeof predictions)[number];

/** Predictions of one sort. exact + wrongSize + missed = observed; exact + wrongSize + unfounded = predicted. */
export interface Tally {
  /** The kernel did it. */
  observed: number;
  /** The model said so. */
  predicted: number;
  /** Right position and size. Types, snapshots: equal counts. */
  exact: number;
  /** Right position, wrong size. Types, snapshots: unequal counts. */
  wrongSize: number;
  /** The kernel did it, and the model did not say so. */
  missed: number;
  /** The model said so, and the kernel did not do it. */
  unfounded: number;
  /** Pages by which sizes or counts were off, all together. */
  pagesOff: number;
}

export interface Deviation {
  readonly of: Predicted;
  readonly zone: string;
  readonly class: string;
  readonly times: number;
}

export function emptyTally(): Tally {
  return { observed: 0, predicted: 0, exact: 0, wrongSize: 0, missed: 0, unfounded: 0, pagesOff: 0 };
}

export class Score {
  /** By zone of the machine. */
  readonly zones: ReadonlyArray<Readonly<Record<Predicted, Tally>>>;
  /** CPUs that count: see `begin`. */
  readonly begun: Uint8Array;
  readonly #names: readonly string[];
  readonly #deviations = new Map<string, { of: Predicted; zone: number; class: string; times: number }>();

  constructor(machine: Machine) {
    this.zones = machine.zones.map(() => ({
      refills: emptyTally(),
      giveBacks: emptyTally(),
      types: emptyTally(),
      drains: emptyTally(),
      snapshots: emptyTally(),
    }));
    this.#names = machine.zones.map(({ name }) => name);
    this.begun = new Uint8Array(machine.cpuCount);
  }

  /** From here on CPU `cpu` is scored: its lists were emptied, so what stands on them is known. */
  begin(cpu: number): void {
    this.begun[cpu] = 1;
  }

  /**
   * One refill, give-back or drain: the size that was predicted and the size that was seen; 0 for one that was not
   * there. (A drain may be right about 0.) Units are as the caller likes, but the same for both. `why`: class of the
   * deviation, if it is one; the era's `classes` explains it.
   */
  compare(
    of: 'refills' | 'giveBacks' | 'drains',
    zone: number,
    predicted: number,
    observed: number,
    why = 'unexplained',
  ): void {
    const tally = this.zones[zone][of];
    const wasDrain = of === 'drains';
    if (predicted > 0 || wasDrain) tally.predicted++;
    if (observed > 0 || wasDrain) tally.observed++;
    if (predicted === observed) {
      tally.exact++;
      return;
    }
    tally.pagesOff += Math.abs(predicted - observed);
    if (wasDrain || (predicted > 0 && observed > 0)) tally.wrongSize++;
    else if (observed > 0) tally.missed++;
    else tally.unfounded++;
    this.#deviates(of, zone, why);
  }

  /** A give-back of the right size: did it take `pagesOff` pages (0: none) from other lists than predicted? */
  types(zone: number, pagesOff: number, why = 'unexplained'): void {
    this.#equal('types', zone, pagesOff, why);
  }

  /** The count of one list set at a zoneinfo snapshot. */
  snapshot(zone: number, predicted: number, kernel: number, why = 'unexplained'): void {
    this.#equal('snapshots', zone, Math.abs(predicted - kernel), why);
  }

  #equal(of: 'types' | 'snapshots', zone: number, pagesOff: number, why: string): void {
    const tally = this.zones[zone][of];
    tally.predicted++;
    tally.observed++;
    if (pagesOff === 0) {
      tally.exact++;
      return;
    }
    tally.wrongSize++;
    tally.pagesOff += pagesOff;
    this.#deviates(of, zone, why);
  }

  /** Over all zones, or those for which `include` holds. */
  total(of: Predicted, include: (zone: number) => boolean = () => true): Tally {
    const sum = emptyTally();
    this.zones.forEach((zone, index) => {
      if (!include(index)) return;
      for (const key of Object.keys(sum) as Array<keyof Tally>) sum[key] += zone[of][key];
    });
    return sum;
  }

  /** Most frequent first. */
  deviations(): Deviation[] {
    return [...this.#deviations.values()]
      .sort((a, b) => b.times - a.times)
      .map(({ of, zone, class: name, times }) => ({ of, zone: this.#names[zone], class: name, times }));
  }

  #deviates(of: Predicted, zone: number, why: string): void {
    const key = `${of} ${zone} ${why}`;
    const known = this.#deviations.get(key);
    if (known === undefined) this.#deviations.set(key, { of, zone, class: why, times: 1 });
    else known.times++;
  }
}

/** Per cent of what the kernel did that was predicted exactly; 100 where it did nothing. */
export function exactPercent(tally: Tally): number {
  return tally.observed === 0 ? 100 : (100 * tally.exact) / tally.observed;
}

/** Per cent of the predictions that the kernel did not follow at all. */
export function unfoundedPercent(tally: Tally): number {
  return tally.predicted === 0 ? 0 : (100 * tally.unfounded) / tally.predicted;
}

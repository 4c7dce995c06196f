/** Names the cause of each deviation and tells the score: for kernels whose lists are touched by their own CPU alone. */

import type { Pages } from '../../base/units.ts';
import type { Score } from './score.ts';

export const localClasses = {
  'block type':
    'the type of the page block of a freed page was believed wrong: with the type in hindsight this prediction is right',
  'in flight':
    'the event that tells of a page came later than the page moved, and other pages of this CPU or a snapshot came in between',
  'follow-up': 'counts of this CPU and zone were off since another deviation, until the next drain',
  short:
    'the refill was smaller than a batch: the free lists had fewer pages, or memory that goes offline changed the limits',
  'while printed': 'the count changed while zoneinfo was printed, and had the printed value in that time',
  unexplained: 'no cause was found',
} as const;
export type LocalClass = keyof typeof localClasses;

export class LocalScoring {
  readonly #score: Score;
  readonly #zoneCount: number;
  /** By set: something was predicted wrong since its last drain. */
  readonly #off: Uint8Array;
  /** Set → its last drain, whose size was predicted wrong for no reason known so far; at which row it began. */
  readonly #puzzles = new Map<number, { predicted: Pages; observed: Pages; row: number }>();

  constructor(score: Score, zoneCount: number, setCount: number) {
    this.#score = score;
    this.#zoneCount = zoneCount;
    this.#off = new Uint8Array(setCount);
  }

  /** For counts at snapshots. */
  why(set: number): LocalClass {
    return this.#off[set] === 1 ? 'follow-up' : 'unexplained';
  }

  /** `shadow`: what was predicted with the types in hindsight. `otherwise`: the cause, if it is none of those known here. */
  compare(
    of: 'refills' | 'giveBacks' | 'drains',
    set: number,
    predicted: Pages,
    observed: Pages,
    shadow: Pages,
    otherwise: LocalClass = 'unexplained',
  ): void {
    const zone = set % this.#zoneCount;
    if (predicted === observed) {
      this.#score.compare(of, zone, predicted, observed);
      return;
    }
    let why = otherwise;
    if (shadow === observed) why = 'block type';
    else if (this.#off[set] === 1) why = 'follow-up';
    else if (of === 'refills' && observed > 0 && observed < predicted) why = 'short';
    this.#off[set] = 1;
    this.#score.compare(of, zone, predicted, observed, why);
  }

  /** A give-back of the right size took `pagesOff` pages from other lists than predicted, by the shadow `shadowOff`. */
  types(set: number, pagesOff: Pages, shadowOff: Pages): void {
    this.#score.types(set % this.#zoneCount, pagesOff, shadowOff === 0 ? 'block type' : this.why(set));
    if (pagesOff > 0) this.#off[set] = 1;
  }

  /**
   * A drain ended that began at `row`. `refillOpen`: a refill had been seen whose allocation was not told yet. What
   * was on its way is still unaccounted for: only a drain of the right size clears the slate.
   */
  drained(
    set: number,
    predicted: Pages,
    observed: Pages,
    shadow: Pages,
    row: number,
    refillOpen: boolean,
  ): void {
    const known = predicted === observed || shadow === observed || this.#off[set] === 1 || refillOpen;
    if (known) this.compare('drains', set, predicted, observed, shadow, 'in flight');
    else this.#puzzles.set(set, { predicted, observed, row });
    this.#off[set] = predicted === observed ? 0 : 1;
  }

  /** A list was emptied for the first time. */
  begins(set: number): void {
    this.#off[set] = 0;
  }

  /** The list is about to be drained again: what its last drain is not explained by yet stays so. */
  drainsAgain(set: number): void {
    this.#solve(set, 'unexplained');
  }

  /**
   * A page left that had entered this set at `row`. If that was before the drain, and the drain did not find it, it was
   * on its way on or off the list.
   */
  left(set: number, row: number): void {
    const puzzle = this.#puzzles.get(set);
    if (puzzle !== undefined && row <= puzzle.row) this.#solve(set, 'in flight');
  }

  finish(): void {
    for (const set of this.#puzzles.keys()) this.#solve(set, 'unexplained');
  }

  #solve(set: number, why: LocalClass): void {
    const puzzle = this.#puzzles.get(set);
    if (puzzle === undefined) return;
    this.#puzzles.delete(set);
    this.#score.compare('drains', set % this.#zoneCount, puzzle.predicted, puzzle.observed, why);
  }
}

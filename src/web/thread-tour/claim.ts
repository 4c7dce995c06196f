/** One step of the tour: a claim of the mail, what it means, an experiment on it, and what came out. Data, without a page. */

import type { Verdict } from '../../engine/report/verdict.ts';
import type { PagesTile } from '../../engine/timeline/pages-log.ts';
import type { BreakEvenMap, Opened } from '../../thread/messages.ts';

export interface Claim {
  /** In the address. */
  readonly name: string;
  readonly title: string;
  readonly quotes: readonly Quote[];
  /** For a student. `{drain}` is a word of words.ts; `{drains|drain}` shows another form of it. So in all texts of a claim. */
  readonly meaning: string;
  readonly expect: string;
  readonly experiment: Experiment;
  readonly outcome: { readonly kind: OutcomeKind; readonly text: string };
  readonly real: readonly Evidence[];
}

export interface Quote {
  readonly who: 'Mel Gorman' | 'Gilad Ben-Yossef';
  /** Lines of the mail as archived; line 1 is its subject. */
  readonly lines: string;
  readonly text: string;
}

/** What the tour says of a claim. `answered`: it was a question. */
export const outcomes = {
  right: { mark: '✓', text: 'Right' },
  conditional: { mark: '◐', text: 'Right under these conditions' },
  'not-reproduced': { mark: '✗', text: 'Not reproduced' },
  answered: { mark: '→', text: 'Answered' },
} as const;

export type OutcomeKind = keyof typeof outcomes;

/** What real kernels said. */
export interface Evidence {
  readonly text: string;
  /** exact: replayed from a recording; counted: by the kernel itself; configured: in its configuration; not-known: no recording tells. */
  readonly basis: 'exact' | 'counted' | 'configured' | 'not-known';
  /** Page below docs/ that has the figures; '' where there are none. */
  readonly source: string;
}

/** A built-in scenario with what is set in it: a line of `drainlab simulate`. */
export interface ScenarioRun {
  readonly scenario: string;
  readonly policies: readonly string[];
  readonly seconds?: number;
  readonly sets?: readonly string[];
}

export type Experiment =
  /** All policies of each run; the verdicts in the same order. */
  | {
      readonly kind: 'policies';
      readonly runs: readonly ScenarioRun[];
      /** Takes longer than about two seconds in a browser: it waits to be started. */
      readonly isLong?: boolean;
      readonly answer: (...verdicts: Verdict[]) => Answer;
    }
  /** One run of one policy with its pages over time. */
  | {
      readonly kind: 'one-run';
      readonly run: ScenarioRun;
      readonly isLong?: boolean;
      readonly answer: (verdict: Verdict, run: RunPages) => Answer;
    }
  /** Prices of one drain by number of CPUs and holders. */
  | {
      readonly kind: 'prices';
      readonly cpus: readonly number[];
      readonly isLong?: boolean;
      readonly answer: (map: BreakEvenMap) => Answer;
    };

export interface RunPages {
  readonly machine: Opened['machine'];
  readonly drains: Opened['drains'];
  readonly tile: PagesTile;
}

/** One sentence, and one picture made for the claim. */
export interface Answer {
  readonly sentence: string;
  readonly picture: Picture;
}

export type Picture =
  | { readonly kind: 'bars'; readonly groups: readonly BarGroup[] }
  | { readonly kind: 'holders'; readonly holders: readonly number[]; readonly online: number }
  | { readonly kind: 'choices'; readonly run: RunPages; readonly choices: readonly Choice[] }
  | { readonly kind: 'pays'; readonly rows: readonly PayRow[] };

/** Bars with one scale. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  /** The whole bar as text. */
  readonly text: string;
  readonly parts: readonly BarPart[];
}

export interface BarPart {
  readonly value: number;
  readonly kind: 'plain' | 'useful' | 'useless' | 'mask' | 'look';
  /** What this part is, for the legend; '' needs none. */
  readonly what: string;
}

/** Which way a drain went that may go two ways. */
export interface Choice {
  readonly timeNs: number;
  readonly usesMask: boolean;
}

/** Up to how many of so many CPUs may hold pages for a mask to pay. -1: never. */
export interface PayRow {
  readonly cpus: number;
  readonly maskFromCpu: number;
  readonly maskNewPage: number;
}

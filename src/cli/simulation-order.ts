/** What the thread that simulates is told, what it answers, and the memory that both see. */

import { BitSet } from '../base/bit-set.ts';
import type { ExitCode } from '../base/errors.ts';
import type { Scenario } from '../engine/input/scenario.ts';
import type { Verdict } from '../engine/report/verdict.ts';

export interface SimulationOrder {
  /** As structured cloning leaves it: `revivedScenario` makes it whole. */
  readonly scenario: Scenario;
  /** Names or paths; the baseline among them. */
  readonly policies: readonly string[];
  readonly baseline: string;
  /** Policies that were named by the user, in that order: each gets a sentence. Absent: one is chosen. */
  readonly asked: readonly string[] | undefined;
  readonly shared: SharedArrayBuffer;
}

export type SimulationAnswer =
  /** Policies are loaded. Names, the baseline's first. */
  | { readonly kind: 'ready'; readonly names: readonly string[] }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** An error of the user's making. */
  | {
      readonly kind: 'error';
      readonly message: string;
      readonly code: string;
      readonly where: string;
      readonly hint: string;
      readonly exitCode: ExitCode;
    };

/** Why a run is to end before its time. */
export const Stop = { no: 0, interrupted: 1, seconds: 2 } as const;

/** What a user's file is doing. */
export const Busy = { no: 0, loading: 1, choosing: 2 } as const;

/** Numbers that both threads see. */
export class SharedState {
  readonly buffer: SharedArrayBuffer;
  private readonly integers: Int32Array;
  private readonly numbers: Float64Array;

  constructor(buffer = new SharedArrayBuffer(64)) {
    this.buffer = buffer;
    this.integers = new Int32Array(buffer, 0, 4);
    this.numbers = new Float64Array(buffer, 16, 3);
  }

  /** One of `Stop`. */
  get stop(): number {
    return Atomics.load(this.integers, 0);
  }

  set stop(why: number) {
    Atomics.store(this.integers, 0, why);
  }

  /** One of `Busy`. */
  get busy(): number {
    return Atomics.load(this.integers, 1);
  }

  /** Each time that a user's code is entered it is another turn. */
  enter(what: number): void {
    Atomics.add(this.integers, 2, 1);
    Atomics.store(this.integers, 1, what);
  }

  leave(): void {
    Atomics.store(this.integers, 1, Busy.no);
  }

  get turn(): number {
    return Atomics.load(this.integers, 2);
  }

  /** Position of the run in progress. */
  get run(): number {
    return Atomics.load(this.integers, 3);
  }

  set run(position: number) {
    Atomics.store(this.integers, 3, position);
  }

  /** Simulated time and events of the run in progress. */
  get simulatedNs(): number {
    return this.numbers[0];
  }

  set simulatedNs(ns: number) {
    this.numbers[0] = ns;
  }

  get events(): number {
    return this.numbers[1];
  }

  set events(count: number) {
    this.numbers[1] = count;
  }
}

/** Sets of CPUs lose their methods on the way from thread to thread. */
export function revivedScenario(sent: Scenario): Scenario {
  const { machine } = sent;
  return {
    ...sent,
    machine: { ...machine, online: revivedSet(machine.online), isolated: revivedSet(machine.isolated) },
    tasks: sent.tasks.map((task) => ({ ...task, cpus: revivedSet(task.cpus) })),
  };
}

function revivedSet({ size, words }: BitSet): BitSet {
  const set = new BitSet(size);
  set.words.set(words);
  return set;
}

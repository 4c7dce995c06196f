/**
 * Idle states of processors and which of them a CPU is in: drivers/idle/intel_idle.c (6.10: exit latency and
 * target residency) and a governor after drivers/cpuidle/governors/menu.c, much simplified.
 */

import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { MachineSpec } from '../input/scenario.ts';

export interface IdleState {
  readonly name: string;
  /** From the interrupt to the first instruction. */
  readonly exitNs: Nanoseconds;
  /** A stay shorter than this costs more energy than it saves. */
  readonly residencyNs: Nanoseconds;
}

const state = (name: string, exitUs: number, residencyUs: number): IdleState => ({
  name,
  exitNs: exitUs * 1000,
  residencyNs: residencyUs * 1000,
});

/**
 * States from shallow to deep. All figures stand in intel_idle.c. States deeper than C6 exist in that file for
 * mobile parts only and are left out; of Sapphire Rapids, C1E is off by default and left out.
 */
export const idleStates: Readonly<Record<MachineSpec['idle'], readonly IdleState[]>> = {
  none: [],
  nehalem: [state('C1', 3, 6), state('C1E', 10, 20), state('C3', 20, 80), state('C6', 200, 800)],
  'sandy-bridge': [state('C1', 2, 2), state('C1E', 10, 20), state('C3', 80, 211), state('C6', 104, 345)],
  haswell: [state('C1', 2, 2), state('C1E', 10, 20), state('C3', 33, 100), state('C6', 133, 400)],
  'skylake-sp': [state('C1', 2, 2), state('C1E', 10, 20), state('C6', 133, 600)],
  'ice-lake-sp': [state('C1', 1, 1), state('C1E', 4, 4), state('C6', 170, 600)],
  'sapphire-rapids': [state('C1', 1, 1), state('C6', 290, 800)],
  'sierra-forest': [state('C1', 1, 1), state('C1E', 2, 10), state('C6S', 270, 700), state('C6SP', 310, 900)],
};

/** The CPU polls: no state. */
export const polling = -1;

/** The deepest state whose target residency fits into an idle time of `expectedNs`; polling when none does. */
export function deepestState(states: readonly IdleState[], expectedNs: Nanoseconds): number {
  let at = states.length - 1;
  while (at >= 0 && states[at].residencyNs > expectedNs) at--;
  return at;
}

/** How many idle times the governor remembers (INTERVALS in menu.c). */
export const remembered = 8;

/** The last idle times of each CPU: the mean of up to eight of them is what the governor expects. */
export class IdleHistory {
  private readonly lengths: Float64Array;
  private readonly noted: Int32Array;

  constructor(cpus: number) {
    this.lengths = new Float64Array(cpus * remembered);
    this.noted = new Int32Array(cpus);
  }

  note(cpu: CpuIndex, idleNs: Nanoseconds): void {
    this.lengths[cpu * remembered + (this.noted[cpu]++ % remembered)] = idleNs;
  }

  /** Infinity for a CPU that was never woken: nothing but its timers will wake it. */
  expectedNs(cpu: CpuIndex): Nanoseconds {
    const count = Math.min(this.noted[cpu], remembered);
    if (count === 0) return Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.lengths[cpu * remembered + i];
    return sum / count;
  }
}

/**
 * The state of a CPU that has been idle for `idleNs`, having expected `expectedNs`. A CPU that chose too
 * shallow a state keeps its tick, is woken by it, and then chooses by the time it has been idle.
 */
export function stateAfter(
  states: readonly IdleState[],
  expectedNs: Nanoseconds,
  idleNs: Nanoseconds,
  tickNs: Nanoseconds,
): number {
  if (states.length === 0) return polling;
  const idleAtTick = tickNs > 0 ? Math.floor(idleNs / tickNs) * tickNs : 0;
  return deepestState(states, Math.max(expectedNs, idleAtTick));
}

/**
 * What each CPU is at the moment: online, isolated, busy or idle since when, in which idle state.
 * Times only go forward; whoever asks about a CPU gives the present time.
 */

import { assert } from '../../base/assert.ts';
import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { MachineSpec } from '../input/scenario.ts';
import { IdleHistory, type IdleState, idleStates, polling, stateAfter } from './idle-states.ts';

/** What waking a CPU cost. `CpuStates.wake` returns one object again and again. */
export interface Waking {
  /** Position in the states of the machine; -1: it polled or was busy. */
  state: number;
  exitNs: Nanoseconds;
  /** What was missing to the target residency of the state: the wake-up came too early to pay. */
  lostResidencyNs: Nanoseconds;
}

export class CpuStates {
  readonly online: BitSet;
  readonly isolated: BitSet;
  /** Online and idle. */
  readonly idle: BitSet;
  /** Online, idle, and without a state to be in: these poll. Empty on a machine with idle states. */
  readonly polls: BitSet;
  readonly states: readonly IdleState[];
  /** Since when each CPU is what it is (busy, idle or offline). */
  readonly since: Float64Array;
  private readonly tickNs: Nanoseconds;
  private readonly expected: Float64Array;
  private readonly history: IdleHistory;
  private readonly waking: Waking = { state: polling, exitNs: 0, lostResidencyNs: 0 };

  /** All online CPUs begin idle at time 0, in the deepest state. `tickNs`: costs.tickNs. */
  constructor(
    machine: Pick<MachineSpec, 'cpus' | 'online' | 'isolated' | 'idle'>,
    tickNs: Nanoseconds = 4_000_000,
  ) {
    const { cpus } = machine;
    assert(machine.online.size === cpus && machine.isolated.size === cpus, 'sets of another size than cpus');
    this.online = machine.online.clone();
    this.isolated = machine.isolated.clone();
    this.idle = machine.online.clone();
    this.states = idleStates[machine.idle];
    this.polls = this.states.length === 0 ? machine.online.clone() : new BitSet(cpus);
    this.since = new Float64Array(cpus);
    this.tickNs = tickNs;
    this.expected = new Float64Array(cpus).fill(Number.POSITIVE_INFINITY);
    this.history = new IdleHistory(cpus);
  }

  /** The CPU has nothing to run from now on. */
  enterIdle(cpu: CpuIndex, nowNs: Nanoseconds): void {
    if (this.idle.has(cpu) || !this.online.has(cpu)) return;
    this.idle.add(cpu);
    if (this.states.length === 0) this.polls.add(cpu);
    this.since[cpu] = nowNs;
    this.expected[cpu] = this.history.expectedNs(cpu);
  }

  /** An idle CPU leaves its state, at `nowNs`; it runs after `exitNs`. A busy CPU: nothing changes, all zero. */
  wake(cpu: CpuIndex, nowNs: Nanoseconds): Readonly<Waking> {
    const { waking } = this;
    waking.state = this.stateAt(cpu, nowNs);
    waking.exitNs = 0;
    waking.lostResidencyNs = 0;
    if (!this.idle.has(cpu)) return waking;
    const idleNs = nowNs - this.since[cpu];
    if (waking.state !== polling) {
      const { exitNs, residencyNs } = this.states[waking.state];
      waking.exitNs = exitNs;
      waking.lostResidencyNs = Math.max(0, residencyNs - idleNs);
    }
    this.history.note(cpu, idleNs);
    this.idle.delete(cpu);
    this.polls.delete(cpu);
    this.since[cpu] = nowNs;
    return waking;
  }

  /** Position of the idle state in `states`; -1: busy, offline or polling. */
  stateAt(cpu: CpuIndex, nowNs: Nanoseconds): number {
    if (!this.idle.has(cpu)) return polling;
    return stateAfter(this.states, this.expected[cpu], nowNs - this.since[cpu], this.tickNs);
  }

  /** Exit latency of the state that the CPU is in; 0 for a busy CPU. */
  exitNsAt(cpu: CpuIndex, nowNs: Nanoseconds): Nanoseconds {
    const at = this.stateAt(cpu, nowNs);
    return at === polling ? 0 : this.states[at].exitNs;
  }

  /** CPU hot-unplug. Whoever calls drains its lists (page_alloc_cpu_dead) and moves its tasks. */
  bringDown(cpu: CpuIndex, nowNs: Nanoseconds): void {
    assert(this.online.has(cpu), `CPU ${cpu} is not online`);
    this.online.delete(cpu);
    this.idle.delete(cpu);
    this.polls.delete(cpu);
    this.since[cpu] = nowNs;
  }

  /** CPU hot-plug: comes up idle, its idle times remembered. */
  bringUp(cpu: CpuIndex, nowNs: Nanoseconds): void {
    assert(!this.online.has(cpu), `CPU ${cpu} is online`);
    this.online.add(cpu);
    this.enterIdle(cpu, nowNs);
  }
}

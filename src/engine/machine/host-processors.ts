/**
 * A guest whose CPUs share fewer processors of a host: which of them run when. Each guest CPU is a thread of the host. Who has
 * received least goes first, and a slice lasts `sliceNs` while others wait. Two schedulers, roughly: CFS puts a thread that
 * slept ahead, though by no more than half a slice, and lets it go before the running one if that is ahead by more than the
 * wake-up granularity; EEVDF (kernel/sched/fair.c from 6.6 on: place_entity without lag, RUN_TO_PARITY) puts it among the others at the
 * average of what they received, and the running one keeps its slice. CFS is given one queue for all processors, as if the host
 * balanced its load at every switch; with EEVDF each processor has its own, an idle one pulls, and busy ones balance now and then. A guest CPU that waits answers no interrupt; one that spins for answers is
 * runnable and takes processor time from those that should answer.
 *
 * The queue is searched from end to end: made for tens of guest CPUs, not for thousands.
 */

import { assert } from '../../base/assert.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { HostSpec } from '../input/scenario.ts';

/** One change; -1: nobody. `HostProcessors` returns one object again and again. */
export interface HostSwitch {
  timeNs: Nanoseconds;
  stopped: CpuIndex;
  started: CpuIndex;
}

const State = { halted: 0, waiting: 1, running: 2 } as const;
const nobody = -1;

/** Between two balances of busy processors: their number times busy_factor 16 in ms (kernel/sched/fair.c). */
const balanceNs: Nanoseconds = 32_000_000;

/** sched_wakeup_granularity_ns of the host, its base value. */
export const wakeupGranularityNs: Nanoseconds = 1_000_000;

export class HostProcessors {
  private readonly sliceNs: Nanoseconds;
  private readonly granularityNs: Nanoseconds;
  private readonly eevdf: boolean;
  private readonly state: Uint8Array;
  /** Time received, with what was credited after a sleep: the order of the queue (vruntime). */
  private readonly rank: Float64Array;
  private readonly received: Float64Array;
  private readonly startedAt: Float64Array;
  /** When each began to wait: the earlier goes first at equal rank. */
  private readonly ticket: Float64Array;
  private readonly processorOf: Int32Array;
  private readonly runs: Int32Array;
  private readonly sliceEnd: Float64Array;
  /** By processor: guest CPUs in its queue. */
  private readonly waitingOn: Int32Array;
  private balancedAt = 0;
  private nextTicket = 0;
  private waitingCount = 0;
  private floor = 0;
  private readonly change: HostSwitch = { timeNs: 0, stopped: nobody, started: nobody };

  /** All guest CPUs begin halted. */
  constructor(
    guestCpus: number,
    host: HostSpec,
    granularityNs: Nanoseconds = wakeupGranularityNs,
    eevdf = false,
  ) {
    assert(host.cpus >= 1 && host.sliceNs > 0, 'a host without processors or slices');
    this.sliceNs = host.sliceNs;
    this.granularityNs = granularityNs;
    this.eevdf = eevdf;
    this.state = new Uint8Array(guestCpus);
    this.rank = new Float64Array(guestCpus);
    this.received = new Float64Array(guestCpus);
    this.startedAt = new Float64Array(guestCpus);
    this.ticket = new Float64Array(guestCpus);
    this.processorOf = Int32Array.from({ length: guestCpus }, (_, cpu) => cpu % host.cpus);
    this.runs = new Int32Array(host.cpus).fill(nobody);
    this.sliceEnd = new Float64Array(host.cpus).fill(Number.POSITIVE_INFINITY);
    this.waitingOn = new Int32Array(host.cpus);
  }

  running(cpu: CpuIndex): boolean {
    return this.state[cpu] === State.running;
  }

  halted(cpu: CpuIndex): boolean {
    return this.state[cpu] === State.halted;
  }

  /** Processor time that the guest CPU has had up to `nowNs`. */
  receivedNs(cpu: CpuIndex, nowNs: Nanoseconds): Nanoseconds {
    return this.received[cpu] + (this.running(cpu) ? nowNs - this.startedAt[cpu] : 0);
  }

  /** When the next slice ends that somebody waits for; Infinity while nobody waits. */
  nextSwitch(): Nanoseconds {
    if (this.waitingCount === 0) return Number.POSITIVE_INFINITY;
    let earliest = Number.POSITIVE_INFINITY;
    for (let p = 0; p < this.sliceEnd.length; p++) {
      if (this.sliceEnd[p] < earliest && (!this.eevdf || this.waitingOn[p] > 0)) earliest = this.sliceEnd[p];
    }
    return earliest;
  }

  /**
   * Makes the switch that is due at `nextSwitch()`. Returns null when the one that ran stays: it has received less than
   * those who wait. Then too the next switch lies later.
   */
  switchNext(): Readonly<HostSwitch> | null {
    const timeNs = this.nextSwitch();
    assert(timeNs !== Number.POSITIVE_INFINITY, 'no switch is due');
    const processor = this.dueProcessor(timeNs);
    const current = this.runs[processor];
    this.account(current, timeNs);
    if (this.eevdf) this.balance(processor, timeNs);
    const first = this.firstWaiting(processor);
    if (first === nobody) {
      this.sliceEnd[processor] = timeNs + this.sliceNs;
      return null;
    }
    if (this.rank[first] > this.rank[current]) {
      this.sliceEnd[processor] = timeNs + this.sliceNs;
      return null;
    }
    this.stop(current, timeNs);
    this.start(first, processor, timeNs);
    return this.changed(timeNs, current, first);
  }

  /** The guest CPU has something to do: an interrupt, a task. Returns what changed at once, or null: it waits (or did so already). */
  wake(cpu: CpuIndex, nowNs: Nanoseconds): Readonly<HostSwitch> | null {
    if (this.state[cpu] !== State.halted) return null;
    this.raiseFloor(nowNs);
    this.rank[cpu] = Math.max(
      this.rank[cpu],
      this.eevdf ? this.averageOn(this.processorOf[cpu]) : this.floor - this.sliceNs / 2,
    );
    const home = this.processorOf[cpu];
    const free = this.runs[home] === nobody ? home : this.runs.indexOf(nobody);
    if (free !== nobody) {
      this.start(cpu, free, nowNs);
      return this.changed(nowNs, nobody, cpu);
    }
    const current = this.runs[home];
    this.account(current, nowNs);
    if (!this.eevdf && this.rank[current] - this.rank[cpu] > this.granularityNs) {
      this.stop(current, nowNs);
      this.start(cpu, home, nowNs);
      return this.changed(nowNs, current, cpu);
    }
    this.queue(cpu, nowNs);
    return null;
  }

  /** The guest CPU, which runs, has nothing to do any more. Its processor goes to the first who waits. */
  halt(cpu: CpuIndex, nowNs: Nanoseconds): Readonly<HostSwitch> {
    assert(this.running(cpu), `guest CPU ${cpu} halts without running`);
    this.account(cpu, nowNs);
    this.state[cpu] = State.halted;
    const processor = this.processorOf[cpu];
    this.runs[processor] = nobody;
    this.sliceEnd[processor] = Number.POSITIVE_INFINITY;
    let first = this.waitingCount > 0 ? this.firstWaiting(processor) : nobody;
    // An idle processor pulls from another's queue.
    if (first === nobody && this.waitingCount > 0) first = this.firstWaiting(nobody);
    if (first !== nobody) this.start(first, processor, nowNs);
    return this.changed(nowNs, cpu, first);
  }

  private start(cpu: CpuIndex, processor: number, nowNs: Nanoseconds): void {
    if (this.state[cpu] === State.waiting) {
      this.waitingCount--;
      this.waitingOn[this.processorOf[cpu]]--;
    }
    this.state[cpu] = State.running;
    this.processorOf[cpu] = processor;
    this.startedAt[cpu] = nowNs;
    this.runs[processor] = cpu;
    this.sliceEnd[processor] = nowNs + this.sliceNs;
  }

  private stop(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.runs[this.processorOf[cpu]] = nobody;
    this.queue(cpu, nowNs);
  }

  private queue(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.state[cpu] = State.waiting;
    this.ticket[cpu] = this.nextTicket++;
    this.waitingOn[this.processorOf[cpu]]++;
    // Those who ran alone for longer than a slice have it behind them.
    this.waitingCount++;
    for (let p = 0; p < this.sliceEnd.length; p++) if (this.sliceEnd[p] < nowNs) this.sliceEnd[p] = nowNs;
  }

  /** The first who waits for this processor; `nobody`: for any. CFS is modelled with one queue for all. */
  private firstWaiting(processor: number): CpuIndex {
    const any = !this.eevdf || processor === nobody;
    let first = nobody;
    for (let cpu = 0; cpu < this.state.length; cpu++) {
      if (this.state[cpu] !== State.waiting || (!any && this.processorOf[cpu] !== processor)) continue;
      if (
        first === nobody ||
        this.rank[cpu] < this.rank[first] ||
        (this.rank[cpu] === this.rank[first] && this.ticket[cpu] < this.ticket[first])
      )
        first = cpu;
    }
    return first;
  }

  private dueProcessor(timeNs: Nanoseconds): number {
    for (let p = 0; p < this.sliceEnd.length; p++) {
      if (this.sliceEnd[p] === timeNs && (!this.eevdf || this.waitingOn[p] > 0)) return p;
    }
    throw new Error('no switch is due');
  }

  /** load_balance: a queue that is longer by two gives one away, not more often than each 32 ms on busy processors. */
  private balance(processor: number, nowNs: Nanoseconds): void {
    if (nowNs - this.balancedAt < balanceNs) return;
    for (let p = 0; p < this.waitingOn.length; p++) {
      if (this.waitingOn[processor] - this.waitingOn[p] < 2) continue;
      const moved = this.firstWaiting(processor);
      this.waitingOn[processor]--;
      this.waitingOn[p]++;
      this.processorOf[moved] = p;
      this.balancedAt = nowNs;
      return;
    }
  }

  /** Books the time that a running guest CPU has had since it was last booked. */
  private account(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const ranNs = nowNs - this.startedAt[cpu];
    this.received[cpu] += ranNs;
    this.rank[cpu] += ranNs;
    this.startedAt[cpu] = nowNs;
  }

  /** The least rank of all that run or wait never goes back (min_vruntime). */
  private raiseFloor(nowNs: Nanoseconds): void {
    let least = Number.POSITIVE_INFINITY;
    for (let cpu = 0; cpu < this.state.length; cpu++) {
      if (this.state[cpu] === State.halted) continue;
      if (this.state[cpu] === State.running) this.account(cpu, nowNs);
      if (this.rank[cpu] < least) least = this.rank[cpu];
    }
    if (least !== Number.POSITIVE_INFINITY && least > this.floor) this.floor = least;
  }

  /** What those who run or wait on a processor have received on average (avg_vruntime). */
  private averageOn(processor: number): Nanoseconds {
    let sum = 0;
    let count = 0;
    for (let cpu = 0; cpu < this.state.length; cpu++) {
      if (this.state[cpu] === State.halted || this.processorOf[cpu] !== processor) continue;
      sum += this.rank[cpu];
      count++;
    }
    return count === 0 ? this.floor : sum / count;
  }

  private changed(timeNs: Nanoseconds, stopped: CpuIndex, started: CpuIndex): HostSwitch {
    this.change.timeNs = timeNs;
    this.change.stopped = stopped;
    this.change.started = started;
    return this.change;
  }
}

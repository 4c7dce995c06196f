/**
 * Functions called on other CPUs (kernel/smp.c, 6.5 on): csd_queue_cpu on the sender, csd_function_entry and _exit on the victim,
 * paired by the pointer of their csd. A csd of NULL is a function that its CPU called on itself: nobody is disturbed.
 *
 * Wake-ups are special: a CPU runs sched_ttwu_pending once for all that are queued, and the event names the first. So those
 * queued between two firsts belong to the run of the former.
 */

import type { Cause } from './cause-table.ts';
import { Count } from './count-rows.ts';
import { cpusMax, type Sender, type Tally } from './tally.ts';

/** More calls than this cannot wait on any machine; the oldest are given up. */
const pendingMax = 1 << 17;

type Pointer = number | bigint | string;

interface PendingCall {
  readonly queuedNs: number;
  readonly victim: number;
  readonly cause: Cause;
  readonly isWakeup: boolean;
}

interface OpenFunction {
  readonly entryNs: number;
  readonly cause: Cause;
}

export class Calls {
  callsWithoutEntry = 0;
  entriesWithoutCall = 0;
  /** Functions entered for a call of another CPU, outside of any handler. */
  outsideInterrupt = 0;
  /** Calls to other CPUs; of these to isolated ones. */
  queued = 0;
  isolatedQueued = 0;
  readonly #tally: Tally;
  readonly #pending: Map<Pointer, PendingCall> = new Map();
  /** By victim, in the order of queueing. */
  readonly #wakeups: Map<number, Set<Pointer>> = new Map();
  /** By victim: when it last ran the wake-ups. */
  readonly #wakeupRunNs: Map<number, number> = new Map();
  readonly #open: Map<number, OpenFunction> = new Map();
  /** The last call by sender and victim that no interrupt was sent for yet. */
  readonly #lastCall: Map<number, Cause> = new Map();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  queue(
    timeNs: number,
    victim: number,
    csd: Pointer | undefined,
    cause: Cause,
    isWakeup: boolean,
    sender: Sender,
  ): void {
    if (victim !== sender.cpu) {
      this.queued++;
      if (this.#tally.isIsolated(victim)) this.isolatedQueued++;
      this.#tally.disturbed(Count.calls, timeNs, victim, cause, sender);
    }
    if (this.#lastCall.size > pendingMax) this.#lastCall.clear();
    this.#lastCall.set(sender.cpu * cpusMax + victim, cause);
    if (csd === undefined) return;
    if (this.#pending.has(csd)) this.#giveUp(csd);
    if (this.#pending.size >= pendingMax) this.#giveUp(this.#pending.keys().next().value);
    this.#pending.set(csd, { queuedNs: timeNs, victim, cause, isWakeup });
    if (!isWakeup) return;
    const waiting = this.#wakeups.get(victim);
    if (waiting === undefined) this.#wakeups.set(victim, new Set([csd]));
    else waiting.add(csd);
  }

  /** The call that an interrupt from `sender` to `victim` is sent for: the last one queued before; undefined: none was recorded. */
  takeCause(sender: number, victim: number): Cause | undefined {
    const key = sender * cpusMax + victim;
    const cause = this.#lastCall.get(key);
    this.#lastCall.delete(key);
    return cause;
  }

  entered(timeNs: number, cpu: number, csd: Pointer | undefined, isInHandler: boolean): Cause | undefined {
    this.#open.delete(cpu);
    if (csd === undefined) return undefined;
    const call = this.#pending.get(csd);
    if (call === undefined) {
      this.entriesWithoutCall++;
      return undefined;
    }
    if (call.isWakeup) this.#runWakeups(timeNs, call.victim, csd);
    else this.#ran(timeNs, csd, call);
    if (!isInHandler) this.outsideInterrupt++;
    this.#open.set(cpu, { entryNs: timeNs, cause: call.cause });
    return call.cause;
  }

  exited(timeNs: number, cpu: number): void {
    const run = this.#open.get(cpu);
    if (run === undefined) return;
    this.#open.delete(cpu);
    run.cause.runDuration.add(timeNs - run.entryNs);
  }

  /** At the end of the recording. */
  finish(): void {
    for (const [victim, waiting] of this.#wakeups) {
      for (const csd of waiting) this.#belongTo(this.#wakeupRunNs.get(victim), csd);
    }
    this.callsWithoutEntry += this.#pending.size;
  }

  #ran(timeNs: number, csd: Pointer, call: PendingCall): void {
    this.#pending.delete(csd);
    call.cause.runLatency.add(timeNs - call.queuedNs);
  }

  #runWakeups(timeNs: number, victim: number, first: Pointer): void {
    const waiting = this.#wakeups.get(victim) ?? new Set();
    const runNs = this.#wakeupRunNs.get(victim);
    for (const csd of waiting) {
      waiting.delete(csd);
      this.#belongTo(csd === first ? timeNs : runNs, csd);
      if (csd === first) break;
    }
    this.#wakeupRunNs.set(victim, timeNs);
  }

  /** This wake-up was carried out by the run that began at `runNs`. What was queued later than that was not: it stays unpaired. */
  #belongTo(runNs: number | undefined, csd: Pointer): void {
    const call = this.#pending.get(csd);
    if (call !== undefined && runNs !== undefined && call.queuedNs <= runNs) this.#ran(runNs, csd, call);
  }

  /** It is queued again, so the former call is over: a wake-up was in the last run, of anything else the end was not seen. */
  #giveUp(csd: Pointer | undefined): void {
    const call = csd === undefined ? undefined : this.#pending.get(csd);
    if (csd === undefined || call === undefined) return;
    if (call.isWakeup) {
      this.#wakeups.get(call.victim)?.delete(csd);
      this.#belongTo(this.#wakeupRunNs.get(call.victim), csd);
    }
    if (this.#pending.delete(csd)) this.callsWithoutEntry++;
  }
}

/**
 * Interrupts between CPUs: those sent (ipi_send_cpu, ipi_send_cpumask, ipi_raise) and the handlers that they start on their
 * victims. A handler serves the oldest send of its way that waits for its CPU. Others that wait then are served by handlers
 * that follow before the next send; without such a handler they were merged: the controller keeps one bit a vector.
 */

import type { DisturbanceKind } from './audit-report.ts';
import type { Cause } from './cause-table.ts';
import { Count } from './count-rows.ts';
import { noName } from './function-names.ts';
import type { Sender, Tally } from './tally.ts';

/** Vectors, or numbers of an IPI: each has a handler of its own. */
export type Way = 'callSingle' | 'callMany' | 'reschedule' | 'irqWork' | 'timer' | 'stop' | 'other';
const ways: readonly Way[] = ['callSingle', 'callMany', 'reschedule', 'irqWork', 'timer', 'stop', 'other'];

export const kindOfWay: Readonly<Record<Way, DisturbanceKind>> = {
  callSingle: 'call',
  callMany: 'call',
  reschedule: 'reschedule',
  irqWork: 'irqWork',
  timer: 'timer',
  stop: 'stop',
  other: 'other',
};

/** More sends than this do not wait for one handler where handlers are recorded. */
const waitingMax = 64;

interface PendingSend {
  readonly sentNs: number;
  readonly cause: Cause;
}

interface OpenHandler {
  readonly kind: DisturbanceKind;
  readonly entryNs: number;
  readonly send: PendingSend | null;
  /** What a function seen inside says of a handler whose send was not recorded. */
  cause: Cause | null;
}

export class Interrupts {
  sentWithoutHandler = 0;
  handledWithoutSend = 0;
  handlersWithoutExit = 0;
  /** Interrupts sent for calls, to other CPUs; of these to isolated ones. */
  sentForCalls = 0;
  isolatedSentForCalls = 0;
  /** Ways of which a handler was seen. */
  readonly #handledWays: Set<Way> = new Set();
  /** By way: sent while another was on its way to the same CPU. */
  readonly #merged: Map<Way, number> = new Map();
  readonly #tally: Tally;
  /** By victim and way: sent since the last handler, and those that waited beside the one that it served. */
  readonly #pending: Map<number, PendingSend[]> = new Map();
  readonly #beside: Map<number, PendingSend[]> = new Map();
  readonly #open: Map<number, OpenHandler> = new Map();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** One interrupt to one CPU, which may be the sender's own. */
  sent(timeNs: number, victim: number, way: Way, cause: Cause, sender: Sender): void {
    if (victim === sender.cpu) this.#tally.selfInterrupted(victim, cause);
    else {
      this.#tally.disturbed(Count.sent, timeNs, victim, cause, sender);
      if (kindOfWay[way] === 'call') {
        this.sentForCalls++;
        if (this.#tally.isIsolated(victim)) this.isolatedSentForCalls++;
      }
    }
    const key = victim * ways.length + ways.indexOf(way);
    const waiting = this.#pending.get(key);
    if (waiting === undefined) this.#pending.set(key, [{ sentNs: timeNs, cause }]);
    else if (waiting.length < waitingMax) waiting.push({ sentNs: timeNs, cause });
    else this.#countMerged(way, 1);
  }

  /** `served`: the ways that this handler serves; the first names its kind. */
  entered(timeNs: number, cpu: number, served: readonly Way[]): void {
    this.#close(cpu, -1);
    let send: PendingSend | null = null;
    for (const way of served) {
      this.#handledWays.add(way);
      const key = cpu * ways.length + ways.indexOf(way);
      send ??= this.#take(key, way);
    }
    this.#open.set(cpu, { kind: kindOfWay[served[0]], entryNs: timeNs, send, cause: null });
  }

  exited(timeNs: number, cpu: number): void {
    this.#close(cpu, timeNs);
  }

  /** Does a handler of function calls run on this CPU? */
  isInCall(cpu: number): boolean {
    return this.#open.get(cpu)?.kind === 'call';
  }

  /** A function was seen in the handler that runs on this CPU: it names the cause where no send does. */
  explain(cpu: number, cause: Cause): void {
    const handler = this.#open.get(cpu);
    if (handler !== undefined) handler.cause ??= cause;
  }

  /** At the end of the recording. */
  finish(): void {
    for (const cpu of [...this.#open.keys()]) this.#close(cpu, -1);
    for (const [key, { length }] of this.#pending) {
      if (this.#handledWays.has(ways[key % ways.length])) this.sentWithoutHandler += length;
    }
    for (const [key, { length }] of this.#beside) this.#countMerged(ways[key % ways.length], length);
  }

  #take(key: number, way: Way): PendingSend | null {
    const waiting = this.#pending.get(key);
    if (waiting === undefined) return this.#beside.get(key)?.shift() ?? null;
    this.#pending.delete(key);
    this.#countMerged(way, this.#beside.get(key)?.length ?? 0);
    const [first, ...beside] = waiting;
    this.#beside.set(key, beside);
    return first;
  }

  /** Of ways whose handlers were recorded: of the others nothing tells when one has arrived. */
  get sentMerged(): number {
    return [...this.#merged].reduce((sum, [way, times]) => sum + (this.#handledWays.has(way) ? times : 0), 0);
  }

  #countMerged(way: Way, times: number): void {
    this.#merged.set(way, (this.#merged.get(way) ?? 0) + times);
  }

  /** `exitNs` -1: its exit was not seen. */
  #close(cpu: number, exitNs: number): void {
    const handler = this.#open.get(cpu);
    if (handler === undefined) return;
    this.#open.delete(cpu);
    const { send, entryNs, kind } = handler;
    if (send === null) this.handledWithoutSend++;
    const tally = this.#tally;
    const cause = send?.cause ?? handler.cause ?? tally.causes.of(kind, noName, noName);
    tally.disturbed(Count.handled, entryNs, cpu, cause, null);
    if (send !== null) {
      tally.interruptArrived(cpu, entryNs - send.sentNs);
      cause.interruptLatency.add(entryNs - send.sentNs);
    }
    if (exitNs < 0) this.handlersWithoutExit++;
    else {
      tally.handlerEnded(cpu, exitNs - entryNs);
      cause.interruptDuration.add(exitNs - entryNs);
    }
  }
}

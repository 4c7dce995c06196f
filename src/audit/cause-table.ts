/** Causes of disturbances: what ran, where it was asked for. One row each, with counts, times and the tasks that asked. */

import { Histogram } from '../base/histogram.ts';
import { type DisturbanceKind, disturbanceKinds } from './audit-report.ts';
import { type Count, CountRows } from './count-rows.ts';
import { NameTable, noName } from './function-names.ts';

/** More causes or tasks of one cause than so many are counted together. */
const causesMax = 4096;
const tasksMax = 256;
const otherTasks = '(other tasks)';

export interface Cause {
  readonly row: number;
  readonly kind: DisturbanceKind;
  /** Numbers of FunctionNames; `noName`: not recorded. */
  readonly callback: number;
  readonly callsite: number;
  /** Set when the row stands for all causes beyond the limit. */
  readonly isRest: boolean;
  /** Interrupt sent to handler entered, and time in the handler. */
  readonly interruptLatency: Histogram;
  readonly interruptDuration: Histogram;
  /** Function or work queued to begun, and how long it ran. */
  readonly runLatency: Histogram;
  readonly runDuration: Histogram;
  /** By number of the task's name. */
  readonly tasks: Map<number, number>;
  firstNs: number;
  lastNs: number;
}

export class CauseTable {
  readonly counts: CountRows = new CountRows();
  readonly isolatedCounts: CountRows = new CountRows();
  readonly #causes: Cause[] = [];
  readonly #byKey: Map<number, Cause> = new Map();
  /** Causes beyond the limit, by kind. */
  readonly #rests: Map<DisturbanceKind, Cause> = new Map();
  readonly #taskNames: NameTable = new NameTable();

  of(kind: DisturbanceKind, callback: number = noName, callsite: number = noName): Cause {
    // Names are numbers below 2^17.
    const key = (disturbanceKinds.indexOf(kind) * 131_072 + callback) * 131_072 + callsite;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const isRest = this.#causes.length >= causesMax;
    const made = isRest ? this.#rest(kind) : this.#make(kind, callback, callsite, false);
    if (!isRest) this.#byKey.set(key, made);
    return made;
  }

  get all(): readonly Cause[] {
    return this.#causes;
  }

  count(cause: Cause, column: Count, isIsolated: boolean): void {
    this.counts.add(cause.row, column);
    if (isIsolated) this.isolatedCounts.add(cause.row, column);
  }

  seen(cause: Cause, timeNs: number): void {
    if (cause.firstNs < 0) cause.firstNs = timeNs;
    cause.lastNs = Math.max(cause.lastNs, timeNs);
  }

  task({ tasks }: Cause, comm: string): void {
    let number = this.#taskNames.numberOf(comm);
    if (!tasks.has(number) && tasks.size >= tasksMax) number = this.#taskNames.numberOf(otherTasks);
    tasks.set(number, (tasks.get(number) ?? 0) + 1);
  }

  tasksOf({ tasks }: Cause): Array<{ comm: string; count: number }> {
    return [...tasks]
      .map(([number, count]) => ({ comm: this.#taskNames.nameOf(number), count }))
      .sort((a, b) => b.count - a.count || (a.comm < b.comm ? -1 : 1));
  }

  #make(kind: DisturbanceKind, callback: number, callsite: number, isRest: boolean): Cause {
    const cause: Cause = {
      row: this.#causes.length,
      kind,
      callback,
      callsite,
      isRest,
      interruptLatency: new Histogram(),
      interruptDuration: new Histogram(),
      runLatency: new Histogram(),
      runDuration: new Histogram(),
      tasks: new Map(),
      firstNs: -1,
      lastNs: -1,
    };
    this.#causes.push(cause);
    return cause;
  }

  #rest(kind: DisturbanceKind): Cause {
    const known = this.#rests.get(kind) ?? this.#make(kind, noName, noName, true);
    this.#rests.set(kind, known);
    return known;
  }
}

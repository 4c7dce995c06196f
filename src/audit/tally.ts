/** Every count of an audit, in one place: what the collectors see is entered here once and counted by cause, CPU, pair and time. */

import { Histogram } from '../base/histogram.ts';
import { type DisturbanceKind, disturbanceKinds } from './audit-report.ts';
import { type Cause, CauseTable } from './cause-table.ts';
import { Count, CountRows, PairCounts } from './count-rows.ts';
import { Timeline } from './timeline.ts';

/** CPU numbers are below this; no kernel has more. */
export const cpusMax = 1 << 16;

/** Who asked, on which CPU; `cpu` -1: the recording does not tell. */
export interface Sender {
  readonly cpu: number;
  readonly comm: string;
}

/** Columns of a timeline. */
export const Lane = { sent: 0, handled: 1, worksQueued: 2, worksExecuted: 3 } as const;
const laneCount = 4;

const laneOf: ReadonlyMap<Count, number> = new Map([
  [Count.sent, Lane.sent],
  [Count.handled, Lane.handled],
  [Count.worksQueued, Lane.worksQueued],
  [Count.worksExecuted, Lane.worksExecuted],
]);

export class Tally {
  readonly causes: CauseTable = new CauseTable();
  readonly cpus: CountRows = new CountRows();
  readonly pairs: PairCounts = new PairCounts();
  /** By victim and cause. */
  readonly causesOfCpus: PairCounts = new PairCounts();
  /** Interrupt sent to handler entered, and time in the handler; of all CPUs, and of isolated ones. */
  readonly latency: readonly [all: Histogram, isolated: Histogram] = [new Histogram(), new Histogram()];
  readonly duration: readonly [all: Histogram, isolated: Histogram] = [new Histogram(), new Histogram()];
  readonly timeline: readonly [all: Timeline, isolated: Timeline];
  /** By CPU: time of the first and last disturbance, and the longest handler. */
  readonly firstNs: Map<number, number> = new Map();
  readonly lastNs: Map<number, number> = new Map();
  readonly longestNs: Map<number, number> = new Map();
  readonly #byKind: CountRows = new CountRows();
  readonly #isolated: ReadonlySet<number>;

  constructor(isolated: ReadonlySet<number>, startNs: number) {
    this.#isolated = isolated;
    this.timeline = [new Timeline(startNs, laneCount), new Timeline(startNs, laneCount)];
  }

  isIsolated(cpu: number): boolean {
    return this.#isolated.has(cpu);
  }

  /** One disturbance of `victim`, or one request for it. */
  disturbed(column: Count, timeNs: number, victim: number, cause: Cause, sender: Sender | null): void {
    const isIsolated = this.isIsolated(victim);
    this.causes.count(cause, column, isIsolated);
    this.causes.seen(cause, timeNs);
    this.cpus.add(victim, column);
    this.causesOfCpus.add(victim, cause.row, column);
    this.#byKind.add(kindRow(victim, cause.kind), column);
    if (sender !== null) {
      this.causes.task(cause, sender.comm);
      this.pairs.add(sender.cpu, victim, column);
    }
    const lane = laneOf.get(column);
    if (lane === undefined) return;
    this.timeline[0].add(timeNs, lane);
    if (isIsolated) this.timeline[1].add(timeNs, lane);
    if (!this.firstNs.has(victim)) this.firstNs.set(victim, timeNs);
    this.lastNs.set(victim, Math.max(timeNs, this.lastNs.get(victim) ?? 0));
  }

  /** An interrupt that a CPU sent to itself: no other CPU disturbed it. */
  selfInterrupted(cpu: number, cause: Cause): void {
    this.causes.count(cause, Count.self, this.isIsolated(cpu));
    this.cpus.add(cpu, Count.self);
    this.#byKind.add(kindRow(cpu, cause.kind), Count.self);
  }

  /** A drain of page lists found pages, or none. */
  drainJudged(cpu: number, cause: Cause, foundPages: boolean): void {
    for (const column of foundPages ? [Count.drainsJudged] : [Count.drainsJudged, Count.drainsUseless]) {
      this.causes.count(cause, column, this.isIsolated(cpu));
      this.cpus.add(cpu, column);
    }
  }

  interruptArrived(cpu: number, latencyNs: number): void {
    this.latency[0].add(latencyNs);
    if (this.isIsolated(cpu)) this.latency[1].add(latencyNs);
  }

  handlerEnded(cpu: number, durationNs: number): void {
    this.duration[0].add(durationNs);
    if (this.isIsolated(cpu)) this.duration[1].add(durationNs);
    this.ran(cpu, durationNs);
  }

  /** A handler or a work ran for so long. */
  ran(cpu: number, durationNs: number): void {
    this.longestNs.set(cpu, Math.max(durationNs, this.longestNs.get(cpu) ?? 0));
  }

  kindCount(cpu: number, kind: DisturbanceKind, column: Count): number {
    return this.#byKind.get(kindRow(cpu, kind), column);
  }
}

function kindRow(cpu: number, kind: DisturbanceKind): number {
  return cpu * disturbanceKinds.length + disturbanceKinds.indexOf(kind);
}

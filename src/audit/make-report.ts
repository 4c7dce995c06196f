/** What was counted → the report. */

import { formatCpuList } from '../base/cpu-list.ts';
import type { Histogram } from '../base/histogram.ts';
import type { InterruptKind } from '../snapshot/interrupts.ts';
import type {
  AuditCause,
  AuditMatrix,
  AuditReport,
  AuditSender,
  AuditSource,
  AuditTimeline,
  AuditTotals,
  AuditVictim,
  Coalescing,
  DisturbanceKind,
  KernelCount,
  RecordedEvents,
  TimeFigures,
  Unmatched,
} from './audit-report.ts';
import { auditSchema, disturbanceKinds } from './audit-report.ts';
import type { Cause } from './cause-table.ts';
import type { Collector } from './collector.ts';
import { Count } from './count-rows.ts';
import { type FunctionNames, isDrainFunction } from './function-names.ts';
import { type InterruptTables, kernelCounts } from './interrupt-deltas.ts';
import { leadOf, notesOf } from './lead.ts';
import { missingEvents, Present } from './recorded-events.ts';
import { Lane, type Tally } from './tally.ts';

/** What a report is made of. */
export interface Counted {
  readonly source: AuditSource;
  readonly isolated: ReadonlySet<number>;
  readonly isolatedFrom: string;
  /** Events that were on by the word of somebody, even if none came. */
  readonly known: ReadonlySet<string>;
  readonly startNs: number;
  readonly lastNs: number;
  readonly tally: Tally;
  readonly collector: Collector;
  readonly functions: FunctionNames;
  readonly interruptTables: InterruptTables | null;
}

export function makeReport(counted: Counted): AuditReport {
  return new ReportMaker(counted).report();
}

class ReportMaker {
  readonly #counted: Counted;
  readonly #present: Present;
  readonly #interrupts: Count;
  readonly #works: Count;
  readonly #recorded: RecordedEvents;

  constructor(counted: Counted) {
    this.#counted = counted;
    const present = new Present(counted.collector.counts, counted.known);
    this.#present = present;
    this.#interrupts = present.hasSends ? Count.sent : Count.handled;
    this.#works = present.has('worksExecuted') ? Count.worksExecuted : Count.worksQueued;
    const missing = missingEvents(present);
    this.#recorded = {
      present: present.counts,
      missing,
      interruptsFrom: present.hasSends ? 'sent' : present.hasHandlers ? 'handled' : 'not recorded',
      worksFrom: present.has('worksExecuted')
        ? 'executed'
        : present.has('worksQueued')
          ? 'queued'
          : 'not recorded',
      recordWith: missing.length === 0 ? '' : 'drainlab record --for audit',
    };
  }

  report(): AuditReport {
    const { source, isolated, isolatedFrom, collector, tally } = this.#counted;
    const order = this.#causeOrder();
    const causes = order.map((cause) => this.#cause(cause));
    const victims = this.#victims(order);
    const said = {
      source,
      isolated: { cpus: formatCpuList([...isolated].sort((a, b) => a - b)), from: isolatedFrom },
      recorded: this.#recorded,
      totals: this.#totals(causes, victims, false),
      isolatedTotals: isolated.size === 0 ? null : this.#totals(causes, victims, true),
      causes,
    };
    const matrix = this.#matrix();
    return {
      schema: auditSchema,
      lead: leadOf(said),
      ...said,
      callbacks: [...collector.callbacks]
        .map(([callback, counts]) => ({ callback: this.#nameOf(callback) || '0x0', ...counts }))
        .sort((a, b) => b.events - a.events),
      victims,
      senders: this.#senders(matrix),
      matrix: { ...matrix, notKept: tally.pairs.notKept },
      timeline: this.#timeline(),
      coalescing: this.#coalescing(),
      unmatched: this.#unmatched(),
      kernelCounts: this.#kernelCounts(victims),
      notes: notesOf(said, this.#present),
    };
  }

  #nameOf(number: number): string {
    return this.#counted.functions.nameOf(number);
  }

  #disturbancesOf(of: (column: Count) => number, kind?: DisturbanceKind): number {
    if (kind !== undefined) return of(kind === 'work' ? this.#works : this.#interrupts);
    return of(this.#interrupts) + of(this.#works);
  }

  /** Those of isolated CPUs first, then the most frequent. */
  #causeOrder(): Cause[] {
    const { causes } = this.#counted.tally;
    const weight = (cause: Cause, isIsolated: boolean) => {
      const counts = isIsolated ? causes.isolatedCounts : causes.counts;
      const of = (column: Count) => counts.get(cause.row, column);
      return this.#disturbancesOf(of, cause.kind) * 1e6 + Math.min(1e6 - 1, of(Count.calls));
    };
    return [...causes.all].sort(
      (a, b) => weight(b, true) - weight(a, true) || weight(b, false) - weight(a, false) || a.row - b.row,
    );
  }

  #cause(cause: Cause): AuditCause {
    const { causes } = this.#counted.tally;
    const of = (column: Count) => causes.counts.get(cause.row, column);
    const ofIsolated = (column: Count) => causes.isolatedCounts.get(cause.row, column);
    const judged = this.#canJudge;
    return {
      kind: cause.kind,
      callback: cause.isRest ? '(causes beyond the first 4096)' : this.#nameOf(cause.callback),
      callsite: this.#nameOf(cause.callsite),
      disturbances: this.#disturbancesOf(of, cause.kind),
      isolatedDisturbances: this.#disturbancesOf(ofIsolated, cause.kind),
      sent: of(Count.sent),
      handled: of(Count.handled),
      calls: of(Count.calls),
      isolatedCalls: ofIsolated(Count.calls),
      worksQueued: of(Count.worksQueued),
      worksExecuted: of(Count.worksExecuted),
      selfInterrupts: of(Count.self),
      drainsJudged: judged ? of(Count.drainsJudged) : 0,
      drainsUseless: judged ? of(Count.drainsUseless) : 0,
      firstNs: cause.firstNs,
      lastNs: cause.lastNs,
      latencyNs: timeFigures(cause.runLatency) ?? timeFigures(cause.interruptLatency),
      durationNs: timeFigures(cause.runDuration) ?? timeFigures(cause.interruptDuration),
      tasks: causes.tasksOf(cause),
    };
  }

  /** Whether a drain found pages is known by the pages that it freed, or by the patched kernel's word. */
  get #canJudge(): boolean {
    const { counts } = this.#counted.collector;
    return this.#present.has('pagesFreed') || (counts.get('pcp_drain_ipi') ?? 0) > 0;
  }

  #victims(order: readonly Cause[]): AuditVictim[] {
    const { tally } = this.#counted;
    const place = new Map(order.map((cause, i) => [cause.row, i]));
    const causesOf = new Map<number, Array<{ cause: number; disturbances: number }>>();
    for (const { one: cpu, other: row, of } of tally.causesOfCpus.entries()) {
      const cause = place.get(row) ?? 0;
      const disturbances = this.#disturbancesOf(of, order[cause].kind);
      const list = causesOf.get(cpu) ?? [];
      if (disturbances > 0) list.push({ cause, disturbances });
      causesOf.set(cpu, list);
    }
    return [...causesOf]
      .map(([cpu, causes]) => this.#victim(cpu, causes))
      .sort(
        (a, b) => Number(b.isolated) - Number(a.isolated) || b.disturbances - a.disturbances || a.cpu - b.cpu,
      );
  }

  #victim(cpu: number, causes: Array<{ cause: number; disturbances: number }>): AuditVictim {
    const { tally } = this.#counted;
    const of = (column: Count) => tally.cpus.get(cpu, column);
    const kinds: Partial<Record<DisturbanceKind, number>> = {};
    for (const kind of disturbanceKinds) {
      const times = kind === 'work' ? 0 : tally.kindCount(cpu, kind, this.#interrupts);
      if (times > 0) kinds[kind] = times;
    }
    return {
      cpu,
      isolated: tally.isIsolated(cpu),
      disturbances: this.#disturbancesOf(of),
      sent: of(Count.sent),
      handled: of(Count.handled),
      calls: of(Count.calls),
      works: of(this.#works),
      selfInterrupts: of(Count.self),
      interruptsByKind: kinds,
      firstNs: tally.firstNs.get(cpu) ?? -1,
      lastNs: tally.lastNs.get(cpu) ?? -1,
      longestNs: tally.longestNs.get(cpu) ?? -1,
      causes: causes.sort((a, b) => b.disturbances - a.disturbances || a.cause - b.cause),
    };
  }

  #totals(
    causes: readonly AuditCause[],
    victims: readonly AuditVictim[],
    isolatedOnly: boolean,
  ): AuditTotals {
    const present = this.#present;
    const { tally } = this.#counted;
    const counted = victims.filter(({ isolated }) => isolated || !isolatedOnly);
    const sum = (of: (victim: AuditVictim) => number) =>
      counted.reduce((total, victim) => total + of(victim), 0);
    const known = (isKnown: boolean, value: () => number) => (isKnown ? value() : null);
    const hasInterrupts = present.hasSends || present.hasHandlers;
    const hasWorks = present.has('worksQueued');
    const interrupts = known(hasInterrupts, () =>
      sum(({ sent, handled }) => (present.hasSends ? sent : handled)),
    );
    const works = known(hasWorks, () => sum((victim) => victim.works));
    const kinds: Partial<Record<DisturbanceKind, number>> = {};
    for (const { interruptsByKind } of counted) {
      for (const kind of disturbanceKinds) {
        const times = interruptsByKind[kind] ?? 0;
        if (times > 0) kinds[kind] = (kinds[kind] ?? 0) + times;
      }
    }
    const ofCpus = (column: Count) => sum(({ cpu }) => tally.cpus.get(cpu, column));
    return {
      interrupts,
      interruptsByKind: kinds,
      sent: known(present.hasSends, () => sum(({ sent }) => sent)),
      handled: known(present.hasHandlers, () => sum(({ handled }) => handled)),
      calls: known(present.has('calls'), () => sum(({ calls }) => calls)),
      works,
      disturbances: interrupts === null && works === null ? null : (interrupts ?? 0) + (works ?? 0),
      selfInterrupts: known(present.hasSends, () => sum(({ selfInterrupts }) => selfInterrupts)),
      drains: this.#drains(causes, isolatedOnly),
      drainsJudged: this.#canJudge ? ofCpus(Count.drainsJudged) : 0,
      drainsUseless: this.#canJudge ? ofCpus(Count.drainsUseless) : 0,
      latencyNs: timeFigures(tally.latency[isolatedOnly ? 1 : 0]),
      durationNs: timeFigures(tally.duration[isolatedOnly ? 1 : 0]),
    };
  }

  /** Known where functions of calls are named, or works are, or a probe stands on the drain. */
  #drains(causes: readonly AuditCause[], isolatedOnly: boolean): number | null {
    const present = this.#present;
    if (!present.has('calls') && !present.has('worksQueued') && !present.has('drains')) return null;
    return causes
      .filter(({ callback }) => isDrainFunction(callback))
      .reduce((sum, cause) => sum + (isolatedOnly ? cause.isolatedDisturbances : cause.disturbances), 0);
  }

  #matrix(): Pick<AuditMatrix, 'columns' | 'rows'> {
    const rows: Array<readonly [number, number, number, number, number]> = [];
    for (const { one, other, of } of this.#counted.tally.pairs.entries()) {
      rows.push([one, other, of(Count.sent), of(Count.calls), of(this.#works)]);
    }
    return { columns: ['sender', 'victim', 'interrupts', 'calls', 'works'], rows };
  }

  #senders({ rows }: Pick<AuditMatrix, 'rows'>): AuditSender[] {
    const senders = new Map<
      number,
      { interrupts: number; calls: number; works: number; isolatedDisturbances: number }
    >();
    for (const [cpu, victim, interrupts, calls, works] of rows) {
      const sender = senders.get(cpu) ?? { interrupts: 0, calls: 0, works: 0, isolatedDisturbances: 0 };
      sender.interrupts += interrupts;
      sender.calls += calls;
      sender.works += works;
      if (this.#counted.isolated.has(victim)) sender.isolatedDisturbances += interrupts + works;
      senders.set(cpu, sender);
    }
    return [...senders]
      .map(([cpu, counts]) => ({ cpu, ...counts }))
      .sort((a, b) => b.interrupts + b.works - (a.interrupts + a.works) || a.cpu - b.cpu);
  }

  #timeline(): AuditTimeline {
    const { timeline } = this.#counted.tally;
    const [all, isolated] = timeline;
    for (const line of timeline) line.extendTo(this.#counted.lastNs);
    const interrupts = this.#interrupts === Count.sent ? Lane.sent : Lane.handled;
    const works = this.#works === Count.worksExecuted ? Lane.worksExecuted : Lane.worksQueued;
    return {
      startNs: all.startNs,
      bucketNs: all.bucketNs,
      interrupts: all.column(interrupts),
      works: all.column(works),
      isolatedInterrupts: isolated.column(interrupts),
      isolatedWorks: isolated.column(works),
    };
  }

  #coalescing(): Coalescing | null {
    const present = this.#present;
    if (!present.has('calls') || !present.hasSends) return null;
    const { calls, interrupts } = this.#counted.collector;
    return {
      calls: calls.queued,
      interrupts: interrupts.sentForCalls,
      callsPerInterrupt: interrupts.sentForCalls === 0 ? null : calls.queued / interrupts.sentForCalls,
      isolatedCalls: calls.isolatedQueued,
      isolatedInterrupts: interrupts.isolatedSentForCalls,
      outsideInterrupt:
        present.has('functions') && present.has('callHandlers') ? calls.outsideInterrupt : null,
    };
  }

  #unmatched(): Unmatched {
    const present = this.#present;
    const { interrupts, calls, works, unreadable } = this.#counted.collector;
    const when = (isRecorded: boolean, value: number) => (isRecorded ? value : 0);
    return {
      sentWithoutHandler: when(present.hasHandlers, interrupts.sentWithoutHandler),
      sentMerged: when(present.hasHandlers, interrupts.sentMerged),
      handledWithoutSend: when(present.hasSends, interrupts.handledWithoutSend),
      handlersWithoutExit: interrupts.handlersWithoutExit,
      callsWithoutEntry: when(present.has('functions'), calls.callsWithoutEntry),
      entriesWithoutCall: when(present.has('calls'), calls.entriesWithoutCall),
      worksWithoutStart: when(present.has('worksExecuted'), works.worksWithoutStart),
      startsWithoutQueue: when(present.has('worksQueued'), works.startsWithoutQueue),
      unreadable,
    };
  }

  #kernelCounts(victims: readonly AuditVictim[]): readonly KernelCount[] | null {
    const { interruptTables, isolated, tally } = this.#counted;
    if (interruptTables === null) return null;
    const sum = (kind: InterruptKind, column: Count, isolatedOnly: boolean) =>
      victims
        .filter(({ cpu }) => !isolatedOnly || isolated.has(cpu))
        .reduce((total, { cpu }) => total + (kind === 'tlb' ? 0 : tally.kindCount(cpu, kind, column)), 0);
    return kernelCounts(interruptTables, this.#counted.source.kernel, isolated, (kind) => {
      const isHandled = this.#handles(kind);
      return {
        recorded: isHandled ? sum(kind, Count.handled, false) : null,
        isolatedRecorded: isHandled && isolated.size > 0 ? sum(kind, Count.handled, true) : null,
        sent: this.#present.hasSends ? sum(kind, Count.sent, false) + sum(kind, Count.self, false) : null,
      };
    });
  }

  /** Were handlers of this kind recorded? */
  #handles(kind: InterruptKind): boolean {
    const present = this.#present;
    if (present.has('armHandlers')) return true;
    if (kind === 'call') return present.has('callHandlers');
    if (kind === 'reschedule') return present.has('rescheduleHandlers');
    return kind === 'irqWork' && present.has('irqWorkHandlers');
  }
}

function timeFigures(times: Histogram): TimeFigures | null {
  if (times.count === 0) return null;
  const { count, max } = times;
  return { count, mean: Math.round(times.mean), p50: times.quantile(0.5), p99: times.quantile(0.99), max };
}

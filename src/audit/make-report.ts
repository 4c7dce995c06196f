/** What was counted → the report. */

import { formatCpuList } from '../base/cpu-list.ts';
import type {
  AuditCause,
  AuditMatrix,
  AuditReport,
  AuditSender,
  AuditTimeline,
  AuditVictim,
  DisturbanceKind,
} from './audit-report.ts';
import { auditSchema, disturbanceKinds } from './audit-report.ts';
import type { Cause } from './cause-table.ts';
import { Count } from './count-rows.ts';
import type { Counted } from './counted.ts';
import { leadOf, notesOf } from './lead.ts';
import { Measure } from './measure.ts';
import { ReportSums } from './report-sums.ts';
import { Lane } from './tally.ts';
import { timeFigures } from './time-figures.ts';

export function makeReport(counted: Counted): AuditReport {
  return new ReportMaker(counted).report();
}

class ReportMaker {
  readonly #counted: Counted;
  readonly #measure: Measure;

  constructor(counted: Counted) {
    this.#counted = counted;
    this.#measure = new Measure(counted.collector.counts, counted.known, counted.source.clockUnit === 'ns');
  }

  report(): AuditReport {
    const { source, isolated, isolatedFrom, collector, tally } = this.#counted;
    const sums = new ReportSums(this.#counted, this.#measure);
    const order = this.#causeOrder();
    const causes = order.map((cause) => this.#cause(cause));
    const victims = this.#victims(order);
    const said = {
      source,
      isolated: { cpus: formatCpuList([...isolated].sort((a, b) => a - b)), from: isolatedFrom },
      recorded: this.#measure.recorded,
      totals: sums.totals(causes, victims, false),
      isolatedTotals: isolated.size === 0 ? null : sums.totals(causes, victims, true),
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
      coalescing: sums.coalescing(),
      unmatched: sums.unmatched(),
      kernelCounts: sums.kernelCounts(victims),
      notes: notesOf(said, this.#measure.present),
    };
  }

  #nameOf(number: number): string {
    return this.#counted.functions.nameOf(number);
  }

  /** Those of isolated CPUs first, then the most frequent. */
  #causeOrder(): Cause[] {
    const { causes } = this.#counted.tally;
    const weight = (cause: Cause, isIsolated: boolean) => {
      const counts = isIsolated ? causes.isolatedCounts : causes.counts;
      const of = (column: Count) => counts.get(cause.row, column);
      return this.#measure.disturbances(of, cause.kind) * 1e6 + Math.min(1e6 - 1, of(Count.calls));
    };
    return [...causes.all].sort(
      (a, b) => weight(b, true) - weight(a, true) || weight(b, false) - weight(a, false) || a.row - b.row,
    );
  }

  #cause(cause: Cause): AuditCause {
    const { causes } = this.#counted.tally;
    const of = (column: Count) => causes.counts.get(cause.row, column);
    const ofIsolated = (column: Count) => causes.isolatedCounts.get(cause.row, column);
    const { canJudgeDrains: judged, hasTimes } = this.#measure;
    return {
      kind: cause.kind,
      callback: cause.isRest ? '(causes beyond the first 4096)' : this.#nameOf(cause.callback),
      callsite: this.#nameOf(cause.callsite),
      disturbances: this.#measure.disturbances(of, cause.kind),
      isolatedDisturbances: this.#measure.disturbances(ofIsolated, cause.kind),
      sent: of(Count.sent),
      handled: of(Count.handled),
      calls: of(Count.calls),
      isolatedCalls: ofIsolated(Count.calls),
      worksQueued: of(Count.worksQueued),
      worksExecuted: of(Count.worksExecuted),
      selfInterrupts: of(Count.self),
      drainsJudged: judged ? of(Count.drainsJudged) : 0,
      drainsUseless: judged ? of(Count.drainsUseless) : 0,
      firstNs: hasTimes ? cause.firstNs : -1,
      lastNs: hasTimes ? cause.lastNs : -1,
      latencyNs: timeFigures(cause.runLatency, hasTimes) ?? timeFigures(cause.interruptLatency, hasTimes),
      durationNs: timeFigures(cause.runDuration, hasTimes) ?? timeFigures(cause.interruptDuration, hasTimes),
      tasks: causes.tasksOf(cause),
    };
  }

  #victims(order: readonly Cause[]): AuditVictim[] {
    const { tally } = this.#counted;
    const place = new Map(order.map((cause, i) => [cause.row, i]));
    const causesOf = new Map<number, Array<{ cause: number; disturbances: number }>>();
    for (const { one: cpu, other: row, of } of tally.causesOfCpus.entries()) {
      const cause = place.get(row) ?? 0;
      const disturbances = this.#measure.disturbances(of, order[cause].kind);
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
    const { hasTimes } = this.#measure;
    const { tally } = this.#counted;
    const of = (column: Count) => tally.cpus.get(cpu, column);
    const kinds: Partial<Record<DisturbanceKind, number>> = {};
    for (const kind of disturbanceKinds) {
      const times = kind === 'work' ? 0 : tally.kindCount(cpu, kind, this.#measure.interrupts);
      if (times > 0) kinds[kind] = times;
    }
    return {
      cpu,
      isolated: tally.isIsolated(cpu),
      disturbances: this.#measure.disturbances(of),
      sent: of(Count.sent),
      handled: of(Count.handled),
      calls: of(Count.calls),
      works: of(this.#measure.works),
      selfInterrupts: of(Count.self),
      interruptsByKind: kinds,
      firstNs: (hasTimes ? tally.firstNs.get(cpu) : undefined) ?? -1,
      lastNs: (hasTimes ? tally.lastNs.get(cpu) : undefined) ?? -1,
      longestNs: (hasTimes ? tally.longestNs.get(cpu) : undefined) ?? -1,
      causes: causes.sort((a, b) => b.disturbances - a.disturbances || a.cause - b.cause),
    };
  }

  #matrix(): Pick<AuditMatrix, 'columns' | 'rows'> {
    const rows: Array<readonly [number, number, number, number, number]> = [];
    for (const { one, other, of } of this.#counted.tally.pairs.entries()) {
      rows.push([one, other, of(Count.sent), of(Count.calls), of(this.#measure.works)]);
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
    const interrupts = this.#measure.interrupts === Count.sent ? Lane.sent : Lane.handled;
    const works = this.#measure.works === Count.worksExecuted ? Lane.worksExecuted : Lane.worksQueued;
    return {
      startNs: all.startNs,
      bucketNs: all.bucketNs,
      interrupts: all.column(interrupts),
      works: all.column(works),
      isolatedInterrupts: isolated.column(interrupts),
      isolatedWorks: isolated.column(works),
    };
  }
}

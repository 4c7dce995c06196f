/** Sums of a report: totals, calls against interrupts, what was not paired, the kernel's own counters. */

import { kernelAtLeast } from '../engine/machine/kernel-rules.ts';
import type { InterruptKind } from '../snapshot/interrupts.ts';
import type {
  AuditCause,
  AuditTotals,
  AuditVictim,
  Coalescing,
  DisturbanceKind,
  KernelCount,
  Unmatched,
} from './audit-report.ts';
import { disturbanceKinds } from './audit-report.ts';
import { Count } from './count-rows.ts';
import type { Counted } from './counted.ts';
import { isDrainFunction } from './function-names.ts';
import { kernelCounts } from './interrupt-deltas.ts';
import type { Measure } from './measure.ts';
import { timeFigures } from './time-figures.ts';

export class ReportSums {
  readonly #counted: Counted;
  readonly #measure: Measure;

  constructor(counted: Counted, measure: Measure) {
    this.#counted = counted;
    this.#measure = measure;
  }

  totals(causes: readonly AuditCause[], victims: readonly AuditVictim[], isolatedOnly: boolean): AuditTotals {
    const present = this.#measure.present;
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
      drainsJudged: this.#measure.canJudgeDrains ? ofCpus(Count.drainsJudged) : 0,
      drainsUseless: this.#measure.canJudgeDrains ? ofCpus(Count.drainsUseless) : 0,
      latencyNs: timeFigures(tally.latency[isolatedOnly ? 1 : 0], this.#measure.hasTimes),
      durationNs: timeFigures(tally.duration[isolatedOnly ? 1 : 0], this.#measure.hasTimes),
    };
  }

  /** null: they may have happened unseen. */
  #drains(causes: readonly AuditCause[], isolatedOnly: boolean): number | null {
    const drains = causes.filter(({ callback }) => isDrainFunction(callback));
    if (!this.#wouldShowDrains && drains.every(({ disturbances }) => disturbances === 0)) return null;
    return drains.reduce(
      (sum, cause) => sum + (isolatedOnly ? cause.isolatedDisturbances : cause.disturbances),
      0,
    );
  }

  /** Drains disturb by interrupts up to 4.10, by works up to 5.19, and since 6.0 take the lists from afar (mm/page_alloc.c). */
  get #wouldShowDrains(): boolean {
    const { present } = this.#measure;
    const { kernel } = this.#counted.source;
    const showsInterrupts = present.has('calls') || present.has('drains');
    const showsWorks = present.has('worksQueued');
    if (!/^\d+\.\d/.test(kernel)) return showsInterrupts && showsWorks;
    if (kernelAtLeast(kernel, '6.0')) return true;
    return kernelAtLeast(kernel, '4.11') ? showsWorks : showsInterrupts;
  }

  coalescing(): Coalescing | null {
    const present = this.#measure.present;
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

  unmatched(): Unmatched {
    const present = this.#measure.present;
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

  kernelCounts(victims: readonly AuditVictim[]): readonly KernelCount[] | null {
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
        sent: this.#measure.present.hasSends
          ? sum(kind, Count.sent, false) + sum(kind, Count.self, false)
          : null,
      };
    });
  }

  /** Were handlers of this kind recorded? */
  #handles(kind: InterruptKind): boolean {
    const present = this.#measure.present;
    if (present.has('armHandlers')) return true;
    if (kind === 'call') return present.has('callHandlers');
    if (kind === 'reschedule') return present.has('rescheduleHandlers');
    return kind === 'irqWork' && present.has('irqWorkHandlers');
  }
}

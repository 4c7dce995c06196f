/** Which of the counts a recording can give are its interrupts and its works. */

import type { DisturbanceKind, RecordedEvents } from './audit-report.ts';
import { Count } from './count-rows.ts';
import { missingEvents, Present } from './recorded-events.ts';

export class Measure {
  readonly present: Present;
  /** Sent where sending was recorded, else handled. */
  readonly interrupts: Count;
  /** Executed where that was recorded, else queued. */
  readonly works: Count;
  readonly recorded: RecordedEvents;
  /** Whether a drain found pages is known by the pages that it freed, or by the patched kernel's word. */
  readonly canJudgeDrains: boolean;
  /** Do stamps count time? */
  readonly hasTimes: boolean;

  /** `counts`: events by name; `known`: names of events that were on by the word of somebody. */
  constructor(counts: ReadonlyMap<string, number>, known: ReadonlySet<string>, hasTimes: boolean) {
    this.hasTimes = hasTimes;
    const present = new Present(counts, known);
    const missing = missingEvents(present);
    const hasExecuted = present.has('worksExecuted');
    this.present = present;
    this.interrupts = present.hasSends ? Count.sent : Count.handled;
    this.works = hasExecuted ? Count.worksExecuted : Count.worksQueued;
    this.canJudgeDrains = present.has('pagesFreed') || (counts.get('pcp_drain_ipi') ?? 0) > 0;
    this.recorded = {
      present: present.counts,
      missing,
      interruptsFrom: present.hasSends ? 'sent' : present.hasHandlers ? 'handled' : 'not recorded',
      worksFrom: hasExecuted ? 'executed' : present.has('worksQueued') ? 'queued' : 'not recorded',
      recordWith: missing.length === 0 ? '' : 'drainlab record --for audit',
    };
  }

  /** Disturbances among the counts of one row; `kind`: all of the row are of this kind. */
  disturbances(of: (column: Count) => number, kind?: DisturbanceKind): number {
    if (kind !== undefined) return of(kind === 'work' ? this.works : this.interrupts);
    return of(this.interrupts) + of(this.works);
  }
}

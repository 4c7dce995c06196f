/** Events that the audit reads, and what a recording without them cannot tell. */

import type { MissingEvents } from './audit-report.ts';

/** Events in groups that are recorded together. */
const eventGroups = {
  sends: ['ipi_send_cpu', 'ipi_send_cpumask'],
  raises: ['ipi_raise'],
  calls: ['csd_queue_cpu'],
  functions: ['csd_function_entry', 'csd_function_exit'],
  callHandlers: [
    'call_function_entry',
    'call_function_exit',
    'call_function_single_entry',
    'call_function_single_exit',
  ],
  rescheduleHandlers: ['reschedule_entry', 'reschedule_exit'],
  irqWorkHandlers: ['irq_work_entry', 'irq_work_exit'],
  armHandlers: ['ipi_entry', 'ipi_exit'],
  worksQueued: ['workqueue_queue_work'],
  worksExecuted: ['workqueue_execute_start', 'workqueue_execute_end'],
  /** Of the kernel that was patched with the thread's policies, and probes: they name drains of the page lists. */
  drains: ['pcp_drain_begin', 'pcp_drain_end', 'pcp_drain_ipi', 'drain_local_pages'],
  pagesFreed: ['mm_page_pcpu_drain'],
} as const;
export type EventGroup = keyof typeof eventGroups;

/** Names without their system. */
export const auditedEvents: ReadonlySet<string> = new Set(Object.values(eventGroups).flat());

/** Which groups have an event in the recording. */
export class Present {
  readonly #counts: ReadonlyMap<string, number>;
  readonly #known: ReadonlySet<string>;

  /** `counts`: events by name; `known`: names that were recorded by the word of somebody, even if none came. */
  constructor(counts: ReadonlyMap<string, number>, known: ReadonlySet<string>) {
    this.#counts = counts;
    this.#known = known;
  }

  has(group: EventGroup): boolean {
    return eventGroups[group].some((name) => this.#known.has(name) || (this.#counts.get(name) ?? 0) > 0);
  }

  get hasSends(): boolean {
    return this.has('sends') || this.has('raises');
  }

  get hasHandlers(): boolean {
    return (
      this.has('callHandlers') ||
      this.has('rescheduleHandlers') ||
      this.has('irqWorkHandlers') ||
      this.has('armHandlers')
    );
  }

  get counts(): Array<{ event: string; count: number }> {
    return [...auditedEvents]
      .filter((name) => this.#known.has(name) || (this.#counts.get(name) ?? 0) > 0)
      .map((event) => ({ event, count: this.#counts.get(event) ?? 0 }));
  }
}

const missing: ReadonlyArray<MissingEvents & { readonly isMissing: (present: Present) => boolean }> = [
  {
    events: 'ipi:ipi_send_cpu, ipi:ipi_send_cpumask',
    since: '6.4; arm and arm64: ipi:ipi_raise from 3.17 on',
    notKnown: 'who sent the interrupts, and from where in the kernel',
    isMissing: (present) => !present.hasSends,
  },
  {
    events: 'csd:csd_queue_cpu',
    since: '6.5',
    notKnown: 'which functions were called on other CPUs, and how many calls one interrupt served',
    isMissing: (present) => !present.has('calls'),
  },
  {
    events: 'csd:csd_function_entry, csd:csd_function_exit',
    since: '6.5',
    notKnown: 'when each function ran and for how long',
    isMissing: (present) => present.has('calls') && !present.has('functions'),
  },
  {
    events: 'irq_vectors:call_function_*, irq_vectors:call_function_single_*',
    since: '3.11, x86; arm and arm64: ipi:ipi_entry, ipi:ipi_exit from 3.17 on',
    notKnown: 'when interrupts for calls arrived and how long their handlers took',
    isMissing: (present) => !present.has('callHandlers') && !present.has('armHandlers'),
  },
  {
    events: 'irq_vectors:reschedule_*',
    since: '3.11, x86',
    notKnown: 'when reschedule interrupts arrived',
    isMissing: (present) => !present.has('rescheduleHandlers') && !present.has('armHandlers'),
  },
  {
    events: 'workqueue:workqueue_queue_work',
    since: '2.6.36',
    notKnown: 'which works CPUs queued for each other',
    isMissing: (present) => !present.has('worksQueued'),
  },
  {
    events: 'workqueue:workqueue_execute_start, workqueue:workqueue_execute_end',
    since: '2.6.36',
    notKnown: 'which CPU carried out unbound works, when works began and how long they took',
    isMissing: (present) => present.has('worksQueued') && !present.has('worksExecuted'),
  },
];

export function missingEvents(present: Present): MissingEvents[] {
  return missing
    .filter(({ isMissing }) => isMissing(present))
    .map(({ events, since, notKnown }) => ({ events, since, notKnown }));
}

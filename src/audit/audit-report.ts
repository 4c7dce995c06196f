/** The answer of `drainlab audit`: who disturbed whom. Schema `drainlab.audit/1`, described field by field in docs/audit.md. */

import type { InterruptKind } from '../snapshot/interrupts.ts';

export const auditSchema = 'drainlab.audit/1';

/** `call`: a function called on another CPU (smp_call_function…); `work`: a work item carried out by a kernel worker. */
export const disturbanceKinds = ['call', 'reschedule', 'irqWork', 'timer', 'stop', 'other', 'work'] as const;
export type DisturbanceKind = (typeof disturbanceKinds)[number];

export interface AuditReport {
  readonly schema: typeof auditSchema;
  /** The answer in one sentence. */
  readonly lead: string;
  readonly source: AuditSource;
  readonly isolated: IsolatedCpus;
  readonly recorded: RecordedEvents;
  /** On all CPUs. */
  readonly totals: AuditTotals;
  /** On isolated CPUs; null: no CPU is known to be isolated. */
  readonly isolatedTotals: AuditTotals | null;
  /** Those that disturbed isolated CPUs first, then by number of disturbances. */
  readonly causes: readonly AuditCause[];
  /** By callback of the interrupts sent: what `grep callback= | awk '{print $NF}' | sort | uniq -c` counts. */
  readonly callbacks: readonly CallbackCount[];
  /** Isolated CPUs first, then by number of disturbances. CPUs that nothing disturbed are left out. */
  readonly victims: readonly AuditVictim[];
  /** By number of disturbances. Only events that tell the sender count. */
  readonly senders: readonly AuditSender[];
  readonly matrix: AuditMatrix;
  readonly timeline: AuditTimeline;
  /** Calls queued against interrupts sent for them; null: one of the two was not recorded. */
  readonly coalescing: Coalescing | null;
  readonly unmatched: Unmatched;
  /** The kernel's own counters over the same time; null: no /proc/interrupts of start and end. */
  readonly kernelCounts: readonly KernelCount[] | null;
  /** What limits the answer, each in one sentence. */
  readonly notes: readonly string[];
}

export interface AuditSource {
  readonly name: string;
  readonly format: string;
  readonly kernel: string;
  readonly cpus: number;
  /** From the first event (or --from) to the last (or --to); null: the clock of the recording does not count time. */
  readonly seconds: number | null;
  /** Events in the recording, of every type. */
  readonly events: number;
  readonly lostEvents: number;
  /** Marks of lost events that give no number. */
  readonly unknownLosses: number;
  /** Records and lines that are no event that can be read. */
  readonly unreadable: number;
  readonly clock: string;
  /** Other than `ns`: no time is given, and the timeline is in that unit. */
  readonly clockUnit: 'ns' | 'cycles' | 'count';
  /** Instances (buffers of the kernel) with events; all are counted together. */
  readonly buffers: number;
  /** With --partial: where and why reading stopped; '' when it did not. */
  readonly stoppedAt: string;
}

export interface IsolatedCpus {
  /** `4-15`; '' when there are none, or none is known. */
  readonly cpus: string;
  /** Where the list is from: `--isolated`, files beside the recording; '' when nothing tells it. */
  readonly from: string;
}

export interface RecordedEvents {
  /** Events of the recording that the audit reads, by number. */
  readonly present: ReadonlyArray<{ readonly event: string; readonly count: number }>;
  /** Groups of events that would tell more and of which there is none. */
  readonly missing: readonly MissingEvents[];
  /** Which events count as interrupts: the sending, the handling, or none was recorded. */
  readonly interruptsFrom: 'sent' | 'handled' | 'not recorded';
  readonly worksFrom: 'executed' | 'queued' | 'not recorded';
  /** How to record what is missing; '' when nothing is. */
  readonly recordWith: string;
}

export interface MissingEvents {
  readonly events: string;
  /** Kernel release in which they came, and the architecture where it is one. */
  readonly since: string;
  /** What is therefore not known. */
  readonly notKnown: string;
}

/** null: what would tell it was not recorded. */
export interface AuditTotals {
  /** Interrupts from other CPUs, by `interruptsFrom`. */
  readonly interrupts: number | null;
  /** Of these, by kind. */
  readonly interruptsByKind: Readonly<Partial<Record<DisturbanceKind, number>>>;
  /** Interrupts sent to another CPU, one for each target. */
  readonly sent: number | null;
  /** Handlers entered. */
  readonly handled: number | null;
  /** Functions queued for another CPU (csd_queue_cpu). */
  readonly calls: number | null;
  /** Work items that another CPU queued, by `worksFrom`. */
  readonly works: number | null;
  /** `interrupts` + `works`; null when both are null. */
  readonly disturbances: number | null;
  /** Interrupts that a CPU sent to itself (irq_work): in none of the figures above. */
  readonly selfInterrupts: number | null;
  /** Disturbances by drains of page lists; null: no event would show them, for this kernel. */
  readonly drains: number | null;
  /** Drains of page lists of which it is known whether they found pages, and those that found none. */
  readonly drainsJudged: number;
  readonly drainsUseless: number;
  /** Interrupt sent to handler entered. */
  readonly latencyNs: TimeFigures | null;
  /** Time in the handler. */
  readonly durationNs: TimeFigures | null;
}

/** p50 and p99 within 1.6 %, the others exact. */
export interface TimeFigures {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface AuditCause {
  readonly kind: DisturbanceKind;
  /** Function that ran on the victim; '' when the recording does not name it. */
  readonly callback: string;
  /** Place in the kernel that asked for it (`wakeup_preempt+0x37`), for works the workqueue; '' when not recorded. */
  readonly callsite: string;
  /** Interrupts (by `interruptsFrom`) or works (by `worksFrom`) that hit another CPU. */
  readonly disturbances: number;
  readonly isolatedDisturbances: number;
  readonly sent: number;
  readonly handled: number;
  /** Functions queued for another CPU. */
  readonly calls: number;
  readonly isolatedCalls: number;
  readonly worksQueued: number;
  readonly worksExecuted: number;
  readonly selfInterrupts: number;
  readonly drainsJudged: number;
  readonly drainsUseless: number;
  /** Of disturbances, and of calls where nothing else is recorded; ns since the recording's first event; -1: there is none. */
  readonly firstNs: number;
  readonly lastNs: number;
  /** Request to execution: call queued to function entered, interrupt sent to handler entered, work queued to work begun. */
  readonly latencyNs: TimeFigures | null;
  /** Of the function, the handler or the work. */
  readonly durationNs: TimeFigures | null;
  /** Tasks that ran on the sender, the most frequent first. */
  readonly tasks: ReadonlyArray<{ readonly comm: string; readonly count: number }>;
}

export interface CallbackCount {
  /** As `trace-cmd report` prints it, without `+0x0`; `0x0`: a reschedule interrupt. */
  readonly callback: string;
  /** Events: a send to many CPUs is one. */
  readonly events: number;
  /** CPUs that they were sent to, the sender's own too. */
  readonly targets: number;
  readonly isolatedTargets: number;
}

export interface AuditVictim {
  readonly cpu: number;
  readonly isolated: boolean;
  readonly disturbances: number;
  readonly sent: number;
  readonly handled: number;
  readonly calls: number;
  readonly works: number;
  readonly selfInterrupts: number;
  readonly interruptsByKind: Readonly<Partial<Record<DisturbanceKind, number>>>;
  readonly firstNs: number;
  readonly lastNs: number;
  /** Longest handler, -1: not recorded. */
  readonly longestNs: number;
  /** Positions in `causes`, the most frequent first. */
  readonly causes: ReadonlyArray<{ readonly cause: number; readonly disturbances: number }>;
}

export interface AuditSender {
  readonly cpu: number;
  readonly interrupts: number;
  readonly calls: number;
  readonly works: number;
  /** Interrupts and works that hit isolated CPUs. */
  readonly isolatedDisturbances: number;
}

/** Sparse: only pairs that occurred, by sender, then victim. */
export interface AuditMatrix {
  readonly columns: readonly ['sender', 'victim', 'interrupts', 'calls', 'works'];
  readonly rows: ReadonlyArray<readonly [number, number, number, number, number]>;
  /** Disturbances of pairs beyond the first million. */
  readonly notKept: number;
}

/** Bucket i begins at `startNs + i * bucketNs`. */
export interface AuditTimeline {
  readonly startNs: number;
  readonly bucketNs: number;
  readonly interrupts: readonly number[];
  readonly works: readonly number[];
  readonly isolatedInterrupts: readonly number[];
  readonly isolatedWorks: readonly number[];
}

export interface Coalescing {
  readonly calls: number;
  /** Interrupts sent for calls. */
  readonly interrupts: number;
  readonly callsPerInterrupt: number | null;
  readonly isolatedCalls: number;
  readonly isolatedInterrupts: number;
  /** Functions that ran without an interrupt (an idle CPU polls its queue); null: handlers were not recorded. */
  readonly outsideInterrupt: number | null;
}

/** What could not be paired. Not errors: each has harmless reasons, told in docs/audit.md. */
export interface Unmatched {
  /** Sent, and no handler of that kind was seen on the victim afterwards. */
  readonly sentWithoutHandler: number;
  /** A further interrupt of the same kind was on its way to the CPU: one handler served both. */
  readonly sentMerged: number;
  /** Handled, and no send was seen before. */
  readonly handledWithoutSend: number;
  readonly handlersWithoutExit: number;
  readonly callsWithoutEntry: number;
  readonly entriesWithoutCall: number;
  readonly worksWithoutStart: number;
  readonly startsWithoutQueue: number;
  /** Events whose CPU or set of CPUs could not be read: their disturbances are missing. */
  readonly unreadable: number;
}

export interface KernelCount {
  /** `CAL`, `IPI1`. */
  readonly label: string;
  readonly text: string;
  readonly kind: InterruptKind;
  /** Counter at the end minus counter at the start, all CPUs. */
  readonly delta: number;
  readonly isolatedDelta: number | null;
  /** Handlers of this kind in the recording; null: not recorded. */
  readonly recorded: number | null;
  readonly isolatedRecorded: number | null;
  /** Interrupts of this kind sent in the recording, those of a CPU to itself too; null: not recorded. */
  readonly sent: number | null;
}

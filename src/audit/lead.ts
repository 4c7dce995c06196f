/** The answer in one sentence, and what limits it. */

import { count, decimal, duration, plural } from '../engine/report/numbers.ts';
import type { AuditCause, AuditSource, AuditTotals, IsolatedCpus, RecordedEvents } from './audit-report.ts';
import { isAddress } from './function-names.ts';
import type { Present } from './recorded-events.ts';

const causesShown = 3;

interface Said {
  readonly source: AuditSource;
  readonly isolated: IsolatedCpus;
  readonly recorded: RecordedEvents;
  readonly totals: AuditTotals;
  readonly isolatedTotals: AuditTotals | null;
  readonly causes: readonly AuditCause[];
}

export function leadOf(said: Said): string {
  const { source, isolated, isolatedTotals, totals } = said;
  const lost = limitText(source);
  if (isolatedTotals === null) {
    return `${lost}CPUs disturbed each other ${timesText(totals, source)}${byCauses(said, false)}; no CPU is ${isolated.from === '' ? 'known to be ' : ''}isolated.`;
  }
  const one = /^\d+$/.test(isolated.cpus);
  const subject = `${one ? 'CPU' : 'CPUs'} ${isolated.cpus} ${one ? 'is' : 'are'} isolated`;
  const were = one ? 'was' : 'were';
  if (isolatedTotals.disturbances === null) {
    return `${lost}${subject}; whether ${one ? 'it' : 'they'} ${were} disturbed is not known: the recording holds no event that shows it.`;
  }
  const drains =
    isolatedTotals.drains === null
      ? 'page drains among them are not known'
      : `${count(isolatedTotals.drains)} by page drains`;
  return `${lost}${subject} and ${were} disturbed ${timesText(isolatedTotals, source)}${byCauses(said, true)}; ${drains}.`;
}

function timesText({ disturbances, interrupts, works }: AuditTotals, { seconds }: AuditSource): string {
  if (disturbances === null) return 'an unknown number of times';
  const parts = [
    interrupts === null ? 'interrupts not recorded' : plural(interrupts, 'interrupt'),
    works === null ? 'works not recorded' : plural(works, 'work'),
  ];
  return `${count(disturbances)} ${disturbances === 1 ? 'time' : 'times'} ${seconds === null ? '' : `in ${secondsText(seconds)} `}(${parts.join(', ')})`;
}

/** What makes every count a lower bound stands first. */
function limitText({ lostEvents, unknownLosses, stoppedAt }: AuditSource): string {
  if (lostEvents + unknownLosses > 0) return 'Events were lost, so these are lower bounds. ';
  return stoppedAt === '' ? '' : 'Only the beginning could be read, so these are lower bounds. ';
}

/** `60.4 s`; of a short recording `2.51 ms`. */
export function secondsText(seconds: number): string {
  return seconds >= 1 ? `${decimal(seconds, 1)} s` : duration(seconds * 1e9);
}

function byCauses({ causes, recorded }: Said, isolatedOnly: boolean): string {
  const of = (cause: AuditCause) => (isolatedOnly ? cause.isolatedDisturbances : cause.disturbances);
  const shown = causes.filter((cause) => of(cause) > 0).sort((a, b) => of(b) - of(a));
  if (shown.length === 0) return '';
  const parts = shown
    .slice(0, causesShown)
    .map((cause) => `${count(of(cause))} by ${causeText(cause, recorded)}`);
  const rest = shown.slice(causesShown).reduce((sum, cause) => sum + of(cause), 0);
  return `: ${parts.join(', ')}${rest > 0 ? `, ${count(rest)} by others` : ''}`;
}

/** `do_flush_tlb_all`, `reschedule interrupts from wakeup_preempt+0x37`. */
function causeText({ kind, callback, callsite }: AuditCause, { interruptsFrom }: RecordedEvents): string {
  if (kind === 'work') return callback === '' ? 'works not named' : `work ${callback}`;
  if (callback !== '') return callback;
  const what = kindTexts[kind];
  if (callsite !== '') return `${what} from ${callsite}`;
  return interruptsFrom === 'handled' ? `${what} (cause not recorded)` : `${what} of unknown cause`;
}

/** The same in fewer words, for tables: `call from on_each_cpu_cond_mask+0x24`. */
export function shortCauseText({ kind, callback, callsite }: AuditCause): string {
  const what = kind === 'irqWork' ? 'irq_work' : kind;
  if (callback !== '') return kind === 'call' ? callback : `${what} ${callback}`;
  return callsite === '' ? `${what}, cause not recorded` : `${what} from ${callsite}`;
}

const kindTexts = {
  call: 'function calls',
  reschedule: 'reschedule interrupts',
  irqWork: 'irq_work',
  timer: 'timer broadcasts',
  stop: 'stop interrupts',
  other: 'other interrupts',
} as const;

/** What limits the answer. */
export function notesOf(
  { source, recorded, isolated, isolatedTotals, causes }: Said,
  present: Present,
): string[] {
  const notes: string[] = [
    'Counts are exact: events of the recording, none modelled. Which send a handler served and which call an interrupt was sent for is paired by order on the CPU, so times are as good as the clock that the CPUs share.',
  ];
  if (source.lostEvents > 0)
    notes.push(`${plural(source.lostEvents, 'event')} lost: every count is a lower bound.`);
  if (source.unknownLosses > 0)
    notes.push(
      `${plural(source.unknownLosses, 'loss', 'losses')} of unknown size: every count is a lower bound.`,
    );
  if (source.unreadable > 0)
    notes.push(
      `${plural(source.unreadable, 'line or record', 'lines or records')} could not be read: they are in no count.`,
    );
  if (source.stoppedAt !== '') notes.push(`Reading stopped early: ${source.stoppedAt}.`);
  if (isolatedTotals === null && isolated.from === '')
    notes.push('Nothing beside the recording says which CPUs are isolated; name them with --isolated.');
  if (recorded.interruptsFrom === 'handled')
    notes.push(
      'Interrupts are counted where they were handled: the recording does not hold their sending, so senders are not known. Kinds without an event of their own here are missing.',
    );
  if (present.hasSends && !present.has('calls'))
    notes.push(
      'Which functions were called is not recorded: calls are told apart by the place in the kernel that asked for them.',
    );
  if (causes.some(({ callback, callsite }) => isAddress(callback) || isAddress(callsite)))
    notes.push(
      'The recording has no symbols for some addresses: they are shown as they are, and such callbacks of interrupts count as function calls.',
    );
  if (source.clockUnit !== 'ns')
    notes.push(
      `Stamps of this recording are ${source.clockUnit === 'cycles' ? 'cycles' : 'a counter'}, not time: no times are given.`,
    );
  if (source.buffers > 1)
    notes.push(
      `Events of ${source.buffers} buffers are counted together: what was recorded in two of them counts twice.`,
    );
  if (/local/.test(source.clock))
    notes.push('The clock was local to each CPU: times from one CPU to another may be off.');
  if (!source.format.startsWith('trace.dat'))
    notes.push('Stamps are as fine as the text prints them, mostly microseconds: short times are coarse.');
  if (present.hasSends)
    notes.push(
      'The task is the one that ran on the sender: an interrupt taken there may have been the real cause. A wake-up of an idle CPU that polls needs no interrupt and is in none of the counts.',
    );
  return notes;
}

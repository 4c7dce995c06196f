/**
 * /proc/interrupts (arch/x86/kernel/irq.c, arch/arm64/kernel/smp.c): counts by row and online CPU. Rows of cross-CPU
 * interrupts are told by label on x86 (`CAL`, `RES`, `TLB`, …) and by text on arm64, where the numbers shift between versions.
 */

import { kernelAtLeast } from '../engine/machine/kernel-rules.ts';
import { quoted } from './quoted.ts';

/**
 * The same for every architecture. All but `timer` and `other` are sent by one CPU to another; `timer` is the local timer and, on
 * arm64, its broadcast.
 */
export const interruptKinds = ['call', 'reschedule', 'tlb', 'irqWork', 'timer', 'stop', 'other'] as const;
export type InterruptKind = (typeof interruptKinds)[number];

export interface InterruptTable {
  /** CPU of each column: the online ones. */
  readonly cpus: readonly number[];
  readonly rows: readonly InterruptRow[];
}

export interface InterruptRow {
  /** `CAL`, `24`, `IPI1`. */
  readonly label: string;
  /** Words after the counts; '' when there are none. */
  readonly text: string;
  /** `other`: a device, or not a cross-CPU interrupt. */
  readonly kind: InterruptKind;
  /** By column. Exact up to 2^53. */
  readonly counts: Float64Array;
}

/** More than any kernel has. */
const cpusMax = 1 << 16;
/** Rows of the largest machines: a few thousand. */
const rowsMax = 1 << 14;

/**
 * null: no line names CPUs. Rows without one count a CPU are left out: `ERR` and `MIS` print one sum for all (said nowhere else),
 * a row that was cut is said in `problems`.
 */
export function parseInterrupts(text: string, problems: string[]): InterruptTable | null {
  const headEnd = text.indexOf('\n');
  const cpus = columnsOf(headEnd < 0 ? text : text.slice(0, headEnd));
  if (cpus === null || headEnd < 0) return null;
  const rows: InterruptRow[] = [];
  const counts = new Float64Array(cpus.length);
  for (let from = headEnd + 1; from < text.length && rows.length < rowsMax; ) {
    const lineFeed = text.indexOf('\n', from);
    const to = lineFeed < 0 ? text.length : lineFeed;
    const colon = text.indexOf(':', from);
    if (colon >= 0 && colon < to) {
      const label = text.slice(Math.max(from, colon - 40), colon).trim();
      const end = readCounts(text, colon + 1, to, counts);
      if (end >= 0) {
        const words = text
          .slice(end, Math.min(to, end + 300))
          .trim()
          .replace(/\s+/g, ' ');
        rows.push({ label, text: words, kind: kindOf(label, words), counts: counts.slice() });
      } else if (!/^(ERR|MIS|Err)$/.test(label)) {
        problems.push(
          `proc/interrupts: the row ${quoted(label, 40)} has not one count for each of ${cpus.length} CPUs; it is left out.`,
        );
        if (problems.length > problemsMax) break;
      }
    }
    from = to + 1;
  }
  return { cpus, rows };
}

/** Of one text; a damaged one would fill pages. */
const problemsMax = 20;

/** `CPU0 CPU1 …` → 0, 1, …; null: another line, or CPUs that do not ascend. */
function columnsOf(head: string): number[] | null {
  const cpus: number[] = [];
  for (const [, digits] of head.matchAll(/\bCPU(\d{1,5})\b/g)) {
    const cpu = Number(digits);
    if (cpu >= cpusMax || cpu <= (cpus.at(-1) ?? -1)) return null;
    cpus.push(cpu);
  }
  return cpus.length === 0 ? null : cpus;
}

/** Fills `counts`; the position after the last one, or -1 when there are fewer. */
function readCounts(text: string, from: number, to: number, counts: Float64Array): number {
  let at = from;
  for (let column = 0; column < counts.length; column++) {
    while (at < to && text.charCodeAt(at) === 32) at++;
    const start = at;
    let value = 0;
    for (let digit = text.charCodeAt(at) - 48; at < to && digit >= 0 && digit <= 9; ) {
      value = value * 10 + digit;
      digit = text.charCodeAt(++at) - 48;
    }
    if (at === start) return -1;
    counts[column] = value;
  }
  return at;
}

const kindOfLabel: ReadonlyMap<string, InterruptKind> = new Map([
  ['CAL', 'call'],
  ['RES', 'reschedule'],
  ['TLB', 'tlb'],
  ['IWI', 'irqWork'],
  ['LOC', 'timer'],
]);

/** Of rows IPI0, IPI1, … and of arm64's timer. */
const kindOfText: ReadonlyArray<readonly [RegExp, InterruptKind]> = [
  [/^Rescheduling interrupts/, 'reschedule'],
  [/^(Single f|F)unction call interrupts/, 'call'],
  [/^IRQ work interrupts/, 'irqWork'],
  [/^Timer broadcast interrupts/, 'timer'],
  [/^CPU stop/, 'stop'],
];

function kindOf(label: string, text: string): InterruptKind {
  const named = kindOfLabel.get(label);
  if (named !== undefined) return named;
  if (/^IPI\d{1,2}$/.test(label)) return kindOfText.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
  return /^GICv?\d? .* arch_timer$/.test(text) ? 'timer' : 'other';
}

/** Counts of one kind by column, over all rows of that kind. */
export function countsOfKind(table: InterruptTable, kind: InterruptKind): Float64Array {
  const sums = new Float64Array(table.cpus.length);
  for (const row of table.rows)
    if (row.kind === kind)
      row.counts.forEach((count, i) => {
        sums[i] += count;
      });
  return sums;
}

/**
 * Function-call interrupts that each CPU handled, flushes of the TLB included, which ride on them on x86 from 3.7 on. From 3.7 to 4.7
 * the row CAL is printed without the flushes (arch/x86/kernel/irq.c read in 3.10 and 4.9): they are added here.
 */
export function functionCalls(table: InterruptTable, kernel: string): Float64Array {
  const calls = countsOfKind(table, 'call');
  if (!kernelAtLeast(kernel, '3.7') || kernelAtLeast(kernel, '4.8')) return calls;
  const flushes = countsOfKind(table, 'tlb');
  return calls.map((count, i) => count + flushes[i]);
}

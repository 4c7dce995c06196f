/**
 * Interrupts by kind and CPU from the bytes of /proc/interrupts, again and again: labels and kinds come from a text that
 * `parseInterrupts` has read, later texts are stepped through line by line. `scan` answers false when the CPUs of the head or the rows
 * are others than the learned ones, and the caller learns anew.
 */

import { type InterruptTable, interruptKinds } from '../snapshot/interrupts.ts';

const newline = 0x0a;
const blank = 0x20;
const zero = 0x30;
const nine = 0x39;

interface LearnedLine {
  /** The line up to its colon. */
  readonly label: Buffer;
  /** Index of interruptKinds; -1: counts of this line are not by CPU (`ERR`, `MIS`). */
  readonly kind: number;
  /** From the line's begin to the end of its first count. */
  readonly firstEnd: number;
}

/** The kernel prints counts as `%10u` with a blank (kernel/irq/proc.c, arch/x86/kernel/irq.c): each ends so far after the one before. */
const columnWidth = 11;

export class InterruptScanner {
  /** CPU of each column. */
  readonly cpus: readonly number[];
  /** Since boot, by kind and column (`kind * columns + column`). */
  readonly counts: Float64Array;
  readonly #head: Buffer;
  readonly #lines: readonly LearnedLine[];

  constructor(table: InterruptTable, bytes: Buffer, length: number) {
    const text = bytes.subarray(0, length);
    const headEnd = Math.max(0, text.indexOf(newline));
    this.cpus = table.cpus;
    this.counts = new Float64Array(interruptKinds.length * table.cpus.length);
    this.#head = Buffer.from(text.subarray(0, headEnd + 1));
    const kinds = new Map(table.rows.map(({ label, kind, counts }) => [label, { kind, counts }]));
    this.#lines = [...linesOf(text, headEnd + 1)].map(({ from, colon }) => {
      const row = kinds.get(text.toString('latin1', from, colon).trim());
      const isByCpu = row !== undefined && row.counts.length === table.cpus.length;
      return {
        label: Buffer.from(text.subarray(from, colon + 1)),
        kind: isByCpu ? interruptKinds.indexOf(row.kind) : -1,
        firstEnd: endOfCount(text, colon + 1) - from,
      };
    });
  }

  scan(bytes: Buffer, length: number): boolean {
    if (length < this.#head.length || this.#head.compare(bytes, 0, this.#head.length) !== 0) return false;
    this.counts.fill(0);
    let at = this.#head.length;
    for (const { label, kind, firstEnd } of this.#lines) {
      if (at + label.length > length || label.compare(bytes, at, at + label.length) !== 0) return false;
      if (kind >= 0 && !this.#addRow(bytes, at + firstEnd, kind)) return false;
      const end = bytes.indexOf(newline, at);
      if (end < 0 || end >= length) return false;
      at = end + 1;
    }
    return at === length;
  }

  /** Most counts are 0: then three bytes are looked at. */
  #addRow(bytes: Buffer, firstEnd: number, kind: number): boolean {
    const columns = this.cpus.length;
    const { counts } = this;
    const last = firstEnd + columns * columnWidth;
    for (let end = firstEnd, to = kind * columns; end < last; end += columnWidth, to++) {
      const digit = bytes[end - 1];
      const after = bytes[end];
      if (digit < zero || digit > nine || (after !== blank && after !== newline)) return false;
      if (digit === zero && bytes[end - 2] === blank) continue;
      let value = digit - zero;
      let unit = 10;
      for (let at = end - 2; bytes[at] >= zero && bytes[at] <= nine; at--, unit *= 10)
        value += (bytes[at] - zero) * unit;
      counts[to] += value;
    }
    return true;
  }
}

/** Position after the first number from `from` on. */
function endOfCount(text: Buffer, from: number): number {
  let at = from;
  while (text[at] === blank) at++;
  while (text[at] >= zero && text[at] <= nine) at++;
  return at;
}

/** Each line after the head: where it begins, and its colon (or its end). */
function* linesOf(text: Buffer, start: number): Generator<{ from: number; colon: number }> {
  for (let from = start; from < text.length; ) {
    const end = text.indexOf(newline, from);
    const to = end < 0 ? text.length : end;
    const colon = text.indexOf(':', from);
    yield { from, colon: colon >= 0 && colon < to ? colon : to - 1 };
    from = to + 1;
  }
}

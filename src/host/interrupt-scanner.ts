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
}

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
    this.#lines = [...labelsOf(text, headEnd + 1)].map((label) => {
      const row = kinds.get(label.toString('latin1', 0, label.length - 1).trim());
      const isByCpu = row !== undefined && row.counts.length === table.cpus.length;
      return { label: Buffer.from(label), kind: isByCpu ? interruptKinds.indexOf(row.kind) : -1 };
    });
  }

  scan(bytes: Buffer, length: number): boolean {
    if (length < this.#head.length || this.#head.compare(bytes, 0, this.#head.length) !== 0) return false;
    this.counts.fill(0);
    let at = this.#head.length;
    for (const { label, kind } of this.#lines) {
      if (at + label.length > length || label.compare(bytes, at, at + label.length) !== 0) return false;
      if (kind >= 0 && !this.#addRow(bytes, at + label.length, kind)) return false;
      const end = bytes.indexOf(newline, at);
      if (end < 0 || end >= length) return false;
      at = end + 1;
    }
    return at === length;
  }

  #addRow(bytes: Buffer, from: number, kind: number): boolean {
    const columns = this.cpus.length;
    const { counts } = this;
    let at = from;
    for (let column = 0; column < columns; column++) {
      while (bytes[at] === blank) at++;
      let byte = bytes[at];
      if (byte < zero || byte > nine) return false;
      let value = 0;
      while (byte >= zero && byte <= nine) {
        value = value * 10 + byte - zero;
        byte = bytes[++at];
      }
      counts[kind * columns + column] += value;
    }
    return true;
  }
}

/** Each line from `from` on, up to and with its colon. */
function* labelsOf(text: Buffer, from: number): Generator<Buffer> {
  for (let at = from; at < text.length; ) {
    const end = text.indexOf(newline, at);
    const to = end < 0 ? text.length : end;
    const colon = text.indexOf(':', at);
    yield text.subarray(at, colon >= 0 && colon < to ? colon + 1 : to);
    at = to + 1;
  }
}

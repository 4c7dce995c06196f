/**
 * From the printed fields of an event (`page=0x… pfn=0xc67b order=0`) to the columns of a row, by one pass over the
 * bytes. Numbers are read as they are printed, decimal or `0x`; a value that is printed in names (gfp_flags), and a
 * field that is not there, leave the column at -1.
 */

import { type EventBlock, Kind } from '../engine/input/event-log.ts';
import { type ColumnName, drainWorkFunction, type EventRule, type PointerNames } from './kernel-events.ts';
import { Byte, isDigit, skipToSpace } from './text-line.ts';

/** Columns by number, so that the pass needs no strings. */
const columnNumbers: Record<ColumnName, number> = { pfn: 0, order: 1, a: 2, b: 3, c: 4, d: 5 };
const cpuSetColumn = 6;

/** What to look for in the body of one type of event. */
export class TextColumns {
  readonly rule: EventRule;
  /** Hashes of the field names that are wanted, and for each the column and whether it is a pointer. */
  readonly #hashes: Int32Array;
  readonly #columns: Uint8Array;
  readonly #isPointer: Uint8Array;
  readonly #pointers: PointerNames;
  readonly #value = new PrintedNumber();

  constructor(rule: EventRule, pointers: PointerNames) {
    this.rule = rule;
    this.#pointers = pointers;
    const wanted = rule.columns.flatMap(({ fields, column, use }) =>
      use === 'page'
        ? []
        : fields.map((field) => ({ field, column: columnNumbers[column], pointer: use === 'pointer' })),
    );
    if (rule.special === 'cpu-set') {
      for (const field of ['holders_mask', 'targets_mask', 'mask']) {
        wanted.push({ field, column: cpuSetColumn, pointer: false });
      }
    }
    this.#hashes = Int32Array.from(wanted, ({ field }) => hashOf(field));
    this.#columns = Uint8Array.from(wanted, ({ column }) => column);
    this.#isPointer = Uint8Array.from(wanted, ({ pointer }) => (pointer ? 1 : 0));
  }

  /** Writes the columns of `block[row]` from the body in `bytes[from, end)`. False: the event is not one to follow. */
  fill(bytes: Uint8Array, from: number, end: number, block: EventBlock, row: number): boolean {
    const { rule } = this;
    if (rule.special === 'text') {
      block.texts.set(row, markerText(bytes, from, end));
      return true;
    }
    if (rule.special === 'drain-work' && !holdsWord(bytes, from, end, drainWorkWord)) return false;
    for (let i = 0; i < this.#columns.length; i++) setColumn(block, row, this.#columns[i], -1);
    this.#readFields(bytes, from, end, block, row);
    // A failed allocation records pfn -1, which the kernel prints as page=(null) pfn=0 (mm_page_alloc's print line).
    if (rule.kind === Kind.pageAlloc && block.pfn[row] === 0) block.pfn[row] = -1;
    return true;
  }

  #readFields(bytes: Uint8Array, from: number, end: number, block: EventBlock, row: number): void {
    const hashes = this.#hashes;
    let left = hashes.length;
    let at = from;
    while (at < end && left > 0) {
      let hash = 0;
      let byte = 0;
      for (; at < end; at++) {
        byte = bytes[at];
        if (byte === Byte.equals || byte === Byte.space) break;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
      if (at < end && byte === Byte.equals) {
        const field = hashes.indexOf(hash);
        if (field >= 0) {
          this.#store(bytes, at + 1, end, field, block, row);
          left--;
        }
      }
      while (at < end && bytes[at] !== Byte.space) at++;
      at++;
    }
  }

  #store(bytes: Uint8Array, at: number, end: number, field: number, block: EventBlock, row: number): void {
    const value = this.#value;
    if (!value.read(bytes, at, end)) return;
    const column = this.#columns[field];
    if (column === cpuSetColumn) {
      block.cpuSets.set(
        row,
        value.high === 0 ? Uint32Array.of(value.low >>> 0) : Uint32Array.of(value.low >>> 0, value.high >>> 0),
      );
    } else if (this.#isPointer[field] === 1) {
      setColumn(block, row, column, this.#pointers.nameOf(value.high, value.low));
    } else {
      setColumn(block, row, column, value.number);
    }
  }
}

function setColumn(block: EventBlock, row: number, column: number, value: number): void {
  if (column === 0) block.pfn[row] = value;
  else if (column === 1) block.order[row] = value;
  else if (column === 2) block.a[row] = value;
  else if (column === 3) block.b[row] = value;
  else if (column === 4) block.c[row] = value;
  else if (column === 5) block.d[row] = value;
}

/** A number in text, as a signed value of 64 bits in two halves and as a double. */
class PrintedNumber {
  high = 0;
  low = 0;
  number = 0;

  /** Reads `123`, `-1`, `0xffff8880…`, `(null)`; false when there is no number at `from`. */
  read(bytes: Uint8Array, from: number, end: number): boolean {
    if (bytes[from] === Byte.zero && bytes[from + 1] === Byte.x) return this.#readHex(bytes, from + 2, end);
    let at = from;
    if (bytes[at] === Byte.minus) at++;
    const digits = at;
    let value = 0;
    while (at < end && isDigit(bytes[at])) value = value * 10 + bytes[at++] - Byte.zero;
    if (at === digits) {
      if (bytes[from] !== Byte.open) return false; // `(null)`, `(nil)`
      value = 0;
    }
    this.number = digits > from ? -value : value;
    this.low = this.number | 0;
    this.high = Math.floor(this.number / 4294967296) | 0;
    return true;
  }

  #readHex(bytes: Uint8Array, from: number, end: number): boolean {
    let high = 0;
    let low = 0;
    let at = from;
    for (; at < end && at < from + 16; at++) {
      const byte = bytes[at] | 32;
      const digit = byte <= 57 ? byte - 48 : byte - 87;
      if (digit < 0 || digit > 15 || (byte > 57 && digit < 10)) break;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    this.high = high;
    this.low = low;
    this.number = high * 4294967296 + (low >>> 0);
    return at > from;
  }
}

function hashOf(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

const drainWorkWord = new TextEncoder().encode(drainWorkFunction);

/** Is `word` in the bytes, as a whole word (`function=drain_local_pages_wq`, `function drain_local_pages_wq`)? */
function holdsWord(bytes: Uint8Array, from: number, end: number, word: Uint8Array): boolean {
  for (let at = from; at + word.length <= end; at++) {
    if (bytes[at] !== word[0]) continue;
    let same = 1;
    while (same < word.length && bytes[at + same] === word[same]) same++;
    if (
      same === word.length &&
      !isNameByte(bytes[at - 1]) &&
      (at + same >= end || !isNameByte(bytes[at + same]))
    ) {
      return true;
    }
  }
  return false;
}

function isNameByte(byte: number): boolean {
  return isDigit(byte) || (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95;
}

const decoder = new TextDecoder();

/** `tracing_mark_write: TEXT` and, printed raw, `ip=tracing_mark_write buf=TEXT` → TEXT. */
function markerText(bytes: Uint8Array, from: number, end: number): string {
  const text = decoder.decode(bytes.subarray(from, end));
  const raw = /^ip=\S+ (?:buf|fmt|str)=/.exec(text);
  if (raw !== null) return text.slice(raw[0].length);
  const space = skipToSpace(bytes, from, end);
  return space > from && bytes[space - 1] === Byte.colon ? text.slice(text.indexOf(': ') + 2) : text;
}

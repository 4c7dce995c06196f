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

/** Which field of a body is where, as the last line of this type had it. */
class BodyShape {
  /** Fields and words up to the last one that is wanted. */
  length = 0;
  readonly first: Uint8Array = new Uint8Array(shapeTokensMax);
  readonly last: Uint8Array = new Uint8Array(shapeTokensMax);
  /** 0: a word without a name, such as the address of a probe. */
  readonly nameBytes: Uint16Array = new Uint16Array(shapeTokensMax);
  readonly valueBytes: Uint16Array = new Uint16Array(shapeTokensMax);
  /** Position among the wanted fields, or -1. */
  readonly field: Int8Array = new Int8Array(shapeTokensMax);
  /** Columns that no field of the body fills. */
  absent: Uint8Array = new Uint8Array(0);
}

const shapeTokensMax = 24;

/** What to look for in the body of one type of event. */
export class TextColumns {
  readonly rule: EventRule;
  /** Hashes of the field names that are wanted, and for each the column and whether it is a pointer. */
  readonly #hashes: Int32Array;
  readonly #columns: Uint8Array;
  readonly #isPointer: Uint8Array;
  readonly #pointers: PointerNames;
  readonly #value = new PrintedNumber();
  readonly #shape = new BodyShape();

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
    if (rule.special === 'body') {
      block.texts.set(row, decoder.decode(bytes.subarray(from, end)));
      return true;
    }
    if (rule.special === 'drain-work' && !holdsWord(bytes, from, end, drainWorkWord)) return false;
    if (!this.#readAsBefore(bytes, from, end, block, row)) {
      for (let i = 0; i < this.#columns.length; i++) setColumn(block, row, this.#columns[i], -1);
      this.#readFields(bytes, from, end, block, row);
    }
    // A failed allocation records pfn -1, which the kernel prints as page=(null) pfn=0 (mm_page_alloc's print line).
    if (rule.kind === Kind.pageAlloc && block.pfn[row] === 0) block.pfn[row] = -1;
    return true;
  }

  /**
   * The lines of a type are alike, so this looks for each field where the line before had it, checks its name by
   * length, first and last letter, and steps over values that nobody wants. False: this line is not like that one.
   * Measured: this way a line costs a third less than by `#readFields`.
   */
  #readAsBefore(bytes: Uint8Array, from: number, end: number, block: EventBlock, row: number): boolean {
    const { length, first, last, nameBytes, valueBytes, field, absent } = this.#shape;
    if (length === 0) return this.#hashes.length === 0;
    for (let i = 0; i < absent.length; i++) setColumn(block, row, absent[i], -1);
    let at = from;
    for (let i = 0; i < length; i++) {
      let valueAt = at;
      if (nameBytes[i] !== 0) {
        valueAt += nameBytes[i] + 1;
        if (bytes[at] !== first[i] || bytes[valueAt - 1] !== Byte.equals || bytes[valueAt - 2] !== last[i])
          return false;
      }
      if (valueAt >= end) return false;
      let valueEnd = valueAt + valueBytes[i];
      if (field[i] >= 0) valueEnd = this.#store(bytes, valueAt, end, field[i], block, row);
      if (valueEnd > end || (valueEnd < end && bytes[valueEnd] !== Byte.space)) {
        valueEnd = valueAt;
        while (valueEnd < end && bytes[valueEnd] !== Byte.space) valueEnd++;
        valueBytes[i] = valueEnd - valueAt;
      }
      at = valueEnd + 1;
    }
    return true;
  }

  #readFields(bytes: Uint8Array, from: number, end: number, block: EventBlock, row: number): void {
    const hashes = this.#hashes;
    const shape = this.#shape;
    shape.length = 0;
    const missing = new Set(this.#columns);
    let left = hashes.length;
    let at = from;
    for (let token = 0; at < end && left > 0; token++) {
      const start = at;
      let hash = 0;
      let byte = 0;
      for (; at < end; at++) {
        byte = bytes[at];
        if (byte === Byte.equals || byte === Byte.space) break;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
      const isField = at < end && byte === Byte.equals;
      const nameEnd = at;
      const field = isField ? hashes.indexOf(hash) : -1;
      if (field >= 0) {
        this.#store(bytes, at + 1, end, field, block, row);
        missing.delete(this.#columns[field]);
        left--;
      }
      while (at < end && bytes[at] !== Byte.space) at++;
      const valueAt = isField ? nameEnd + 1 : start;
      this.#learn(token, bytes, start, isField ? nameEnd : start, at - valueAt, field);
      at++;
    }
    shape.absent = Uint8Array.from(missing);
  }

  /** Remembers the token; the shape ends at the last wanted one. Tokens of no length (double blanks) make no shape. */
  #learn(
    token: number,
    bytes: Uint8Array,
    start: number,
    nameEnd: number,
    valueBytes: number,
    field: number,
  ): void {
    const shape = this.#shape;
    if (token >= shapeTokensMax || nameEnd - start > 0xffff || valueBytes > 0xffff) return;
    shape.first[token] = bytes[start];
    shape.last[token] = bytes[nameEnd - 1];
    shape.nameBytes[token] = nameEnd - start;
    shape.valueBytes[token] = valueBytes;
    shape.field[token] = field;
    if (field >= 0) shape.length = token + 1;
  }

  /** Stores the number at `at` in the column of wanted field `field`. Returns where it ends. */
  #store(bytes: Uint8Array, at: number, end: number, field: number, block: EventBlock, row: number): number {
    const value = this.#value;
    const valueEnd = value.read(bytes, at, end);
    const column = this.#columns[field];
    if (valueEnd < 0) {
      setColumn(block, row, column, -1);
      return at;
    }
    if (column === cpuSetColumn) {
      value.split();
      block.cpuSets.set(
        row,
        value.high === 0
          ? Uint32Array.of(value.low >>> 0)
          : Uint32Array.of(value.low >>> 0, value.high >>> 0),
      );
    } else if (this.#isPointer[field] === 1) {
      value.split();
      setColumn(block, row, column, this.#pointers.nameOf(value.high, value.low));
    } else {
      setColumn(block, row, column, value.number);
    }
    return valueEnd;
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

/** A number in text: as a double, and after `split` as a signed value of 64 bits in two halves. */
class PrintedNumber {
  number = 0;
  high = 0;
  low = 0;
  #isSplit = false;

  /** Reads `123`, `-1`, `0xffff8880…`, `(null)`. Returns where it ends, or -1 when there is no number at `from`. */
  read(bytes: Uint8Array, from: number, end: number): number {
    if (bytes[from] === Byte.zero && bytes[from + 1] === Byte.x) return this.#readHex(bytes, from + 2, end);
    let at = from;
    if (bytes[at] === Byte.minus) at++;
    const digits = at;
    let value = 0;
    while (at < end) {
      const digit = bytes[at] - Byte.zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    if (at === digits && bytes[from] !== Byte.open) return -1; // `(null)`, `(nil)` count as 0
    this.number = digits > from ? -value : value;
    this.#isSplit = false;
    return at;
  }

  /** Makes `high` and `low`. */
  split(): void {
    if (this.#isSplit) return;
    this.low = this.number | 0;
    this.high = Math.floor(this.number / 4294967296) | 0;
  }

  #readHex(bytes: Uint8Array, from: number, end: number): number {
    let high = 0;
    let low = 0;
    let at = from;
    const limit = Math.min(end, from + 16);
    for (; at < limit; at++) {
      const digit = hexDigits[bytes[at]];
      if (digit > 15) break;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    if (at === from) return -1;
    this.high = high;
    this.low = low;
    this.number = high * 4294967296 + (low >>> 0);
    this.#isSplit = true;
    return at;
  }
}

/** Byte → value of the hexadecimal digit; 255: none. */
const hexDigits: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? 255 : digit;
});

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

/** Reads a ByteSource in order, with every length checked: `await need(n)`, then up to n bytes without waiting. */

import { readExactly } from '../byte-source.ts';
import { traceError } from '../trace-error.ts';
import type { ByteSource } from '../trace-reader.ts';

/** Bytes fetched at once when less is needed. */
const windowBytes = 1 << 20;
const decoder = new TextDecoder();

export class SourceCursor {
  readonly source: ByteSource;
  littleEndian = true;
  /** Where byte 0 of the source is in the file, for messages: a decompressed section stands at its file offset. */
  readonly fileOffset: number;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#window.buffer);
  /** Offset of the window in the source. */
  #windowStart = 0;
  /** Position inside of the window. */
  #at = 0;

  constructor(source: ByteSource, littleEndian = true, fileOffset = 0) {
    this.source = source;
    this.littleEndian = littleEndian;
    this.fileOffset = fileOffset;
  }

  get offset(): number {
    return this.#windowStart + this.#at;
  }

  get remaining(): number {
    return this.source.size - this.offset;
  }

  /** Moves to a place of the source. */
  seek(offset: number): void {
    if (offset >= this.#windowStart && offset <= this.#windowStart + this.#window.length) {
      this.#at = offset - this.#windowStart;
      return;
    }
    this.#windowStart = offset;
    this.#setWindow(new Uint8Array(0));
  }

  /** Can `length` bytes be read without `need`? Where thousands of small parts follow each other, waiting for each costs. */
  has(length: number): boolean {
    return this.#at + length <= this.#window.length;
  }

  /** Makes sure that `length` bytes can be read; `what` names them in the error. */
  async need(length: number, what: string): Promise<void> {
    if (this.#at + length <= this.#window.length) return;
    const offset = this.offset;
    if (length > this.remaining) {
      throw traceError(
        'E_TRACE_TRUNCATED',
        `${what} needs ${length} bytes, ${Math.max(0, this.remaining)} are left`,
        this.source.name,
        this.fileOffset + offset,
      );
    }
    const window = await readExactly(
      this.source,
      offset,
      Math.min(this.remaining, Math.max(length, windowBytes)),
      what,
    );
    this.#windowStart = offset;
    this.#setWindow(window);
  }

  u8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#step(2), this.littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), this.littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), this.littleEndian);
  }

  /** A 64-bit size or offset, which must not pass `limit`. */
  size64(what: string, limit: number): number {
    const offset = this.offset;
    const first = this.u32();
    const second = this.u32();
    const value = this.littleEndian ? second * 4294967296 + first : first * 4294967296 + second;
    if (value > limit) {
      throw traceError(
        'E_TRACE_DAMAGED',
        `${what} is ${value}, more than the possible ${limit}`,
        this.source.name,
        this.fileOffset + offset,
      );
    }
    return value;
  }

  /** The next `length` bytes, a view that stays valid. */
  bytes(length: number): Uint8Array {
    const start = this.#step(length);
    return this.#window.subarray(start, start + length);
  }

  /** Passes over `length` bytes; returns where they begin in `window`. */
  skip(length: number): number {
    return this.#step(length);
  }

  /** The bytes that are at hand; another array after the next `need` or `seek`. */
  get window(): Uint8Array {
    return this.#window;
  }

  /** Text up to a zero byte, at most `limit` bytes long. */
  async cString(what: string, limit = 4096): Promise<string> {
    await this.need(Math.min(this.remaining, limit + 1), what);
    const end = this.#window.indexOf(0, this.#at);
    if (end < 0 || end - this.#at > limit) {
      throw traceError(
        'E_TRACE_DAMAGED',
        `${what} has no end within ${limit} bytes`,
        this.source.name,
        this.fileOffset + this.offset,
      );
    }
    const text = decoder.decode(this.#window.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  #step(length: number): number {
    const start = this.#at;
    if (start + length > this.#window.length) {
      throw traceError(
        'E_TRACE_TRUNCATED',
        `${length} bytes are missing here`,
        this.source.name,
        this.fileOffset + this.offset,
      );
    }
    this.#at = start + length;
    return start;
  }

  #setWindow(window: Uint8Array): void {
    this.#window = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.byteLength);
    this.#at = 0;
  }
}

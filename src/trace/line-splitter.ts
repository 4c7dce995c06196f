/** Chunks of bytes → runs of whole lines. Copies only the lines that lie across the edge of two chunks. */

/** A longer line is no line of a trace; it is skipped and counted. */
const lineBytesMax = 1 << 16;
const newline = 10;

/** Gets `bytes[from, to)`, which ends with a newline. */
export type OnLines = (bytes: Uint8Array, from: number, to: number) => void;

export class LineSplitter {
  linesTooLong = 0;
  readonly #onLines: OnLines;
  /** The beginning of the line that the last chunk did not end. */
  readonly #kept: Uint8Array = new Uint8Array(lineBytesMax + 1);
  #keptLength = 0;
  #skipping = false;

  constructor(onLines: OnLines) {
    this.#onLines = onLines;
  }

  push(chunk: Uint8Array): void {
    const last = chunk.lastIndexOf(newline);
    if (last < 0) {
      this.#keep(chunk, 0, chunk.length);
      return;
    }
    let from = 0;
    if (this.#keptLength > 0 || this.#skipping) {
      from = chunk.indexOf(newline) + 1;
      this.#keep(chunk, 0, from - 1);
      this.end();
    }
    if (from <= last) this.#onLines(chunk, from, last + 1);
    this.#keep(chunk, last + 1, chunk.length);
  }

  /** The input has ended, or the line has: what is kept is a line. */
  end(): void {
    if (!this.#skipping && this.#keptLength > 0) {
      this.#kept[this.#keptLength] = newline;
      this.#onLines(this.#kept, 0, this.#keptLength + 1);
    }
    this.#keptLength = 0;
    this.#skipping = false;
  }

  #keep(chunk: Uint8Array, from: number, to: number): void {
    if (this.#skipping) return;
    if (this.#keptLength + to - from > lineBytesMax) {
      this.#skipping = true;
      this.#keptLength = 0;
      this.linesTooLong++;
      return;
    }
    this.#kept.set(chunk.subarray(from, to), this.#keptLength);
    this.#keptLength += to - from;
  }
}

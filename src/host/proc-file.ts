/** A file of /proc that is opened once and read often, into one buffer. */

import { closeSync, openSync, readSync } from 'node:fs';

const firstBytes = 1 << 16;
/** More than any file of /proc that is read here; a larger one is not what it claims to be. */
const bytesMax = 1 << 28;

export class ProcFile {
  readonly path: string;
  /** What was read last stands in the first `length` bytes. */
  bytes: Buffer = Buffer.allocUnsafe(firstBytes);
  length = 0;
  readonly #file: number;

  /** Throws what `open` throws (ENOENT, EACCES). */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'r');
  }

  /**
   * Reads the file anew from its beginning. The kernel makes the text of a seq_file when it is read (fs/seq_file.c) and keeps the
   * room for it as long as the file is open: reading it again is cheaper than opening it again.
   */
  read(): void {
    this.length = 0;
    for (;;) {
      if (this.length === this.bytes.length) this.#grow();
      const got = readSync(this.#file, this.bytes, this.length, this.bytes.length - this.length, this.length);
      if (got === 0) return;
      this.length += got;
    }
  }

  text(): string {
    return this.bytes.toString('latin1', 0, this.length);
  }

  close(): void {
    closeSync(this.#file);
  }

  #grow(): void {
    if (this.bytes.length >= bytesMax) throw new Error(`${this.path} does not end`);
    const larger = Buffer.allocUnsafe(this.bytes.length * 2);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

/** The file, or null where it is not there or may not be read. */
export function openProcFile(path: string): ProcFile | null {
  try {
    return new ProcFile(path);
  } catch {
    return null;
  }
}

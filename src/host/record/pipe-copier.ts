/**
 * Copies `per_cpu/cpuN/trace_pipe_raw` of all CPUs to files, in this process and without waiting for any of them. A CPU that
 * writes much is looked at often, a quiet one five times a second: each look costs a sub-buffer, full or not.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';

const waitMsMin = 5;
const waitMsMax = 200;
/** One write for so many bytes. */
const blockBytes = 1 << 20;

export interface PipePlace {
  readonly cpu: number;
  readonly from: string;
  readonly to: string;
}

interface Pipe {
  readonly source: number;
  readonly target: number;
  waitMs: number;
  dueMs: number;
}

export class PipeCopier {
  /** Copied so far. */
  bytes = 0;
  readonly #pipes: Pipe[] = [];
  readonly #pageBytes: number;
  readonly #busyBytes: number;
  readonly #block: Buffer;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  /** `bufferBytes`: of each CPU in the kernel. Throws what opening a file throws. */
  constructor(places: readonly PipePlace[], pageBytes: number, bufferBytes: number) {
    this.#pageBytes = pageBytes;
    this.#busyBytes = bufferBytes / 32;
    this.#block = Buffer.alloc(Math.max(pageBytes, blockBytes - (blockBytes % pageBytes)));
    for (const { from, to } of places) {
      this.#pipes.push({
        source: openSync(from, constants.O_RDONLY | constants.O_NONBLOCK),
        target: openSync(to, 'w'),
        waitMs: waitMsMin,
        dueMs: 0,
      });
    }
  }

  start(): void {
    this.#round();
  }

  /** Copies what is left. Throws what went wrong while copying (a full disk). */
  finish(): void {
    clearTimeout(this.#timer);
    if (this.#failure !== undefined) throw this.#failure;
    for (const pipe of this.#pipes) this.#copy(pipe, Number.POSITIVE_INFINITY);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { source, target } of this.#pipes.splice(0)) {
      closeSync(source);
      closeSync(target);
    }
  }

  #round(): void {
    const now = performance.now();
    try {
      for (const pipe of this.#pipes) if (pipe.dueMs <= now) this.#visit(pipe, now);
    } catch (error) {
      // Told at the end; until then the kernel's buffers take what they can.
      this.#failure = error;
      return;
    }
    const next = Math.min(...this.#pipes.map(({ dueMs }) => dueMs));
    this.#timer = setTimeout(() => this.#round(), Math.max(0, next - performance.now()));
  }

  #visit(pipe: Pipe, now: number): void {
    const bytes = this.#copy(pipe, this.#busyBytes * 64);
    pipe.waitMs = bytes >= this.#busyBytes ? waitMsMin : Math.min(waitMsMax, pipe.waitMs * 2);
    pipe.dueMs = now + pipe.waitMs;
  }

  /** Bytes copied, of at most about `bytesMax`: a CPU that writes without end must not keep us from the others. */
  #copy(pipe: Pipe, bytesMax: number): number {
    let copied = 0;
    while (copied < bytesMax) {
      const filled = this.#fill(pipe.source);
      for (let done = 0; done < filled; ) done += writeSync(pipe.target, this.#block, done, filled - done);
      copied += filled;
      this.bytes += filled;
      if (filled < this.#block.length) break;
    }
    return copied;
  }

  /** Reads sub-buffers until the block is full or the CPU has no more. A read gives one. */
  #fill(source: number): number {
    let filled = 0;
    while (filled < this.#block.length) {
      const got = readSubBuffer(source, this.#block, filled, this.#pageBytes);
      if (got === 0) break;
      filled += got;
    }
    return filled;
  }
}

function readSubBuffer(source: number, block: Buffer, at: number, pageBytes: number): number {
  try {
    return readSync(source, block, at, pageBytes, null);
  } catch (error) {
    if ((error as { code?: string }).code === 'EAGAIN') return 0;
    throw error;
  }
}

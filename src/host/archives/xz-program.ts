/**
 * xz by the program of that name, half as fast again as the Wasm and with a limit to its memory. It reads from a file that is open
 * already and writes to a pipe: no name is handed to it and nothing is written to disk.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** `xz -9` needs 65 MiB to unpack; a file that asks for more than this was made to harm. */
const memoryMax = '160MiB';
const complaintCharsMax = 1000;

/** The program said no: what it said, or by which signal it was ended. */
export class XzFailure extends Error {
  /** Ended from outside: says nothing about the file. */
  readonly isSignal: boolean;

  constructor(message: string, isSignal: boolean) {
    super(message);
    this.isSignal = isSignal;
  }
}

export class XzProgram {
  readonly #child: ChildProcess;
  readonly #output: Readable;
  readonly #ended: Promise<void>;
  #complaint = '';

  /** null: there is no such program, or it cannot be started. */
  static async start(file: number): Promise<XzProgram | null> {
    const child = spawn('xz', ['--decompress', '--stdout', `--memlimit-decompress=${memoryMax}`], {
      stdio: [file, 'pipe', 'pipe'],
      // A group of its own: Ctrl-C is for drainlab, which then ends it.
      detached: true,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    const started = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(true));
      child.once('error', () => resolve(false));
    });
    return started && child.stdout !== null ? new XzProgram(child, child.stdout) : null;
  }

  private constructor(child: ChildProcess, output: Readable) {
    this.#child = child;
    this.#output = output;
    child.stderr?.setEncoding('latin1').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(0, complaintCharsMax);
    });
    this.#ended = new Promise((resolve, reject) => {
      child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else reject(new XzFailure(this.#reason(code, signal), signal !== null));
      });
    });
    // Whoever gives up half-way does not ask how it ended.
    this.#ended.catch(() => undefined);
  }

  /** The plain bytes. Throws XzFailure when the data are damaged or end too early. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#output) yield chunk;
      await this.#ended;
    } finally {
      this.#child.kill('SIGKILL');
    }
  }

  #reason(code: number | null, signal: string | null): string {
    if (signal !== null) return `ended by ${signal}`;
    const line = this.#complaint
      .split('\n')[0]
      .replace(/^.*?: \(stdin\): /, '')
      .trim();
    return line === '' ? `ended with ${code}` : line;
  }
}

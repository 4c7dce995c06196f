/**
 * Many lines to standard output, as fast as the reader at the other end takes them: writing waits, so memory does not
 * grow, and a reader that goes away (`| head`) ends the work quietly.
 */

import { writeSync } from 'node:fs';
import { withoutControls } from '../../base/printable.ts';

export { withoutControls };

const bufferedMax = 1 << 16;
/** A pipe that is full is asked again after this long. */
const retryMs = 2;

export class LineOutput {
  readonly #fd: number;
  /** Text from recordings must not steer the terminal. */
  readonly #isTerminal: boolean;
  #text = '';
  #closed = false;

  constructor(fd = 1, isTerminal: boolean = process.stdout.isTTY === true) {
    this.#fd = fd;
    this.#isTerminal = isTerminal;
  }

  /** False: nobody reads any more. */
  line(text: string): boolean {
    this.#text += this.#isTerminal ? `${withoutControls(text)}\n` : `${text}\n`;
    if (this.#text.length >= bufferedMax) this.flush();
    return !this.#closed;
  }

  flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
        else if (code === 'EPIPE') this.#closed = true;
        else throw error;
      }
    }
  }
}

/** `trace_marker` of the tracer or of an instance: a text that is written there becomes an event. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export class MarkerFile {
  #file: number;

  /** Throws what opening a file throws. */
  constructor(folder: string) {
    this.#file = openSync(join(folder, 'trace_marker'), 'w');
  }

  write(text: string): void {
    if (this.#file >= 0) writeSync(this.#file, text);
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
  }
}

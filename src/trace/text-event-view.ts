/** One event of a text recording as readers of events see it: decoded only where it is asked for. */

import { fieldsOfText } from './text-fields.ts';
import type { TextLine } from './text-line.ts';
import type { TextEventType } from './text-types.ts';
import type { FieldValue, TraceEvent } from './trace-reader.ts';

const decoder = new TextDecoder();

export class TextEventView implements TraceEvent {
  timeNs = 0;
  readonly #line: TextLine;
  #bytes: Uint8Array = new Uint8Array(0);
  #type: TextEventType | undefined;

  constructor(line: TextLine) {
    this.#line = line;
  }

  show(bytes: Uint8Array, type: TextEventType, timeNs: number): void {
    this.#bytes = bytes;
    this.#type = type;
    this.timeNs = timeNs;
  }

  get stamp(): bigint {
    return BigInt(this.#line.seconds) * 1_000_000_000n + BigInt(this.#line.nanoseconds);
  }
  get cpu(): number {
    return this.#line.cpu;
  }
  get pid(): number {
    return this.#line.pid;
  }
  get comm(): string {
    return this.#text(this.#line.commStart, this.#line.commEnd);
  }
  get buffer(): string {
    return this.#text(this.#line.bufferStart, this.#line.bufferEnd);
  }
  get system(): string {
    return this.#type?.system ?? '';
  }
  get name(): string {
    return this.#type?.name ?? '';
  }

  fields(): Array<[string, FieldValue]> {
    const body = this.printed();
    if (this.name === 'print') return [['buf', body.replace(/^tracing_mark_write: /, '')]];
    return fieldsOfText(body);
  }

  printed(): string {
    const { bodyStart, bodyEnd, isFunction, nameStart } = this.#line;
    // The name of a function-trace entry is part of what it says.
    return this.#text(isFunction ? nameStart : bodyStart, bodyEnd);
  }

  #text(from: number, to: number): string {
    return decoder.decode(this.#bytes.subarray(from, to));
  }
}

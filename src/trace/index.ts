/**
 * Public door of `drainlab/trace`: recordings of kernel events, whatever their format, as one TraceReader. Runs in Node
 * and in a browser; Node's files and pipes are in node-source.ts.
 */

import { sourceStream } from './byte-source.ts';
import { openTraceDat } from './trace-dat/dat-reader.ts';
import { hasMagic, magic } from './trace-dat/read-container.ts';
import { traceError } from './trace-error.ts';
import type { ByteSource, ByteStream, TraceReader } from './trace-reader.ts';

export { blobSource, bytesSource } from './byte-source.ts';
export type * from './trace-reader.ts';

/** How a recording is opened. */
export interface OpenOptions {
  /** `auto` (the default) looks at the first bytes. */
  format?: 'auto' | 'trace.dat' | 'text';
}

/**
 * Opens a recording: trace.dat (version 6, 7), ftrace text, perf script text, text also packed by gzip, xz or zstd. The
 * format is told by the first bytes, never by the name. A trace.dat needs random access, so it must be a ByteSource.
 */
export async function openTrace(
  input: ByteSource | ByteStream,
  options: OpenOptions = {},
): Promise<TraceReader> {
  const format = options.format ?? 'auto';
  if (!('read' in input)) return openText(await withoutTraceDat(input));
  if (input.size === 0) throw traceError('E_TRACE_EMPTY', 'is empty', input.name, 0);
  const head = await input.read(0, magic.length);
  if (format === 'text' || (format === 'auto' && !hasMagic(head))) return openText(sourceStream(input));
  const opened = await openTraceDat(input);
  return 'chunks' in opened ? openText(opened) : opened;
}

/** The readers of text and their decompressors are loaded when a text comes: they take longer than a small trace.dat. */
async function openText(stream: ByteStream): Promise<TraceReader> {
  const { openTextStream } = await import('./open-text.ts');
  return openTextStream(stream, hasMagic);
}

/** The same stream, after a look at its first bytes: a trace.dat cannot be read from a stream. */
async function withoutTraceDat(stream: ByteStream): Promise<ByteStream> {
  const chunks = stream.chunks()[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  const head = new Uint8Array(magic.length);
  let length = 0;
  while (length < head.length) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    taken.push(value);
    head.set(value.subarray(0, head.length - length), length);
    length += Math.min(value.length, head.length - length);
  }
  if (hasMagic(head)) {
    await chunks.return?.();
    throw traceError(
      'E_TRACE_NEEDS_FILE',
      'is a trace.dat in a pipe; its parts cannot be read in order',
      stream.name,
      0,
    );
  }
  return {
    name: stream.name,
    size: stream.size,
    chunks: async function* () {
      yield* taken;
      for (;;) {
        const { value, done } = await chunks.next();
        if (done === true) return;
        yield value;
      }
    },
  };
}

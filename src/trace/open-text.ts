/** Opens a recording in text: takes the compression off, tells the forms apart, makes the reader. */

import { compressionOf, decompressed, inputError, type StreamCompression } from './decompress.ts';
import { ftraceGrammar, readFtraceLine } from './ftrace-text.ts';
import { readPerfLine } from './perf-script.ts';
import { readTextHeader } from './text-header.ts';
import { LineClass, type LineGrammar, TextLine } from './text-line.ts';
import { TextTraceReader } from './text-reader.ts';
import { traceError } from './trace-error.ts';
import type { ByteStream, TraceReader } from './trace-reader.ts';

/** Looked at before reading begins, to learn the form and which events there are. */
const headBytesMax = 2 << 20;
/** Enough to tell the form. */
const formBytesMax = 1 << 16;

interface TextForm {
  readonly format: string;
  /** A grammar of its own for each recording, since grammars remember. */
  readonly grammar: () => LineGrammar;
}

const ftraceText: TextForm = { format: 'ftrace text', grammar: ftraceGrammar };
const perfText: TextForm = { format: 'perf script text', grammar: () => readPerfLine };

/** The form whose grammar understands more lines; undefined when neither understands one. */
function textFormOf(head: Uint8Array): TextForm | undefined {
  const part = head.subarray(0, formBytesMax);
  const ftrace = linesOf(part, readFtraceLine);
  const perf = linesOf(part, readPerfLine);
  if (perf.events > ftrace.events) return perfText;
  if (ftrace.events > 0) return ftraceText;
  // A recording without events has its header only.
  if (ftrace.unreadable === 0 && hasFtraceHeader(part)) return ftraceText;
  return perf.unreadable === 0 && hasPerfHeader(part) ? perfText : undefined;
}

function hasFtraceHeader(head: Uint8Array): boolean {
  return /^(?:# tracer: \S|cpus=\d+\s)/.test(beginningOf(head));
}

function hasPerfHeader(head: Uint8Array): boolean {
  return /^# =+\n# captured on/m.test(beginningOf(head));
}

function beginningOf(head: Uint8Array): string {
  return new TextDecoder('latin1').decode(head.subarray(0, 4096));
}

function linesOf(bytes: Uint8Array, grammar: LineGrammar): { events: number; unreadable: number } {
  const line = new TextLine();
  const count = { events: 0, unreadable: 0 };
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const lineClass = grammar(bytes, start, end, line);
    if (lineClass === LineClass.event) count.events++;
    else if (lineClass === LineClass.unreadable) count.unreadable++;
    start = end + 1;
  }
  return count;
}

/** Opens the recording in `stream`. `isTraceDat` tells a binary recording that was compressed as a whole. */
export async function openTextStream(
  stream: ByteStream,
  isTraceDat: (head: Uint8Array) => boolean = () => false,
): Promise<TraceReader> {
  let consumedBytes = 0;
  const consumed = () => consumedBytes;
  const source = countBytes(stream, (count) => {
    consumedBytes += count;
  });
  const first = await takeHead(source, 6, stream, consumed);
  const compression = compressionOf(first.bytes);
  const plain = decompressed(
    chain(first.chunks, first.failure === undefined ? source : failing(first.failure)),
    compression,
    stream.name,
    consumed,
  );
  const head = await takeHead(plain, headBytesMax, stream, consumed);
  const form = textFormOf(head.bytes);
  if (form === undefined) {
    await plain.return(undefined);
    throw unknownFormat(stream.name, head.bytes, compression, isTraceDat);
  }
  return new TextTraceReader({
    stream,
    head: head.chunks,
    rest: head.failure === undefined ? plain : failing(head.failure),
    format: form.format,
    compression,
    grammar: form.grammar(),
    header: readTextHeader(
      new TextDecoder('latin1').decode(head.bytes.subarray(0, formBytesMax)),
      stream.name,
    ),
    consumed,
  });
}

function unknownFormat(
  name: string,
  head: Uint8Array,
  compression: StreamCompression,
  isTraceDat: (head: Uint8Array) => boolean,
) {
  if (head.length === 0) return traceError('E_TRACE_EMPTY', 'holds nothing', name, 0);
  if (compression !== 'none' && isTraceDat(head)) {
    const hint = `Decompress it first, then read the trace.dat itself (\`${compression} -d\`).`;
    return traceError('E_TRACE_COMPRESSION', `is a trace.dat inside ${compression}`, name, 0, hint);
  }
  if (hasFtraceHeader(head)) {
    const hint = 'Record with the tracer nop or function, and with option context-info on and verbose off.';
    return traceError(
      'E_TRACE_UNKNOWN_FORMAT',
      'has lines without CPU and time of the events',
      name,
      0,
      hint,
    );
  }
  return traceError('E_TRACE_UNKNOWN_FORMAT', 'is not a recording that drainlab knows', name, 0);
}

async function* countBytes(stream: ByteStream, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream.chunks()) {
    onBytes(chunk.length);
    if (chunk.length > 0) yield chunk;
  }
}

async function* failing(failure: unknown): AsyncGenerator<Uint8Array> {
  yield* [];
  throw failure;
}

async function* chain(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* rest;
}

interface Head {
  readonly chunks: Uint8Array[];
  /** The same, in one array. */
  readonly bytes: Uint8Array;
  /** The input failed behind these bytes; whoever reads on is to be told. */
  readonly failure: unknown;
}

/** Takes chunks from `source` until they hold `length` bytes, or it ends or fails. */
async function takeHead(
  source: AsyncGenerator<Uint8Array>,
  length: number,
  stream: ByteStream,
  consumed: () => number,
): Promise<Head> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let failure: unknown;
  while (size < length) {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await source.next();
    } catch (error) {
      failure = inputError(error, stream.name, consumed());
      break;
    }
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (failure !== undefined && size === 0) throw failure;
  return { chunks, bytes, failure };
}

/**
 * Reader of text recordings (ftrace text, perf script): chunks of bytes → lines → rows or events, in the order of the
 * text. Memory is bounded by one chunk, one line and the names met, whatever the size of the input.
 *
 * The kernel and its tools write text in time order. Where a line is older than one before it, its row gets the time of
 * the latest line before it, so that rows never run backwards, and it is counted (`diagnostics.outOfOrder`).
 */

import { DrainlabError } from '../base/errors.ts';
import { blockRowsMax, EventBlock, Kind } from '../engine/input/event-log.ts';
import { inputError } from './decompress.ts';
import { LineSplitter } from './line-splitter.ts';
import { TextEventView } from './text-event-view.ts';
import { TextFeatures } from './text-features.ts';
import type { TextHeader } from './text-header.ts';
import { LineClass, type LineGrammar, TextLine } from './text-line.ts';
import { TaskNames } from './text-tasks.ts';
import { type TextEventType, TextEventTypes, takeFunctionFromBody } from './text-types.ts';
import { traceError } from './trace-error.ts';
import type {
  ByteStream,
  EventFilter,
  ReadOptions,
  TraceDiagnostics,
  TraceEvent,
  TraceInfo,
  TraceReader,
} from './trace-reader.ts';

export interface TextRecording {
  readonly stream: ByteStream;
  /** The first bytes of the stream, already taken from it: they are read first. */
  readonly head: readonly Uint8Array[];
  readonly rest: AsyncIterator<Uint8Array>;
  readonly format: string;
  readonly compression: string;
  readonly grammar: LineGrammar;
  readonly header: TextHeader;
  /** Bytes taken from the input so far: of the compressed ones when it is compressed. */
  readonly consumed: () => number;
}

/** What is done with each event; false stops. */
type OnLine = (bytes: Uint8Array, type: TextEventType, timeNs: number) => boolean;

export class TextTraceReader implements TraceReader {
  readonly info: TraceInfo;
  readonly features: TextFeatures;
  diagnostics: TraceDiagnostics = emptyDiagnostics();
  readonly #recording: TextRecording;
  readonly #types = new TextEventTypes();
  readonly #tasks = new TaskNames();
  readonly #line = new TextLine();
  #cpuCount: number;
  #startSeconds = 0;
  #startNanoseconds = 0;
  #started = false;
  #lastNs = 0;
  #wasRead = false;

  constructor(recording: TextRecording) {
    this.#recording = recording;
    this.#cpuCount = recording.header.cpuCount;
    this.features = new TextFeatures(this.#types, recording.header.machine !== null);
    const stampDigits = this.#lookAhead();
    const { isTraceCmdReport, machine } = recording.header;
    const ownFormat = machine === null ? recording.format : 'light recording';
    this.info = {
      format: isTraceCmdReport ? 'trace-cmd report text' : ownFormat,
      compression: recording.compression,
      kernel: recording.header.kernel,
      uname: '',
      cpuCount: this.#cpuCount,
      clock: machine === null ? '' : 'boot',
      // Only stamps in seconds say what they are; others are cycles, jiffies or a counter: the text does not tell which.
      clockUnit: stampDigits < 0 ? 'count' : 'ns',
      startStamp: BigInt(this.#startSeconds) * 1_000_000_000n + BigInt(this.#startNanoseconds),
      buffers: [''],
      byteOrder: 'little',
      longBytes: 8,
      ...(machine && { machine }),
    };
  }

  get cpuCount(): number {
    return this.#cpuCount;
  }

  get kernel(): string {
    return this.#recording.header.kernel;
  }

  commOf(pid: number): string {
    return this.#tasks.nameOf(pid);
  }

  async readRows(onBlock: (block: EventBlock) => void, options: ReadOptions = {}): Promise<void> {
    const block = new EventBlock();
    const line = this.#line;
    await this.#read(options, (bytes, type, timeNs) => {
      if (type.columns === undefined) return true;
      if (line.cpu < 0) throw this.#noCpu();
      const row = block.length;
      if (!type.columns.fill(bytes, line.bodyStart, line.bodyEnd, block, row)) return true;
      block.timeNs[row] = timeNs;
      block.cpu[row] = line.cpu;
      block.pid[row] = line.pid;
      block.kind[row] = type.columns.rule.kind;
      if (type.columns.rule.kind === Kind.pageAllocZoneLocked) this.#judgeRefill(block, row);
      block.length = row + 1;
      if (block.length === blockRowsMax) {
        onBlock(block);
        block.clear();
      }
      return true;
    });
    if (block.length > 0) onBlock(block);
  }

  async readEvents(
    onEvent: (event: TraceEvent) => unknown,
    options: ReadOptions & { filter?: EventFilter } = {},
  ): Promise<void> {
    const view = new TextEventView(this.#line);
    const { names, cpus, fromNs = 0, toNs = Number.POSITIVE_INFINITY } = options.filter ?? {};
    const wanted = new Map<TextEventType, boolean>();
    await this.#read(options, (bytes, type, timeNs) => {
      if (timeNs < fromNs || timeNs > toNs || cpus?.has(this.#line.cpu) === false) return true;
      if (names !== undefined) {
        let isWanted = wanted.get(type);
        if (isWanted === undefined) {
          isWanted = isNamed(type, names);
          wanted.set(type, isWanted);
        }
        if (!isWanted) return true;
      }
      view.show(bytes, type, timeNs);
      return onEvent(view) !== false;
    });
  }

  async close(): Promise<void> {
    this.#wasRead = true;
    await this.#recording.rest.return?.();
  }

  /**
   * Reads the head of the recording to learn what it has, and forgets the counts: the head is read again with the rest.
   * Returns the digits of the first stamp.
   */
  #lookAhead(): number {
    const scratch = new EventBlock();
    let stampDigits = 9;
    const splitter = new LineSplitter((bytes, from, to) => {
      this.#readLines(bytes, from, to, (_, type) => {
        if (this.diagnostics.events === 1) stampDigits = this.#line.stampDigits;
        if (type.columns?.rule.kind !== Kind.pageAllocZoneLocked) return true;
        type.columns.fill(bytes, this.#line.bodyStart, this.#line.bodyEnd, scratch, 0);
        this.#judgeRefill(scratch, 0);
        return true;
      });
    });
    for (const chunk of this.#recording.head) splitter.push(chunk);
    this.diagnostics = emptyDiagnostics();
    for (const type of this.#types) type.count = 0;
    this.#lastNs = 0;
    return stampDigits;
  }

  /** See `TextFeatures.refillIsRecorded`. Until that is known the column says "no such field", as the format would. */
  #judgeRefill(block: EventBlock, row: number): void {
    const printed = block.b[row];
    if (this.features.refillIsRecorded || printed < 0) return;
    if (printed === (block.order[row] === 0 ? 1 : 0)) block.b[row] = -1;
    else this.features.refillIsRecorded = true;
  }

  async #read(options: ReadOptions, onLine: OnLine): Promise<void> {
    if (this.#wasRead) {
      throw traceError('E_TRACE_READ_TWICE', 'can be read only once', this.#recording.stream.name, 0);
    }
    this.#wasRead = true;
    try {
      await this.#readChunks(options, onLine);
    } finally {
      this.#finishDiagnostics();
      await this.#recording.rest.return?.();
    }
  }

  async #readChunks(options: ReadOptions, onLine: OnLine): Promise<void> {
    const { head, rest, stream, consumed } = this.#recording;
    let goesOn = true;
    const splitter = new LineSplitter((bytes, from, to) => {
      goesOn = this.#readLines(bytes, from, to, onLine);
    });
    const take = (chunk: Uint8Array) => {
      splitter.push(chunk);
      this.diagnostics.bytesRead = consumed();
      options.onProgress?.(this.diagnostics.bytesRead, stream.size);
      return goesOn && options.signal?.aborted !== true;
    };
    for (const chunk of head) if (!take(chunk)) return;
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await rest.next();
      } catch (error) {
        // Only the input's own failures: what a consumer of rows throws is not ours to handle.
        this.#inputFailed(error, options);
        break;
      }
      if (next.done) break;
      if (!take(next.value)) return;
    }
    splitter.end();
    this.diagnostics.unreadableLines += splitter.linesTooLong;
  }

  /** With `partial` the lines before the damage are reported; else throws. */
  #inputFailed(error: unknown, options: ReadOptions): void {
    const { stream, consumed } = this.#recording;
    const known = inputError(error, stream.name, consumed());
    if (options.partial !== true) throw known;
    this.diagnostics.stoppedAt = `${known.where}: ${known.message}`;
  }

  /** Reads whole lines, each ended by a newline. False: stop. */
  #readLines(bytes: Uint8Array, from: number, to: number, onLine: OnLine): boolean {
    const { grammar } = this.#recording;
    const line = this.#line;
    const { diagnostics } = this;
    for (let start = from; start < to; ) {
      const newline = bytes.indexOf(10, start);
      const end = newline > start && bytes[newline - 1] === 13 ? newline - 1 : newline;
      const lineClass = grammar(bytes, start, end, line);
      start = newline + 1;
      if (lineClass !== LineClass.event) {
        this.#countOther(lineClass);
        continue;
      }
      const type = this.#countEvent(bytes);
      const timeNs = this.#timeOf();
      if (timeNs < this.#lastNs) diagnostics.outOfOrder = (diagnostics.outOfOrder ?? 0) + 1;
      else this.#lastNs = timeNs;
      if (!onLine(bytes, type, this.#lastNs)) return false;
    }
    return true;
  }

  #countEvent(bytes: Uint8Array): TextEventType {
    const line = this.#line;
    let type = this.#types.of(bytes, line);
    if (type.functionInBody) {
      takeFunctionFromBody(bytes, line);
      type = this.#types.of(bytes, line);
    }
    type.count++;
    this.diagnostics.events++;
    if (line.cpu >= this.#cpuCount) this.#cpuCount = line.cpu + 1;
    this.#tasks.see(line.pid, bytes, line.commStart, line.commEnd);
    return type;
  }

  /** Time of the line in ns since the first event of the recording; can be negative when the text is not in order. */
  #timeOf(): number {
    const { seconds, nanoseconds } = this.#line;
    if (!this.#started) {
      this.#started = true;
      this.#startSeconds = seconds;
      this.#startNanoseconds = nanoseconds;
    }
    return (seconds - this.#startSeconds) * 1e9 + (nanoseconds - this.#startNanoseconds);
  }

  #countOther(lineClass: LineClass): void {
    const { diagnostics } = this;
    if (lineClass === LineClass.unreadable) diagnostics.unreadableLines++;
    if (lineClass !== LineClass.lost) return;
    const { lostCpu, lostCount } = this.#line;
    if (lostCount < 0) diagnostics.unknownLosses++;
    else diagnostics.lostByCpu.set(lostCpu, (diagnostics.lostByCpu.get(lostCpu) ?? 0) + lostCount);
  }

  #finishDiagnostics(): void {
    const { diagnostics } = this;
    diagnostics.lastNs = this.#lastNs;
    for (const type of this.#types) {
      if (type.count === 0) continue;
      const name = type.system === '' ? type.name : `${type.system}:${type.name}`;
      diagnostics.eventsByType.set(name, (diagnostics.eventsByType.get(name) ?? 0) + type.count);
    }
  }

  #noCpu(): DrainlabError {
    return new DrainlabError('has no column with the CPU of each event', {
      code: 'E_TRACE_NO_CPU',
      where: this.#recording.stream.name,
      hint: 'Record all CPUs (`perf record -a`) and print the CPU (`perf script -F +cpu`).',
    });
  }
}

function isNamed(type: TextEventType, names: ReadonlySet<string>): boolean {
  if (names.has(type.name) || names.has(`${type.system}:${type.name}`)) return true;
  if (type.system !== '') return false;
  for (const name of names) if (name.endsWith(`:${type.name}`)) return true;
  return false;
}

function emptyDiagnostics(): TraceDiagnostics {
  return {
    events: 0,
    eventsByType: new Map(),
    lostByCpu: new Map(),
    unknownLosses: 0,
    unknownTypes: new Map(),
    unreadableLines: 0,
    outOfOrder: 0,
    firstNs: 0,
    lastNs: 0,
    stoppedAt: '',
    bytesRead: 0,
  };
}

/** A trace.dat file as a TraceReader: lanes of all CPUs and instances, merged by time. */

import { DrainlabError } from '../../base/errors.ts';
import { EventBlock, type EventFeatures, type Kind } from '../../engine/input/event-log.ts';
import { drainWorkFunction, followedFunctions } from '../kernel-events.ts';
import { traceError } from '../trace-error.ts';
import type {
  ByteSource,
  ByteStream,
  EventFilter,
  ReadOptions,
  TraceDiagnostics,
  TraceEvent,
  TraceInfo,
  TraceReader,
} from '../trace-reader.ts';
import { AddressNames } from './address-names.ts';
import type { Container } from './container.ts';
import { lazyBytes } from './container-v7.ts';
import { cutToFile } from './cpu-data.ts';
import { DatEvent } from './dat-event.ts';
import { DatFeatures } from './dat-features.ts';
import { EventEmitter } from './event-emitter.ts';
import { EventTypes } from './event-types.ts';
import { GeneralRows } from './general-row.ts';
import { type HeaderPage, readHeaderPage } from './header-page.ts';
import { type Address, findSymbols, symbolNames } from './kernel-symbols.ts';
import { type LanePlan, ownWindow, slackBytes, type WindowPlace } from './lane-data.ts';
import { LaneMemory } from './lane-memory.ts';
import { latencyText } from './latency-text.ts';
import { LoopRows } from './loop-rows.ts';
import { makeLanes, planLanes, primeLanes, startUnpackAhead } from './make-lanes.ts';
import { markerText } from './marker-text.ts';
import { type LaneQueue, MergedLanes } from './merge-lanes.ts';
import { EventPrinter } from './printed-text.ts';
import { readContainer } from './read-container.ts';
import type { RowBlocks } from './row-blocks.ts';
import { RowEmitter } from './row-emitter.ts';
import { kindsPresent, RowTable } from './row-table.ts';
import { SavedNames } from './saved-names.ts';
import type { UnpackAhead } from './unpack-ahead.ts';

/** Progress is reported after so many bytes. */
const progressBytes = 8 << 20;
/** Counts of 31 bits are taken after so many bytes: packed, an event takes one at least. */
const countBytes = 512 << 20;

/** Opens a trace.dat. Of a latency tracer it holds text: then the answer is that text, for the reader of text. */
export async function openTraceDat(source: ByteSource): Promise<TraceReader | ByteStream> {
  const container = await readContainer(source);
  const text = latencyText(container);
  if (text !== null) return text;
  try {
    const kallsyms = container.kallsyms === null ? null : await lazyBytes(container, container.kallsyms);
    return new DatReader(container, readHeaderPage(container), kallsyms);
  } catch (error) {
    container.decompressor?.close();
    throw error;
  }
}

class DatReader implements TraceReader {
  readonly info: TraceInfo & { startStamp: bigint };
  readonly diagnostics: TraceDiagnostics;
  readonly cpuCount: number;
  readonly kernel: string;
  readonly features: EventFeatures;
  readonly #container: Container;
  readonly #headerPage: HeaderPage;
  readonly #types: EventTypes;
  readonly #names: SavedNames;
  readonly #kallsyms: (() => Uint8Array) | null;
  readonly #addressNames: AddressNames;
  #kinds: ReadonlySet<Kind> | undefined;
  #symbols: Map<string, Address> | undefined;
  #symbolNames: ((name: string) => boolean) | undefined;
  #isRead = false;
  #ahead: UnpackAhead | null = null;

  constructor(container: Container, headerPage: HeaderPage, kallsyms: (() => Uint8Array) | null) {
    this.#container = container;
    this.#headerPage = headerPage;
    this.#kallsyms = kallsyms;
    this.#types = new EventTypes(container.formats, headerPage.longBytes);
    this.#names = new SavedNames(container.cmdlines);
    this.#addressNames = new AddressNames(kallsyms, container.printk);
    this.info = infoOf(container, headerPage);
    this.kernel = this.info.kernel;
    this.cpuCount = this.info.cpuCount;
    this.features = new DatFeatures(
      this.#types,
      (kind) => this.#kindsPresent.has(kind),
      (name) => this.#hasSymbol(name),
    );
    this.diagnostics = emptyDiagnostics();
  }

  commOf(pid: number): string {
    return this.#names.commOf(pid);
  }

  async readRows(onBlock: (block: EventBlock) => void, options: ReadOptions = {}): Promise<void> {
    const plans = this.#begin(options);
    const memory = this.#isFast ? this.#makeMemory(plans) : null;
    const table = new RowTable(this.#types, this.#headerPage.isFast, memory?.entries);
    const block = memory?.block ?? new EventBlock();
    const general = new GeneralRows(block, table, {
      littleEndian: this.#container.littleEndian,
      pointerSlots: memory?.pointers,
      symbols: () => this.#functionAddresses(),
      markerText: (record, format) => markerText(record, format, this.#addressNames),
    });
    if (memory !== null) {
      const rows = new LoopRows(memory, general, onBlock);
      await this.#read(options, plans, rows, (bytes) => memory.take(bytes));
      this.#finishRows(rows);
    } else {
      const rows = new RowEmitter(block, table, general, this.#headerPage, onBlock);
      await this.#read(options, plans, new MergedLanes(rows), ownWindow);
      this.#finishRows(rows);
    }
  }

  async readEvents(
    onEvent: (event: TraceEvent) => unknown,
    options: ReadOptions & { filter?: EventFilter } = {},
  ): Promise<void> {
    const printer = new EventPrinter(this.#headerPage.longBytes, this.#addressNames);
    const event = new DatEvent(this.#types, this.#names, printer, this.#container.options.offsetNs);
    const emitter = new EventEmitter(event, this.#headerPage, onEvent, options.filter ?? {});
    await this.#read(options, this.#begin(options), new MergedLanes(emitter), ownWindow);
  }

  functionAt(address: bigint): string {
    return this.#addressNames.functionAt(address);
  }

  async close(): Promise<void> {
    this.#container.decompressor?.close();
    await this.#container.source.close?.();
  }

  /** Whole words can be read, and stamps are times. */
  get #isFast(): boolean {
    const { timeShift, tscToNs } = this.#container.options;
    return this.#headerPage.isFast && timeShift === null && tscToNs === null;
  }

  #makeMemory(plans: readonly LanePlan[]): LaneMemory | null {
    const windows = plans.map(({ windowBytes }) => LaneMemory.sizeOf(windowBytes + slackBytes));
    const windowBytesAll = windows.reduce((sum, bytes) => sum + bytes, 0);
    return LaneMemory.make(this.#types.idLimit, plans.length, windowBytesAll);
  }

  #finishRows(rows: RowBlocks): void {
    rows.flush();
    this.diagnostics.outOfOrder = rows.outOfOrder;
  }

  get #kindsPresent(): ReadonlySet<Kind> {
    this.#kinds ??= kindsPresent(this.#types);
    return this.#kinds;
  }

  #hasSymbol(name: string): boolean {
    if (this.#kallsyms === null) return false;
    this.#symbolNames ??= symbolNames(this.#kallsyms());
    return this.#symbolNames(name);
  }

  #functionAddresses(): ReadonlyMap<string, Address> {
    this.#symbols ??=
      this.#kallsyms === null
        ? new Map()
        : findSymbols(this.#kallsyms(), [drainWorkFunction, ...followedFunctions()]);
    return this.#symbols;
  }

  /** A recording is read once. Returns what its lanes need, cut to what the file holds. */
  #begin(options: ReadOptions): LanePlan[] {
    if (this.#isRead) {
      throw traceError('E_TRACE_READ_TWICE', 'was read already', this.#container.source.name, 0);
    }
    this.#isRead = true;
    this.diagnostics.stoppedAt = cutToFile(this.#container, options.partial === true);
    return planLanes(this.#container, this.#headerPage);
  }

  /** Merges the lanes through the queue. What was read before an error stays counted. */
  async #read(
    options: ReadOptions,
    plans: readonly LanePlan[],
    queue: LaneQueue,
    place: (bytes: number) => WindowPlace,
  ): Promise<void> {
    try {
      await this.#merge(options, plans, queue, place);
    } catch (error) {
      if (!(options.partial === true && error instanceof DrainlabError)) throw error;
      if (this.diagnostics.stoppedAt === '') {
        this.diagnostics.stoppedAt = `${error.where}: ${error.message}`;
      }
    } finally {
      this.#ahead?.close();
      this.#takeCounts(queue);
    }
  }

  async #merge(
    options: ReadOptions,
    plans: readonly LanePlan[],
    queue: LaneQueue,
    place: (bytes: number) => WindowPlace,
  ): Promise<void> {
    const { diagnostics } = this;
    const losses = {
      lost: (cpu: number, count: number) => {
        if (count < 0) diagnostics.unknownLosses++;
        else add(diagnostics.lostByCpu, cpu, count);
      },
    };
    this.#ahead = startUnpackAhead(this.#container, plans);
    const lanes = makeLanes(this.#container, this.#headerPage, plans, losses, place, this.#ahead);
    this.info.startStamp = (await primeLanes(lanes, queue)) + this.#container.options.offsetNs;
    let reported = 0;
    let counted = 0;
    while (queue.length > 0) {
      const lane = queue.emitUntilRefill();
      if (lane === null) return;
      const before = lane.data.consumed;
      do {
        const waiting = lane.refill();
        if (waiting !== undefined) await waiting;
      } while (!queue.resume(lane));
      diagnostics.bytesRead += lane.data.consumed - before;
      if (diagnostics.bytesRead - reported >= progressBytes) {
        reported = diagnostics.bytesRead;
        if (reported - counted >= countBytes) {
          counted = reported;
          this.#takeCounts(queue);
        }
        options.onProgress?.(reported, this.#container.source.size);
        if (options.signal?.aborted === true) return;
      }
    }
  }

  #takeCounts({ counts, lastNs }: LaneQueue): void {
    const { diagnostics } = this;
    diagnostics.lastNs = lastNs;
    for (let id = 0; id < counts.length; id++) {
      const count = counts[id];
      if (count === 0) continue;
      counts[id] = 0;
      diagnostics.events += count;
      const type = this.#types.byId(id);
      if (type === undefined) add(diagnostics.unknownTypes, id, count);
      else add(diagnostics.eventsByType, `${type.system}:${type.name}`, count);
    }
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function emptyDiagnostics(): TraceDiagnostics {
  return {
    events: 0,
    eventsByType: new Map(),
    lostByCpu: new Map(),
    unknownLosses: 0,
    unknownTypes: new Map(),
    unreadableLines: 0,
    firstNs: 0,
    lastNs: 0,
    stoppedAt: '',
    bytesRead: 0,
  };
}

function infoOf(container: Container, headerPage: HeaderPage): TraceInfo & { startStamp: bigint } {
  const { options, buffers } = container;
  let cpuCount = container.cpuCount;
  for (const { cpus } of buffers) {
    for (const { cpu, size } of cpus) if (size > 0) cpuCount = Math.max(cpuCount, cpu + 1);
  }
  const clock = (buffers.find(({ clock }) => clock !== '')?.clock ?? options.clock) || options.clock;
  const isTsc = /tsc|cycle|timebase|armarch/.test(clock);
  return {
    format: `trace.dat v${container.version}`,
    compression: container.compression,
    kernel: options.uname.split(/\s+/)[2] ?? '',
    uname: options.uname,
    cpuCount,
    clock,
    clockUnit: clock === 'counter' ? 'count' : isTsc && options.tscToNs === null ? 'cycles' : 'ns',
    startStamp: 0n,
    buffers: buffers.filter(({ cpus }) => cpus.some(({ size }) => size > 0)).map(({ name }) => name),
    byteOrder: container.littleEndian ? 'little' : 'big',
    longBytes: headerPage.longBytes,
  };
}

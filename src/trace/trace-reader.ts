/** What every reader of a recording offers, whatever the format. `openTrace` in index.ts makes one. */

import type { EventBlock, EventLogSource } from '../engine/input/event-log.ts';
import type { PackedLane, UnpackAhead } from './trace-dat/unpack-ahead.ts';

/** Random access to the bytes of a recording; Node files, browser Blobs and plain arrays fit in. */
export interface ByteSource {
  /** Name for messages. */
  readonly name: string;
  readonly size: number;
  /** Up to `length` bytes from `offset`; fewer only at the end of the source. The caller may keep the array. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Same without waiting, where the source can (files of Node, arrays); the bytes go into `target`; returns how many. */
  readSync?(offset: number, target: Uint8Array): number;
  /** Begins to unpack zstd chunks in another thread, where the source can and it pays. */
  unpackAhead?(lanes: readonly PackedLane[], littleEndian: boolean): UnpackAhead | null;
  close?(): Promise<void>;
}

/** Bytes that can only be read once and in order: a pipe, or a decompressor. */
export interface ByteStream {
  readonly name: string;
  /** Size of the input in bytes if known (of the compressed file, for progress), else null. */
  readonly size: number | null;
  chunks(): AsyncIterable<Uint8Array>;
}

export interface TraceInfo {
  /** `trace.dat v6`, `trace.dat v7`, `ftrace text`, `trace-cmd report text`, `perf script text`, `light recording`. */
  readonly format: string;
  /** `none`, `zstd`, `zlib`, `gzip`, `xz`. */
  readonly compression: string;
  readonly kernel: string;
  /** The machine's uname line, if the file holds it. */
  readonly uname: string;
  readonly cpuCount: number;
  /** `local`, `global`, `mono`, `x86-tsc`, …; '' when not known. */
  readonly clock: string;
  /** Unit of the recorded stamps. Other than ns, times are in that unit and said to be so. */
  readonly clockUnit: 'ns' | 'cycles' | 'count';
  /** Stamp of time 0 of the rows (the first event) in the recording's own clock. Known once the first event was read. */
  readonly startStamp: bigint;
  /** Names of the instances (buffers) that hold events; the top one is ''. */
  readonly buffers: readonly string[];
  readonly byteOrder: 'little' | 'big';
  readonly longBytes: 4 | 8;
  /** What the recording itself says of its machine, as the header of a light recording does. */
  readonly machine?: HeaderMachine;
}

/** CPUs ascend; zones that hold pages, in the order of /proc/zoneinfo. */
export interface HeaderMachine {
  readonly possible: readonly number[];
  readonly online: readonly number[];
  readonly isolated: readonly number[];
  readonly zones: ReadonlyArray<{ readonly node: number; readonly name: string }>;
}

/** Counted while reading; complete once reading has ended. */
export interface TraceDiagnostics {
  /** Events read, unknown ones included. */
  events: number;
  /** Events by `system:name` (text forms: `name`). */
  eventsByType: Map<string, number>;
  /** Events that the kernel says it lost, by CPU; `unknownLosses` counts marks that give no number. */
  lostByCpu: Map<number, number>;
  unknownLosses: number;
  /** Records whose type has no format in the file, by type id. */
  unknownTypes: Map<number, number>;
  /** Text lines that are no event and no comment. */
  unreadableLines: number;
  /** Text lines that are older than a line before them; their rows get the time of the latest line before. */
  outOfOrder?: number;
  /** Time of the first and the last event, ns since `startStamp`. */
  firstNs: number;
  lastNs: number;
  /** With `partial`: where and why reading stopped early. '' otherwise. */
  stoppedAt: string;
  /** Bytes of the input that were consumed, for progress and rates. */
  bytesRead: number;
}

/** One event, as a view that is reused: copy what you keep. */
export interface TraceEvent {
  readonly timeNs: number;
  /** `startStamp + timeNs` in the recording's own clock, exact. */
  readonly stamp: bigint;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  readonly system: string;
  readonly name: string;
  /** Name of the instance (buffer) it is from; '' for the top one. */
  readonly buffer: string;
  /** The event's own fields (common_* left out), raw: numbers, 64-bit as bigint where needed, text, CPU lists as `0-3,8`, arrays of numbers. */
  fields(): Array<[name: string, value: FieldValue]>;
  /** Fields with symbols and flags resolved where the format's print line gives them; for people. */
  printed(): string;
}

export type FieldValue = number | bigint | string | readonly number[];

export interface ReadOptions {
  /** Keep what was read when the input breaks off or is damaged; the place is in `diagnostics.stoppedAt`. */
  partial?: boolean;
  /** Called now and then with the bytes consumed. */
  onProgress?: (bytesRead: number, bytesTotal: number | null) => void;
  /** Stops the reading early when aborted. */
  signal?: AbortSignal;
}

export interface EventFilter {
  /** Event names (`mm_page_alloc` or `kmem:mm_page_alloc`); undefined: all. */
  names?: ReadonlySet<string>;
  cpus?: ReadonlySet<number>;
  /** In ns since the first event of the recording. */
  fromNs?: number;
  toNs?: number;
}

/** A recording that is open. Read it once, with one of the two ways. */
export interface TraceReader extends EventLogSource {
  readonly info: TraceInfo;
  readonly diagnostics: TraceDiagnostics;
  /** The rows that the engine follows, in time order over all CPUs. The block is reused. */
  readRows(onBlock: (block: EventBlock) => void, options?: ReadOptions): Promise<void>;
  /** Every event of every type, in time order. The view is reused. Return false to stop. */
  readEvents(
    onEvent: (event: TraceEvent) => unknown,
    options?: ReadOptions & { filter?: EventFilter },
  ): Promise<void>;
  /** `name+0x12` of the kernel function at an address, by the symbols in the recording; '' where it does not tell. */
  functionAt?(address: bigint): string;
  close(): Promise<void>;
}

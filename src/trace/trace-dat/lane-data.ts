/**
 * The bytes of one CPU's ring buffer, fetched piece by piece into a window that is reused: whole sub-buffers, read from the
 * file or unpacked from its chunks. Forward only, so memory is bounded whatever the size of the file.
 */

import { fillExactly } from '../byte-source.ts';
import { traceError } from '../trace-error.ts';
import type { ByteSource } from '../trace-reader.ts';
import { blockBytesMax, type Decompressor, damagedBlock } from './compression.ts';
import type { BufferData, Container, CpuData } from './container.ts';
import type { UnpackAhead } from './unpack-ahead.ts';

/** Bytes behind each window, so that the loop may look one 64-bit value past the last record. */
export const slackBytes = 16;

/** What a lane will need. */
export interface LanePlan {
  readonly buffer: BufferData;
  readonly data: CpuData;
  readonly pageBytes: number;
  readonly windowBytes: number;
}

/** Memory for a window and its slack. */
export interface WindowPlace {
  readonly buffer: ArrayBuffer;
  readonly offset: number;
}

export function ownWindow(bytes: number): WindowPlace {
  return { buffer: new ArrayBuffer(bytes), offset: 0 };
}

/** A promise when the source must be waited for; otherwise the fetch is done. */
export type Fetch = Promise<void> | undefined;

export abstract class LaneData {
  readonly cpu: number;
  readonly pageBytes: number;
  /** The window. `filled` bytes are valid: whole sub-buffers, only the file's last may be cut. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  filled = 0;
  /** File offset that stands for the window's start in messages. */
  windowOffset = 0;
  /** Bytes of the file consumed so far. */
  consumed = 0;

  constructor({ data, pageBytes, windowBytes }: LanePlan, { buffer, offset }: WindowPlace) {
    this.cpu = data.cpu;
    this.pageBytes = pageBytes;
    this.bytes = new Uint8Array(buffer, offset, windowBytes);
    this.view = new DataView(buffer, offset, windowBytes);
  }

  /** Replaces the window by the next sub-buffers; `filled` is 0 at the end. */
  abstract fetch(): Fetch;
}

/** Sub-buffers as they are in the file. */
export class PlainLaneData extends LaneData {
  readonly #source: ByteSource;
  #at: number;
  readonly #end: number;

  constructor(source: ByteSource, plan: LanePlan, place: WindowPlace) {
    super(plan, place);
    this.#source = source;
    this.#at = plan.data.offset;
    this.#end = plan.data.offset + plan.data.size;
  }

  override fetch(): Fetch {
    const length = Math.min(this.bytes.length, this.#end - this.#at);
    this.windowOffset = this.#at;
    this.#at += length;
    this.consumed += length;
    this.filled = length;
    if (length === 0) return undefined;
    const target = length === this.bytes.length ? this.bytes : this.bytes.subarray(0, length);
    return fillExactly(this.#source, this.windowOffset, target, `the data of CPU ${this.cpu}`);
  }
}

/** Recordings shrink to a tenth, those of idle CPUs to a hundredth; only a bomb grows more than this. */
const unpackRatioMax = 4096;
const unpackedFree = 256 << 20;

/** Memory shared by the packed lanes of a file; so only one of them may fetch at a time. */
export class ChunkScratch {
  readonly #unpackedMax: number;
  #unpacked = 0;
  packed: Uint8Array = new Uint8Array(64 << 10);
  /** A chunk that does not fit into its lane's window, and whose it is. */
  plain: Uint8Array = new Uint8Array(0);
  owner: PackedLaneData | null = null;

  constructor(fileBytes: number) {
    this.#unpackedMax = fileBytes * unpackRatioMax + unpackedFree;
  }

  /** Counts bytes that are about to be unpacked. False: no honest file has so many. */
  mayUnpack(bytes: number): boolean {
    this.#unpacked += bytes;
    return this.#unpacked <= this.#unpackedMax;
  }

  packedOf(length: number): Uint8Array {
    if (length > this.packed.length) this.packed = new Uint8Array(length);
    return this.packed.subarray(0, length);
  }

  plainOf(length: number): Uint8Array {
    if (length > this.plain.length) this.plain = new Uint8Array(length);
    return this.plain.subarray(0, length);
  }
}

/** A thread that unpacks for this lane, and the number that it knows the lane by. */
export interface LaneAhead {
  readonly unpack: UnpackAhead;
  readonly lane: number;
}

/** End of a CPU's chunks. libtracecmd's size leaves the 4 bytes of their number out. */
export function packedEnd({ offset, size }: CpuData): number {
  return offset + 4 + size;
}

/**
 * Sub-buffers packed in chunks: their number, then each as packed size, plain size, bytes. A chunk larger than the window
 * (thousands of CPUs) is unpacked again for each part of it: time for memory.
 */
export class PackedLaneData extends LaneData {
  readonly #source: ByteSource;
  readonly #decompressor: Decompressor;
  readonly #scratch: ChunkScratch;
  readonly #littleEndian: boolean;
  readonly #end: number;
  readonly #ahead: LaneAhead | null;
  /** Of the next chunk. */
  #at: number;
  #chunksLeft = -1;
  /** Chunks whose head was read. */
  #chunksBegun = 0;
  /** Of the current chunk: sizes, place, and how much of it was given out. */
  #chunkAt = 0;
  #packedBytes = 0;
  #plainBytes = 0;
  #given = 0;

  constructor(
    container: Container,
    plan: LanePlan,
    place: WindowPlace,
    scratch: ChunkScratch,
    ahead: LaneAhead | null,
  ) {
    super(plan, place);
    const { data } = plan;
    this.#ahead = ahead;
    this.#source = container.source;
    this.#decompressor = container.decompressor as Decompressor;
    this.#littleEndian = container.littleEndian;
    this.#scratch = scratch;
    this.#at = data.offset;
    this.#end = packedEnd(data);
    if (data.size === 0) this.#chunksLeft = 0;
  }

  override fetch(): Fetch {
    if (this.#given < this.#plainBytes) return this.#giveNextPart();
    if (this.#chunksLeft === 0) {
      this.filled = 0;
      return undefined;
    }
    return this.#fetchChunk();
  }

  #fetchChunk(): Fetch {
    const isFirst = this.#chunksLeft < 0;
    const head = this.#scratch.packedOf(isFirst ? 12 : 8);
    const waiting = this.#read(this.#at, head);
    if (waiting === undefined) return this.#takeHead(head, isFirst);
    return waiting.then(() => this.#takeHead(head, isFirst));
  }

  #takeHead(head: Uint8Array, isFirst: boolean): Fetch {
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    let at = 0;
    if (isFirst) {
      this.#chunksLeft = view.getUint32(0, this.#littleEndian);
      at = 4;
      if (this.#chunksLeft === 0) {
        this.filled = 0;
        return undefined;
      }
    }
    this.#packedBytes = view.getUint32(at, this.#littleEndian);
    this.#plainBytes = view.getUint32(at + 4, this.#littleEndian);
    this.#chunkAt = this.#at + at + 8;
    this.#at = this.#chunkAt + this.#packedBytes;
    this.#given = 0;
    this.#chunksLeft--;
    this.consumed += at + 8 + this.#packedBytes;
    this.#check();
    return this.#takeAhead() ? undefined : this.#giveNextPart();
  }

  /** True when another thread has unpacked this chunk already. */
  #takeAhead(): boolean {
    const chunk = this.#chunksBegun++;
    const got = this.#ahead === null ? -1 : this.#ahead.unpack.take(this.#ahead.lane, chunk, this.bytes);
    if (got < 0) return false;
    this.windowOffset = this.#chunkAt;
    this.#unpacked(got, true);
    return true;
  }

  #check(): void {
    if (this.#plainBytes > blockBytesMax) {
      throw traceError(
        'E_TRACE_LIMIT',
        `a chunk of CPU ${this.cpu} wants ${this.#plainBytes} bytes of memory`,
        this.#source.name,
        this.#chunkAt - 8,
      );
    }
    if (!this.#scratch.mayUnpack(this.#plainBytes)) {
      throw traceError(
        'E_TRACE_LIMIT',
        `the chunks of CPU ${this.cpu} unpack to far more than such a file can hold`,
        this.#source.name,
        this.#chunkAt - 8,
      );
    }
    if (this.#at > this.#end) {
      throw traceError(
        'E_TRACE_DAMAGED',
        `a chunk of CPU ${this.cpu} passes the end of the CPU's data`,
        this.#source.name,
        this.#chunkAt - 8,
      );
    }
  }

  /** Unpacks the chunk straight into the window, or by way of the scratch when it is too large. */
  #giveNextPart(): Fetch {
    this.windowOffset = this.#chunkAt;
    const fits = this.#plainBytes <= this.bytes.length;
    if (!fits && this.#scratch.owner === this && this.#given > 0) {
      this.#copyPart();
      return undefined;
    }
    const packed = this.#scratch.packedOf(this.#packedBytes);
    const waiting = this.#read(this.#chunkAt, packed);
    if (waiting === undefined) return this.#unpack(packed, fits);
    return waiting.then(() => this.#unpack(packed, fits));
  }

  #unpack(packed: Uint8Array, fits: boolean): Fetch {
    const target = fits ? this.bytes.subarray(0, this.#plainBytes) : this.#scratch.plainOf(this.#plainBytes);
    const got = this.#decompressor.decompress(packed, target);
    if (typeof got === 'number') {
      this.#unpacked(got, fits);
      return undefined;
    }
    return got.then((count) => this.#unpacked(count, fits));
  }

  #unpacked(got: number, fits: boolean): void {
    if (got !== this.#plainBytes) {
      throw damagedBlock(this.#source.name, this.#chunkAt, this.#plainBytes, got);
    }
    if (fits) {
      this.filled = this.#plainBytes;
      this.#given = this.#plainBytes;
      return;
    }
    this.#scratch.owner = this;
    this.#copyPart();
  }

  #copyPart(): void {
    const length = Math.min(this.bytes.length, this.#plainBytes - this.#given);
    this.bytes.set(this.#scratch.plain.subarray(this.#given, this.#given + length));
    this.filled = length;
    this.#given += length;
  }

  #read(offset: number, target: Uint8Array): Fetch {
    return fillExactly(this.#source, offset, target, `a chunk of CPU ${this.cpu}`);
  }
}

/** Window of a lane when `laneCount` lanes share the memory: whole sub-buffers, at least one. */
export function windowBytesFor(
  buffer: BufferData,
  size: number,
  pageBytes: number,
  laneCount: number,
): number {
  const budget = (buffer.packed ? packedBudgetBytes : plainBudgetBytes) / Math.max(1, laneCount);
  const most = buffer.packed ? packedWindowMax : plainWindowMax;
  const wanted = Math.max(1, Math.floor(Math.min(most, budget) / pageBytes));
  const bytes = wanted * pageBytes;
  return buffer.packed ? bytes : Math.min(bytes, Math.ceil(size / 4) * 4);
}

/** Windows of 8 CPUs stay in the cache of one core: 14.3 against 15.6 ns an event with 256 KiB. */
const plainWindowMax = 64 << 10;
/** A chunk that fits need not be unpacked twice. */
const packedWindowMax = 1 << 20;
const plainBudgetBytes = 48 << 20;
/** More than for plain data, so that chunks of 10 pages fit up to 2,400 CPUs. */
const packedBudgetBytes = 96 << 20;

/**
 * One CPU's ring buffer as a sequence of events: sub-buffer headers, time deltas, extends, absolute stamps, padding and
 * marks of lost events (kernel/trace/ring_buffer.c; the format is told by events/header_page and header_event).
 *
 * A lane stands before its next event: `dataAt`, `dataBytes` and `time` are the event's. `advance` goes to the one after.
 */

import { traceError } from '../trace-error.ts';
import type { LaneClock } from './lane-clock.ts';
import type { Fetch, LaneData } from './lane-data.ts';

/** Values of the 5-bit type field. 1–28: a record of so many words; 0: its length follows. */
export const RecordType = { padding: 29, timeExtend: 30, timeStamp: 31 } as const;

/** Bits of the commit word of a sub-buffer's header. */
const commitMask = (1 << 27) - 1;
const missedFlag = 1 << 31;
const missedCountFlag = 1 << 30;

/** What the lanes of a buffer have in common. */
export interface LaneFormat {
  readonly name: string;
  readonly littleEndian: boolean;
  /** Bytes of the header of a sub-buffer: stamp (8) and commit (4 or 8). */
  readonly headerBytes: number;
  readonly commitBytes: 4 | 8;
}

export interface LossCounter {
  /** `count` -1: the kernel did not say how many. */
  lost(cpu: number, count: number): void;
}

export class Lane {
  readonly data: LaneData;
  /** The window's memory. */
  readonly view: DataView;
  readonly cpu: number;
  readonly format: LaneFormat;
  readonly #losses: LossCounter;
  /** Position among all lanes when stamps are equal. */
  readonly rank: number;
  /** Name of the instance. */
  readonly buffer: string;

  /** Stamp of the event that the lane stands before, ns since the base. NaN before the first. */
  time: number = Number.NaN;
  /** Byte offset of its record in the window, and its length. */
  dataAt = 0;
  dataBytes = 0;
  /** Byte offset of the next record header, and where the current sub-buffer's data ends. */
  next = 0;
  end = 0;
  /** Where the next sub-buffer of the window begins. */
  nextPage = 0;
  /** Did a stamp ever lie before the one before it? Only damage and broken clocks make such. */
  ranBackwards = false;
  #baseHigh: number = Number.NaN;
  #baseLow: number = Number.NaN;

  constructor(data: LaneData, format: LaneFormat, rank: number, buffer: string, losses: LossCounter) {
    this.data = data;
    this.view = data.view;
    this.cpu = data.cpu;
    this.format = format;
    this.rank = rank;
    this.buffer = buffer;
    this.#losses = losses;
  }

  /** Sets the recorded stamp that is time 0. Moves the current event's time when the lane has one already. */
  setBase(stamp: bigint): void {
    const high = Number(stamp >> 32n);
    const low = Number(stamp & 0xffffffffn);
    this.time += (this.#baseHigh - high) * 4294967296 + (this.#baseLow - low);
    this.#baseHigh = high;
    this.#baseLow = low;
  }

  /** Sets time 0 once the first event of all lanes is known. */
  setStart(stamp: bigint): void {
    this.setBase(stamp);
  }

  /** The stamp of the current event, in full. */
  get stamp(): bigint {
    return (BigInt(this.#baseHigh) << 32n) + BigInt(this.#baseLow) + BigInt(this.time);
  }

  /**
   * Goes to the next event. False: the window is used up and `refill` must be called, then `advance` again.
   */
  advance(): boolean {
    const { view } = this;
    const { littleEndian } = this.format;
    for (;;) {
      const at = this.next;
      if (at + 4 > this.end) {
        if (!this.#nextSubBuffer()) return false;
        continue;
      }
      const header = view.getUint32(at, littleEndian);
      const type = littleEndian ? header & 31 : header >>> 27;
      const delta = littleEndian ? header >>> 5 : header & 0x7ffffff;
      if (type >= 1 && type < RecordType.padding) {
        this.time += delta;
        this.#record(at + 4, type * 4);
        return true;
      }
      if (this.#special(at, type, delta)) return true;
    }
  }

  /** A record of another kind than short data. True: it is an event (its length stands in a word of its own). */
  #special(at: number, type: number, delta: number): boolean {
    const { view } = this;
    const { littleEndian } = this.format;
    if (type === RecordType.padding && delta === 0) {
      this.next = this.end;
      return false;
    }
    if (at + 8 > this.end) throw this.damaged('a record has no room for its length', at);
    const word = view.getUint32(at + 4, littleEndian);
    switch (type) {
      case RecordType.padding: {
        // A discarded event: its time still counts, its data does not.
        if (word > this.end - at - 4)
          throw this.damaged(`a discarded event of ${word} bytes does not fit`, at);
        this.time += delta;
        this.next = at + 4 + ((word + 3) & ~3);
        return false;
      }
      case RecordType.timeExtend:
        this.time += word * 0x8000000 + delta;
        this.next = at + 8;
        return false;
      case RecordType.timeStamp:
        this.#setTime(this.#absolute(word, delta));
        this.next = at + 8;
        return false;
      default: {
        // Type 0: the word is the length of the data and of itself.
        if (word < 4 || word > this.end - at - 4) {
          throw this.damaged(`an event of ${word} bytes does not fit into its sub-buffer`, at);
        }
        this.time += delta;
        this.#record(at + 8, (word - 4 + 3) & ~3);
        return true;
      }
    }
  }

  #record(at: number, bytes: number): void {
    if (bytes > this.end - at)
      throw this.damaged(`an event of ${bytes} bytes does not fit into its sub-buffer`, at);
    this.dataAt = at;
    this.dataBytes = bytes;
    this.next = at + bytes;
  }

  /** A stamp of 59 bits; the 5 bits above are those of the stamp before. Returns it relative to the base. */
  #absolute(word: number, delta: number): number {
    const nowHigh = Math.floor((this.time + this.#baseLow) / 4294967296) + this.#baseHigh;
    const low = ((word << 27) | delta) >>> 0;
    const high = (word >>> 5) + ((nowHigh & 0xf8000000) >>> 0);
    return (high - this.#baseHigh) * 4294967296 + (low - this.#baseLow);
  }

  /** A time that is not the sum of deltas. */
  #setTime(time: number): void {
    if (time < this.time) this.ranBackwards = true;
    this.time = time;
  }

  /** Enters the next sub-buffer of the window. False: there is none. */
  #nextSubBuffer(): boolean {
    const page = this.nextPage;
    const { data, format } = this;
    if (page >= data.filled) return false;
    if (page + format.headerBytes > data.filled)
      throw this.damaged('a sub-buffer has no room for its header', page);
    const { view } = this;
    const order = format.littleEndian;
    const high = view.getUint32(page + (order ? 4 : 0), order);
    const low = view.getUint32(page + (order ? 0 : 4), order);
    // The low 32 bits of the commit word hold size and flags, whatever the size of long.
    const commit = view.getUint32(page + 8 + (order || format.commitBytes === 4 ? 0 : 4), order);
    const bytes = commit & commitMask;
    const start = page + format.headerBytes;
    if (bytes > data.pageBytes - format.headerBytes || start + bytes > data.filled) {
      throw this.damaged(`a sub-buffer claims ${bytes} bytes of data`, page);
    }
    this.#setTime((high - this.#baseHigh) * 4294967296 + (low - this.#baseLow));
    this.next = start;
    this.end = start + bytes;
    this.nextPage = page + data.pageBytes;
    if ((commit & missedFlag) !== 0) this.#countLoss(commit, this.end, page);
    return true;
  }

  /** The number of lost events stands behind the data when the kernel knew it. */
  #countLoss(commit: number, at: number, page: number): void {
    const { pageBytes, filled } = this.data;
    const { view, cpu } = this;
    const { littleEndian, commitBytes } = this.format;
    const fits = at + commitBytes <= Math.min(page + pageBytes, filled);
    if ((commit & missedCountFlag) === 0 || !fits) {
      this.#losses.lost(cpu, -1);
    } else if (commitBytes === 4) {
      this.#losses.lost(cpu, view.getUint32(at, littleEndian));
    } else {
      this.#losses.lost(cpu, Number(view.getBigUint64(at, littleEndian)));
    }
  }

  /** Fetches the next window. Afterwards `atEnd` tells whether there is one. */
  refill(): Fetch {
    this.next = 0;
    this.end = 0;
    this.nextPage = 0;
    return this.data.fetch();
  }

  get atEnd(): boolean {
    return this.data.filled === 0;
  }

  damaged(message: string, at: number) {
    return traceError(
      'E_TRACE_DAMAGED',
      `CPU ${this.cpu}: ${message}`,
      this.format.name,
      this.data.windowOffset + at,
    );
  }
}

/** A lane whose stamps are not times yet: each event's time comes from its stamp by a clock. Exact, but slow. */
export class ClockedLane extends Lane {
  readonly #clock: LaneClock;
  /** Time of the current event on the recorded scale. */
  #recorded = 0;
  #start = 0n;

  constructor(
    data: LaneData,
    format: LaneFormat,
    rank: number,
    buffer: string,
    losses: LossCounter,
    clock: LaneClock,
  ) {
    super(data, format, rank, buffer, losses);
    this.#clock = clock;
  }

  override advance(): boolean {
    this.time = this.#recorded;
    const isThere = super.advance();
    this.#recorded = this.time;
    if (isThere) this.time = Number(this.stamp - this.#start);
    return isThere;
  }

  override get stamp(): bigint {
    const time = this.time;
    this.time = this.#recorded;
    const recorded = super.stamp;
    this.time = time;
    return this.#clock(recorded);
  }

  /** Time 0 on the clock's scale. */
  override setStart(stamp: bigint): void {
    this.#start = stamp;
    this.time = Number(this.stamp - stamp);
  }
}

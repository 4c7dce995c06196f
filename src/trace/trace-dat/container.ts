/**
 * What stands around the ring-buffer data of a trace.dat file, the same for versions 6 and 7
 * (trace-cmd.dat.v6(5), trace-cmd.dat.v7(5)): formats, symbols, names, options, and where each CPU's data lies.
 */

import type { ByteSource } from '../trace-reader.ts';
import type { Decompressor } from './compression.ts';
import { formatId, formatName } from './event-format.ts';

/** `name:` */
const nameLabelLength = 5;

/**
 * The format files of the kernel (`events/SYSTEM/EVENT/format`), not parsed yet. A file has thousands and a recording
 * uses some tens, so they are kept as places in the bytes that were read, not as objects.
 */
export class FormatTexts {
  readonly #systems: string[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #strings: Map<Uint8Array, string | null> = new Map();

  get length(): number {
    return this.#starts.length;
  }

  add(system: string, bytes: Uint8Array, start: number, end: number): void {
    this.#systems.push(system);
    this.#bytes.push(bytes);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  systemOf(index: number): string {
    return this.#systems[index];
  }

  textOf(index: number): Uint8Array {
    return this.#bytes[index].subarray(this.#starts[index], this.#ends[index]);
  }

  /** The name in the first line. All names of a file are read quickest from one string of all its formats. */
  nameOf(index: number): string {
    const text = this.#stringOf(this.#bytes[index]);
    if (text === null) return formatName(this.textOf(index));
    const start = this.#starts[index];
    return text.slice(start + nameLabelLength, Math.max(start, text.indexOf('\n', start))).trim();
  }

  /** Positions of the formats whose text holds `part`, ascending. */
  withText(part: string): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.length; ) {
      const bytes = this.#bytes[index];
      const text = this.#stringOf(bytes);
      if (text === null) {
        if (new TextDecoder().decode(this.textOf(index)).includes(part)) found.push(index);
        index++;
        continue;
      }
      const at = text.indexOf(part, this.#starts[index]);
      while (index < this.length && this.#bytes[index] === bytes && (at < 0 || this.#ends[index] <= at))
        index++;
      if (at >= 0 && index < this.length && this.#bytes[index] === bytes) found.push(index++);
    }
    return found;
  }

  /** The bytes as a string with as many characters; null where they are not ASCII. */
  #stringOf(bytes: Uint8Array): string | null {
    let text = this.#strings.get(bytes);
    if (text === undefined) {
      const decoded = new TextDecoder().decode(bytes);
      text = decoded.length === bytes.length ? decoded : null;
      this.#strings.set(bytes, text);
    }
    return text;
  }

  idOf(index: number): number {
    return formatId(this.#bytes[index], this.#starts[index], this.#ends[index]);
  }
}

/** A part of the file that is fetched when it is needed. */
export interface LazySection {
  /** Offset of the content (of its compression header when packed). */
  readonly offset: number;
  /** Bytes in the file. */
  readonly size: number;
  readonly packed: boolean;
  /** The content begins with its own size in so many bytes (0: it does not). */
  readonly sizePrefix: number;
}

export interface CpuData {
  readonly cpu: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly size: number;
}

/** The events of one instance (buffer) of the tracer. */
export interface BufferData {
  /** '' for the top instance. */
  readonly name: string;
  readonly clock: string;
  /** Size of a sub-buffer in bytes, header included. */
  readonly pageBytes: number;
  readonly cpus: readonly CpuData[];
  /** In compressed chunks. */
  readonly packed: boolean;
}

/** An instance that was recorded as text (`trace-cmd record` with a latency tracer). */
export interface LatencyText {
  readonly name: string;
  readonly section: LazySection;
}

export interface Container {
  readonly source: ByteSource;
  readonly version: 6 | 7;
  readonly littleEndian: boolean;
  /** Size of `long` in user space, from the file header. */
  readonly longBytes: 4 | 8;
  readonly pageBytes: number;
  readonly compression: string;
  readonly decompressor: Decompressor | null;
  headerPage: Uint8Array;
  headerEvent: Uint8Array;
  readonly formats: FormatTexts;
  kallsyms: LazySection | null;
  printk: Uint8Array;
  cmdlines: Uint8Array;
  cpuCount: number;
  readonly buffers: BufferData[];
  readonly latency: LatencyText[];
  readonly options: FileOptions;
}

/** Options that say something about the recording; times as in the file. */
export interface FileOptions {
  uname: string;
  clock: string;
  version: string;
  /** Added to every stamp (options OFFSET and DATE, which makes it the time of day), ns. */
  offsetNs: bigint;
  tscToNs: { mult: bigint; shift: bigint; offset: bigint } | null;
  /** Per CPU, corrections of a guest's stamps against its host. */
  timeShift: TimeShift | null;
  /** `per_cpu/cpuN/stats` of each CPU, as text. */
  cpuStats: string[];
  traceId: bigint;
}

/** Corrections to stamps, ascending in `times`, for each CPU (option TIME_SHIFT). */
export interface TimeShift {
  readonly peer: bigint;
  readonly flags: number;
  readonly cpus: ReadonlyArray<{
    readonly times: readonly bigint[];
    readonly offsets: readonly bigint[];
    readonly scalings: readonly bigint[];
    readonly fractions: readonly bigint[];
  }>;
}

export function emptyOptions(): FileOptions {
  return {
    uname: '',
    clock: '',
    version: '',
    offsetNs: 0n,
    tscToNs: null,
    timeShift: null,
    cpuStats: [],
    traceId: 0n,
  };
}

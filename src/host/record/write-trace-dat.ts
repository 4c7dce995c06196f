/**
 * Writes a trace.dat of version 6 from what tracefs gives: texts of its files, and for each CPU the sub-buffers that
 * `per_cpu/cpuN/trace_pipe_raw` gave (trace-cmd.dat.v6(5)). Version 6 is read by every trace-cmd and is never packed, so
 * nothing but the files has to be there. Recordings of this host and of guests are put together here.
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export interface FormatFile {
  /** `kmem`, `drainlab`; `ftrace` for the tracer's own. */
  readonly system: string;
  /** Text of `events/SYSTEM/NAME/format`. */
  readonly text: string;
}

export interface TraceDatParts {
  /** Texts of `events/header_page` and `events/header_event`. */
  readonly headerPage: string;
  readonly headerEvent: string;
  readonly formats: readonly FormatFile[];
  /** `ADDRESS TYPE NAME` a line; see `functionsOf`. */
  readonly kallsyms: string;
  readonly printkFormats: string;
  /** Text of `saved_cmdlines`: `PID COMM` a line. */
  readonly savedCommands: string;
  /** Text of `trace_clock`: `local [global] …`. */
  readonly clock: string;
  /** `uname -a`. */
  readonly uname: string;
  /** By CPU: text of `per_cpu/cpuN/stats`. */
  readonly stats: readonly string[];
  /** By CPU: the file with its sub-buffers; '' where the CPU has none. */
  readonly dataFiles: readonly string[];
  /** Of the recorded machine; x86-64, arm64 and riscv64 are little-endian. */
  readonly littleEndian: boolean;
}

/** Ids of options, as in trace-cmd.dat.v6(5). */
const Option = { done: 0, cpuStat: 2, traceClock: 4, uname: 5, cpuCount: 8, version: 9 } as const;

const copyBytes = 1 << 20;

/** Throws what the file system throws. */
export function writeTraceDat(path: string, parts: TraceDatParts): void {
  const head = headOf(parts);
  const pageBytes = subBufferBytes(parts.headerPage);
  const tableBytes = 16 * parts.dataFiles.length;
  const file = openSync(path, 'w');
  try {
    writeWhole(file, head, 0);
    let at = roundUp(head.length + tableBytes, pageBytes);
    const table = new ByteList(parts.littleEndian);
    for (const dataFile of parts.dataFiles) {
      const bytes = dataFile === '' ? 0 : copyInto(file, at, dataFile, pageBytes);
      table.number(at, 8).number(bytes, 8);
      at += bytes;
    }
    writeWhole(file, table.joined(), head.length);
  } finally {
    closeSync(file);
  }
}

/** Size of a sub-buffer, header included: where its data begins, plus their size. */
export function subBufferBytes(headerPage: string): number {
  const match = /\bdata;\s*offset:(\d+);\s*size:(\d+);/.exec(headerPage);
  return match === null ? 4096 : Number(match[1]) + Number(match[2]);
}

/**
 * The functions of /proc/kallsyms. Data have addresses beyond all code, so without them each function's address still has
 * its own name, and the file half the size.
 */
export function functionsOf(kallsyms: string): string {
  return kallsyms
    .split('\n')
    .filter((line) => /^[0-9a-f]+ [tTwW] /.test(line))
    .map((line) => `${line}\n`)
    .join('');
}

/** Everything before the table of the CPUs' data. */
function headOf(parts: TraceDatParts): Buffer {
  const { littleEndian, dataFiles } = parts;
  const head = new ByteList(littleEndian);
  head.bytes(Buffer.from([0x17, 0x08, 0x44])).text('tracing6\0');
  head.number(littleEndian ? 0 : 1, 1).number(8, 1);
  head.number(subBufferBytes(parts.headerPage), 4);
  head.text('header_page\0').sized(parts.headerPage, 8);
  head.text('header_event\0').sized(parts.headerEvent, 8);
  writeFormats(head, parts.formats);
  head.sized(parts.kallsyms, 4).sized(parts.printkFormats, 4).sized(parts.savedCommands, 8);
  head.number(dataFiles.length, 4);
  head.text('options  \0');
  const option = (id: number, text: string) => head.number(id, 2).sized(`${text}\0`, 4);
  for (const [cpu, stats] of parts.stats.entries()) option(Option.cpuStat, `CPU: ${cpu}\n${stats}`);
  option(Option.traceClock, parts.clock);
  option(Option.uname, parts.uname.trim());
  option(Option.version, 'drainlab');
  head.number(Option.cpuCount, 2).number(4, 4).number(dataFiles.length, 4);
  head.number(Option.done, 2).text('flyrecord\0');
  return head.joined();
}

function writeFormats(head: ByteList, formats: readonly FormatFile[]): void {
  const bySystem = new Map<string, string[]>();
  for (const { system, text } of formats) bySystem.set(system, [...(bySystem.get(system) ?? []), text]);
  const own = bySystem.get('ftrace') ?? [];
  bySystem.delete('ftrace');
  head.number(own.length, 4);
  for (const text of own) head.sized(text, 8);
  head.number(bySystem.size, 4);
  for (const [system, texts] of bySystem) {
    head.text(`${system}\0`).number(texts.length, 4);
    for (const text of texts) head.sized(text, 8);
  }
}

/** Numbers and texts one after the other. */
class ByteList {
  readonly #parts: Buffer[] = [];
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  number(value: number, size: 1 | 2 | 4 | 8): this {
    const bytes = Buffer.alloc(size);
    if (size === 8) {
      if (this.#littleEndian) bytes.writeBigUInt64LE(BigInt(value));
      else bytes.writeBigUInt64BE(BigInt(value));
    } else if (this.#littleEndian) bytes.writeUIntLE(value, 0, size);
    else bytes.writeUIntBE(value, 0, size);
    return this.bytes(bytes);
  }

  text(text: string): this {
    return this.bytes(Buffer.from(text));
  }

  /** The text after its own length. */
  sized(text: string, sizeBytes: 4 | 8): this {
    const bytes = Buffer.from(text);
    return this.number(bytes.length, sizeBytes).bytes(bytes);
  }

  bytes(bytes: Buffer): this {
    this.#parts.push(bytes);
    return this;
  }

  joined(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Copies whole sub-buffers; returns their bytes. What follows the last whole one is no sub-buffer. */
function copyInto(target: number, at: number, path: string, pageBytes: number): number {
  const source = openSync(path, 'r');
  const buffer = Buffer.alloc(roundUp(copyBytes, pageBytes));
  let done = 0;
  try {
    for (;;) {
      const bytes = readSync(source, buffer, 0, buffer.length, done);
      const whole = bytes - (bytes % pageBytes);
      writeWhole(target, buffer.subarray(0, whole), at + done);
      done += whole;
      if (bytes < buffer.length) return done;
    }
  } finally {
    closeSync(source);
  }
}

function writeWhole(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

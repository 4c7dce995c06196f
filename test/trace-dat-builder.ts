/**
 * Writes small trace.dat files byte by byte, after trace-cmd.dat.v6(5) and .v7(5) and the kernel's ring_buffer.h: forms
 * that no recording at hand has (big-endian, 32-bit longs, odd sub-buffers, zlib, lost events). Shares nothing with the reader.
 */

import { deflateSync } from 'node:zlib';

export interface FieldSpec {
  /** `unsigned long pfn`, `__data_loc char[] name`, `char comm[16]`. */
  declaration: string;
  offset: number;
  size: number;
  signed?: boolean;
}

export interface EventSpec {
  system: string;
  name: string;
  id: number;
  fields: FieldSpec[];
  print?: string;
}

export interface BufferSpec {
  name?: string;
  clock?: string;
  /** Sub-buffers by CPU. */
  cpus: Uint8Array[][];
}

export interface TraceDatSpec {
  version?: 6 | 7;
  littleEndian?: boolean;
  /** Size of the kernel's long: of the commit field. */
  longBytes?: 4 | 8;
  pageBytes?: number;
  compression?: 'none' | 'zlib' | 'zstd';
  /** Sub-buffers in a chunk. */
  chunkPages?: number;
  events?: EventSpec[];
  buffers: BufferSpec[];
  kallsyms?: string;
  cmdlines?: string;
  printk?: string;
  /** The text of a latency tracer, instead of ring buffers. */
  latencyText?: string;
  options?: Array<{ id: number; data: Uint8Array }>;
}

const encoder = new TextEncoder();

/** Appends numbers in the file's byte order. */
export class ByteWriter {
  readonly littleEndian: boolean;
  #bytes: number[] = [];

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  get length(): number {
    return this.#bytes.length;
  }

  number(value: number | bigint, size: number): this {
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    const bytes: number[] = [];
    for (let i = 0; i < size; i++, rest >>= 8n) bytes.push(Number(rest & 0xffn));
    this.#bytes.push(...(this.littleEndian ? bytes : bytes.reverse()));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  text(text: string): this {
    return this.bytes(encoder.encode(text));
  }

  /** Zeros up to a multiple of `step`. */
  align(step: number): this {
    while (this.#bytes.length % step !== 0) this.#bytes.push(0);
    return this;
  }

  setNumber(at: number, value: number | bigint, size: number): void {
    const other = new ByteWriter(this.littleEndian).number(value, size).done();
    for (let i = 0; i < size; i++) this.#bytes[at + i] = other[i];
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** One sub-buffer. */
export class PageBuilder {
  readonly #spec: Required<Pick<TraceDatSpec, 'littleEndian' | 'longBytes' | 'pageBytes'>>;
  readonly #stamp: bigint;
  readonly #data: ByteWriter;
  #missed: number | undefined;

  constructor(spec: Pick<TraceDatSpec, 'littleEndian' | 'longBytes' | 'pageBytes'>, stamp: bigint) {
    this.#spec = { littleEndian: true, longBytes: 8, pageBytes: 4096, ...spec };
    this.#stamp = stamp;
    this.#data = new ByteWriter(this.#spec.littleEndian);
  }

  /** An event of up to 112 bytes, the length in its header. */
  event(delta: number, record: Uint8Array): this {
    const words = Math.ceil(record.length / 4);
    this.#header(words, delta);
    this.#data.bytes(record).align(4);
    return this;
  }

  /** An event with its length in a word of its own. */
  longEvent(delta: number, record: Uint8Array): this {
    this.#header(0, delta);
    this.#data
      .number(record.length + 4, 4)
      .bytes(record)
      .align(4);
    return this;
  }

  discarded(delta: number, bytes: number): this {
    this.#header(29, delta);
    this.#data.number(bytes, 4).bytes(new Uint8Array(bytes - 4));
    return this;
  }

  extend(delta: bigint): this {
    this.#header(30, Number(delta & 0x7ffffffn));
    this.#data.number(delta >> 27n, 4);
    return this;
  }

  absolute(stamp: bigint): this {
    this.#header(31, Number(stamp & 0x7ffffffn));
    this.#data.number((stamp >> 27n) & 0xffffffffn, 4);
    return this;
  }

  /** Padding to the end of the sub-buffer, counted as committed. */
  endPadding(): this {
    this.#header(29, 0);
    this.#data.number(0, 4);
    return this;
  }

  /** The kernel lost events before this sub-buffer; -1: it does not know how many. */
  missed(count: number): this {
    this.#missed = count;
    return this;
  }

  done(): Uint8Array {
    const { littleEndian, longBytes, pageBytes } = this.#spec;
    const data = this.#data.done();
    const flags = this.#missed === undefined ? 0n : this.#missed < 0 ? 1n << 31n : 3n << 30n;
    const page = new ByteWriter(littleEndian)
      .number(this.#stamp, 8)
      .number(BigInt(data.length) | flags, longBytes)
      .bytes(data);
    if (this.#missed !== undefined && this.#missed >= 0) page.number(this.#missed, longBytes);
    if (page.length > pageBytes) throw new Error(`${page.length} bytes in a sub-buffer of ${pageBytes}`);
    return page.bytes(new Uint8Array(pageBytes - page.length)).done();
  }

  /** 5 bits of type and 27 bits of delta; which end comes first depends on the byte order. */
  #header(type: number, delta: number): void {
    const { littleEndian } = this.#spec;
    this.#data.number(littleEndian ? ((delta << 5) | type) >>> 0 : ((type << 27) | delta) >>> 0, 4);
  }
}

/** The bytes of a record: type, flags, preempt count, pid, then fields at their offsets. */
export function record(
  littleEndian: boolean,
  type: number,
  pid: number,
  bytes: number,
  fields: Array<[offset: number, size: number, value: number | bigint | string]> = [],
): Uint8Array {
  const writer = new ByteWriter(littleEndian).number(type, 2).number(0, 2).number(pid, 4);
  writer.bytes(new Uint8Array(Math.max(0, bytes - 8)));
  const target = writer.done();
  for (const [offset, size, value] of fields) {
    const source =
      typeof value === 'string'
        ? encoder.encode(value)
        : new ByteWriter(littleEndian).number(value, size).done();
    target.set(source, offset);
  }
  return target;
}

export function buildTraceDat(spec: TraceDatSpec): Uint8Array {
  return spec.version === 6 ? buildVersion6(spec) : buildVersion7(spec);
}

function head(spec: TraceDatSpec): ByteWriter {
  const { version = 7, littleEndian = true, longBytes = 8, pageBytes = 4096 } = spec;
  return new ByteWriter(littleEndian)
    .bytes(Uint8Array.of(0x17, 0x08, 0x44))
    .text(`tracing${version}\0`)
    .number(littleEndian ? 0 : 1, 1)
    .number(longBytes, 1)
    .number(pageBytes, 4);
}

function headerInfo(writer: ByteWriter, { longBytes = 8, pageBytes = 4096 }: TraceDatSpec): ByteWriter {
  const page = [
    '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;',
    `\tfield: local_t commit;\toffset:8;\tsize:${longBytes};\tsigned:1;`,
    `\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;`,
    `\tfield: char data;\toffset:${8 + longBytes};\tsize:${pageBytes - 8 - longBytes};\tsigned:1;\n`,
  ].join('\n');
  const event = '# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n';
  writer.text('header_page\0').number(page.length, 8).text(page);
  return writer.text('header_event\0').number(event.length, 8).text(event);
}

export function formatText({ name, id, fields, print = '""' }: EventSpec): string {
  const line = ({ declaration, offset, size, signed = false }: FieldSpec) =>
    `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${signed ? 1 : 0};`;
  const common = [
    { declaration: 'unsigned short common_type', offset: 0, size: 2 },
    { declaration: 'unsigned char common_flags', offset: 2, size: 1 },
    { declaration: 'unsigned char common_preempt_count', offset: 3, size: 1 },
    { declaration: 'int common_pid', offset: 4, size: 4, signed: true },
  ];
  const lines = [`name: ${name}`, `ID: ${id}`, 'format:', ...common.map(line), '', ...fields.map(line)];
  return `${lines.join('\n')}\n\nprint fmt: ${print}\n`;
}

function ftraceFormats(writer: ByteWriter, events: readonly EventSpec[]): ByteWriter {
  const own = events.filter(({ system }) => system === 'ftrace').map(formatText);
  writer.number(own.length, 4);
  for (const text of own) writer.number(text.length, 8).text(text);
  return writer;
}

function eventFormats(writer: ByteWriter, events: readonly EventSpec[]): ByteWriter {
  const systems = [...new Set(events.map(({ system }) => system))].filter((system) => system !== 'ftrace');
  writer.number(systems.length, 4);
  for (const system of systems) {
    const texts = events.filter((event) => event.system === system).map(formatText);
    writer.text(`${system}\0`).number(texts.length, 4);
    for (const text of texts) writer.number(text.length, 8).text(text);
  }
  return writer;
}

function buildVersion6(spec: TraceDatSpec): Uint8Array {
  const { events = [], kallsyms = '', printk = '', cmdlines = '', pageBytes = 4096, options = [] } = spec;
  const writer = head(spec);
  headerInfo(writer, spec);
  ftraceFormats(writer, events);
  eventFormats(writer, events);
  writer.number(kallsyms.length, 4).text(kallsyms);
  writer.number(printk.length, 4).text(printk);
  writer.number(cmdlines.length, 8).text(cmdlines);
  writer.number(spec.buffers[0].cpus.length, 4);
  writer.text('options  \0');
  for (const { id, data } of options) writer.number(id, 2).number(data.length, 4).bytes(data);
  const places: number[] = [];
  for (const { name = '' } of spec.buffers.slice(1)) {
    writer.number(3, 2).number(8 + name.length + 1, 4);
    places.push(writer.length);
    writer.number(0, 8).text(`${name}\0`);
  }
  writer.number(0, 2);
  if (spec.latencyText !== undefined) return writer.text(`latency  \0${spec.latencyText}`).done();
  spec.buffers.forEach(({ cpus }, i) => {
    if (i > 0) writer.setNumber(places[i - 1], writer.length, 8);
    writer.text('flyrecord\0');
    const table = writer.length;
    writer.bytes(new Uint8Array(cpus.length * 16));
    cpus.forEach((pages, cpu) => {
      writer.align(pageBytes);
      writer.setNumber(table + cpu * 16, writer.length, 8);
      writer.setNumber(table + cpu * 16 + 8, pages.length * pageBytes, 8);
      for (const page of pages) writer.bytes(page);
    });
  });
  return writer.done();
}

function buildVersion7(spec: TraceDatSpec): Uint8Array {
  const { littleEndian = true, compression = 'none', events = [], pageBytes = 4096 } = spec;
  const writer = head(spec).text(`${compression}\x001.0\0`);
  const optionsAt = writer.length;
  writer.number(0, 8);
  const content = () => new ByteWriter(littleEndian);
  const options: Array<{ id: number; data: Uint8Array }> = [...(spec.options ?? [])];
  const section = (id: number, body: Uint8Array) => {
    options.push({ id, data: content().number(writer.length, 8).done() });
    writeSection(writer, id, body, compression);
  };
  section(16, headerInfo(content(), spec).done());
  section(17, ftraceFormats(content(), events).done());
  section(18, eventFormats(content(), events).done());
  const { kallsyms = '', printk = '', cmdlines = '' } = spec;
  section(19, content().number(kallsyms.length, 4).text(kallsyms).done());
  section(20, content().number(printk.length, 4).text(printk).done());
  section(21, content().number(cmdlines.length, 8).text(cmdlines).done());
  for (const buffer of spec.buffers) {
    const at = writer.length;
    writer
      .number(3, 2)
      .number(compression === 'none' ? 0 : 1, 2)
      .number(0, 4)
      .number(0, 8);
    const option = content()
      .number(at, 8)
      .text(`${buffer.name ?? ''}\0${buffer.clock ?? 'local'}\0`);
    option.number(pageBytes, 4).number(buffer.cpus.length, 4);
    buffer.cpus.forEach((pages, cpu) => {
      writer.align(pageBytes);
      const start = writer.length;
      writePages(writer, pages, compression, spec.chunkPages ?? 2);
      option
        .number(cpu, 4)
        .number(start, 8)
        .number(writer.length - start, 8);
    });
    writer.setNumber(at + 8, writer.length - at - 16, 8);
    options.push({ id: 3, data: option.done() });
  }
  if (spec.latencyText !== undefined) {
    options.push({ id: 22, data: content().number(writer.length, 8).text('\0local\0').done() });
    writer
      .number(22, 2)
      .number(compression === 'none' ? 0 : 1, 2)
      .number(0, 4);
    const text = content();
    writePages(text, [encoder.encode(spec.latencyText)], compression, 1);
    writer.number(text.length, 8).bytes(text.done());
  }
  writer.setNumber(optionsAt, writer.length, 8);
  const body = content();
  for (const { id, data } of options) body.number(id, 2).number(data.length, 4).bytes(data);
  body.number(0, 2).number(8, 4).number(0, 8);
  writeSection(writer, 0, body.done(), 'none');
  return writer.done();
}

function writeSection(writer: ByteWriter, id: number, body: Uint8Array, compression: string): void {
  const packed = compression === 'none' ? body : pack(body, compression);
  writer
    .number(id, 2)
    .number(compression === 'none' ? 0 : 1, 2)
    .number(0, 4);
  if (compression === 'none') {
    writer.number(body.length, 8).bytes(body);
  } else {
    writer
      .number(packed.length + 8, 8)
      .number(packed.length, 4)
      .number(body.length, 4)
      .bytes(packed);
  }
}

function writePages(writer: ByteWriter, pages: Uint8Array[], compression: string, chunkPages: number): void {
  if (compression === 'none') {
    for (const page of pages) writer.bytes(page);
    return;
  }
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < pages.length; i += chunkPages) chunks.push(joined(pages.slice(i, i + chunkPages)));
  if (chunks.length === 0) return;
  writer.number(chunks.length, 4);
  for (const chunk of chunks) {
    const packed = pack(chunk, compression);
    writer.number(packed.length, 4).number(chunk.length, 4).bytes(packed);
  }
}

export function pack(bytes: Uint8Array, compression: string): Uint8Array {
  return compression === 'zlib' ? new Uint8Array(deflateSync(bytes)) : storedZstd(bytes);
}

/** A zstd frame (RFC 8878) whose blocks are stored as they are. */
function storedZstd(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(true).number(0xfd2fb528, 4).number(0xa0, 1).number(bytes.length, 4);
  const step = 100_000;
  for (let at = 0; at === 0 || at < bytes.length; at += step) {
    const block = bytes.subarray(at, at + step);
    const isLast = at + step >= bytes.length;
    writer.number((block.length << 3) | (isLast ? 1 : 0), 3).bytes(block);
  }
  return writer.done();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

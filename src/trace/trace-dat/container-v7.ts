/** Version 7 of trace.dat: sections that are found through options, each packed or not (trace-cmd.dat.v7(5)). */

import { bytesSource, fillExactly, readExactly } from '../byte-source.ts';
import { traceError } from '../trace-error.ts';
import { blockBytesMax, damagedBlock } from './compression.ts';
import type { BufferData, Container, CpuData, LazySection } from './container.ts';
import { cpuData, cpuMax } from './cpu-data.ts';
import { applyOption, OptionId } from './options.ts';
import { readEventFormats, readFtraceFormats, readHeaderInfo, sizedBytes } from './sections.ts';
import { SourceCursor } from './source-cursor.ts';

/** id (2), flags (2), description (4), size (8). */
const sectionHeaderBytes = 16;
const flagPacked = 1;
/** Options sections may follow each other; a longer chain than this is a loop. */
const optionSectionsMax = 1024;

interface Section extends LazySection {
  readonly id: number;
}

/** Reads everything that the options chain from `offset` names into `container`. */
export async function readSections(container: Container, offset: number): Promise<void> {
  const seen = new Set<number>();
  for (let at = offset; at !== 0; ) {
    if (seen.has(at) || seen.size >= optionSectionsMax) {
      throw damaged(container, 'the chain of options sections comes back to itself', at);
    }
    seen.add(at);
    at = await readOptionsSection(container, at);
  }
}

/** The content of a section as bytes, unpacked if needed. */
export async function sectionBytes(container: Container, section: LazySection): Promise<Uint8Array> {
  const { source } = container;
  checkSize(container, section, section.size);
  const stored = await readExactly(source, section.offset, section.size, 'a section');
  if (!section.packed) return stored;
  const { packed, target } = packedSection(container, section, stored);
  const got = await container.decompressor?.decompress(packed, target);
  return checkedSection(container, section, target, got);
}

/** The same without waiting, for sources that can and compressions that need not. */
function sectionBytesSync(container: Container, section: LazySection): Uint8Array {
  checkSize(container, section, section.size);
  const stored = new Uint8Array(section.size);
  fillExactly(container.source, section.offset, stored, 'a section');
  if (!section.packed) return stored;
  const { packed, target } = packedSection(container, section, stored);
  return checkedSection(container, section, target, container.decompressor?.decompress(packed, target));
}

/** Packed size and plain size stand before the packed bytes. */
function packedSection(container: Container, section: LazySection, stored: Uint8Array) {
  if (container.decompressor === null) {
    throw damaged(container, 'a section is packed, but the file is not', section.offset);
  }
  if (stored.length < 8) throw damaged(container, 'a packed section has no sizes', section.offset);
  const view = new DataView(stored.buffer, stored.byteOffset, 8);
  const packedBytes = view.getUint32(0, container.littleEndian);
  const plainBytes = view.getUint32(4, container.littleEndian);
  if (packedBytes > stored.length - 8) {
    throw damaged(
      container,
      `a section of ${stored.length} bytes claims ${packedBytes} packed bytes`,
      section.offset,
    );
  }
  checkSize(container, section, plainBytes);
  return { packed: stored.subarray(8, 8 + packedBytes), target: new Uint8Array(plainBytes) };
}

function checkSize(container: Container, section: LazySection, bytes: number): void {
  if (bytes <= blockBytesMax) return;
  const message = `a section wants ${bytes} bytes of memory`;
  throw traceError('E_TRACE_LIMIT', message, container.source.name, section.offset);
}

function checkedSection(
  container: Container,
  section: LazySection,
  target: Uint8Array,
  got: unknown,
): Uint8Array {
  if (got === target.length) return target;
  throw damagedBlock(container.source.name, section.offset, target.length, Number(got ?? -1));
}

async function readSectionHeader(container: Container, offset: number): Promise<Section> {
  const cursor = new SourceCursor(container.source, container.littleEndian);
  cursor.seek(offset);
  await cursor.need(sectionHeaderBytes, 'a section header');
  const id = cursor.u16();
  const flags = cursor.u16();
  cursor.u32();
  const start = offset + sectionHeaderBytes;
  const size = cursor.size64('the size of a section', container.source.size - start);
  return { id, packed: (flags & flagPacked) !== 0, offset: start, size, sizePrefix: 0 };
}

async function sectionCursor(container: Container, section: LazySection): Promise<SourceCursor> {
  const bytes = await sectionBytes(container, section);
  return new SourceCursor(bytesSource(container.source.name, bytes), container.littleEndian, section.offset);
}

/** Returns where the next options section is; 0: there is none. */
async function readOptionsSection(container: Container, offset: number): Promise<number> {
  const section = await readSectionHeader(container, offset);
  if (section.id !== OptionId.done) throw damaged(container, 'an options section is expected here', offset);
  const cursor = await sectionCursor(container, section);
  while (cursor.remaining >= 6) {
    await cursor.need(6, 'an option');
    const id = cursor.u16();
    const size = cursor.u32();
    await cursor.need(size, `the data of option ${id}`);
    const data = cursor.bytes(size);
    if (id === OptionId.done) {
      return size >= 8 ? Number(view64(data, container.littleEndian)) : 0;
    }
    await readOption(container, id, data, section.offset);
  }
  return 0;
}

async function readOption(container: Container, id: number, data: Uint8Array, where: number): Promise<void> {
  const pointed = async (): Promise<Section> => {
    const offset = data.length >= 8 ? view64(data, container.littleEndian) : 0n;
    if (offset <= 0n || offset > BigInt(container.source.size)) {
      throw damaged(container, `option ${id} points to byte ${offset}, outside of the file`, where);
    }
    return readSectionHeader(container, Number(offset));
  };
  switch (id) {
    case OptionId.headerInfo: {
      const info = await readHeaderInfo(await sectionCursor(container, await pointed()));
      container.headerPage = info.headerPage;
      container.headerEvent = info.headerEvent;
      return;
    }
    case OptionId.ftraceEvents:
      return readFtraceFormats(await sectionCursor(container, await pointed()), container.formats);
    case OptionId.eventFormats:
      return readEventFormats(await sectionCursor(container, await pointed()), container.formats);
    case OptionId.kallsyms:
      container.kallsyms = { ...(await pointed()), sizePrefix: 4 };
      return;
    case OptionId.printk:
      container.printk = await sizedBytes(
        await sectionCursor(container, await pointed()),
        4,
        'printk formats',
      );
      return;
    case OptionId.cmdlines:
      container.cmdlines = await sizedBytes(
        await sectionCursor(container, await pointed()),
        8,
        'saved names',
      );
      return;
    case OptionId.buffer:
      return readBufferOption(container, data, await pointed(), where);
    case OptionId.bufferText: {
      const section = await pointed();
      const cursor = new SourceCursor(
        bytesSource(container.source.name, data),
        container.littleEndian,
        where,
      );
      cursor.seek(8);
      container.latency.push({ name: await cursor.cString('the name of an instance'), section });
      return;
    }
    case OptionId.cpuCount:
      if (data.length >= 4) {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        container.cpuCount = checkedCpuCount(container, view.getUint32(0, container.littleEndian), where);
      }
      return;
    default:
      applyOption(container.options, id, data, container.littleEndian);
  }
}

/** BUFFER: offset, name, clock, sub-buffer size, count, then CPU number, offset and size for each. */
async function readBufferOption(
  container: Container,
  data: Uint8Array,
  section: Section,
  where: number,
): Promise<void> {
  const cursor = new SourceCursor(bytesSource(container.source.name, data), container.littleEndian, where);
  cursor.seek(8);
  const name = await cursor.cString('the name of an instance');
  const clock = await cursor.cString('the clock of an instance');
  await cursor.need(8, 'an instance');
  const pageBytes = cursor.u32();
  const count = checkedCpuCount(container, cursor.u32(), where);
  await cursor.need(count * 20, 'the CPUs of an instance');
  const cpus: CpuData[] = [];
  for (let i = 0; i < count; i++) {
    const cpu = cursor.u32();
    const offset = cursor.u64();
    const size = cursor.u64();
    cpus.push(cpuData(container, cpu, offset, size, where));
  }
  const buffer: BufferData = { name, clock, pageBytes, cpus, packed: section.packed };
  container.buffers.push(buffer);
}

export function checkedCpuCount(container: Container, count: number, where: number): number {
  if (count <= cpuMax) return count;
  throw damaged(container, `the file claims ${count} CPUs`, where);
}

function view64(data: Uint8Array, littleEndian: boolean): bigint {
  return new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, littleEndian);
}

function damaged(container: Container, message: string, offset: number) {
  return traceError('E_TRACE_DAMAGED', message, container.source.name, offset);
}

/**
 * A way to a section's content that is fetched at the first call, where the source can be read without waiting;
 * otherwise it is fetched now.
 */
export async function lazyBytes(container: Container, section: LazySection): Promise<() => Uint8Array> {
  const { readSync } = container.source;
  const content = (bytes: Uint8Array) => bytes.subarray(section.sizePrefix);
  if (readSync === undefined || (section.packed && container.compression !== 'zstd')) {
    const bytes = content(await sectionBytes(container, section));
    return () => bytes;
  }
  let bytes: Uint8Array | undefined;
  return () => {
    bytes ??= content(sectionBytesSync(container, section));
    return bytes;
  };
}

/** The head of a trace.dat file: magic, version, byte order, sizes; then version 6 or 7. */

import { traceError } from '../trace-error.ts';
import type { ByteSource } from '../trace-reader.ts';
import { decompressorFor } from './compression.ts';
import { type Container, emptyOptions, FormatTexts } from './container.ts';
import { readVersion6 } from './container-v6.ts';
import { readSections } from './container-v7.ts';
import { SourceCursor } from './source-cursor.ts';

/** 0x17 0x08 0x44 "tracing". */
export const magic: Uint8Array = Uint8Array.of(0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67);

export function hasMagic(head: Uint8Array): boolean {
  return head.length >= magic.length && magic.every((byte, i) => head[i] === byte);
}

/** Reads all but the events. */
export async function readContainer(source: ByteSource): Promise<Container> {
  const cursor = new SourceCursor(source);
  await cursor.need(magic.length, 'the head of the file');
  cursor.bytes(magic.length);
  const version = await cursor.cString('the version', 16);
  if (version !== '6' && version !== '7') {
    throw traceError(
      'E_TRACE_VERSION',
      `is trace.dat version "${version}"; drainlab reads 6 and 7`,
      source.name,
      10,
    );
  }
  await cursor.need(6, 'the head of the file');
  const order = cursor.u8();
  const longBytes = cursor.u8();
  if (order > 1 || (longBytes !== 4 && longBytes !== 8)) {
    throw traceError(
      'E_TRACE_DAMAGED',
      `byte order ${order} and long size ${longBytes} do not exist`,
      source.name,
      12,
    );
  }
  cursor.littleEndian = order === 0;
  const pageBytes = cursor.u32();
  let compression = 'none';
  let sectionsAt = 0;
  if (version === '7') {
    const at = cursor.offset;
    compression = await cursor.cString('the name of the compression', 64);
    await cursor.cString('the version of the compression', 64);
    await cursor.need(8, 'the place of the options');
    sectionsAt = cursor.size64('the place of the options', source.size);
    if (sectionsAt === 0) {
      throw traceError(
        'E_TRACE_TRUNCATED',
        'has no options section: the recording was not finished',
        source.name,
        at,
      );
    }
  }
  const container: Container = {
    source,
    version: version === '6' ? 6 : 7,
    littleEndian: cursor.littleEndian,
    longBytes,
    pageBytes,
    compression,
    decompressor: await decompressorFor(compression, source.name, 0),
    headerPage: new Uint8Array(0),
    headerEvent: new Uint8Array(0),
    formats: new FormatTexts(),
    kallsyms: null,
    printk: new Uint8Array(0),
    cmdlines: new Uint8Array(0),
    cpuCount: 0,
    buffers: [],
    latency: [],
    options: emptyOptions(),
  };
  try {
    if (version === '7') await readSections(container, sectionsAt);
    else await readVersion6(container, cursor);
  } catch (error) {
    container.decompressor?.close();
    throw error;
  }
  return container;
}

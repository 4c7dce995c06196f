/** The parts that versions 6 and 7 share: header pages, event formats. Each reads from a cursor that stands at its start. */

import { traceError } from '../trace-error.ts';
import type { FormatTexts } from './container.ts';
import type { SourceCursor } from './source-cursor.ts';

/** More than any kernel has; a count beyond it is damage, found before anything is allocated. */
const systemsMax = 1 << 16;
const eventsMax = 1 << 20;
/** Largest format text and largest table of names. */
const textBytesMax = 64 << 20;

/** `header_page\0`, size, text, `header_event\0`, size, text. */
export async function readHeaderInfo(
  cursor: SourceCursor,
): Promise<{ headerPage: Uint8Array; headerEvent: Uint8Array }> {
  await expectText(cursor, 'header_page');
  const headerPage = await sizedText(cursor, 'header_page');
  await expectText(cursor, 'header_event');
  const headerEvent = await sizedText(cursor, 'header_event');
  return { headerPage, headerEvent };
}

/** Formats of the `ftrace` system: count, then size and text of each. */
export async function readFtraceFormats(cursor: SourceCursor, into: FormatTexts): Promise<void> {
  const count = await readCount(cursor, 'the number of ftrace formats', eventsMax);
  await readFormats(cursor, 'ftrace', count, into);
}

/** Formats of all other systems: count of systems; for each its name, count, then size and text of each event. */
export async function readEventFormats(cursor: SourceCursor, into: FormatTexts): Promise<void> {
  const systems = await readCount(cursor, 'the number of event systems', systemsMax);
  for (let s = 0; s < systems; s++) {
    const system = await cursor.cString('the name of an event system');
    const count = await readCount(cursor, `the number of ${system} events`, eventsMax);
    await readFormats(cursor, system, count, into);
  }
}

/** A kernel has two thousand formats of one KiB: wait only where the cursor's window ends. */
async function readFormats(
  cursor: SourceCursor,
  system: string,
  count: number,
  into: FormatTexts,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (!cursor.has(8)) await cursor.need(8, 'the size of a format');
    const size = cursor.size64('the size of a format', Math.min(textBytesMax, cursor.remaining - 8));
    if (!cursor.has(size)) await cursor.need(size, 'a format');
    const start = cursor.skip(size);
    into.add(system, cursor.window, start, start + size);
  }
}

/** Bytes that follow their own size, of 4 or 8 bytes. */
export async function sizedBytes(cursor: SourceCursor, sizeBytes: 4 | 8, what: string): Promise<Uint8Array> {
  await cursor.need(sizeBytes, `the size of ${what}`);
  const limit = Math.min(textBytesMax, cursor.remaining - sizeBytes);
  const offset = cursor.offset;
  const size = sizeBytes === 4 ? cursor.u32() : cursor.size64(`the size of ${what}`, limit);
  if (size > limit) {
    throw traceError(
      'E_TRACE_DAMAGED',
      `the size of ${what} is ${size}, but only ${limit} bytes can follow`,
      cursor.source.name,
      cursor.fileOffset + offset,
    );
  }
  await cursor.need(size, what);
  return cursor.bytes(size);
}

async function sizedText(cursor: SourceCursor, what: string): Promise<Uint8Array> {
  return sizedBytes(cursor, 8, what);
}

async function readCount(cursor: SourceCursor, what: string, limit: number): Promise<number> {
  await cursor.need(4, what);
  const offset = cursor.offset;
  const count = cursor.u32();
  if (count > limit) {
    throw traceError(
      'E_TRACE_DAMAGED',
      `${what} is ${count}`,
      cursor.source.name,
      cursor.fileOffset + offset,
    );
  }
  return count;
}

async function expectText(cursor: SourceCursor, text: string): Promise<void> {
  const offset = cursor.offset;
  const got = await cursor.cString(`"${text}"`, 64);
  if (got !== text) {
    throw traceError(
      'E_TRACE_DAMAGED',
      `"${text}" is expected here`,
      cursor.source.name,
      cursor.fileOffset + offset,
    );
  }
}

/** Where the bytes of a recording come from: an array or a browser's Blob. Files of Node: node-source.ts. */

import { traceError } from './trace-error.ts';
import type { ByteSource, ByteStream } from './trace-reader.ts';

/** A source over bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    readSync: (offset, target) => {
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
  };
}

/** A source over a Blob or File of the browser. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) =>
      new Uint8Array(await blob.slice(offset, Math.min(blob.size, offset + length)).arrayBuffer()),
  };
}

/** Exactly `length` bytes from `offset`; an error when the source ends before. */
export async function readExactly(
  source: ByteSource,
  offset: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  checkRange(source, offset, length, what);
  const bytes = await source.read(offset, length);
  if (bytes.length !== length) throw endedEarly(source, offset + bytes.length, what);
  return bytes;
}

/** Fills `target` from `offset`, without waiting where the source can. Returns a promise only when it must wait. */
export function fillExactly(
  source: ByteSource,
  offset: number,
  target: Uint8Array,
  what: string,
): Promise<void> | undefined {
  checkRange(source, offset, target.length, what);
  if (source.readSync === undefined) {
    return readExactly(source, offset, target.length, what).then((bytes) => target.set(bytes));
  }
  const count = source.readSync(offset, target);
  if (count !== target.length) throw endedEarly(source, offset + count, what);
  return undefined;
}

function checkRange(source: ByteSource, offset: number, length: number, what: string): void {
  if (offset >= 0 && length >= 0 && offset + length <= source.size) return;
  throw traceError(
    'E_TRACE_TRUNCATED',
    `${what} should take ${length} bytes from byte ${offset}, but the file has ${source.size} bytes`,
    source.name,
    Math.min(offset, source.size),
  );
}

function endedEarly(source: ByteSource, offset: number, what: string) {
  return traceError('E_TRACE_TRUNCATED', `the file ends inside ${what}`, source.name, offset);
}

/** Bytes of one step of `sourceStream`. */
const stepBytes = 1 << 20;

/** A source read from its beginning to its end. */
export function sourceStream(source: ByteSource): ByteStream {
  return {
    name: source.name,
    size: source.size,
    chunks: async function* () {
      for (let at = 0; at < source.size; ) {
        const bytes = await source.read(at, Math.min(stepBytes, source.size - at));
        if (bytes.length === 0) return;
        at += bytes.length;
        yield bytes;
      }
    },
  };
}

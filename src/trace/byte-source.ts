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

/** A look into a Blob takes the better part of a millisecond, however small it is: it is read in blocks of this size. */
const blobBlockBytes = 1 << 18;
/** Blocks that are kept: a recording is read in as many places as it has CPUs. 64 MB. */
const blobBlocksMax = 256;

/** A source over a Blob or File of the browser. */
export function blobSource(name: string, blob: Blob): ByteSource {
  const blocks = new Map<number, Promise<Uint8Array>>();
  const part = async (from: number, to: number) =>
    new Uint8Array(await blob.slice(from, Math.min(blob.size, to)).arrayBuffer());
  const block = (index: number): Promise<Uint8Array> => {
    const found = blocks.get(index) ?? part(index * blobBlockBytes, (index + 1) * blobBlockBytes);
    // What was used last goes last; a block that could not be read is not kept.
    blocks.delete(index);
    blocks.set(index, found);
    found.catch(() => blocks.delete(index));
    if (blocks.size > blobBlocksMax) blocks.delete(blocks.keys().next().value as number);
    return found;
  };
  return {
    name,
    size: blob.size,
    async read(offset, length) {
      const end = Math.min(blob.size, offset + length);
      if (end - offset >= blobBlockBytes) return part(offset, end);
      const bytes = new Uint8Array(Math.max(0, end - offset));
      for (let at = offset; at < end; ) {
        const index = Math.floor(at / blobBlockBytes);
        const from = at - index * blobBlockBytes;
        const piece = (await block(index)).subarray(from, Math.min(blobBlockBytes, from + end - at));
        if (piece.length === 0) break;
        bytes.set(piece, at - offset);
        at += piece.length;
      }
      return bytes;
    },
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

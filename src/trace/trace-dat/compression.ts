/**
 * The compression of a version 7 file: `none`, `zstd` or `zlib`, named in the file's header. Sizes are declared beside
 * each compressed block; a block that does not give exactly its declared size is damaged.
 */

import type { DrainlabError } from '../../base/errors.ts';
import { traceError } from '../trace-error.ts';
import { ZstdBlocks } from './zstd.ts';

/** The largest block that drainlab unpacks in one piece; trace-cmd writes chunks of 10 pages and sections of some MiB. */
export const blockBytesMax: number = 64 << 20;

export interface Decompressor {
  /** Unpacks `source` into `target`; returns the bytes that came out, -1 for damage. A promise only for codecs that must wait. */
  decompress(source: Uint8Array, target: Uint8Array): number | Promise<number>;
  close(): void;
}

/** The decompressor for `name`, or null for `none`. */
export async function decompressorFor(
  name: string,
  fileName: string,
  offset: number,
): Promise<Decompressor | null> {
  if (name === 'none') return null;
  if (name === 'zstd') return ZstdBlocks.create();
  if (name === 'zlib') return { decompress: inflate, close: () => undefined };
  throw traceError(
    'E_TRACE_COMPRESSION',
    `is compressed with "${name}", which is not known`,
    fileName,
    offset,
  );
}

/** One zlib block by the platform's own stream, stopped when it gives more than `target` holds. */
async function inflate(source: Uint8Array, target: Uint8Array): Promise<number> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  // A damaged block fails at the reader below; the writer's copy of that error says nothing new.
  const written = writer.write(Uint8Array.from(source)).then(
    () => writer.close(),
    () => undefined,
  );
  written.catch(() => undefined);
  const reader = stream.readable.getReader();
  let length = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return length;
      if (length + value.length > target.length) {
        await reader.cancel();
        return -1;
      }
      target.set(value, length);
      length += value.length;
    }
  } catch {
    return -1;
  }
}

export function damagedBlock(name: string, offset: number, expected: number, got: number): DrainlabError {
  const what = got < 0 ? 'cannot be unpacked' : `unpacks to ${got} bytes`;
  return traceError('E_TRACE_DAMAGED', `a compressed block of ${expected} bytes ${what}`, name, offset);
}

/**
 * Streams of compressed bytes as streams of plain bytes: gzip by the platform, xz and zstd by Wasm. Each holds one
 * window of the format and one chunk, whatever the size of the input, and runs in Node and in a browser.
 */

import xz from 'xz-decompress';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { traceError } from './trace-error.ts';
import { ZstdStream } from './zstd-stream.ts';

export type StreamCompression = 'none' | 'gzip' | 'xz' | 'zstd';

const magics: ReadonlyArray<[StreamCompression, readonly number[]]> = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/** By the first bytes of the input. */
export function compressionOf(head: Uint8Array): StreamCompression {
  for (const [name, magic] of magics) if (magic.every((byte, i) => head[i] === byte)) return name;
  return 'none';
}

/**
 * The plain bytes of `chunks`. Damage and an early end throw one DrainlabError that names the byte of the compressed
 * input about which it happened (`consumed`).
 */
export async function* decompressed(
  chunks: AsyncIterable<Uint8Array>,
  compression: StreamCompression,
  name: string,
  consumed: () => number,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') {
    yield* chunks;
    return;
  }
  // A failure of the input itself must not be taken for damage: it is remembered on its way through the decoder.
  let inputFailure: unknown;
  const watched = watch(chunks, (error) => {
    inputFailure = error;
  });
  try {
    if (compression === 'zstd') yield* new ZstdStream().decompress(watched);
    else yield* throughStream(watched, compression);
  } catch (error) {
    if (inputFailure !== undefined) throw inputFailure;
    throw damage(error, compression, name, consumed());
  }
}

async function* watch(
  chunks: AsyncIterable<Uint8Array>,
  onFailure: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) if (chunk.length > 0) yield chunk;
  } catch (error) {
    onFailure(error);
    throw error;
  }
}

async function* throughStream(
  chunks: AsyncGenerator<Uint8Array>,
  compression: 'gzip' | 'xz',
): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
  const plain: ReadableStream<Uint8Array> =
    compression === 'xz'
      ? new xz.XzReadableStream(source)
      : source.pipeThrough(new DecompressionStream('gzip'));
  const reader = plain.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function damage(error: unknown, compression: StreamCompression, name: string, offset: number): DrainlabError {
  const why = error instanceof Error ? error.message : String(error);
  // The decoder of xz has numbers only; 8 is XZ_BUF_ERROR: it needs bytes that are not there.
  const isCut = /unexpected end|incomplete|truncated|ended|error code 8$/i.test(why.replace(/\)$/, ''));
  return traceError(
    isCut ? 'E_TRACE_TRUNCATED' : 'E_TRACE_DAMAGED',
    isCut ? `the ${compression} data end too early` : `the ${compression} data are damaged (${why})`,
    name,
    offset,
  );
}

/** What a failing input throws, as one of our errors. */
export function inputError(error: unknown, name: string, offset: number): DrainlabError {
  if (error instanceof DrainlabError) return error;
  return new DrainlabError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    code: 'E_TRACE_READ',
    where: `${name}, byte ${offset}`,
    hint: 'Check the disk, or the program at the other end of the pipe.',
    exitCode: ExitCode.outside,
    cause: error,
  });
}

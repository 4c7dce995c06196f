/** The plain bytes of an archive, whatever it is packed with, up to a limit. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { DrainlabError } from '../../base/errors.ts';
import { compressionOf, decompressed } from '../../trace/decompress.ts';
import { archiveError } from './archive-error.ts';
import { XzFailure, XzProgram } from './xz-program.ts';

/** How xz is unpacked: by the program where it is installed, or always by Wasm. Both give the same bytes. */
export type XzBy = 'program' | 'wasm';

export interface PlainBytesOptions {
  readonly xzBy?: XzBy;
  /** Plain bytes after which the archive is given up. */
  readonly bytesMax?: number;
}

/** Far more than a sosreport with all its logs; a bomb of zeros is over after about a minute. */
const plainBytesMax = 16 * 2 ** 30;
const chunkBytes = 1 << 16;
/** gzip makes at most 1032 bytes of one, so that 16 MiB wait to be taken at most. */
const packedBytesMax = 1 << 14;

/** Throws E_ARCHIVE_* with what is wrong with the file at `path`. */
export async function* plainBytes(path: string, options: PlainBytesOptions = {}): AsyncGenerator<Uint8Array> {
  const file = openArchive(path);
  const bytesMax = options.bytesMax ?? plainBytesMax;
  let total = 0;
  try {
    for await (const chunk of unpacked(file, path, options.xzBy ?? 'program')) {
      total += chunk.length;
      if (total > bytesMax) {
        throw archiveError('E_ARCHIVE_LIMIT', `it unpacks to more than ${bytesMax / 2 ** 30} GiB`, path);
      }
      yield chunk;
    }
  } finally {
    closeSync(file);
  }
}

async function* unpacked(file: number, path: string, xzBy: XzBy): AsyncGenerator<Uint8Array> {
  const head = new Uint8Array(6);
  const headBytes = readAt(file, head, 0, path);
  if (headBytes === 0) throw archiveError('E_ARCHIVE_TRUNCATED', 'the file is empty', path);
  const compression = compressionOf(head);
  if (compression === 'none') refuseOthers(head, path);
  const reader = new FileChunks(file, path);
  try {
    if (compression === 'xz' && xzBy === 'program') {
      const program = await XzProgram.start(file);
      if (program !== null) {
        yield* program.bytes();
        return;
      }
    }
    // The platform's stream for browsers, which decompressed() takes, holds three times the memory of zlib and is half as fast.
    if (compression === 'gzip') yield* gunzipped(reader.chunks());
    else yield* decompressed(reader.chunks(), compression, path, () => reader.consumed);
  } catch (error) {
    throw unpackingError(error, path);
  }
}

/** What came out before damage is given before the error is thrown; a stream in a pipe would drop it. */
async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  const plain: Uint8Array[] = [];
  let failure: unknown;
  let goOn = () => {};
  gunzip.on('data', (bytes: Uint8Array) => plain.push(bytes));
  gunzip.on('error', (error) => {
    failure = error;
    // A write that fails is not told of.
    goOn();
  });
  const ended = new Promise<void>((resolve) => gunzip.once('close', resolve));
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && failure === undefined; at += packedBytesMax) {
        const part = chunk.subarray(at, at + packedBytesMax);
        await new Promise<void>((resolve) => {
          goOn = resolve;
          gunzip.write(part, () => resolve());
        });
        yield* plain.splice(0);
      }
      if (failure !== undefined) break;
    }
    gunzip.end();
    await ended;
    yield* plain;
    if (failure !== undefined) throw failure;
  } finally {
    gunzip.destroy();
  }
}

/** Other packings by their first bytes, so that the message can name them. */
function refuseOthers(head: Uint8Array, path: string): void {
  const others: ReadonlyArray<[string, readonly number[]]> = [
    ['bzip2', [0x42, 0x5a, 0x68]],
    ['zip', [0x50, 0x4b, 0x03, 0x04]],
    ['7z', [0x37, 0x7a, 0xbc, 0xaf]],
    ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
    ['an encrypted message (GnuPG)', [0x8c, 0x0d, 0x04]],
  ];
  const found = others.find(([, magic]) => magic.every((byte, i) => head[i] === byte));
  if (found !== undefined)
    throw archiveError('E_ARCHIVE_FORMAT', `it is ${found[0]}, which is not read`, path);
}

class FileChunks {
  consumed = 0;
  readonly #file: number;
  readonly #path: string;

  constructor(file: number, path: string) {
    this.#file = file;
    this.#path = path;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes);
      const length = readAt(this.#file, chunk, this.consumed, this.#path);
      if (length === 0) return;
      this.consumed += length;
      yield chunk.subarray(0, length);
    }
  }
}

function openArchive(path: string): number {
  let file: number;
  try {
    // A pipe must not make us wait for its other end.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw archiveError('E_ARCHIVE_READ', `cannot be opened: ${(cause as Error).message}`, path, cause);
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw archiveError('E_ARCHIVE_READ', 'is not a regular file', path);
}

function readAt(file: number, target: Uint8Array, position: number, path: string): number {
  try {
    return readSync(file, target, 0, target.length, position);
  } catch (cause) {
    throw archiveError('E_ARCHIVE_READ', `cannot be read: ${(cause as Error).message}`, path, cause);
  }
}

function unpackingError(error: unknown, path: string): unknown {
  if (error instanceof XzFailure) {
    if (error.isSignal) return archiveError('E_ARCHIVE_READ', `xz was ${error.message}`, path, error);
    if (/unexpected end/i.test(error.message)) return cut(path, 'xz', error);
    const isLimit = /memory usage limit/i.test(error.message);
    return archiveError(
      isLimit ? 'E_ARCHIVE_LIMIT' : 'E_ARCHIVE_DAMAGED',
      isLimit ? 'it needs more than 160 MiB of memory to be unpacked' : 'the xz data are damaged',
      path,
      error,
    );
  }
  if (!(error instanceof DrainlabError)) return gunzipError(error, path);
  const compression = /^the (\w+) data/.exec(error.message)?.[1] ?? '';
  if (error.code === 'E_TRACE_TRUNCATED') return cut(path, compression, error);
  if (error.code === 'E_TRACE_DAMAGED') {
    return archiveError('E_ARCHIVE_DAMAGED', `the ${compression} data are damaged`, path, error);
  }
  return error;
}

function gunzipError(error: unknown, path: string): unknown {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  if (!code.startsWith('Z_')) return error;
  if (/unexpected end/i.test(message)) return cut(path, 'gzip', error);
  return archiveError('E_ARCHIVE_DAMAGED', 'the gzip data are damaged', path, error);
}

function cut(path: string, compression: string, cause: unknown): DrainlabError {
  return archiveError('E_ARCHIVE_TRUNCATED', `the ${compression} data end too early`, path, cause);
}

/** Node's files and standard input as sources, and a thread that unpacks ahead of the reader. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import { type OpenOptions, openTrace } from './index.ts';
import type { UnpackOrder } from './node-unpack-worker.ts';
import { makeSlots, type PackedLane, TakenAhead, type UnpackAhead } from './trace-dat/unpack-ahead.ts';
import type { ByteSource, ByteStream, TraceReader } from './trace-reader.ts';

/** A file by its path. Directories, missing files and missing rights are errors from outside (exit code 4). */
export function fileSource(path: string): ByteSource {
  const source = descriptorSource(path, openFile(path));
  return { ...source, unpackAhead: (lanes, littleEndian) => unpackAhead(path, lanes, littleEndian) };
}

/** null where there is no second core to run it, or drainlab itself runs from its TypeScript sources. */
function unpackAhead(path: string, lanes: readonly PackedLane[], littleEndian: boolean): UnpackAhead | null {
  if (availableParallelism() < 2 || import.meta.url.endsWith('.ts')) return null;
  const shared = makeSlots(lanes);
  const workerData: UnpackOrder = { path, littleEndian, lanes, shared };
  // Loaders that the main thread was started with are not the helper's.
  const worker = new Worker(new URL('./node-unpack-worker.js', import.meta.url), {
    workerData,
    execArgv: [],
  });
  // A helper that fails is no trouble: the reader unpacks what it leaves.
  worker.on('error', () => undefined);
  worker.unref();
  return new TakenAhead(lanes, shared, () => void worker.terminate());
}

function descriptorSource(path: string, file: number): ByteSource {
  const stat = fstatSync(file);
  if (!stat.isFile()) {
    closeSync(file);
    throw new DrainlabError(stat.isDirectory() ? 'is a directory' : 'is not a regular file', {
      code: 'E_TRACE_NOT_A_FILE',
      where: path,
      hint: 'Name the file itself; a pipe is read with `-` as the name.',
    });
  }
  const readInto = (offset: number, target: Uint8Array): number => {
    let done = 0;
    while (done < target.length) {
      const count = readSync(file, target, done, target.length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  };
  return {
    name: path,
    size: stat.size,
    read: async (offset, length) => {
      const target = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)));
      return target.subarray(0, readInto(offset, target));
    },
    readSync: readInto,
    close: async () => closeSync(file),
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ENOENT';
    throw new DrainlabError(missing ? 'there is no such file' : `cannot be opened: ${String(cause)}`, {
      code: missing ? 'E_TRACE_NO_FILE' : 'E_TRACE_OPEN',
      where: path,
      hint: missing ? 'Check the name.' : 'Check the rights of the file.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}

/** Standard input, which can be read once. */
export function stdinStream(): ByteStream {
  return { name: 'standard input', size: null, chunks: () => process.stdin };
}

/** Opens a recording by path; `-` is standard input. */
export async function openTraceFile(path: string, options: OpenOptions = {}): Promise<TraceReader> {
  if (path === '-' && !fstatSync(process.stdin.fd).isFile()) return openTrace(stdinStream(), options);
  // `drainlab trace info - < trace.dat`: a file after all, so any place of it can be read.
  const source = path === '-' ? descriptorSource('standard input', process.stdin.fd) : fileSource(path);
  try {
    return await openTrace(source, options);
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

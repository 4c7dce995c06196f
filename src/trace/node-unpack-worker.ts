/** Thread that unpacks the chunks of a trace.dat ahead of the reader; node-source.ts starts it. */

import { closeSync, openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type PackedLane, type SharedSlots, unpackLanes } from './trace-dat/unpack-ahead.ts';
import { ZstdBlocks } from './trace-dat/zstd.ts';

/** What the worker is told. */
export interface UnpackOrder {
  readonly path: string;
  readonly littleEndian: boolean;
  readonly lanes: readonly PackedLane[];
  readonly shared: SharedSlots;
}

const { path, littleEndian, lanes, shared } = workerData as UnpackOrder;
const file = openSync(path, 'r');
const zstd = await ZstdBlocks.create();
unpackLanes(lanes, shared, {
  littleEndian,
  read: (offset, target) => readSync(file, target, 0, target.length, offset),
  decompress: (source, target) => zstd.decompress(source, target),
});
zstd.close();
closeSync(file);

/** The thread that unpacks ahead gives the bytes that the reader's own codec gives. Threads need the built dist/. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/trace/trace-reader.ts';
import { shippedRecordings } from '../recordings.ts';

const dist = join(import.meta.dirname, '../../dist');
const isBuilt = existsSync(join(dist, 'trace/node-source.js'));
const built = (file: string) => import(pathToFileURL(join(dist, 'trace', file)).href);

/** Place and sizes of each chunk of a CPU's data. */
function chunksOf(source: ByteSource, offset: number): Array<{ at: number; packed: number; plain: number }> {
  const number32 = (at: number) => {
    const bytes = new Uint8Array(4);
    source.readSync?.(at, bytes);
    return new DataView(bytes.buffer).getUint32(0, true);
  };
  const chunks: Array<{ at: number; packed: number; plain: number }> = [];
  for (let at = offset + 4, left = number32(offset); left > 0; left--) {
    chunks.push({ at: at + 8, packed: number32(at), plain: number32(at + 4) });
    at += 8 + number32(at);
  }
  return chunks;
}

describe('with a second thread', () => {
  it.skipIf(!isBuilt)(
    `chunks of a recording come out the same${isBuilt ? '' : ': skipped, run npm run build first'}`,
    async () => {
      const { fileSource } = (await built(
        'node-source.js',
      )) as typeof import('../../src/trace/node-source.ts');
      const { readContainer } = (await built(
        'trace-dat/read-container.js',
      )) as typeof import('../../src/trace/trace-dat/read-container.ts');
      const source = fileSource(join(shippedRecordings, 'patched-everyone/trace.dat'));
      const { buffers, decompressor } = await readContainer(source);
      const cpus = buffers[0].cpus.filter(({ size }) => size > 0);
      const lanes = cpus.map(({ offset, size }) => ({ offset, end: offset + 4 + size, slotBytes: 1 << 18 }));
      const ahead = source.unpackAhead?.(lanes, true);
      if (!ahead) return expect(ahead, 'one core only').toBeNull();
      // Time for the thread to fill its slots, so that it is known to take part.
      await setTimeout(1000);
      let takenAhead = 0;
      for (const [lane, { offset }] of cpus.entries()) {
        for (const [number, { at, packed, plain }] of chunksOf(source, offset).entries()) {
          const target = new Uint8Array(1 << 18);
          const count = ahead.take(lane, number, target);
          if (count < 0) continue;
          const own = new Uint8Array(plain);
          expect(await decompressor?.decompress(await source.read(at, packed), own)).toBe(plain);
          expect(Buffer.compare(own, target.subarray(0, count))).toBe(0);
          takenAhead++;
        }
      }
      ahead.close();
      await source.close?.();
      expect(takenAhead).toBeGreaterThanOrEqual(cpus.length);
    },
  );
});

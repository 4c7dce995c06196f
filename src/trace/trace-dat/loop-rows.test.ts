import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shippedRecordings } from '../../../test/recordings.ts';
import type { EventBlock } from '../../engine/input/event-log.ts';
import { openTraceFile } from '../node-source.ts';

const recordings = readdirSync(shippedRecordings, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(shippedRecordings, entry.name, 'trace.dat')))
  .map(({ name }) => name);

/** A number for each row that depends on all columns of the page events. */
async function rowHashes(path: string, withWebAssembly: boolean): Promise<number[]> {
  const reader = await openTraceFile(path);
  const { WebAssembly: kept } = globalThis;
  const hashes: number[] = [];
  if (!withWebAssembly) Reflect.set(globalThis, 'WebAssembly', undefined);
  try {
    await reader.readRows((block: EventBlock) => {
      for (let i = 0; i < block.length; i++) {
        const isPageEvent = block.kind[i] <= 6;
        const values = [block.timeNs[i], block.cpu[i], block.kind[i], block.pid[i]];
        if (isPageEvent) values.push(block.pfn[i]);
        if (block.kind[i] === 1) values.push(block.order[i], block.a[i], block.b[i]);
        if (block.kind[i] === 2) values.push(block.order[i], block.a[i], block.b[i]);
        if (block.kind[i] === 7) values.push(block.a[i], block.b[i], block.c[i]);
        hashes.push(values.reduce((hash, value) => Math.imul(hash ^ (value | 0), 0x01000193), 7));
      }
    });
  } finally {
    Reflect.set(globalThis, 'WebAssembly', kept);
  }
  await reader.close();
  return hashes;
}

describe('the WebAssembly loop', () => {
  test.each(recordings)('gives the same rows of %s as the plain way', async (name) => {
    const path = join(shippedRecordings, name, 'trace.dat');
    const fast = await rowHashes(path, true);
    expect(fast.length).toBeGreaterThan(10_000);
    expect(fast).toEqual(await rowHashes(path, false));
  });
});

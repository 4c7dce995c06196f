import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compressionOf, decompressed } from './decompress.ts';

const seeds = new URL('../../test/fuzz/seeds/', import.meta.url);
const plain = readFileSync(new URL('trace-pipe.txt', seeds));
const packed = {
  gzip: new Uint8Array(gzipSync(plain)),
  xz: new Uint8Array(readFileSync(new URL('trace-pipe.txt.xz', seeds))),
  zstd: new Uint8Array(readFileSync(new URL('trace-pipe.txt.zst', seeds))),
} as const;
type Packing = keyof typeof packed;
const packings = Object.keys(packed) as Packing[];

async function unpack(bytes: Uint8Array, packing: Packing, chunkBytes: number): Promise<Buffer> {
  let consumed = 0;
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const chunk = bytes.slice(at, at + chunkBytes);
      consumed += chunk.length;
      yield chunk;
    }
  }
  const parts: Uint8Array[] = [];
  for await (const part of decompressed(chunks(), packing, 'x', () => consumed)) parts.push(part);
  return Buffer.concat(parts);
}

describe.each(packings)('%s', (packing) => {
  test('is told by its first bytes', () => {
    expect(compressionOf(packed[packing])).toBe(packing);
    expect(compressionOf(plain)).toBe('none');
  });

  test('is unpacked to the same text however it is cut into chunks', async () => {
    for (const chunkBytes of [1, 7, 1000, 1 << 20]) {
      expect((await unpack(packed[packing], packing, chunkBytes)).equals(plain)).toBe(true);
    }
  });

  test('that ends too early is an error, wherever it is cut', async () => {
    for (const length of [20, 100, packed[packing].length >> 1, packed[packing].length - 1]) {
      await expect(unpack(packed[packing].subarray(0, length), packing, 64)).rejects.toMatchObject({
        name: 'DrainlabError',
        code: expect.stringMatching(/^E_TRACE_(TRUNCATED|DAMAGED)$/),
        where: expect.stringMatching(/^x, byte \d+$/),
      });
    }
  });

  test('that is damaged is an error or, where the format has no check, other bytes', async () => {
    const damaged = packed[packing].slice();
    damaged.fill(0x55, damaged.length >> 1, (damaged.length >> 1) + 40);
    const outcome = await unpack(damaged, packing, 1000).then(
      (bytes) => (bytes.equals(plain) ? 'the same bytes' : 'other bytes'),
      (error) => error.code,
    );
    expect(outcome).toMatch(/^(E_TRACE_DAMAGED|other bytes)$/);
  });
});

test('several zstd frames, gzip members and xz streams one after the other are one text', async () => {
  for (const packing of packings) {
    const twice = Buffer.concat([packed[packing], packed[packing]]);
    for (const chunkBytes of [333, 1 << 20]) {
      expect((await unpack(new Uint8Array(twice), packing, chunkBytes)).length).toBe(2 * plain.length);
    }
  }
});

test('zeros pad the streams of an xz file by fours; anything else behind one is damage, not dropped', async () => {
  const followedBy = (...bytes: number[]) => new Uint8Array(Buffer.concat([packed.xz, Buffer.from(bytes)]));
  for (const chunkBytes of [1, 1 << 20]) {
    expect((await unpack(followedBy(0, 0, 0, 0), 'xz', chunkBytes)).equals(plain)).toBe(true);
    await expect(unpack(followedBy(0, 0, 0), 'xz', chunkBytes)).rejects.toThrow('damaged');
    await expect(unpack(followedBy(0, ...packed.xz), 'xz', chunkBytes)).rejects.toThrow('damaged');
    await expect(unpack(followedBy(...Buffer.alloc(64, 'junk')), 'xz', chunkBytes)).rejects.toThrow(
      'damaged',
    );
  }
});

test('a failing input is its own error, not damage', async () => {
  async function* broken() {
    yield packed.gzip.slice(0, 100);
    throw new Error('the disk is gone');
  }
  const read = async () => {
    for await (const _ of decompressed(broken(), 'gzip', 'x', () => 100)) void _;
  };
  await expect(read()).rejects.toThrow('the disk is gone');
});

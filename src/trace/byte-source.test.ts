import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobSource } from './byte-source.ts';

/** Larger than two blocks of the source, each byte tells its place. */
const bytes = Uint8Array.from({ length: 700_001 }, (_, i) => (i * 31 + (i >> 8)) & 255);

describe('a source over a Blob', () => {
  it('gives the bytes of any range, across blocks and at the end', async () => {
    const source = blobSource('dropped', new Blob([bytes]));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length + 5), fc.nat(400_000), async (offset, length) => {
        const end = Math.min(bytes.length, offset + length);
        const read = await source.read(offset, length);
        expect(read.length).toBe(Math.max(0, end - offset));
        expect(Buffer.compare(read, bytes.subarray(Math.min(offset, end), end))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('looks into the Blob once for many small reads beside each other, and hands out copies', async () => {
    const blob = new Blob([bytes]);
    let looks = 0;
    const slice = blob.slice.bind(blob);
    blob.slice = (...range) => {
      looks++;
      return slice(...range);
    };
    const source = blobSource('dropped', blob);
    for (let at = 0; at < 200_000; at += 1000) {
      const read = await source.read(at, 1000);
      read.fill(0);
    }
    expect(looks).toBe(1);
    expect((await source.read(5, 1))[0]).toBe(bytes[5]);
  });
});

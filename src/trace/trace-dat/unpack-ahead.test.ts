import { describe, expect, it } from 'vitest';
import { type HelperTools, makeSlots, TakenAhead, unpackLanes } from './unpack-ahead.ts';

/** A file of one lane at offset 100; "packed" here is each byte plus one, and 0 is damage. */
function fileOf(chunks: readonly number[][]): { tools: HelperTools; end: number } {
  const bytes: number[] = [...new Array(100).fill(0)];
  const put32 = (value: number) => bytes.push(value & 255, (value >> 8) & 255, (value >> 16) & 255, 0);
  put32(chunks.length);
  for (const chunk of chunks) {
    put32(chunk.length);
    put32(chunk.length);
    bytes.push(...chunk.map((byte) => byte + 1));
  }
  const file = Uint8Array.from(bytes);
  const tools: HelperTools = {
    littleEndian: true,
    read(offset, target) {
      const part = file.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
    decompress(source, target) {
      if (source.includes(0)) return -1;
      for (let i = 0; i < source.length; i++) target[i] = source[i] - 1;
      return source.length;
    },
  };
  return { tools, end: file.length };
}

function setUp(chunks: readonly number[][], slotBytes = 8) {
  const { tools, end } = fileOf(chunks);
  const lanes = [{ offset: 100, end, slotBytes }];
  const shared = makeSlots(lanes);
  const taken = new TakenAhead(lanes, shared, () => undefined);
  const take = (chunk: number): number[] | null => {
    const target = new Uint8Array(8);
    const count = taken.take(0, chunk, target);
    return count < 0 ? null : [...target.subarray(0, count)];
  };
  return { take, help: () => unpackLanes(lanes, shared, tools) };
}

describe('chunks unpacked ahead', () => {
  it('are taken in order, with their bytes', () => {
    const { take, help } = setUp([[1, 2, 3], [4], [5, 6]]);
    help();
    expect([take(0), take(1), take(2)]).toEqual([[1, 2, 3], [4], [5, 6]]);
  });

  it('are left to the reader when nobody has begun them, and the helper goes on behind', () => {
    const { take, help } = setUp([[1, 2, 3], [4], [5, 6]]);
    expect(take(0)).toBeNull();
    help();
    expect([take(1), take(2)]).toEqual([[4], [5, 6]]);
  });

  it('are left to the reader when they are damaged, with all that follow', () => {
    const { take, help } = setUp([[1], [255], [3], [4]]);
    help();
    expect([take(0), take(1), take(2), take(3)]).toEqual([[1], null, null, null]);
  });

  it('are left to the reader when they do not fit into a slot', () => {
    const { take, help } = setUp([[1, 2, 3, 4, 5]], 4);
    help();
    expect(take(0)).toBeNull();
  });
});

/** A trace.dat of a latency tracer holds the text of the kernel's `trace` file instead of ring buffers. */

import { readExactly } from '../byte-source.ts';
import { traceError } from '../trace-error.ts';
import type { ByteStream } from '../trace-reader.ts';
import { blockBytesMax, damagedBlock } from './compression.ts';
import type { Container, LazySection } from './container.ts';

const stepBytes = 1 << 20;

/** The text of the first instance that has one; null when the file has events in ring buffers, or nothing at all. */
export function latencyText(container: Container): ByteStream | null {
  const { source, latency, buffers } = container;
  const hasEvents = buffers.some(({ cpus }) => cpus.some(({ size }) => size > 0));
  if (hasEvents || latency.length === 0) return null;
  const { section } = latency[0];
  return {
    name: source.name,
    size: section.size,
    chunks: () => (section.packed ? unpacked(container, section) : plain(container, section)),
  };
}

async function* plain({ source }: Container, { offset, size }: LazySection): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < offset + size; at += stepBytes) {
    yield await readExactly(source, at, Math.min(stepBytes, offset + size - at), 'the text of a tracer');
  }
}

/** Chunks as in the data of a CPU: their number, then each as packed size, plain size, bytes. */
async function* unpacked(container: Container, { offset }: LazySection): AsyncGenerator<Uint8Array> {
  const { source, decompressor, littleEndian } = container;
  const word = async (at: number) => {
    const bytes = await readExactly(source, at, 4, 'a chunk of text');
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, littleEndian);
  };
  const count = await word(offset);
  let at = offset + 4;
  for (let chunk = 0; chunk < count; chunk++) {
    const packedBytes = await word(at);
    const plainBytes = await word(at + 4);
    if (plainBytes > blockBytesMax) {
      throw traceError('E_TRACE_LIMIT', `a chunk wants ${plainBytes} bytes of memory`, source.name, at);
    }
    const packed = await readExactly(source, at + 8, packedBytes, 'a chunk of text');
    const target = new Uint8Array(plainBytes);
    const got = await decompressor?.decompress(packed, target);
    if (got !== plainBytes) throw damagedBlock(source.name, at, plainBytes, got ?? -1);
    yield target;
    at += 8 + packedBytes;
  }
}

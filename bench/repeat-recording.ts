/**
 * Makes a long recording from a short one: the sub-buffers of each CPU again and again, each time later by the length of
 * the original, so that time goes on. Reads and writes trace.dat version 6 of little-endian machines.
 *
 * usage: npx tsx bench/repeat-recording.ts SOURCE-V6.dat TARGET.dat TIMES
 */

import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fileSource, openTraceFile } from '../src/trace/node-source.ts';
import { readHeaderPage } from '../src/trace/trace-dat/header-page.ts';
import { readContainer } from '../src/trace/trace-dat/read-container.ts';

const label = new TextEncoder().encode('flyrecord\0');
/** Put between the end of one repetition and the beginning of the next. */
const gapNs = 1_000_000n;

/** Writes `target`; returns its size in bytes. */
export async function repeatRecording(sourcePath: string, target: string, times: number): Promise<number> {
  const source = fileSource(sourcePath);
  const container = await readContainer(source);
  const { headerBytes, dataBytes } = readHeaderPage(container);
  const pageBytes = headerBytes + dataBytes;
  const cpus = container.buffers[0].cpus;
  if (container.version !== 6 || container.buffers.length !== 1) {
    throw new Error('only a version 6 recording of one instance can be repeated');
  }
  const firstAt = Math.min(...cpus.filter(({ size }) => size > 0).map(({ offset }) => offset));
  const head = new Uint8Array(await source.read(0, firstAt));
  const table = indexOf(head, label) + label.length;
  const input = openSync(sourcePath, 'r');
  const output = openSync(target, 'w');
  const period = (await spanOf(sourcePath)) + gapNs;
  const view = new DataView(head.buffer);
  let at = firstAt;
  for (const { cpu, offset, size } of cpus) {
    const pages = new Uint8Array(size);
    readSync(input, pages, 0, size, offset);
    const stamps = new DataView(pages.buffer);
    view.setBigUint64(table + cpu * 16, BigInt(at), true);
    view.setBigUint64(table + cpu * 16 + 8, BigInt(size * times), true);
    for (let i = 0; i < times; i++) {
      writeSync(output, pages, 0, size, at);
      at += size;
      for (let page = 0; page < size; page += pageBytes) {
        shiftPage(stamps, page, headerBytes, period);
      }
    }
  }
  writeSync(output, head, 0, head.length, 0);
  closeSync(input);
  closeSync(output);
  await source.close?.();
  return at;
}

/** Moves a sub-buffer in time: its stamp, and the absolute stamps among its records. */
function shiftPage(view: DataView, page: number, headerBytes: number, period: bigint): void {
  view.setBigUint64(page, view.getBigUint64(page, true) + period, true);
  const end = page + headerBytes + (view.getUint32(page + 8, true) & 0x7ffffff);
  for (let at = page + headerBytes; at + 8 <= end; ) {
    const header = view.getUint32(at, true);
    const word = view.getUint32(at + 4, true);
    const type = header & 31;
    if (type === 31) {
      // 27 bits of the stamp stand in the header, 32 in the word behind.
      const stamp = ((BigInt(word) << 27n) | BigInt(header >>> 5)) + period;
      view.setUint32(at, Number((stamp & 0x7ffffffn) << 5n) + 31, true);
      view.setUint32(at + 4, Number((stamp >> 27n) & 0xffffffffn), true);
      at += 8;
    } else if (type === 30) {
      at += 8;
    } else if (type === 29 || type === 0) {
      at += 4 + ((word + 3) & ~3);
    } else {
      at += 4 + type * 4;
    }
  }
}

/** Time from the first event to the last. */
async function spanOf(path: string): Promise<bigint> {
  const reader = await openTraceFile(path);
  await reader.readRows(() => undefined);
  await reader.close();
  return BigInt(reader.diagnostics.lastNs);
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = bytes.length - part.length; at >= 0; at--) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  throw new Error('no table of CPU data found');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [source, target, times] = process.argv.slice(2);
  console.log(`${await repeatRecording(source, target, Number(times))} bytes`);
}

/**
 * Makes a long recording from a short one: the sub-buffers of each CPU again and again, each time later by the length of
 * the original, so that time goes on. Reads and writes trace.dat version 6 without absolute stamps in its events.
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
        stamps.setBigUint64(page, stamps.getBigUint64(page, true) + period, true);
      }
    }
  }
  writeSync(output, head, 0, head.length, 0);
  closeSync(input);
  closeSync(output);
  await source.close?.();
  return at;
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

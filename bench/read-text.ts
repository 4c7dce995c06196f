/**
 * How fast text is read: `readRows` on the text of a recording, against a loop of readline and regular expressions that takes
 * out the same fields, and against a bare search for newlines (the floor). All in one process and in turns, so that a busy
 * machine hurts all alike; the least processor time of each counts, and only ratios are meant to be compared.
 *
 * usage: npx tsx bench/read-text.ts [TEXT FILE] [--rounds N]     (without a file: text made from a shipped recording)
 */

import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openTrace } from '../src/trace/index.ts';
import { openTraceFile } from '../src/trace/node-source.ts';
import { shippedRecordings } from '../test/recordings.ts';

const chunkBytes = 1 << 18;

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = openSync(path, 'r');
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const length = readSync(file, chunk);
    if (length === 0) break;
    yield chunk.subarray(0, length);
  }
  closeSync(file);
}

/** Text of a shipped recording, in the form of `trace-cmd report -t`. */
async function makeText(path: string): Promise<void> {
  const file = openSync(path, 'w');
  const reader = await openTraceFile(join(shippedRecordings, '5.10-workers', 'trace.dat'));
  let lines = 'cpus=8\n';
  await reader.readEvents((event) => {
    const seconds = String(event.stamp).padStart(10, '0');
    const stamp = `${seconds.slice(0, -9)}.${seconds.slice(-9)}`.padStart(16);
    const cpu = String(event.cpu).padStart(3, '0');
    const name = `${event.name}:`.padEnd(21);
    lines += `${event.comm.padStart(16)}-${String(event.pid).padEnd(7)} [${cpu}] ${stamp}: ${name} ${event.printed()}\n`;
    if (lines.length > chunkBytes) {
      writeSync(file, lines);
      lines = '';
    }
  });
  writeSync(file, lines);
  closeSync(file);
}

/** Rows, and a sum over a column so that no work can be left out. */
async function byScan(path: string): Promise<string> {
  const reader = await openTrace({ name: path, size: null, chunks: () => chunksOf(path) });
  let rows = 0;
  let sum = 0;
  await reader.readRows((block) => {
    rows += block.length;
    for (let row = 0; row < block.length; row++) sum += block.timeNs[row] % 1024;
  });
  return `${rows} rows of ${reader.diagnostics.events} events, sum ${sum}`;
}

async function byLine(path: string): Promise<string> {
  const line = /^\s*(.+)-(\d+)\s+\[(\d+)\]\s+(?:\S+\s+)?(\d+)\.(\d+):\s+([\w.]+):\s*(.*)$/;
  const field = /(\w+)=(\S+)/g;
  let events = 0;
  let fields = 0;
  for await (const text of createInterface({
    input: createReadStream(path, { highWaterMark: chunkBytes }),
  })) {
    const match = line.exec(text);
    if (match === null) continue;
    events++;
    for (const [, , value] of match[7].matchAll(field)) if (Number(value) >= 0) fields++;
  }
  return `${events} events, ${fields} numbers`;
}

async function byNewline(path: string): Promise<string> {
  let lines = 0;
  for await (const chunk of chunksOf(path)) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return `${lines} lines`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
});
const folder = mkdtempSync(join(tmpdir(), 'drainlab-bench-'));
try {
  const path = positionals[0] ?? join(folder, 'report.txt');
  if (positionals.length === 0) await makeText(path);
  const megabytes = statSync(path).size / 1e6;
  const ways = {
    'drainlab readRows': byScan,
    'readline and regular expressions': byLine,
    'newlines only': byNewline,
  };
  const best = new Map<string, { ms: number; result: string }>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, way] of Object.entries(ways)) {
      const before = process.cpuUsage();
      const result = await way(path);
      const { user, system } = process.cpuUsage(before);
      const ms = (user + system) / 1000;
      if (ms < (best.get(name)?.ms ?? Number.POSITIVE_INFINITY)) best.set(name, { ms, result });
    }
  }
  const ours = best.get('drainlab readRows')?.ms ?? 1;
  console.log(`${megabytes.toFixed(1)} MB of text`);
  for (const [name, { ms, result }] of best) {
    const speed = (megabytes / ms) * 1000;
    console.log(
      `${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms ${speed.toFixed(0).padStart(6)} MB/s  ×${(ms / ours).toFixed(2)}  ${result}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Reads one recording as `drainlab replay` does and prints what it took, as JSON; a process of its own for each cold run.
 * What is measured is what users run: the built reader in dist/, with its second thread.
 *
 * usage: npx tsx bench/read-once.ts FILE [--hash]
 */

import { Kind } from '../src/engine/input/event-log.ts';

const built = new URL('../dist/trace/node-source.js', import.meta.url);
const { openTraceFile }: typeof import('../src/trace/node-source.ts') = await import(built.href);

const [path, flag] = process.argv.slice(2);
const withHash = flag === '--hash';
let hash = 0;
let rows = 0;
const mix = (value: number) => {
  // 64-bit values are folded to 32 bits; the order of rows counts.
  hash = Math.imul(hash ^ (value | 0) ^ ((value / 4294967296) | 0), 0x01000193);
};

const cpuBefore = process.cpuUsage();
const started = performance.now();
const reader = await openTraceFile(path);
await reader.readRows((block) => {
  rows += block.length;
  if (!withHash) return;
  for (let row = 0; row < block.length; row++) {
    mix(block.timeNs[row]);
    mix(block.cpu[row]);
    mix(block.kind[row]);
    mix(block.pid[row]);
    if (block.kind[row] <= Kind.pagePcpuDrain) mix(block.pfn[row]);
    if (block.kind[row] === Kind.pageAlloc) {
      mix(block.order[row]);
      mix(block.a[row]);
      mix(block.b[row]);
    }
  }
});
const seconds = (performance.now() - started) / 1000;
// Of all threads: V8 compiles beside.
const { user, system } = process.cpuUsage(cpuBefore);
const residentMiB = process.resourceUsage().maxRSS / 1024;
await reader.close();
console.log(
  JSON.stringify({
    events: reader.diagnostics.events,
    rows,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    residentMiB,
    ...(withHash ? { hash: (hash >>> 0).toString(16).padStart(8, '0') } : {}),
  }),
);

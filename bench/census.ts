/**
 * What a census costs: zoneinfo of a machine of 4,096 CPUs and 16 nodes parsed, its census made, and `drainlab census` of this host and
 * of that machine as whole processes against bare Node. Times alternate in one run; the best of each counts. Each line has a hash of
 * what was made, so that nobody makes it faster by changing it; that of this host changes with the host.
 *
 * usage: npx tsx bench/census.ts [--rounds N]
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { censusOf } from '../src/census/census-of.ts';
import { parseZoneinfo } from '../src/engine/input/zoneinfo.ts';
import { writeJson } from '../src/engine/report/write-json.ts';
import { readHostSnapshot } from '../src/snapshot/read-host-snapshot.ts';
import { largeZoneinfo } from '../test/large-zoneinfo.ts';
import { inTurns, type Measured, once } from './replay.ts';

const drainlab = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bin/drainlab.js');
const cpus = 4096;
const nodes = 16;

function timed(work: () => string): Measured {
  const started = performance.now();
  const made = work();
  const ms = performance.now() - started;
  return { ms, residentMiB: 0, hash: createHash('sha256').update(made).digest('hex').slice(0, 12) };
}

/** Without the hash, which takes longer than the work. */
function timedParse(text: string): Measured {
  const started = performance.now();
  const zones = parseZoneinfo(text);
  const ms = performance.now() - started;
  const hash = createHash('sha256');
  for (const zone of zones) {
    hash.update(`${zone.node} ${zone.name} ${zone.low} ${zone.startPfn}\n`);
    hash.update(zone.lists.column('count'));
  }
  return { ms, residentMiB: 0, hash: hash.digest('hex').slice(0, 12) };
}

function main(): void {
  const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 5;
  const text = Buffer.from(largeZoneinfo(cpus, nodes)).toString('latin1');
  const folder = mkdtempSync(join(tmpdir(), 'drainlab-bench-'));
  writeFileSync(join(folder, 'zoneinfo'), text);
  const host = readHostSnapshot(new Map([['proc/zoneinfo', text]]), 'large');
  const node = process.execPath;
  try {
    const result = inTurns(rounds, {
      'parse zoneinfo': () => timedParse(text),
      'census of it': () => timed(() => writeJson(censusOf(host))),
      'bare node': () => once(node, ['-e', '0'], false),
      'drainlab census': () => ({ ...once(node, [drainlab, 'census'], true), hash: '' }),
      'drainlab census, large': () => ({ ...once(node, [drainlab, 'census', folder], true), hash: '' }),
    });
    console.log(
      `${cpus} CPUs, ${nodes} nodes: ${(text.length / 1e6).toFixed(1)} MB of zoneinfo; best of ${rounds} in turns`,
    );
    for (const [name, { ms, residentMiB, hash }] of Object.entries(result)) {
      const resident = residentMiB === 0 ? '' : `${residentMiB.toFixed(0).padStart(5)} MiB`;
      console.log(`${name.padEnd(24)} ${ms.toFixed(1).padStart(7)} ms${resident}  ${hash}`);
    }
    const own = result['drainlab census'];
    console.log(`parse                    ${result['parse zoneinfo'].ms.toFixed(0)} ms (bar: below 60)`);
    console.log(
      `drainlab census          ${own.ms.toFixed(0)} ms, ${own.residentMiB.toFixed(0)} MiB (bar: below 150 ms and 80 MiB)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

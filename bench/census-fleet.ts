/**
 * How fast a thousand sosreports are surveyed: `drainlab census FOLDER` against `xz -dc` of the same files, one process a core, in
 * turns. Prints both times, their ratio, the peak memory of drainlab with all its processes, and a hash of the survey.
 *
 * usage: npx tsx bench/census-fleet.ts [--hosts 1000] [--log-bytes 4000000] [--rounds 2] [--main dist/cli/main.js]
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeFleet } from '../test/made-sosreports.ts';

interface Measured {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly output: string;
}

/** Runs a command in `folder`, looking at the memory of it and its children twenty times a second. */
function run(command: string, args: readonly string[], folder: string): Promise<Measured> {
  const start = performance.now();
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let peakBytes = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, child.pid === undefined ? 0 : residentBytes(child.pid));
  }, 50);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0) done({ seconds: (performance.now() - start) / 1000, peakBytes, output });
      else fail(new Error(`${command} ended with ${code}`));
    });
  });
}

/** Of the process and of all that its threads have started. Pages that they share count for each. */
function residentBytes(pid: number): number {
  try {
    const own =
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + residentBytes(Number(child)), own);
  } catch {
    // It has ended between two reads.
    return 0;
  }
}

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000' },
    'log-bytes': { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '2' },
    main: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'drainlab-fleet-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const hosts = Number(values.hosts);
const plainBytes = await makeFleet(folder, hosts, Number(values['log-bytes']));
const cores = availableParallelism();
const best = { xz: Number.POSITIVE_INFINITY, drainlab: Number.POSITIVE_INFINITY, peakBytes: 0, hash: '' };
for (let round = 0; round < Number(values.rounds); round++) {
  const unpack = `ls | xargs -P ${cores} -n 1 xz -dc > /dev/null`;
  best.xz = Math.min(best.xz, (await run('sh', ['-c', unpack], folder)).seconds);
  const { seconds, peakBytes, output } = await run(
    process.execPath,
    [resolve(values.main), 'census', '.', '--csv'],
    folder,
  );
  best.drainlab = Math.min(best.drainlab, seconds);
  best.peakBytes = Math.max(best.peakBytes, peakBytes);
  best.hash = createHash('sha256').update(output).digest('hex').slice(0, 12);
}
const rate = (seconds: number) => `${seconds.toFixed(2)} s, ${(plainBytes / 1e6 / seconds).toFixed(0)} MB/s`;
console.log(
  `${hosts} sosreports, ${(plainBytes / 1e6).toFixed(0)} MB unpacked, ${cores} cores, best of ${values.rounds}`,
);
console.log(`xz -dc on all cores   ${rate(best.xz)}`);
console.log(`drainlab census       ${rate(best.drainlab)}, ${(hosts / best.drainlab).toFixed(0)} hosts/s`);
console.log(`ratio                 ${(best.xz / best.drainlab).toFixed(2)} (1: the speed of xz)`);
console.log(`peak memory           ${(best.peakBytes / 1e6).toFixed(0)} MB with all processes`);
console.log(`survey                ${best.hash}`);

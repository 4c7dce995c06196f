/**
 * How fast a thousand sosreports are surveyed: `drainlab census FOLDER` against `xz -dc` of the same files, one process a core, in
 * turns. Prints both times, their ratio, the peak memory of drainlab with all its processes, and a hash of the survey.
 *
 * On a machine that does other work too, the processor time says more than the time that passes.
 *
 * usage: npx tsx bench/census-fleet.ts [--hosts 1000] [--log-bytes 4000000] [--rounds 2] [--main dist/cli/main.js]
 *        npx tsx bench/census-fleet.ts --folder FOLDER      (sosreports that are there already)
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
  readonly processorSeconds: number;
  readonly peakBytes: number;
  readonly output: string;
}

/** Runs a command in `folder`, looking at the memory of it and its children twenty times a second. */
function run(command: string, args: readonly string[], folder: string): Promise<Measured> {
  const start = performance.now();
  const before = childrenSeconds();
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
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) done({ seconds, processorSeconds: childrenSeconds() - before, peakBytes, output });
      else fail(new Error(`${command} ended with ${code}`));
    });
  });
}

/** Processor time of all processes that have ended (cutime and cstime of proc(5), in ticks of 10 ms). */
function childrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
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
    folder: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    main: { type: 'string', default: fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)) },
  },
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'drainlab-fleet-'));
if (values.folder === undefined) {
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGINT', () => process.exit(130));
  await makeFleet(folder, Number(values.hosts), Number(values['log-bytes']));
}
const cores = availableParallelism();
const unpack = `ls | xargs -P ${cores} -n 1 xz -dc > /dev/null`;
const size = await run('sh', ['-c', "xz --robot --list *.tar.xz | awk '/^totals/ { print $5 }'"], folder);
const xz: Measured[] = [];
const drainlab: Measured[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  xz.push(await run('sh', ['-c', unpack], folder));
  drainlab.push(await run(process.execPath, [resolve(values.main), 'census', '.', '--csv'], folder));
}
const best = (runs: readonly Measured[], key: 'seconds' | 'processorSeconds') =>
  Math.min(...runs.map((measured) => measured[key]));
const plainMegabytes = Number(size.output) / 1e6;
const line = (what: string, runs: readonly Measured[]) => {
  const seconds = best(runs, 'seconds');
  const rate = `${seconds.toFixed(2)} s, ${(plainMegabytes / seconds).toFixed(0)} MB/s`;
  console.log(`${what.padEnd(21)} ${rate}, ${best(runs, 'processorSeconds').toFixed(2)} s of processor time`);
};
const ratio = (key: 'seconds' | 'processorSeconds') => (best(xz, key) / best(drainlab, key)).toFixed(2);
const hosts = readdirSync(folder).length;
console.log(
  `${hosts} sosreports, ${plainMegabytes.toFixed(0)} MB unpacked, ${cores} cores, best of ${values.rounds}`,
);
line('xz -dc on all cores', xz);
line('drainlab census', drainlab);
console.log(
  `ratio                 ${ratio('seconds')} (1: the speed of xz), of processor time ${ratio('processorSeconds')}`,
);
console.log(
  `peak memory           ${(Math.max(...drainlab.map(({ peakBytes }) => peakBytes)) / 1e6).toFixed(0)} MB with all processes`,
);
console.log(
  `survey                ${createHash('sha256').update(drainlab[0].output).digest('hex').slice(0, 12)}`,
);

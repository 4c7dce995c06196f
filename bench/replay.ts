/**
 * What a user waits for, as whole processes: `drainlab replay` against `trace-cmd report` on one recording,
 * eight policies against one, and the start of `drainlab --help` against bare Node. Times alternate in one run, so
 * that a busy machine hurts both sides; the best of each counts, and only ratios are meant to be compared.
 *
 * usage: npx tsx bench/replay.ts [RECORDING] [--rounds N]
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordingPath, shippedRecordings } from '../test/recordings.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const drainlab = join(root, 'bin/drainlab.js');

export interface Measured {
  /** Best wall time of the whole process, milliseconds. */
  ms: number;
  /** Largest resident memory of the process, MiB; 0 where it was not measured. */
  residentMiB: number;
  /** SHA-256 of what it printed, first 12 digits. */
  hash: string;
}

/** Runs a process once; standard output is hashed. */
export function once(command: string, args: string[], toNull: boolean): Measured {
  const started = process.hrtime.bigint();
  const { status, stdout, stderr, resourceUsage } = run(command, args, toNull);
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  const hash = createHash('sha256')
    .update(stdout ?? '')
    .digest('hex')
    .slice(0, 12);
  return { ms, residentMiB: resourceUsage, hash };
}

/** Resident memory comes from GNU time or, without it, from the kernel's account of a shell's child. */
function run(command: string, args: string[], toNull: boolean) {
  const timed = existsSync('/usr/bin/time');
  const [file, list] = timed ? ['/usr/bin/time', ['-f', 'RSS %M', command, ...args]] : [command, args];
  const result = spawnSync(file, list, {
    stdio: ['ignore', toNull ? 'ignore' : 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  const stderr = String(result.stderr ?? '');
  const kib = /RSS (\d+)/.exec(stderr);
  return {
    status: result.status,
    stdout: result.stdout,
    stderr,
    resourceUsage: kib ? Number(kib[1]) / 1024 : 0,
  };
}

/** Measures several commands in turns; the best time and the largest memory of each. */
export function inTurns(rounds: number, commands: Record<string, () => Measured>): Record<string, Measured> {
  const best: Record<string, Measured> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(commands)) {
      const now = measure();
      const before = best[name];
      if (before && before.hash !== now.hash) throw new Error(`${name}: two runs printed different results`);
      best[name] = {
        ms: Math.min(now.ms, before?.ms ?? Infinity),
        residentMiB: Math.max(now.residentMiB, before?.residentMiB ?? 0),
        hash: now.hash,
      };
    }
  }
  return best;
}

/** All figures of this benchmark for one recording. */
export function benchReplay(folder: string, rounds: number): Record<string, Measured> {
  const trace = join(folder, 'trace.dat');
  const node = process.execPath;
  const haveTraceCmd = spawnSync('trace-cmd', ['--version']).error === undefined;
  return inTurns(rounds, {
    'bare node': () => once(node, ['-e', '0'], false),
    'drainlab --help': () => once(node, [drainlab, '--help'], false),
    'replay, eight policies': () => once(node, [drainlab, 'replay', folder, '--json'], false),
    'replay, one policy': () =>
      once(node, [drainlab, 'replay', folder, '--json', '--policy', 'everyone'], false),
    ...(haveTraceCmd ? { 'trace-cmd report': () => once('trace-cmd', ['report', '-i', trace], true) } : {}),
  });
}

function main(): void {
  const rounds = Number(process.argv[process.argv.indexOf('--rounds') + 1]) || 5;
  const named = process.argv
    .slice(2)
    .find((word, index, all) => !word.startsWith('--') && all[index - 1] !== '--rounds');
  const folder = named ?? recordingPath('6.1-oom') ?? join(shippedRecordings, 'patched-everyone');
  const result = benchReplay(folder, rounds);
  console.log(`recording ${folder}, best of ${rounds} in turns`);
  for (const [name, { ms, residentMiB, hash }] of Object.entries(result)) {
    console.log(
      `${name.padEnd(24)} ${ms.toFixed(0).padStart(6)} ms  ${residentMiB.toFixed(0).padStart(4)} MiB  ${hash}`,
    );
  }
  const report = result['trace-cmd report'];
  const eight = result['replay, eight policies'];
  if (report)
    console.log(`replay / trace-cmd report   1/${(report.ms / eight.ms).toFixed(1)}   (bar: at most 1/8)`);
  else console.log('trace-cmd is not here: bench/peers.sh installs it');
  console.log(
    `eight policies / one        ${(eight.ms / result['replay, one policy'].ms).toFixed(2)}   (bar: at most 1.3)`,
  );
  console.log(`resident                    ${eight.residentMiB.toFixed(0)} MiB (bar: below 300)`);
  const limit = 1.5 * result['bare node'].ms + 60;
  console.log(
    `drainlab --help             ${result['drainlab --help'].ms.toFixed(0)} ms (bar: 1.5 × bare node + 60 = ${limit.toFixed(0)} ms)`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

/**
 * Speed of reading a trace.dat, from open to the last event, cold (a process for each run), against libtracecmd's own loop in
 * C with a callback that only counts (bench/peers.sh builds it). Runs alternate, the best of each counts, and only ratios
 * of one run are meant to be compared. The hash shows that all forms of a recording give the same rows.
 *
 * usage: npx tsx bench/read-trace.ts [RECORDING.dat] [--rounds N] [--times N]
 *   --times N  also a recording N times as long (default 11, which makes 20 million events of 6.1-oom; 0: none)
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordingPath, shippedRecordings } from '../test/recordings.ts';
import { repeatRecording } from './repeat-recording.ts';

const here = dirname(fileURLToPath(import.meta.url));
const peers = join(here, 'peers/build');

interface Run {
  events: number;
  seconds: number;
  cpuSeconds?: number;
  hash?: string;
  residentMiB?: number;
}

export interface Comparison {
  form: string;
  events: number;
  hash: string;
  /** Best time, nanoseconds an event; the peer's null where it is not built. */
  ownNs: number;
  peerNs: number | null;
  /** Processor time of all threads, which a busy machine falsifies less. */
  ownCpuNs: number;
  peerCpuNs: number | null;
  residentMiB: number;
}

function run(command: string, args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

function readOnce(path: string, ...flags: string[]): Run {
  return run(process.execPath, ['--import', 'tsx', join(here, 'read-once.ts'), path, ...flags]);
}

/** Reads `path` in turns with the peer. */
export function compare(form: string, path: string, rounds: number): Comparison {
  const { hash = '', events } = readOnce(path, '--hash');
  const peer = join(peers, 'iterate');
  const hasPeer = existsSync(peer);
  const own = { seconds: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };
  const other = { seconds: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };
  const keepBest = (best: typeof own, { seconds, cpuSeconds = seconds }: Run) => {
    best.seconds = Math.min(best.seconds, seconds);
    best.cpu = Math.min(best.cpu, cpuSeconds);
  };
  let residentMiB = 0;
  for (let round = 0; round < rounds; round++) {
    const mine = readOnce(path);
    keepBest(own, mine);
    residentMiB = Math.max(residentMiB, mine.residentMiB ?? 0);
    if (hasPeer) {
      const theirs = run(peer, [path]);
      if (theirs.events !== events)
        throw new Error(`the peer read ${theirs.events} events, drainlab ${events}`);
      keepBest(other, theirs);
    }
  }
  const perEvent = (seconds: number) => (seconds * 1e9) / events;
  return {
    form,
    events,
    hash,
    ownNs: perEvent(own.seconds),
    peerNs: hasPeer ? perEvent(other.seconds) : null,
    ownCpuNs: perEvent(own.cpu),
    peerCpuNs: hasPeer ? perEvent(other.cpu) : null,
    residentMiB,
  };
}

/** Makes another form of a recording; false where trace-cmd is not installed. */
export function convert(source: string, target: string, version: 6 | 7, compression: string): boolean {
  const args = ['convert', '-i', source, '-o', target, '--file-version', `${version}`];
  const { error, status } = spawnSync('trace-cmd', [...args, '--compression', compression], {
    stdio: 'ignore',
  });
  return error === undefined && status === 0;
}

function line({ form, events, hash, residentMiB, ...times }: Comparison): string {
  const ratio = (name: string, own: number, peer: number | null) =>
    `${name} ${own.toFixed(1)} ns an event` +
    (peer === null ? '' : `, C ${peer.toFixed(1)}, ratio ${(peer / own).toFixed(2)}`);
  return [
    `${form.padEnd(20)} ${events} events, rows ${hash}, ${residentMiB.toFixed(0)} MiB`,
    ratio('    time', times.ownNs, times.peerNs),
    ratio('    processor', times.ownCpuNs, times.peerCpuNs),
  ].join('\n');
}

async function main(): Promise<void> {
  const option = (name: string, otherwise: number) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? otherwise : Number(process.argv[at + 1]);
  };
  const rounds = option('--rounds', 7);
  const times = option('--times', 11);
  const named = process.argv.slice(2).find((word) => word.endsWith('.dat'));
  const folder = recordingPath('6.1-oom') ?? join(shippedRecordings, 'patched-everyone');
  const recording = named ?? join(folder, 'trace.dat');
  spawnSync(join(here, 'peers.sh'), { stdio: 'inherit' });
  const work = mkdtempSync(join(tmpdir(), 'drainlab-bench-'));
  try {
    console.log(`${recording}, best of ${rounds} in turns`);
    const version6 = join(work, 'v6.dat');
    console.log(line(compare('version 7, zstd', recording, rounds)));
    if (!convert(recording, version6, 6, 'none')) return console.log('trace-cmd is not here: no version 6');
    console.log(line(compare('version 6', version6, rounds)));
    if (existsSync(join(peers, 'scan'))) {
      const { seconds } = run(join(peers, 'scan'), [version6]);
      console.log(`floor: a C scan of the same bytes takes ${(seconds * 1000).toFixed(0)} ms`);
    }
    if (times < 2) return;
    const long6 = join(work, 'long-v6.dat');
    const long7 = join(work, 'long-v7.dat');
    await repeatRecording(version6, long6, times);
    console.log(line(compare(`version 6, ${times} times`, long6, Math.min(rounds, 3))));
    if (convert(long6, long7, 7, 'zstd')) {
      console.log(line(compare(`version 7, ${times} times`, long7, Math.min(rounds, 3))));
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

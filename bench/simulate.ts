/**
 * Speed of the simulator, with its peers, in one run: all processes in turns, so that a busy machine hurts every side,
 * and the best of each counts. Only the ratios are meant to be compared.
 *
 * - whole model: page operations a second of runs with tasks, reclaim, drains and masks (bench/simulate-once.ts);
 * - the loop alone: events, lists and free lists, no tasks (bench/page-loop.ts), and the same in C with the same hash;
 * - peers: ns-3's schedulers and SimPy with the same pattern of events. There one page operation is one event, since
 *   a model written with them has no other form for it; the simulator does up to 32 in one event.
 *
 * usage: npx tsx bench/simulate.ts [--rounds N] [--small] [--isolated]
 *   --small     a hundredth of the work, to see that everything runs
 *   --isolated  also isolated-4092 under all eight policies, 60 simulated seconds each
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, platform, cpus as processors } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInPolicies } from '../src/engine/policy/built-in.ts';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, 'peers/build');

/** One line of the table: what it is, how many operations or events, and its best times. */
export interface Measured {
  readonly name: string;
  readonly count: number;
  readonly hash: string;
  seconds: number;
  cpuSeconds: number;
  residentMiB: number;
}

export interface SimulateBench {
  readonly cpus: number;
  readonly rows: readonly Measured[];
  /** Peers that are not installed, and what would install them. */
  readonly missing: readonly string[];
}

interface Printed {
  name?: string;
  operations?: number;
  events: number;
  seconds: number;
  cpuSeconds: number;
  hash: string;
  residentMiB?: number;
  arguments?: string[];
}

function run(command: string, args: readonly string[]): Printed[] {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 24 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  const printed = JSON.parse(stdout);
  return Array.isArray(printed) ? printed : [printed];
}

const ownScript = (script: string, ...args: string[]) =>
  run(process.execPath, ['--import', 'tsx', join(here, script), ...args]);

/** /usr/bin first: that is where Debian puts python3-simpy, whatever else is called python3. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'try: import simpy\nexcept ImportError: import SimPy']).status === 0,
);

/** Sizes of the work for a machine of so many CPUs. */
function workFor(cpus: number, small: boolean) {
  const large = cpus > 64;
  const share = small ? 0.01 : 1;
  return {
    mebibytes: large ? 262_144 : 600,
    held: 4096,
    operations: Math.round((large ? 60e6 : 100e6) * share),
    peerEvents: Math.round(5e6 * share),
    simpyEvents: Math.round(400e3 * share),
    simulatedSeconds: (large ? 0.02 : 4) * share,
  };
}

/** Measures everything for one machine in `rounds` turns. */
export function benchSimulate(cpus: number, rounds: number, small = false): SimulateBench {
  const work = workFor(cpus, small);
  const rows = new Map<string, Measured>();
  const missing: string[] = [];
  const keepBest = (name: string, printed: Printed) => {
    const count = printed.operations ?? printed.events;
    const { seconds, cpuSeconds, hash, residentMiB = 0 } = printed;
    const row = rows.get(name);
    if (row === undefined) {
      rows.set(name, { name, count, hash, seconds, cpuSeconds, residentMiB });
      return;
    }
    if (row.hash !== hash || row.count !== count) throw new Error(`${name}: two runs gave different results`);
    row.seconds = Math.min(row.seconds, seconds);
    row.cpuSeconds = Math.min(row.cpuSeconds, cpuSeconds);
    row.residentMiB = Math.max(row.residentMiB, residentMiB);
  };
  const hasLoop = existsSync(join(built, 'page-loop'));
  const hasNs3 = existsSync(join(built, 'ns3-events'));
  if (!hasLoop) missing.push('the loop in C: sh bench/peers.sh');
  if (!hasNs3) missing.push('ns-3: sh bench/peers.sh (Debian: libns3-dev, g++)');
  if (python === undefined) missing.push('SimPy: sh bench/peers.sh (Debian: python3-simpy)');
  for (let round = 0; round < rounds; round++) {
    const seconds = String(work.simulatedSeconds);
    for (const load of ['short', 'busy', 'tight'])
      for (const printed of ownScript('simulate-once.ts', `${load}-${cpus}`, 'static-mask', seconds))
        keepBest(`whole model, ${load}`, printed);
    const load = [cpus, work.mebibytes, work.held, work.operations].map(String);
    const [loop] = ownScript('page-loop.ts', ...load);
    keepBest('the loop alone', loop);
    if (hasLoop) {
      const [floor] = run(join(built, 'page-loop'), loop.arguments ?? []);
      if (floor.hash !== loop.hash) throw new Error(`the loop in C does not do the same on ${cpus} CPUs`);
      keepBest('the loop in C', floor);
    }
    if (hasNs3)
      for (const printed of run(join(built, 'ns3-events'), [String(cpus), String(work.peerEvents)]))
        keepBest(printed.name ?? 'ns-3', printed);
    if (python !== undefined) {
      const [simpy] = run(python, [
        join(here, 'peers/simpy-events.py'),
        String(cpus),
        String(work.simpyEvents),
      ]);
      keepBest(simpy.name ?? 'SimPy', simpy);
    }
  }
  return { cpus, rows: [...rows.values()], missing };
}

/** isolated-4092, one policy after the other. */
function benchIsolated(simulatedSeconds: number): { policy: string; seconds: number; hash: string }[] {
  return builtInPolicies.map(({ name }) => {
    const [{ seconds, hash }] = ownScript(
      'simulate-once.ts',
      'isolated-4092',
      name,
      String(simulatedSeconds),
    );
    return { policy: name, seconds, hash };
  });
}

const millions = ({ count, cpuSeconds }: Measured) => count / cpuSeconds / 1e6;

function print({ cpus, rows, missing }: SimulateBench): void {
  console.log(`\n${cpus} CPUs${' '.repeat(21)}M/s wall   M/s CPU   ns each    MiB  hash`);
  for (const row of rows) {
    const { name, count, seconds, cpuSeconds, residentMiB, hash } = row;
    const figures = [
      (count / seconds / 1e6).toFixed(2).padStart(9),
      millions(row).toFixed(2).padStart(9),
      ((cpuSeconds / count) * 1e9).toFixed(1).padStart(9),
      (residentMiB === 0 ? '' : residentMiB.toFixed(0)).padStart(6),
    ];
    console.log(`${name.padEnd(26)} ${figures.join(' ')}  ${hash}`);
  }
  for (const what of missing) console.log(`not here: ${what}`);
  const of = (name: string) => rows.find((row) => row.name === name);
  const line = (what: string, figure: string) => console.log(`${what.padEnd(42)} ${figure}`);
  const bar = cpus > 64 ? 12 : 25;
  for (const row of rows.filter(({ name }) => name.startsWith('whole model')))
    line(row.name, `${millions(row).toFixed(1)} M page operations a second (bar: ${bar})`);
  const model = of('whole model, busy') as Measured;
  const floor = of('the loop in C');
  if (floor) {
    const times = (row: Measured) => `${(millions(floor) / millions(row)).toFixed(2)} times its time`;
    line('busy model / the loop in C', times(model));
    line('the loop alone / the loop in C', `${times(of('the loop alone') as Measured)} (bar: 2.5)`);
  }
  for (const peer of rows.filter(({ name }) => /^(ns-3|SimPy)/.test(name)))
    line(`busy model / ${peer.name}`, `${(millions(model) / millions(peer)).toFixed(2)} times as fast`);
}

function main(): void {
  const words = process.argv.slice(2);
  const rounds = Number(words[words.indexOf('--rounds') + 1]) || 3;
  const small = words.includes('--small');
  const [{ model }] = processors();
  console.log(
    `${model.trim()}, ${processors().length} processors, ${platform()} ${arch()}, Node ${process.version}`,
  );
  console.log(`best of ${rounds} in turns; the ratios are of processor time`);
  for (const cpus of [8, 4096]) print(benchSimulate(cpus, rounds, small));
  if (!words.includes('--isolated')) return;
  const runs = benchIsolated(small ? 1 : 60);
  for (const { policy, seconds, hash } of runs)
    console.log(`isolated-4092 ${policy.padEnd(22)} ${seconds.toFixed(1).padStart(7)} s  ${hash}`);
  const total = runs.reduce((sum, { seconds }) => sum + seconds, 0);
  console.log(`isolated-4092, ${runs.length} policies     ${total.toFixed(1).padStart(7)} s (bar: below 30)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

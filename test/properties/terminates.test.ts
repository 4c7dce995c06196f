/**
 * No run hangs: every policy on every era, with and without a host, with somebody's SCHED_FIFO spinner and callers of all
 * kinds. The runs are made in a thread, so that one that never comes back can be named and ended.
 */

import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';

const eras = ['3.0', '3.4', '5.10', '6.1', '6.12'];
const hosts = ['bare metal', 'two processors of a host'];
const limitMs = 10_000;

const program = `
  import { parentPort } from 'node:worker_threads';
  import { BitSet } from '../../src/base/bit-set.ts';
  import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
  import { simulate } from '../../src/engine/simulate.ts';
  import { scenarioWith } from '../machines.ts';
  const cpus = 6;
  const causes = ['memory-offline', 'memory-failure', 'soft-offline', 'contiguous-range', 'compaction', 'debug-read'];
  for (const policy of builtInPolicies) for (const version of ${JSON.stringify(eras)}) for (const host of ${JSON.stringify(hosts)}) {
    const scenario = scenarioWith({
      cpus, version, pages: 16_384, isolated: [5],
      kernel: { offstack: true, nrCpus: 4096, slab: 'slab' },
      machine: {
        host: host === 'bare metal' ? null : { cpus: 2, sliceNs: 4e6 },
        idle: 'nehalem', usedPages: 2000, cachePages: 6000,
      },
      tasks: [
        { kind: 'anonymous', count: 3, pages: 5000, cpus: BitSet.of(cpus, [0, 1, 2, 3, 4]) },
        { kind: 'reader', count: 2, sleepNs: 200_000, cpus: BitSet.of(cpus, [0, 1, 2, 3, 4]) },
        { kind: 'hackbench', extra: { tasksPerGroup: 10 }, cpus: BitSet.of(cpus, [0, 1, 2, 3, 4]) },
        { kind: 'spinner', pages: 10, fifo: true, cpus: BitSet.of(cpus, [5]) },
      ],
      calls: causes.map((cause, i) => ({ cause, cpu: i % 5, startNs: 1e6 * i, everyNs: 20e6, pages: 512 })),
      run: { seconds: 0.06, checkEvery: 0, maxEvents: 3_000_000 },
    });
    const { endedBy, events, drains } = simulate(scenario, policy, 1);
    parentPort.postMessage({ name: policy.name + ' on ' + version + ', ' + host, endedBy, events, drains: drains.length });
  }
  parentPort.postMessage(null);
`;

interface Ended {
  name: string;
  endedBy: string;
  events: number;
  drains: number;
}

test('8 policies × 5 eras × with and without a host end in time, each within 10 s', async () => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'es2022',
    logLevel: 'silent',
  });
  const thread = new Worker(outputFiles[0].text, { eval: true });
  const ended: Ended[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const hangs = () =>
        reject(
          new Error(`hangs: the run after ${ended.at(-1)?.name ?? 'the start'} (${ended.length} ended)`),
        );
      let guard = setTimeout(hangs, limitMs);
      thread.on('error', reject);
      thread.on('message', (result: Ended | null) => {
        clearTimeout(guard);
        if (result === null) return resolve();
        ended.push(result);
        guard = setTimeout(hangs, limitMs);
      });
    });
  } finally {
    await thread.terminate();
  }
  expect(ended).toHaveLength(builtInPolicies.length * eras.length * hosts.length);
  for (const { name, endedBy, drains } of ended) {
    expect(endedBy, name).toBe('time');
    expect(drains, name).toBeGreaterThan(0);
  }
}, 120_000);

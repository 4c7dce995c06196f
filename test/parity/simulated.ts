/** The runs that must come out the same wherever they are made: each kind of task, each carrier, faults, a host, several eras. */

import type { RunObserver } from '../../src/engine/input/run-observer.ts';
import { everyone, remote, selective, twoPass, worker } from '../../src/engine/policy/built-in.ts';
import { simulate } from '../../src/engine/simulate.ts';
import { scenarioWith } from '../machines.ts';

export interface SimulatedResult {
  name: string;
  hash: string;
  events: number;
  drains: number;
}

const load = [
  { kind: 'anonymous', count: 3, pages: 12_000 },
  { kind: 'reader', count: 2, pages: 1000, sleepNs: 300_000 },
  { kind: 'network', pages: 200, rate: 100_000 },
  { kind: 'slab-user', pages: 100, rate: 50_000 },
  { kind: 'fork-storm', pages: 20, sleepNs: 100_000 },
  { kind: 'sleeper', count: 4, pages: 10, sleepNs: 20e6 },
] as const;

/** Runs and their hashes; nothing but this module and its imports is needed. */
export function simulatedResults(observer?: RunObserver): SimulatedResult[] {
  const runs = [
    [everyone, '3.0', {}, null],
    [selective, '3.4', { probability: 30, times: -1 }, null],
    [twoPass, '4.9', {}, null],
    [worker, '5.10', {}, { cpus: 2, sliceNs: 4e6 }],
    [remote, '6.12', {}, null],
  ] as const;
  return runs.map(([policy, version, failslab, host]) => {
    const scenario = scenarioWith({
      cpus: 4,
      version,
      pages: 32_768,
      tasks: load,
      failslab,
      machine: { host, idle: 'sandy-bridge', usedPages: 4000, cachePages: 12_000 },
      kernel: { offstack: true, nrCpus: 4096, slab: 'slab' },
      run: { seconds: 0.3, checkEvery: 0 },
    });
    const { hash, events, drains } = simulate(scenario, policy, 7, observer ? { observer } : {});
    return { name: `${policy.name} on ${version}`, hash, events, drains: drains.length };
  });
}

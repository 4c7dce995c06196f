/**
 * What simulating one drain costs: processor time for each drain on machines of 8 to 8192 CPUs of which so many hold
 * pages. It should grow with the CPUs that hold pages, and with the machine only by the words of a set of CPUs.
 *
 * Each holder is a sleeper that takes and frees a page each millisecond, and so holds pages when the drain comes, once a
 * millisecond too. The same run without drains is subtracted; the median of some runs counts.
 *
 * usage: npx tsx bench/drain-cost.ts [--small]
 */

import { fileURLToPath } from 'node:url';
import type { Scenario } from '../src/engine/input/scenario.ts';
import { policyByName } from '../src/engine/policy/by-name.ts';
import { simulate } from '../src/engine/simulate.ts';
import { defineScenario } from '../src/scenario/define-scenario.ts';

export interface DrainCost {
  readonly cpus: number;
  readonly holders: number;
  readonly drains: number;
  /** CPUs that held pages, mean over the drains. */
  readonly holdersMean: number;
  readonly nsPerDrain: number;
}

function scenario(cpus: number, holders: number, drains: number, calls: boolean): Scenario {
  return defineScenario({
    machine: { cpus, memory: '16 GiB', idle: 'none' },
    kernel: { distribution: 'sles-2011', nrCpus: 8192 },
    tasks: [{ kind: 'sleeper', count: holders, cpus: `0-${holders - 1}`, pages: 1, sleep: '1 ms' }],
    calls: calls ? [{ cause: 'memory-failure', cpu: 0, start: '3 ms', every: '1 ms' }] : [],
    run: { seconds: (drains + 3) / 1000 },
  });
}

function cpuNs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

export function drainCost(cpus: number, holders: number, drains: number, rounds: number): DrainCost {
  const policy = policyByName('static-mask');
  const withDrains = scenario(cpus, holders, drains, true);
  const without = scenario(cpus, holders, drains, false);
  const differences: number[] = [];
  let count = 0;
  let held = 0;
  for (let round = 0; round < rounds; round++) {
    let run = simulate(without, policy, 1);
    const base = cpuNs(() => {
      run = simulate(without, policy, 1);
    });
    const all = cpuNs(() => {
      run = simulate(withDrains, policy, 1);
    });
    count = run.drains.length;
    held = run.drains.holders.subarray(0, count).reduce((sum, each) => sum + each, 0);
    differences.push((all - base) / count);
  }
  return { cpus, holders, drains: count, holdersMean: held / count, nsPerDrain: median(differences) };
}

function main(): void {
  const words = process.argv.slice(2);
  const small = words.includes('--small');
  console.log('CPUs   holders   held at a drain   ns a drain');
  for (const holders of [4, 64, 512]) {
    // About as much work for each size: a drain costs what the holders cost.
    const drains = small ? 20 : Math.max(600, 20_000 / holders);
    for (const cpus of [8, 32, 128, 512, 2048, 8192].filter((size) => size >= holders)) {
      const { holdersMean, nsPerDrain } = drainCost(cpus, holders, drains, small ? 1 : 5);
      const columns = [
        String(cpus).padEnd(6),
        String(holders).padStart(7),
        holdersMean.toFixed(1).padStart(17),
        nsPerDrain.toFixed(0).padStart(12),
      ];
      console.log(columns.join(' '));
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

/**
 * One simulated run with the whole model on, in a process of its own: prints its speed, its hash and its memory.
 *
 * usage: npx tsx bench/simulate-once.ts CASE [POLICY] [SECONDS]     CASE: one of `cases`, or a built-in scenario
 */

import { fileURLToPath } from 'node:url';
import type { Scenario } from '../src/engine/input/scenario.ts';
import { policyByName } from '../src/engine/policy/by-name.ts';
import { simulate } from '../src/engine/simulate.ts';
import { builtInScenario } from '../src/scenario/by-name.ts';
import { defineScenario } from '../src/scenario/define-scenario.ts';

export interface SimulatedOnce {
  readonly name: string;
  readonly policy: string;
  readonly simulatedSeconds: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly operations: number;
  readonly events: number;
  readonly drains: number;
  readonly hash: string;
  readonly residentMiB: number;
}

/** Machines on which each CPU has a task that grows and frees all again; files are read meanwhile. */
function growing(cpus: number, memory: string, share: string, readers: number, seconds: number): Scenario {
  return defineScenario({
    machine: { cpus, memory },
    kernel: { distribution: 'sles-2011' },
    tasks: [
      { kind: 'anonymous', count: cpus, cpus: 'all', memory: share },
      { kind: 'reader', count: readers, cpus: 'all' },
    ],
    run: { seconds },
  });
}

/**
 * `short`: tasks that take 1 MiB and free it again, as a process that lives briefly does; a part stays on the lists. `busy`: they grow to
 * 16 MiB, so that nearly every page goes through the free lists; on 8 CPUs a reader keeps kswapd at work. `tight`: memory is so
 * short that there is direct reclaim, with drains, or (4096 CPUs) that nearly all of it is in use.
 */
export const cases: Readonly<Record<string, (seconds?: number) => Scenario>> = {
  'short-8': (seconds = 4) => growing(8, '600 MiB', '1 MiB', 1, seconds),
  'short-4096': (seconds = 0.02) => growing(4096, '256 GiB', '1 MiB', 64, seconds),
  'busy-8': (seconds = 4) => growing(8, '600 MiB', '16 MiB', 1, seconds),
  'tight-8': (seconds = 4) => growing(8, '600 MiB', '64 MiB', 2, seconds),
  'busy-4096': (seconds = 0.02) => growing(4096, '256 GiB', '16 MiB', 64, seconds),
  'tight-4096': (seconds = 0.02) => growing(4096, '256 GiB', '61 MiB', 64, seconds),
};

export function simulateOnce(name: string, policy = 'static-mask', simulatedSeconds?: number): SimulatedOnce {
  const made = Object.hasOwn(cases, name) ? cases[name](simulatedSeconds) : builtInScenario(name);
  const scenario =
    simulatedSeconds === undefined ? made : { ...made, run: { ...made.run, seconds: simulatedSeconds } };
  const cpuBefore = process.cpuUsage();
  const started = process.hrtime.bigint();
  const run = simulate(scenario, policyByName(policy), scenario.run.seed);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    name,
    policy,
    simulatedSeconds: run.simulatedNs / 1e9,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    operations: run.counters.pageOperations,
    events: run.events,
    drains: run.drains.length,
    hash: run.hash,
    residentMiB: process.resourceUsage().maxRSS / 1024,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, policy, seconds] = process.argv.slice(2);
  console.log(
    JSON.stringify(simulateOnce(name, policy, seconds === undefined ? undefined : Number(seconds))),
  );
}

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

/** Machines on which each CPU has a task that grows until memory is tight; files are read meanwhile. */
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

export const cases: Readonly<Record<string, (seconds?: number) => Scenario>> = {
  /** 8 × 235 MiB of 2 GiB, and two readers. */
  'growing-8': (seconds = 4) => growing(8, '2 GiB', '235 MiB', 2, seconds),
  /** 4096 × 61 MiB of 256 GiB, and 64 readers. */
  'growing-4096': (seconds = 0.03) => growing(4096, '256 GiB', '61 MiB', 64, seconds),
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

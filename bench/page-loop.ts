/**
 * The simulator's hot loop alone: next event, page operations on the CPU's list, refills and give-backs, free lists
 * with splitting and joining; no tasks, no reclaim, no drains. bench/peers/page-loop.c does the same in C and must
 * print the same hash: it folds in every page that moved and the time of every event.
 *
 * The load: each CPU has one event at a time. At each it allocates or frees up to 32 pages, by a random walk between
 * none and `held`; its next event comes when these operations and a random pause are over.
 *
 * usage: npx tsx bench/page-loop.ts CPUS MIB HELD OPERATIONS
 */

import { fileURLToPath } from 'node:url';
import { EventQueue } from '../src/base/event-queue.ts';
import { BlockType } from '../src/engine/machine/buddy.ts';
import { kernelRules } from '../src/engine/machine/kernel-rules.ts';
import { Memory } from '../src/engine/machine/memory.ts';
import { Chains } from '../src/engine/machine/page-chains.ts';
import { Depth, Mark, ZoneClass } from '../src/engine/machine/watermarks.ts';
import { defineScenario } from '../src/scenario/define-scenario.ts';

export interface PageLoopLoad {
  readonly cpus: number;
  readonly mebibytes: number;
  /** Pages that a CPU's task holds, at most. */
  readonly held: number;
  readonly operations: number;
}

/** What the peer in C must know to do the same, and what it must print. */
export interface PageLoopResult {
  readonly operations: number;
  readonly events: number;
  readonly seconds: number;
  /** Processor time of all threads of the process. */
  readonly cpuSeconds: number;
  readonly hash: string;
  readonly residentMiB: number;
  readonly arguments: readonly string[];
}

export const stepPages = 32;

/** Folds `count` pages of a chain into the hash, from its head or from its tail. */
function folded(hash: number, follower: Int32Array, first: number, count: number): number {
  let folds = hash;
  let pfn = first;
  for (let i = 0; i < count; i++) {
    folds = Math.imul(folds ^ pfn, 0x01000193);
    pfn = follower[pfn];
  }
  return folds;
}

export function pageLoop({ cpus, mebibytes, held, operations }: PageLoopLoad): PageLoopResult {
  const version = '5.10';
  const scenario = defineScenario({
    machine: {
      cpus,
      zones: [{ name: 'Normal', startPfn: 0, memory: `${mebibytes} MiB` }],
    },
    kernel: { version, nrCpus: 8192 },
    tasks: [{ kind: 'sleeper', sleep: '1 s' }],
  });
  const memory = new Memory(scenario, kernelRules(version), null);
  const { costs } = scenario;
  const holdings = new Chains(memory.links, cpus);
  const { next, prev } = memory.links;
  const queue = new EventQueue(cpus);
  for (let cpu = 0; cpu < cpus; cpu++) queue.push(cpu, cpu);
  let random = 2463534242 | 0;
  let hash = 0x811c9dc5 | 0;
  let done = 0;
  let events = 0;
  const cpuBefore = process.cpuUsage();
  const started = process.hrtime.bigint();
  while (done < operations) {
    const time = queue.nextTime;
    const cpu = queue.pop();
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    const has = holdings.length[cpu];
    const grows = has === 0 || (has + stepPages <= held && (random & 256) !== 0);
    memory.spentNs = 0;
    let count = 1 + (random & (stepPages - 1));
    if (grows) {
      const got = memory.allocateRun(cpu, 0, BlockType.movable, Mark.low, Depth.normal, count, holdings, cpu);
      if (got < count) throw new Error('the load does not fit into the memory');
      hash = folded(hash, next, holdings.head[cpu], count);
    } else {
      count = Math.min(count, has);
      const oldest = (random & 512) !== 0;
      hash = oldest
        ? folded(hash, prev, holdings.tail[cpu], count)
        : folded(hash, next, holdings.head[cpu], count);
      memory.freeRun(cpu, holdings, cpu, count, oldest);
    }
    done += count;
    events++;
    hash = Math.imul(hash ^ (time & 0x7fffffff), 0x01000193);
    queue.push(time + memory.spentNs + ((random >>> 16) & 1023), cpu);
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const { user, system } = process.cpuUsage(cpuBefore);
  const floor = memory.marks.floor(0, Mark.low, Depth.normal, ZoneClass.Movable);
  const names = ['allocateFastNs', 'freeFastNs', 'refillPerPageNs', 'freePerPageNs', 'zoneLockNs'] as const;
  return {
    operations: done,
    events,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    hash: (hash >>> 0).toString(16).padStart(8, '0'),
    residentMiB: process.resourceUsage().maxRSS / 1024,
    arguments: [cpus, mebibytes, held, operations, floor, memory.lists.batch[0], memory.lists.high[0]]
      .concat(names.map((name) => costs[name]))
      .map(String),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [cpus, mebibytes, held, operations] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(pageLoop({ cpus, mebibytes, held, operations })));
}

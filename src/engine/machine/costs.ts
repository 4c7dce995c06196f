/**
 * What single steps cost, in nanoseconds: one table, each line with its source. A scenario may set each of
 * them by name. Where a published row exists, the defaults are chosen so that the parts together give it
 * (costs.test.ts holds them against the rows); a figure that nobody published says `assumed`.
 */

import { assert } from '../../base/assert.ts';
import type { Nanoseconds } from '../../base/units.ts';
import type { CostSpec } from '../input/scenario.ts';

/**
 * Where a figure comes from. `published`: stands in a measurement that somebody published. `derived`: chosen
 * inside a published range, or so that several parts add up to a published row. `kernel`: a constant of the
 * kernel's source. `assumed`: an order of magnitude that no source was found for.
 */
export type CostSource = 'published' | 'derived' | 'kernel' | 'assumed';

export interface Cost {
  readonly name: string;
  readonly ns: Nanoseconds;
  readonly what: string;
  readonly source: CostSource;
  readonly from: string;
}

const cost = (name: string, ns: Nanoseconds, what: string, source: CostSource, from: string): Cost => ({
  name,
  ns,
  what,
  source,
  from,
});

const broadcast256 =
  'send to 255 CPUs: 33 µs before, 11 µs after an array replaced a walk (Dumazet, x86/apic, Oct 2021)';
const oneRemote = 'one remote call on bare metal: 1243 ns one way, 1791 ns and back (ipi_benchmark)';
const guest80 =
  '80-vCPU guest: broadcast 198 µs physical, 92.8 µs by cluster; one remote 2239 ns one way (PV IPI mails)';
const emulated8 = 'order of magnitude only';

/** All costs. The order is that of docs/model.md. */
export const costTable: readonly Cost[] = [
  // Interrupts: machine/interrupts.ts
  cost(
    'sendBaseNs',
    100,
    'entering the call, once a send',
    'published',
    'a call to the own CPU takes about 100 ns (ipi_benchmark)',
  ),
  cost(
    'sendPerTargetNs',
    130,
    'queueing the call for one target, up to 5.15',
    'derived',
    `${broadcast256}: 33 µs / 255`,
  ),
  cost('sendPerTargetNewNs', 43, 'the same from 5.16', 'derived', `${broadcast256}: 11 µs / 255`),
  cost(
    'globalQueueNs',
    250,
    'putting a call on the one global queue, up to 3.8',
    'assumed',
    'a contended lock and a copy of the mask',
  ),
  cost(
    'sendPerWriteNs',
    150,
    'one write to the interrupt command register',
    'derived',
    '0.1-0.2 µs a cluster',
  ),
  cost('sendPerWriteGuestNs', 1300, 'the same in a guest: it leaves to the host', 'derived', guest80),
  cost('kickGuestNs', 600, 'host: passing the interrupt on to one guest CPU', 'derived', guest80),
  cost('deliveryNs', 560, 'from the write to the target', 'derived', oneRemote),
  cost(
    'handlerEntryNs',
    300,
    'interrupt entry until the function runs',
    'derived',
    `${oneRemote}; entry and exit 0.2-1 µs`,
  ),
  cost('handlerExitNs', 200, 'leaving the interrupt', 'derived', 'entry and exit 0.2-1 µs'),
  cost(
    'ackNs',
    450,
    'until the requester sees the answer of a target',
    'derived',
    `${oneRemote}: the way back`,
  ),
  cost(
    'ackPerTargetNs',
    100,
    'requester: looking at one answer (a line written by another CPU)',
    'derived',
    'broadcast, all waiting: 25.7 µs (ipi_benchmark)',
  ),
  // What a drain does to a list: machine/handler-cost.ts
  cost('localListNs', 10, 'a CPU looks at one of its own lists', 'assumed', 'one line in its cache'),
  cost(
    'scanPerListNs',
    60,
    'requester: reading the count of one list of another CPU',
    'assumed',
    'a line modified by another CPU, 40-120 ns',
  ),
  cost(
    'zoneLockNs',
    60,
    'taking and leaving the lock of a zone',
    'assumed',
    'a lock that is not contended; waiting for it comes on top',
  ),
  cost(
    'freePerPageNs',
    75,
    'giving one page back to the free lists',
    'derived',
    '50-100 ns a page; 186 pages 10-20 µs',
  ),
  cost(
    'cacheRefillBaseNs',
    500,
    'victim: what the interrupt itself displaces from its caches',
    'assumed',
    'a dozen lines',
  ),
  cost(
    'cacheRefillPerPageNs',
    80,
    'victim: lines displaced by one freed page (struct page and buddy)',
    'derived',
    '186 pages touch 12-24 KiB; two lines of 40 ns',
  ),
  cost(
    'cacheRefillMaxNs',
    100_000,
    'at most: the first caches are full',
    'derived',
    'tens of µs when a handler displaces L1 and L2',
  ),
  // Workers: machine/workers.ts
  cost('queueWorkNs', 300, 'requester: queueing a work on one CPU', 'assumed', 'a lock and a wake-up'),
  cost('workerSwitchNs', 2000, 'switching to the worker', 'assumed', 'context switch, 1-3 µs'),
  cost('flushCheckNs', 100, 'requester: finding one work done', 'assumed', 'a line written by another CPU'),
  cost(
    'wakeRequesterNs',
    2500,
    'the flush is over: the sleeping requester runs again',
    'assumed',
    'a wake-up across CPUs',
  ),
  cost(
    'schedulePointNs',
    50_000,
    'mean time until a busy CPU lets the worker in',
    'assumed',
    'kernel code without preemption',
  ),
  cost(
    'wakeupPreemptPercent',
    90,
    'percent of wake-ups at which the worker goes before the running task',
    'assumed',
    'a worker has slept, so CFS puts it ahead',
  ),
  cost('tickNs', 4_000_000, 'scheduler tick (HZ=250)', 'kernel', 'CONFIG_HZ of Debian'),
  cost(
    'sliceNs',
    6_000_000,
    'time slice of a task when others wait',
    'kernel',
    'sched_latency_ns, base value',
  ),
  cost('rtPeriodNs', 1_000_000_000, 'sched_rt_period_us', 'kernel', 'default'),
  cost(
    'rtRuntimePercent',
    100,
    'percent of a period that SCHED_FIFO may take; 100: no throttling',
    'assumed',
    'the default of the kernel is 95; machines for real time switch it off',
  ),
  // Remote lists: machine/list-locks.ts
  cost(
    'lockListNs',
    100,
    'requester: taking the lock of a list of another CPU',
    'assumed',
    'an atomic operation on a remote line',
  ),
  // The mask: machine/cpumask.ts and the slab
  cost('maskFastNs', 60, 'an object from the array or slab of the CPU', 'assumed', 'the fast path'),
  cost('maskNodeNs', 300, 'an object from the lists of the node', 'assumed', 'a lock and a walk'),
  cost('maskPageNs', 2500, 'an object from a new page', 'assumed', 'page allocator and setting up the slab'),
  cost('maskZeroPerWordNs', 1, 'clearing 64 bits of a mask', 'assumed', 'half a store'),
  // Memory
  cost('allocateFastNs', 60, 'a page from a list', 'assumed', emulated8),
  cost('freeFastNs', 50, 'a page to a list', 'assumed', emulated8),
  cost('refillPerPageNs', 75, 'moving one page from the free lists to a list', 'derived', '50-100 ns a page'),
  cost(
    'buddyNs',
    250,
    'a block straight from or to the free lists',
    'assumed',
    'the zone lock, splitting or merging',
  ),
  cost('slowPathNs', 1000, 'entering the slow path of an allocation', 'assumed', emulated8),
  cost('reclaimEntryNs', 5000, 'entering direct reclaim', 'assumed', emulated8),
  cost('scanPageNs', 150, 'reclaim looks at one page', 'assumed', emulated8),
  cost(
    'reclaimPerPageNs',
    400,
    'reclaim frees one page',
    'assumed',
    'unmapping and removing it from the cache',
  ),
  cost(
    'throttleNs',
    1_000_000,
    'a throttled reclaimer looks again after this time',
    'assumed',
    'the kernel wakes it as soon as kswapd got free pages above half of the min marks',
  ),
  cost(
    'diskWaitNs',
    0,
    'up to 4.5: pause of a reclaimer between two rounds',
    'kernel',
    'wait_iff_congested: HZ/50 at most, and no pause while no disk is congested with writes',
  ),
  cost(
    'diskReadNs',
    100_000,
    'a page is being read for so long, and cannot be reclaimed meanwhile',
    'assumed',
    'a flash disk',
  ),
  // Tasks
  cost('pageFaultNs', 500, 'a page fault beside the allocation', 'assumed', '0.5-1 µs'),
  cost('readPageNs', 1000, 'reading one page into the cache', 'assumed', '4 GB/s'),
  cost('touchPageNs', 200, 'working on a page', 'assumed', emulated8),
  cost('contextSwitchNs', 2000, 'from one task to another', 'assumed', '1-3 µs'),
  cost('forkNs', 60_000, 'starting a task', 'assumed', emulated8),
  cost('exitNs', 30_000, 'a task goes, beside its pages', 'assumed', emulated8),
];

/** The defaults by name. */
export const defaultCosts: CostSpec = Object.freeze(
  Object.fromEntries(costTable.map((row) => [row.name, row.ns])),
);

/** The defaults with some of them set otherwise. Names and values of a scenario are checked where it is read. */
export function costsWith(changes: Readonly<Record<string, number>>): CostSpec {
  for (const [name, value] of Object.entries(changes)) {
    assert(name in defaultCosts, `there is no cost named ${name}`);
    assert(value >= 0 && Number.isFinite(value), `the cost ${name} is ${value}`);
  }
  return Object.freeze({ ...defaultCosts, ...changes });
}

/** How much slower an emulated CPU does plain kernel work: 230 ns a freed page against 75. */
const emulatedFactor = 3;

/**
 * Costs of an emulated guest (QEMU without KVM), for scenarios that are held against recordings of one. Measured
 * on the patched 5.10 kernel, over its 15 runs: drains with the requester's own part only take about 4 µs and 0.23 µs
 * a page; the look at 8 CPUs 3.3-4.3 µs; an 8-byte mask 3.4-4.8 µs; half of the direct reclaims 42-86 µs or
 * less, with 14 pages looked at and 7 freed on average. The rest is assumed to be slower by the same factor as a freed
 * page. Interrupts are no exits to a host there: writing the register is plain work.
 */
export const emulatedCosts: CostSpec = costsWith({
  freePerPageNs: 230,
  scanPerListNs: 300,
  maskFastNs: 3500,
  reclaimEntryNs: 45_000,
  sendPerWriteGuestNs: defaultCosts.sendPerWriteNs * emulatedFactor,
  kickGuestNs: 2000,
  ...slower([
    'sendBaseNs',
    'sendPerTargetNs',
    'sendPerTargetNewNs',
    'handlerEntryNs',
    'handlerExitNs',
    'ackNs',
    'ackPerTargetNs',
    'localListNs',
    'zoneLockNs',
    'queueWorkNs',
    'workerSwitchNs',
    'flushCheckNs',
    'wakeRequesterNs',
    'lockListNs',
    'maskNodeNs',
    'maskPageNs',
    'allocateFastNs',
    'freeFastNs',
    'refillPerPageNs',
    'buddyNs',
    'slowPathNs',
    'scanPageNs',
    'reclaimPerPageNs',
    'pageFaultNs',
    'readPageNs',
    'touchPageNs',
    'contextSwitchNs',
    'forkNs',
    'exitNs',
  ]),
});

function slower(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, defaultCosts[name] * emulatedFactor]));
}

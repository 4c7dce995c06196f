/** Each operation of a task: where pages go, what is counted, and the time with the default costs. Batch 15, high 90. */

import { describe, expect, test } from 'vitest';
import { scenarioWith } from '../../../test/machines.ts';
import type { RunCounters } from '../accounting/run.ts';
import { everyone } from '../policy/built-in.ts';
import { Simulation } from '../simulation.ts';
import { fillMemory } from './fill-memory.ts';
import { kernelRules } from './kernel-rules.ts';
import { MaskSupply } from './mask-supply.ts';
import { Memory } from './memory.ts';
import { noPage } from './page-chains.ts';
import type { SlowPath } from './slow-path.ts';
import { StepEnd, TaskSteps } from './task-steps.ts';
import { Op, Stage, TaskTable } from './task-table.ts';

const unmovable = 0;
const movable = 1;

/** Tasks 0 and 1 on CPU 0; `next` says what task 0 does when an operation is done: by default it sleeps. */
function machine({ free = 65_536, stepPages = 32, next = (tasks: TaskTable) => tasks.sleeps(0, 77) } = {}) {
  const scenario = scenarioWith({
    kernel: { offstack: true },
    tasks: [{ kind: 'slab-user' }],
    machine: { usedPages: 65_536 - free },
    run: { stepPages },
  });
  const rules = kernelRules('5.10');
  const memory = new Memory(scenario, rules, null);
  fillMemory(scenario.machine, memory);
  const tasks = new TaskTable(3, 1, memory.links, 1);
  tasks.spec.fill(0);
  const counters = { pageOperations: 0, allocations: 0, frees: 0 } as RunCounters;
  const slow: string[] = [];
  const started: number[][] = [];
  const slowPath = {
    belowLow(task: number) {
      slow.push('belowLow');
      tasks.stage[task] = Stage.reclaim;
      return noPage;
    },
    allocate: () => noPage,
  };
  const steps = new TaskSteps({
    scenario,
    memory,
    tasks,
    masks: new MaskSupply(scenario, rules, 'allocated', memory, 1, () => undefined),
    slowPath: slowPath as unknown as SlowPath,
    counters,
    programOf: () => ({ tasksPerUnit: () => 1, start: () => undefined, next: (table) => next(table) }),
    startChild: (child, parent) => started.push([child, parent]),
    balance: () => tasks.todo[0]-- > 0,
  });
  const run = () => {
    memory.spentNs = 0;
    const end = steps.run(0, 0, 5000);
    return { end, ns: memory.spentNs };
  };
  const parked = () => memory.pagesOnLists(0, -1);
  return { memory, tasks, counters, steps, run, slow, started, parked };
}

describe('allocate', () => {
  test('five movable pages: a refill, five from the list, five faults', () => {
    const { tasks, run, counters, memory, parked } = machine();
    tasks.allocates(0, 5, 0, movable);
    // Refill 60 + 15 x 75 = 1185; 5 x 60; 5 x (200 + 500).
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 1185 + 300 + 3500 });
    expect(tasks.holdings.length[0]).toBe(5);
    expect(tasks.pages[0]).toBe(5);
    expect(counters).toMatchObject({ pageOperations: 5, allocations: 5, frees: 0 });
    expect(memory.buddy.free[0]).toBe(65_536 - 15);
    expect(parked()).toBe(10);
  });

  test('unmovable pages come without a fault; blocks of order 3 from the free lists', () => {
    const { tasks, run, counters, memory } = machine();
    tasks.allocates(0, 2, 3, unmovable);
    // 2 x 250 and 2 x 200.
    expect(run().ns).toBe(500 + 400);
    expect([tasks.pages[0], counters.allocations, memory.buddy.free[0]]).toEqual([16, 2, 65_536 - 16]);
  });

  test('at most stepPages at one point in time', () => {
    const { tasks, run } = machine({ stepPages: 4 });
    tasks.allocates(0, 10, 0, movable);
    expect([run().end, tasks.todo[0]]).toEqual([StepEnd.goesOn, 6]);
    expect([run().end, tasks.todo[0]]).toEqual([StepEnd.goesOn, 2]);
    expect([run().end, tasks.holdings.length[0]]).toEqual([StepEnd.sleeps, 10]);
  });

  test('no page above the low mark: the slow path, with what was got before', () => {
    // min: sqrt(65,536 x 4 x 16) = 2048 KiB, 512 pages; low 512 + 128. Refills while more than 640 are free: 15 and 15.
    const { tasks, run, slow, counters } = machine({ free: 660, stepPages: 100 });
    tasks.allocates(0, 100, 0, movable);
    expect(run().end).toBe(StepEnd.slowPath);
    expect(slow).toEqual(['belowLow']);
    // The 11 pages left on the list after 660 - 15 - 15 = 630 stay there: the mark is looked at first.
    expect(tasks.holdings.length[0]).toBeGreaterThanOrEqual(16);
    expect(tasks.todo[0]).toBe(100 - tasks.holdings.length[0]);
    expect(counters.allocations).toBe(tasks.holdings.length[0]);
  });

  test('what the slow path gets comes to the same place and is counted', () => {
    const { tasks, steps, counters, memory } = machine();
    tasks.allocates(0, 3, 2, movable);
    const pfn = memory.buddy.take(0, 2, movable);
    memory.links.order[pfn] = 2;
    steps.grant(0, pfn, 5000);
    expect(tasks.holdings.head[0]).toBe(pfn);
    expect([tasks.todo[0], tasks.pages[0]]).toEqual([2, 4]);
    expect(counters).toMatchObject({ pageOperations: 1, allocations: 1 });
  });
});

describe('free', () => {
  function holder() {
    const all = machine();
    all.tasks.allocates(0, 15, 0, movable);
    all.run();
    const order: number[] = [];
    const { holdings } = all.tasks;
    for (let pfn = holdings.head[0]; pfn !== noPage; pfn = all.memory.links.next[pfn]) order.push(pfn);
    return { ...all, newest: order[0], oldest: order[14] };
  }

  test('release gives the newest back to the list: 50 ns each', () => {
    const { tasks, run, memory, newest, parked, counters } = holder();
    tasks.set(0, Op.release, 1);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 50 });
    expect([tasks.pages[0], tasks.holdings.length[0], parked(), counters.frees]).toEqual([14, 14, 1, 1]);
    expect(memory.allocate(0, 0, movable, 1, 0)).toBe(newest);
  });

  test('releaseOldest gives the oldest back', () => {
    const { tasks, run, memory, oldest } = holder();
    tasks.set(0, Op.releaseOldest, 1);
    run();
    expect(memory.allocate(0, 0, movable, 1, 0)).toBe(oldest);
  });

  test('more than it has: everything, and the operation is over', () => {
    const { tasks, run, parked } = holder();
    tasks.set(0, Op.release, 1000);
    expect(run().end).toBe(StepEnd.sleeps);
    expect([tasks.pages[0], parked()]).toEqual([0, 15]);
  });

  test('exit frees in steps, then the task is dead', () => {
    const { tasks, run, counters, parked } = holder();
    tasks.set(0, Op.exit, 0);
    // 15 x 50 and 30,000 for what goes with a task.
    expect(run()).toEqual({ end: StepEnd.dead, ns: 30_750 });
    expect([tasks.pages[0], parked(), counters.frees]).toEqual([0, 15, 15]);
  });

  test('a task that was killed exits whatever it was about to do', () => {
    const { tasks, run } = holder();
    tasks.allocates(0, 10, 0, movable);
    tasks.killed[0] = 1;
    expect(run().end).toBe(StepEnd.dead);
    expect(tasks.holdsNothing(0)).toBe(true);
  });
});

describe('pages for others', () => {
  test('a read leaves its pages in the page cache, when all of them are there', () => {
    const { tasks, run, memory, counters } = machine({ stepPages: 4 });
    tasks.set(0, Op.read, 6);
    tasks.type[0] = movable;
    // 1185; 4 x 60; 4 x 1000.
    expect(run()).toEqual({ end: StepEnd.goesOn, ns: 1185 + 240 + 4000 });
    expect(memory.cachePages).toBe(0);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 120 + 2000 });
    expect([memory.cachePages, tasks.holdings.length[0], counters.allocations]).toEqual([6, 0, 6]);
  });

  test('a message goes to the mailbox, and its receiver frees it on its own CPU', () => {
    const { tasks, run, steps, memory, counters } = machine();
    tasks.set(0, Op.send, 3);
    tasks.type[0] = unmovable;
    run();
    expect([tasks.mailboxes.length[0], tasks.holdings.length[0], tasks.pages[0]]).toEqual([3, 0, 0]);
    tasks.set(1, Op.receive, 5);
    steps.run(1, 2, 6000);
    expect(tasks.mailboxes.length[0]).toBe(0);
    expect(memory.pagesOnLists(2, -1)).toBe(3);
    expect(counters).toMatchObject({ allocations: 3, frees: 3, pageOperations: 6 });
  });

  test('fork: the child gets what the parent holds, and begins', () => {
    const { tasks, run, started } = machine();
    tasks.forkNext[0] = 1;
    tasks.forkEnd[0] = 2;
    tasks.allocates(0, 4, 0, unmovable);
    run();
    tasks.set(0, Op.fork, 1);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 60_000 });
    expect(started).toEqual([[1, 0]]);
    expect([tasks.pages[0], tasks.pages[1], tasks.holdings.length[1]]).toEqual([0, 4, 4]);
    // No child is left: nothing happens.
    tasks.set(0, Op.fork, 1);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 0 });
    expect(started).toHaveLength(1);
  });
});

describe('objects of the masks’ cache', () => {
  test('taken and given back, the oldest first', () => {
    const { tasks, run } = machine();
    tasks.objects.set(0, []);
    tasks.set(0, Op.takeObjects, 3);
    run();
    const held = [...(tasks.objects.get(0) ?? [])];
    expect(held).toHaveLength(3);
    tasks.set(0, Op.giveObjects, 2);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 120 });
    expect(tasks.objects.get(0)).toEqual([held[2]]);
    tasks.set(0, Op.exit, 0);
    run();
    expect(tasks.objects.get(0)).toEqual([]);
  });
});

describe('without pages', () => {
  test('sleep says for how long, and asks the program afterwards', () => {
    const { tasks, run, steps } = machine();
    tasks.sleeps(0, 1234);
    expect(run()).toEqual({ end: StepEnd.sleeps, ns: 0 });
    expect(steps.sleepNs).toBe(1234);
    expect(tasks.op[0]).toBe(Op.none);
  });

  test('compute takes its time and ends the step', () => {
    const { tasks, run, steps } = machine();
    tasks.set(0, Op.compute, 9000);
    expect(run()).toEqual({ end: StepEnd.goesOn, ns: 9000 });
    expect(steps.computeNs).toBe(9000);
    expect(tasks.op[0]).toBe(Op.sleep);
  });

  test('a program that never does anything does not hold the clock', () => {
    let asked = 0;
    const { tasks, run } = machine({
      next: (table) => {
        asked++;
        table.set(0, Op.none, 0);
      },
    });
    tasks.set(0, Op.none, 0);
    expect(run()).toEqual({ end: StepEnd.goesOn, ns: 0 });
    expect(asked).toBe(64);
  });

  test('kswapd balances until it sleeps', () => {
    const { tasks, run, steps } = machine();
    tasks.set(0, Op.balance, 1);
    expect(run().end).toBe(StepEnd.goesOn);
    expect(run().end).toBe(StepEnd.sleeps);
    expect(steps.sleepNs).toBe(Number.POSITIVE_INFINITY);
  });

  test('a caller calls', () => {
    const { tasks, run } = machine();
    tasks.set(0, Op.call, 1);
    expect(run().end).toBe(StepEnd.calls);
  });
});

test('in a run under pressure, every page operation is an allocation or a free', () => {
  const scenario = scenarioWith({
    pages: 16_384,
    machine: { usedPages: 8000, cachePages: 7000 },
    tasks: [
      { kind: 'anonymous', count: 2, pages: 3000 },
      { kind: 'reader', sleepNs: 50_000 },
    ],
    run: { seconds: 0.05, checkEvery: 0 },
  });
  const simulation = new Simulation(scenario, everyone, 1);
  simulation.runUntil(1e9);
  const { counters } = simulation.finish();
  expect(counters.allocstall).toBeGreaterThan(0);
  expect(counters.pageOperations).toBe(counters.allocations + counters.frees);
});

/** How a run begins, goes on and ends, and what can be seen of it meanwhile. */

import { describe, expect, test } from 'vitest';
import {
  type MachineByHand,
  onCpus,
  park,
  rowsOf,
  scenarioWith,
  simulationWith,
} from '../../test/machines.ts';
import { everyone, worker } from './policy/built-in.ts';
import { simulate } from './simulate.ts';

const ms = 1e6;

const load: MachineByHand = {
  pages: 16_384,
  machine: { usedPages: 4000, cachePages: 8000 },
  tasks: [
    { kind: 'anonymous', count: 2, pages: 3000 },
    { kind: 'reader', sleepNs: 50_000 },
  ],
  run: { seconds: 0.02, checkEvery: 0 },
};

describe('the end', () => {
  test('at its time', () => {
    expect(simulate(scenarioWith(load), everyone, 1)).toMatchObject({
      endedBy: 'time',
      simulatedNs: 20 * ms,
      seed: 1,
      policy: everyone,
    });
  });

  test('at the most events that are allowed', () => {
    const run = simulate(scenarioWith({ ...load, run: { seconds: 1, maxEvents: 77 } }), everyone, 1);
    expect(run).toMatchObject({ endedBy: 'max-events', events: 77 });
    expect(run.simulatedNs).toBeLessThan(1e9);
  });

  test('when somebody stops it: asked 200 times a run', () => {
    const asked: number[] = [];
    const run = simulate(scenarioWith(load), everyone, 1, {
      stop: (simulatedNs) => asked.push(simulatedNs) === 5,
    });
    // 20 ms in slices of 0.1 ms.
    expect(asked).toEqual([1, 2, 3, 4, 5].map((slice) => 0.1 * ms * slice));
    expect(run).toMatchObject({ endedBy: 'stopped', simulatedNs: 0.5 * ms });
  });

  test('when all tasks are dead', () => {
    // 20 ms of life, and no new one.
    const tasks = [
      { kind: 'anonymous', pages: 10, lifetimeNs: 20 * ms, sleepNs: ms, extra: { restartNs: -1 } },
    ] as const;
    const run = simulate(scenarioWith({ tasks, run: { seconds: 10 } }), everyone, 1);
    expect(run.endedBy).toBe('all-tasks-dead');
    expect(run.simulatedNs).toBeGreaterThan(20 * ms);
    expect(run.simulatedNs).toBeLessThan(25 * ms);
    expect(run.counters.allocations).toBe(run.counters.frees);
  });

  test('nothing to do at all: the time passes', () => {
    const run = simulate(scenarioWith(), everyone, 1);
    expect(run.drains.length).toBe(0);
    expect(run.counters.pageOperations).toBe(0);
  });

  test('a drain that is cut off is a row without an end', () => {
    const fifo = { kind: 'spinner' as const, cpus: onCpus(3, 1), fifo: true };
    const simulation = simulationWith({ tasks: [fifo], calls: [{ cause: 'debug-read' }] }, worker);
    park(simulation.memory, 1, 5);
    simulation.runUntil(10 * ms);
    const { drains } = simulation.finish(true);
    expect(rowsOf(drains)).toMatchObject([{ timeNs: 1000, endNs: -1, pagesBack: 0, retry: 0 }]);
  });
});

describe('tasks', () => {
  test('a task begins at its time, and again after its life', () => {
    const tasks = [
      { kind: 'anonymous', pages: 10, startNs: 5 * ms, lifetimeNs: 4 * ms, sleepNs: ms },
    ] as const;
    const simulation = simulationWith({ tasks, run: { seconds: 0.03, checkEvery: 0 } }, everyone);
    simulation.runUntil(5 * ms - 1);
    expect(simulation.counters.allocations).toBe(0);
    simulation.runUntil(8 * ms);
    expect(simulation.counters.allocations).toBeGreaterThan(0);
    expect(simulation.tasks.startedNs[0]).toBe(5 * ms);
    simulation.runUntil(30 * ms);
    expect(simulation.tasks.startedNs[0]).toBeGreaterThan(9 * ms);
  });

  test('a task that wakes goes to an idle CPU of its set, not to another', () => {
    // Two tasks that work without end on CPUs 1 and 2, a third that sleeps: it must share.
    const cpus = onCpus(4, 1, 2);
    const tasks = [
      { kind: 'spinner', count: 2, cpus },
      { kind: 'sleeper', pages: 3, sleepNs: ms, cpus },
    ] as const;
    const simulation = simulationWith({ cpus: 4, tasks, run: { seconds: 0.1, checkEvery: 0 } }, everyone);
    simulation.runUntil(1e9);
    expect(simulation.isIdle(0)).toBe(true);
    expect(simulation.isIdle(3)).toBe(true);
    expect([1, 2]).toContain(simulation.tasks.cpu[2]);
    expect(simulation.counters.allocations).toBeGreaterThan(0);
    expect(simulation.pagesOnList(0, 0) + simulation.pagesOnList(3, 0)).toBe(0);
  });
});

describe('what people look at', () => {
  test('lists, marks and limits of the zone', () => {
    const simulation = simulationWith({ kernel: { minFreeKbytes: 4000 } }, everyone);
    park(simulation.memory, 2, 7);
    expect(simulation.pagesOnList(2, 0)).toBe(7);
    expect(simulation.freePages(0)).toBe(65_536 - 7);
    // 4000 KiB are 1000 pages; gap max(250, 65).
    expect((['min', 'low', 'high'] as const).map((mark) => simulation.watermark(0, mark))).toEqual([
      1000, 1250, 1500,
    ]);
    expect([simulation.batch(0, 0), simulation.high(0, 0)]).toEqual([15, 90]);
    expect(simulation.isIdle(0)).toBe(true);
  });

  test('names of processes', () => {
    const simulation = simulationWith({ tasks: [{ kind: 'reader', name: 'cat' }] }, everyone);
    expect([0, 100, 101, 1_000_002].map((pid) => simulation.commOf(pid))).toEqual([
      'idle',
      'cat',
      'kswapd0',
      'kworker/2:1',
    ]);
  });

  test('a look every so often', () => {
    const times: number[] = [];
    const observer = { sampleNs: 3 * ms, sample: (timeNs: number) => times.push(timeNs) };
    simulate(scenarioWith({ ...load }), everyone, 1, { observer });
    expect(times).toEqual([3, 6, 9, 12, 15, 18].map((at) => at * ms));
  });
});

describe('the vmstat worker', () => {
  /** 6.12: a list whose `high` has risen. */
  function raised(isolated: readonly number[]) {
    const tasks = [{ kind: 'sleeper', pages: 1, sleepNs: 100 * ms, cpus: onCpus(2, 1) }] as const;
    const simulation = simulationWith(
      { cpus: 2, version: '6.12', isolated, tasks, run: { seconds: 3, checkEvery: 0 } },
      everyone,
    );
    const { lists } = simulation.memory;
    lists.high[1] = 2000;
    simulation.runUntil(1.05e9);
    return { high: lists.high[1], least: lists.highMin[1] };
  }

  test('lowers high by an eighth a second on a CPU that works', () => {
    const { high, least } = raised([]);
    // 2000 - 2000 / 8, and what frees and refills of the sleeper moved it meanwhile.
    expect(high).toBeLessThan(2000);
    expect(high).toBeGreaterThanOrEqual(least);
  });

  test('and leaves isolated CPUs alone', () => {
    expect(raised([1]).high).toBeGreaterThanOrEqual(2000);
  });
});

import { describe, expect, test } from 'vitest';
import { type MachineByHand, onCpus, scenarioWith } from '../../../test/machines.ts';
import { EventQueue } from '../../base/event-queue.ts';
import { EventKind, kindOf, subjectOf } from './event-kinds.ts';
import { PageLinks } from './page-chains.ts';
import { Processors } from './processors.ts';
import { TaskState, TaskTable } from './task-table.ts';

const ms = 1e6;

function machine(taskCount: number, by: MachineByHand = {}) {
  const scenario = scenarioWith({ cpus: 2, ...by });
  const tasks = new TaskTable(taskCount, 0, new PageLinks(8), 1);
  const queue = new EventQueue();
  const processors = new Processors(scenario, tasks, queue);
  /** Times of the steps in the queue, and whether the CPU went on at each; all kinds but steps are left out. */
  const steps = () => {
    const seen: Array<[number, number, boolean]> = [];
    // The host switches for ever: 30 ms are enough.
    while (queue.nextTime <= 30 * ms) {
      const at = queue.nextTime;
      const event = queue.pop();
      if (kindOf(event) === EventKind.step)
        seen.push([at, subjectOf(event), processors.due(subjectOf(event), at)]);
      else if (kindOf(event) === EventKind.hostSwitch) processors.hostSwitch(at);
    }
    return seen;
  };
  return { tasks, queue, processors, steps };
}

describe('waking', () => {
  test('an idle CPU leaves its state first: 104 µs from C6', () => {
    const { tasks, processors, steps } = machine(1, { machine: { idle: 'sandy-bridge' } });
    tasks.cpu[0] = 1;
    expect(processors.isIdle(1)).toBe(true);
    processors.makeRunnable(0, 5 * ms);
    expect(tasks.state[0]).toBe(TaskState.runnable);
    expect(processors.isIdle(1)).toBe(false);
    expect(steps()).toEqual([[5 * ms + 104_000, 1, true]]);
    expect(processors.pick(1, 5 * ms + 104_000)).toBe(0);
  });

  test('a busy CPU goes on; the task waits in its queue', () => {
    const { tasks, processors, steps } = machine(2);
    processors.makeRunnable(0, 0);
    expect(steps()).toEqual([[0, 0, true]]);
    expect(processors.pick(0, 0)).toBe(0);
    processors.continueAt(0, 1000);
    processors.makeRunnable(1, 500);
    expect(tasks.state[1]).toBe(TaskState.runnable);
    expect(processors.queues.length(0)).toBe(1);
    expect(steps()).toEqual([[1000, 0, true]]);
  });
});

describe('who goes on', () => {
  function two() {
    const all = machine(2);
    const { processors, steps } = all;
    processors.makeRunnable(0, 0);
    steps();
    processors.pick(0, 0);
    processors.makeRunnable(1, 0);
    return all;
  }

  test('the current task, until another has received less by more than 1 ms', () => {
    const { processors } = two();
    expect(processors.pick(0, 0.5 * ms)).toBe(0);
    expect(processors.pick(0, 1 * ms)).toBe(0);
    expect(processors.pick(0, 1 * ms + 1)).toBe(1);
    // Task 0 waits with 1 ms + 1; task 1, which began at 1 ms + 1 with nothing, is ahead by more than 1 ms after 2 ms + 2.
    expect(processors.pick(0, 2 * ms)).toBe(1);
    expect(processors.pick(0, 3 * ms + 2)).toBe(1);
    expect(processors.pick(0, 3 * ms + 3)).toBe(0);
  });

  test('nobody waits: it goes on for ever', () => {
    const { processors } = machine(1);
    processors.makeRunnable(0, 0);
    processors.pick(0, 0);
    expect(processors.pick(0, 1000 * ms)).toBe(0);
  });

  test('a SCHED_FIFO task is not taken off', () => {
    const { tasks, processors } = two();
    tasks.fifo[0] = 1;
    expect(processors.pick(0, 1000 * ms)).toBe(0);
  });

  test('when it leaves, the next; when nobody is left, the CPU goes idle', () => {
    const { processors } = two();
    processors.leave(0, 0.1 * ms);
    expect(processors.pick(0, 0.1 * ms)).toBe(1);
    processors.leave(0, 0.2 * ms);
    expect(processors.pick(0, 0.2 * ms)).toBe(-1);
    expect(processors.isIdle(0)).toBe(true);
  });
});

describe('time', () => {
  test('a handler pushes the end of what runs back', () => {
    const { processors, steps } = machine(1);
    processors.continueAt(0, 1000);
    processors.delay(0, 300);
    processors.delay(0, 50);
    expect(steps()).toEqual([
      [1000, 0, false],
      [1350, 0, true],
    ]);
  });

  test('a CPU that spins goes on when it is told, not before', () => {
    const { processors, steps } = machine(1);
    processors.continueAt(0, 1000);
    processors.spin(0);
    processors.delay(0, 300);
    expect(steps()).toEqual([[1000, 0, false]]);
    processors.continueAt(0, 7000);
    expect(steps()).toEqual([[7000, 0, true]]);
  });

  test('what ends earlier than was said goes on earlier', () => {
    const { processors, steps } = machine(1);
    processors.continueAt(0, 10_000);
    processors.continueAt(0, 2000);
    const seen = steps();
    expect(seen[0]).toEqual([2000, 0, true]);
    expect(seen.filter(([, , goesOn]) => goesOn)).toHaveLength(1);
  });
});

describe('user code', () => {
  /** Task 0 computes from 0 to 100 ms; task 1 has received as much, less `behind`. */
  function computing(behind: number) {
    const all = machine(2);
    const { tasks, processors, steps } = all;
    processors.makeRunnable(0, 0);
    steps();
    processors.pick(0, 0);
    tasks.receivedNs[0] = 50 * ms;
    tasks.receivedNs[1] = 50 * ms - behind;
    processors.computeNs[0] = 100 * ms;
    processors.continueAt(0, 100 * ms);
    const first = () => all.steps()[0];
    return { ...all, first };
  }

  test('is cut short at once for a task that is behind by more than 1 ms, and the rest is kept', () => {
    const { tasks, processors, first } = computing(1.5 * ms);
    processors.makeRunnable(1, 0);
    expect(first()).toEqual([0, 0, true]);
    expect(tasks.leftNs[0]).toBe(100 * ms);
    expect(processors.pick(0, 0)).toBe(1);
  });

  test('for one that is behind by less, when it is behind by 1 ms', () => {
    const { tasks, processors, first } = computing(0.4 * ms);
    processors.makeRunnable(1, 0);
    // 0.6 ms and 1 ns are left of 100 ms.
    expect(first()).toEqual([0.6 * ms + 1, 0, true]);
    expect(tasks.leftNs[0]).toBe(99.4 * ms - 1);
    expect(processors.pick(0, 0.6 * ms + 1)).toBe(1);
  });

  test('that begins while somebody waits lasts until it is their turn', () => {
    const { processors, first, queue, tasks } = computing(0);
    processors.queues.add(0, 1);
    processors.makeRoom(0, 0);
    expect(queue.nextTime).toBe(1 * ms + 1);
    expect(first()).toEqual([1 * ms + 1, 0, true]);
    expect(tasks.leftNs[0]).toBe(99 * ms - 1);
  });

  test('of a SCHED_FIFO task is not cut, and is cut at once for one', () => {
    const mine = computing(50 * ms);
    mine.tasks.fifo[0] = 1;
    mine.processors.makeRunnable(1, 0);
    expect(mine.queue.nextTime).toBe(100 * ms);
    const other = computing(0);
    other.tasks.fifo[1] = 1;
    other.processors.makeRunnable(1, 0);
    expect(other.queue.nextTime).toBe(0);
  });

  test('kernel code is not cut', () => {
    const { processors, queue, tasks } = computing(50 * ms);
    processors.computeNs[0] = 0;
    processors.makeRunnable(1, 0);
    expect(queue.nextTime).toBe(100 * ms);
    expect(tasks.leftNs[0]).toBe(0);
  });
});

describe('a guest on one processor of its host', () => {
  const host = { machine: { host: { cpus: 1, sliceNs: 4 * ms } } };

  test('one CPU waits while the other runs, and comes when that halts', () => {
    const { tasks, processors } = machine(2, host);
    tasks.cpu[1] = 1;
    processors.makeRunnable(0, 0);
    processors.makeRunnable(1, 0);
    expect([processors.runs(0), processors.runs(1)]).toEqual([true, false]);
    processors.pick(0, 0);
    processors.leave(0, 1 * ms);
    expect(processors.pick(0, 1 * ms)).toBe(-1);
    expect([processors.runs(0), processors.runs(1)]).toEqual([false, true]);
  });

  test('what a CPU was doing ends later by the time that it stood still', () => {
    const { tasks, processors, steps } = machine(2, host);
    tasks.cpu[1] = 1;
    const started: Array<[number, number]> = [];
    processors.onStarted = (cpu, nowNs) => started.push([cpu, nowNs]);
    processors.makeRunnable(0, 0);
    processors.makeRunnable(1, 0);
    processors.pick(0, 0);
    // 10 ms of work from 0 on; at 4 ms the slice is over and CPU 1 has its turn, until 8 ms; 6 ms are left then.
    processors.continueAt(0, 10 * ms);
    const seen = steps();
    const goesOn = seen.filter(([, cpu, on]) => cpu === 0 && on);
    expect(started[0]).toEqual([0, 0]);
    expect(started).toContainEqual([1, 4 * ms]);
    expect(goesOn[0][0]).toBeGreaterThanOrEqual(14 * ms);
  });

  test('without a host every CPU runs at all times', () => {
    const { processors } = machine(1);
    expect([processors.runs(0), processors.runs(1)]).toEqual([true, true]);
    expect([...onCpus(2, 0, 1)].every((cpu) => processors.runs(cpu))).toBe(true);
  });
});

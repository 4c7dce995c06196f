import { expect, test } from 'vitest';
import { PageLinks } from './page-chains.ts';
import { RunQueues } from './run-queues.ts';
import { TaskTable } from './task-table.ts';

const sliceNs = 6_000_000;

function queues(received: readonly number[]) {
  const tasks = new TaskTable(received.length, 0, new PageLinks(8), 1);
  tasks.receivedNs.set(received);
  return { tasks, queues: new RunQueues(2, tasks, sliceNs) };
}

test('who has received least goes first; equals in the order in which they came', () => {
  const { queues: all } = queues([50, 10, 30, 10]);
  for (const task of [0, 1, 2, 3]) all.add(0, task);
  expect(all.length(0)).toBe(4);
  expect(all.leastNs(0)).toBe(10);
  expect([all.take(0), all.take(0), all.take(0), all.take(0), all.take(0)]).toEqual([1, 3, 2, 0, -1]);
  expect(all.leastNs(0)).toBe(Number.POSITIVE_INFINITY);
});

test('each CPU has its own', () => {
  const { queues: all } = queues([5, 6]);
  all.add(0, 0);
  all.add(1, 1);
  expect([all.length(0), all.length(1)]).toEqual([1, 1]);
  expect([all.take(1), all.take(1), all.take(0)]).toEqual([1, -1, 0]);
});

test('a task that slept is put ahead, though by no more than half a slice', () => {
  const { tasks, queues: all } = queues([100_000_000, 0, 99_000_000]);
  all.add(0, 0);
  expect(all.take(0)).toBe(0);
  // The floor is at 100 ms now. Half a slice is 3 ms: task 1 counts as 97 ms, task 2 keeps its 99.
  all.wake(0, 1);
  all.wake(0, 2);
  expect([tasks.receivedNs[1], tasks.receivedNs[2]]).toEqual([97_000_000, 99_000_000]);
  expect([all.take(0), all.take(0)]).toEqual([1, 2]);
});

test('the floor never goes back', () => {
  const { tasks, queues: all } = queues([100_000_000, 10_000_000, 0]);
  all.add(0, 0);
  all.take(0);
  all.add(0, 1);
  all.take(0);
  all.wake(0, 2);
  expect(tasks.receivedNs[2]).toBe(97_000_000);
});

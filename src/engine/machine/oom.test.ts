import { expect, test } from 'vitest';
import { oomVictim } from './oom.ts';
import { PageLinks } from './page-chains.ts';
import { TaskState, TaskTable } from './task-table.ts';

/** Tasks that run, with so many pages. */
function table(...pages: number[]): TaskTable {
  const tasks = new TaskTable(pages.length, 0, new PageLinks(8), 1);
  tasks.pages.set(pages);
  tasks.state.fill(TaskState.runnable);
  return tasks;
}

test('the task with most pages, the latest of equals', () => {
  expect(oomVictim(table(5, 9, 3))).toBe(1);
  expect(oomVictim(table(9, 5, 9, 2))).toBe(2);
});

test('pages that it shares count too', () => {
  const tasks = table(5, 9, 3);
  tasks.sharedPages[2] = 7;
  expect(oomVictim(tasks)).toBe(2);
});

test('neither the dead, nor the unkillable, nor who was chosen before', () => {
  const tasks = table(9, 8, 7, 6);
  tasks.state[0] = TaskState.dead;
  tasks.unkillable[1] = 1;
  tasks.killed[2] = 1;
  expect(oomVictim(tasks)).toBe(3);
});

test('nobody has a page: nobody', () => {
  expect(oomVictim(table(0, 0))).toBe(-1);
  expect(oomVictim(table())).toBe(-1);
});

/** Whom the OOM killer takes (select_bad_process, mm/oom_kill.c): the task with most pages, the latest of equals. */

import { TaskState, type TaskTable } from './task-table.ts';

/** PAGE_ALLOC_COSTLY_ORDER: above it a request fails rather than kill. */
export const costlyOrder = 3;

/** The task, or -1 when nobody is left to kill. */
export function oomVictim(tasks: TaskTable): number {
  let victim = -1;
  let most = 0;
  for (let task = 0; task < tasks.length; task++) {
    if (tasks.state[task] === TaskState.dead || tasks.unkillable[task] === 1 || tasks.killed[task] === 1)
      continue;
    const pages = tasks.pages[task] + tasks.sharedPages[task];
    if (pages > 0 && pages >= most) {
      most = pages;
      victim = task;
    }
  }
  return victim;
}

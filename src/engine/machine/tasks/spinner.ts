/** Runs in user space and never enters the kernel: a poll-mode driver, a solver. With `fifo` no kernel worker gets its CPU. `pages` are taken once at its start. */

import { Op, type Program } from '../task-table.ts';

export const spinner: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task, spec) {
    if (spec.pages > 0) tasks.allocates(task, spec.pages, 0, 1);
    else tasks.set(task, Op.none, 0);
  },
  next(tasks, task) {
    tasks.failed[task] = 0;
    // Long stretches: an isolated CPU costs the simulation next to nothing. A task that wakes cuts them short.
    tasks.set(task, Op.compute, 1_000_000_000);
  },
};

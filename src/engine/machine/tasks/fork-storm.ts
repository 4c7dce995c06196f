/**
 * Forks and exits without end: each child takes its kernel stack (four unmovable pages), page tables and `pages`
 * movable pages for its memory, runs for a moment, and gives everything back.
 */

import { Op, type Program } from '../task-table.ts';
import { pauseNs } from './pace.ts';

const Phase = { stack: 0, memory: 1, run: 2, exit: 3, pause: 4 } as const;

/** A kernel stack of 16 KiB and three levels of page tables (THREAD_SIZE, x86-64). */
const kernelPages = 7;

export const forkStorm: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.phase[task] = Phase.pause;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec) {
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.stack:
        tasks.phase[task] = Phase.memory;
        tasks.allocates(task, spec.pages, 0, 1);
        return;
      case Phase.memory:
        tasks.phase[task] = Phase.run;
        tasks.set(task, Op.compute, tasks.drawAround(task, spec.extra.runNs ?? 200_000));
        return;
      case Phase.run:
        tasks.phase[task] = Phase.exit;
        tasks.set(task, Op.release, tasks.holdings.length[task]);
        return;
      case Phase.exit: {
        tasks.phase[task] = Phase.pause;
        const pause = pauseNs(tasks, task, spec, 2 * (kernelPages + spec.pages));
        if (pause > 0) {
          tasks.sleeps(task, pause);
          return;
        }
        break;
      }
      default:
    }
    tasks.phase[task] = Phase.stack;
    tasks.allocates(task, kernelPages, 0, 0);
  },
};

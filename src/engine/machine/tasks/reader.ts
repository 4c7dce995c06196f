/**
 * Streams a file through the page cache, again and again: read-ahead takes pages in bursts (ra_pages, 128 KiB by
 * default) with __GFP_NORETRY, then the reader waits for the disk. `extra.burst`: pages of one read-ahead;
 * `extra.copyNs`: time to copy one page to the caller.
 */

import { Op, type Program } from '../task-table.ts';
import { lifeIsOver, pauseNs } from './pace.ts';

const Phase = { readAhead: 0, wait: 1, copy: 2 } as const;

/** Pages of a read-ahead with the default of 128 KiB (VM_READAHEAD_PAGES, include/linux/mm.h). */
const burstPages = 32;

export const reader: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.phase[task] = Phase.copy;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec, nowNs) {
    const burst = spec.extra.burst ?? burstPages;
    if (tasks.failed[task] === 1) {
      // Read-ahead gave up: the page that is needed at once is asked for without __GFP_NORETRY.
      tasks.failed[task] = 0;
      tasks.noRetry[task] = 0;
      tasks.phase[task] = Phase.readAhead;
      tasks.set(task, Op.read, 1);
      tasks.type[task] = 1;
      return;
    }
    switch (tasks.phase[task]) {
      case Phase.readAhead: {
        tasks.phase[task] = Phase.wait;
        const pause = pauseNs(tasks, task, spec, burst);
        if (pause > 0) tasks.sleeps(task, pause);
        else tasks.set(task, Op.compute, 0);
        return;
      }
      case Phase.wait:
        tasks.phase[task] = Phase.copy;
        tasks.set(task, Op.compute, burst * (spec.extra.copyNs ?? 400));
        return;
      default:
        if (lifeIsOver(tasks, task, spec, nowNs)) {
          tasks.set(task, Op.exit, 0);
          return;
        }
        tasks.phase[task] = Phase.readAhead;
        tasks.noRetry[task] = 1;
        tasks.order[task] = 0;
        tasks.type[task] = 1;
        tasks.set(task, Op.read, burst);
    }
  },
};

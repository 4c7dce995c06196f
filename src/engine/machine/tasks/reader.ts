/**
 * Streams a file through the page cache, again and again: read-ahead takes pages in bursts (ra_pages, 128 KiB by
 * default) with __GFP_NORETRY and reads as far as it got; where it got nothing, the page that is needed at once is asked for without
 * (page_cache_ra_unbounded, generic_file_buffered_read, mm/filemap.c). Then the reader waits for the disk and copies.
 *
 * `extra.burst`: pages of one read-ahead; `extra.copyNs`: time to copy one page to the caller; `sleep`: the disk;
 * `extra.movable`: 0 for a block device, whose pages are not movable.
 */

import { Op, type Program, type TaskTable } from '../task-table.ts';
import { lifeIsOver, pauseNs } from './pace.ts';

const Phase = { readAhead: 0, onePage: 1, wait: 2, copy: 3 } as const;

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
    const failed = tasks.failed[task] === 1;
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.readAhead:
      case Phase.onePage: {
        const asked = tasks.phase[task] === Phase.readAhead ? burst : 1;
        const got = failed ? asked - tasks.missed[task] : asked;
        if (got === 0) {
          read(tasks, task, 1, 0, spec.extra.movable ?? 1);
          tasks.phase[task] = Phase.onePage;
          return;
        }
        tasks.counter[task] = got;
        tasks.phase[task] = Phase.wait;
        const pause = pauseNs(tasks, task, spec, got);
        if (pause > 0) tasks.sleeps(task, pause);
        else tasks.set(task, Op.compute, 0);
        return;
      }
      case Phase.wait:
        tasks.phase[task] = Phase.copy;
        tasks.set(task, Op.compute, tasks.drawAround(task, tasks.counter[task] * (spec.extra.copyNs ?? 400)));
        return;
      default:
        if (lifeIsOver(tasks, task, spec, nowNs)) {
          tasks.set(task, Op.exit, 0);
          return;
        }
        read(tasks, task, burst, 1, spec.extra.movable ?? 1);
        tasks.phase[task] = Phase.readAhead;
    }
  },
};

function read(tasks: TaskTable, task: number, pages: number, noRetry: number, type: number): void {
  tasks.noRetry[task] = noRetry;
  tasks.order[task] = 0;
  tasks.type[task] = type;
  tasks.set(task, Op.read, pages);
}

/**
 * Walks through /proc as ls, ps and killall do: for each file a page is taken and given back at once, and now and then
 * inodes and directory entries need a new slab page, which stays until `pages` newer ones are there. Small, but it keeps its
 * CPU's list filled, and unlike read-ahead its allocations must not fail.
 */

import { Op, type Program } from '../task-table.ts';
import { lifeIsOver, pauseNs } from './pace.ts';

const Phase = { take: 0, give: 1, keep: 2, drop: 3, work: 4 } as const;

/** One new slab page for so many files (recorded: killall took 4,682 pages for files and 1,600 for slabs). */
const filesPerSlab = 3;

export const walker: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.counter[task] = 0;
    tasks.phase[task] = Phase.work;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec, nowNs) {
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.take:
        tasks.phase[task] = Phase.give;
        tasks.set(task, Op.release, 1);
        return;
      case Phase.give:
        tasks.phase[task] = Phase.keep;
        tasks.allocates(task, tasks.drawBelow(task, filesPerSlab) === 0 ? 1 : 0, 0, 2);
        return;
      case Phase.keep:
        tasks.phase[task] = Phase.drop;
        tasks.set(task, Op.releaseOldest, Math.max(0, tasks.holdings.length[task] - spec.pages));
        return;
      case Phase.drop: {
        tasks.phase[task] = Phase.work;
        const pause = pauseNs(tasks, task, spec, 2);
        if (pause > 0) tasks.sleeps(task, pause);
        else tasks.set(task, Op.compute, tasks.drawAround(task, spec.extra.fileNs ?? 20_000));
        return;
      }
      default:
        if (lifeIsOver(tasks, task, spec, nowNs)) {
          tasks.set(task, Op.exit, 0);
          return;
        }
        tasks.phase[task] = Phase.take;
        tasks.allocates(task, 1, 0, 0);
    }
  },
};

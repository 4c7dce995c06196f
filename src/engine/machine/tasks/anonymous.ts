/** Grows to `pages` anonymous pages by page faults, frees all of them, begins again (memload anon, mmap and munmap). */

import { Op, type Program } from '../task-table.ts';
import { lifeIsOver, pauseNs, roundPages } from './pace.ts';

const Phase = { grow: 0, pause: 1, shrink: 2 } as const;

export const anonymous: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.phase[task] = Phase.pause;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec, nowNs) {
    tasks.failed[task] = 0;
    const perBlock = 1 << spec.order;
    const blocks = Math.max(1, roundPages >> spec.order);
    if (lifeIsOver(tasks, task, spec, nowNs)) {
      tasks.set(task, Op.exit, 0);
      return;
    }
    const phase = tasks.phase[task];
    if (phase === Phase.grow) {
      tasks.phase[task] = Phase.pause;
      const pause = pauseNs(tasks, task, spec, blocks * perBlock);
      if (pause > 0) {
        tasks.sleeps(task, pause);
        return;
      }
    }
    if (tasks.pages[task] >= spec.pages) {
      tasks.phase[task] = Phase.shrink;
      tasks.set(task, Op.release, Math.ceil(tasks.pages[task] / perBlock));
      return;
    }
    tasks.phase[task] = Phase.grow;
    tasks.allocates(task, blocks, spec.order, 1);
  },
};

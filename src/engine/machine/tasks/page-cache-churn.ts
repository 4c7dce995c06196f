/** Writes and reads files at random: page-cache pages come one by one and stay until reclaim takes them. */

import { Op, type Program } from '../task-table.ts';
import { lifeIsOver, pauseNs, roundPages } from './pace.ts';

const Phase = { read: 0, pause: 1 } as const;

export const pageCacheChurn: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.phase[task] = Phase.pause;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec, nowNs) {
    tasks.failed[task] = 0;
    if (tasks.phase[task] === Phase.read) {
      tasks.phase[task] = Phase.pause;
      const pause = pauseNs(tasks, task, spec, roundPages);
      if (pause > 0) {
        tasks.sleeps(task, pause);
        return;
      }
    }
    if (lifeIsOver(tasks, task, spec, nowNs)) {
      tasks.set(task, Op.exit, 0);
      return;
    }
    tasks.phase[task] = Phase.read;
    tasks.order[task] = 0;
    tasks.type[task] = 1;
    tasks.set(task, Op.read, roundPages);
  },
};

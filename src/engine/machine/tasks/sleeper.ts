/**
 * A quiet CPU of Mel's survey: wakes now and then, takes and frees a few pages, sleeps again. What it leaves on its CPU's lists
 * stays there. `pages`: of one visit; `sleepNs`: between visits.
 */

import { Op, type Program } from '../task-table.ts';

const Phase = { take: 0, give: 1, rest: 2 } as const;

export const sleeper: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task, spec) {
    tasks.phase[task] = Phase.rest;
    // Not all at once: the first visit comes somewhere in the first pause.
    if (spec.sleepNs > 0) tasks.sleeps(task, tasks.drawBelow(task, spec.sleepNs) + 1);
    else tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec) {
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.take:
        tasks.phase[task] = Phase.give;
        tasks.set(task, Op.release, tasks.holdings.length[task]);
        return;
      case Phase.give:
        tasks.phase[task] = Phase.rest;
        tasks.sleeps(task, Math.max(1, tasks.drawAround(task, Math.max(1, spec.sleepNs))));
        return;
      default:
        tasks.phase[task] = Phase.take;
        tasks.allocates(task, Math.max(1, tasks.drawBelow(task, 2 * spec.pages) + 1), spec.order, 1);
    }
  },
};

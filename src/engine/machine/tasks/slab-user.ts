/** Takes and gives objects of the cache that the masks come from: the competition that the thread worries about. `pages`: objects it holds at most. */

import { Op, type Program } from '../task-table.ts';
import { pauseNs } from './pace.ts';

const Phase = { take: 0, give: 1, pause: 2 } as const;

const roundObjects = 16;

export const slabUser: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.objects.set(task, []);
    tasks.phase[task] = Phase.pause;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec) {
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.take: {
        tasks.phase[task] = Phase.give;
        const held = tasks.objects.get(task)?.length ?? 0;
        tasks.set(task, Op.giveObjects, held > spec.pages ? tasks.drawBelow(task, held) + 1 : 0);
        return;
      }
      case Phase.give: {
        tasks.phase[task] = Phase.pause;
        const pause = pauseNs(tasks, task, spec, roundObjects);
        if (pause > 0) {
          tasks.sleeps(task, pause);
          return;
        }
        break;
      }
      default:
    }
    tasks.phase[task] = Phase.take;
    tasks.set(task, Op.takeObjects, tasks.drawBelow(task, 2 * roundObjects) + 1);
  },
};

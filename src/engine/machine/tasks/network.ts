/**
 * Receives packets: the driver fills a ring of receive buffers with pages (order of the scenario), the stack frees the
 * oldest ones later on the same CPU. `pages`: size of the ring in blocks; `rate`: blocks a second. Allocations are GFP_ATOMIC
 * and never reclaim: a failure is a dropped packet.
 */

import { Op, type Program } from '../task-table.ts';
import { pauseNs } from './pace.ts';

const Phase = { fill: 0, consume: 1, pause: 2 } as const;

/** Packets handled in one poll (NAPI_POLL_WEIGHT, include/linux/netdevice.h). */
const budget = 64;

export const network: Program = {
  tasksPerUnit: () => 1,
  start(tasks, task) {
    tasks.phase[task] = Phase.pause;
    tasks.set(task, Op.none, 0);
  },
  next(tasks, task, spec) {
    tasks.failed[task] = 0;
    switch (tasks.phase[task]) {
      case Phase.fill: {
        tasks.phase[task] = Phase.consume;
        const over = tasks.holdings.length[task] - spec.pages;
        tasks.set(task, Op.releaseOldest, Math.max(0, over));
        return;
      }
      case Phase.consume: {
        tasks.phase[task] = Phase.pause;
        const pause = pauseNs(tasks, task, spec, budget);
        if (pause > 0) {
          tasks.sleeps(task, pause);
          return;
        }
        break;
      }
      default:
    }
    tasks.phase[task] = Phase.fill;
    tasks.allocates(task, budget, spec.order, 0);
  },
};

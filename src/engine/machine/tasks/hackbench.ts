/**
 * hackbench: groups of 40 tasks, 20 of which send messages to the 20 others through sockets. A task is forked (kernel
 * stack, page tables, a little memory), senders allocate what the messages need on their CPU, receivers free it on theirs, and
 * after `extra.messages` rounds the group ends. `count` is the number of groups.
 */

import { Op, type Program } from '../task-table.ts';
import { pauseNs } from './pace.ts';

const Phase = { fork: 0, memory: 1, message: 2, pause: 3, exit: 4 } as const;

export const tasksPerGroup = 40;
/** Kernel stack of 16 KiB and page tables of a process (fork, x86-64). */
const kernelPages = 10;
/** Touched memory of a forked child: copied stack and data pages. */
const memoryPages = 6;
/** Pages that a socket's queue may hold before the sender waits (212,992 bytes of sk_sndbuf). */
const mailboxPages = 52;

export const hackbench: Program = {
  tasksPerUnit: (spec) => spec.extra.tasksPerGroup ?? tasksPerGroup,
  start(tasks, task) {
    tasks.phase[task] = Phase.fork;
    tasks.counter[task] = 0;
    tasks.allocates(task, kernelPages, 0, 0);
  },
  next(tasks, task, spec) {
    tasks.failed[task] = 0;
    const perGroup = spec.extra.tasksPerGroup ?? tasksPerGroup;
    const sends = task % perGroup < perGroup / 2;
    switch (tasks.phase[task]) {
      case Phase.fork:
        tasks.phase[task] = Phase.memory;
        tasks.allocates(task, memoryPages, 0, 1);
        return;
      case Phase.memory:
      case Phase.pause: {
        if (tasks.counter[task]++ >= (spec.extra.messages ?? 100)) {
          tasks.phase[task] = Phase.exit;
          tasks.set(task, Op.exit, 0);
          return;
        }
        tasks.phase[task] = Phase.message;
        const waiting = tasks.mailboxes.length[tasks.group[task]];
        if (sends && waiting < mailboxPages) {
          tasks.set(task, Op.send, 1 + tasks.drawBelow(task, 4));
          tasks.order[task] = 0;
          tasks.type[task] = 0;
        } else if (!sends && waiting > 0) tasks.set(task, Op.receive, 1 + tasks.drawBelow(task, 4));
        else tasks.sleeps(task, tasks.drawAround(task, spec.extra.waitNs ?? 100_000));
        return;
      }
      default: {
        tasks.phase[task] = Phase.pause;
        const pause = pauseNs(tasks, task, spec, 4);
        if (pause > 0) tasks.sleeps(task, pause);
        else tasks.set(task, Op.compute, spec.extra.messageNs ?? 20_000);
      }
    }
  },
};

/**
 * hackbench in process mode: a parent forks `extra.groups` groups of 40, one child after the other; each child copies a few
 * pages and waits. When all are there the parent tells them to begin: half of them send messages through sockets,
 * half receive. A sender allocates on its CPU what a receiver frees on another. After `extra.messages` rounds a child
 * exits, and when all have gone the parent begins anew.
 *
 * `count` is the number of hackbench processes started side by side. If the OOM killer takes a parent, its children
 * wait for ever and keep their memory, until `lifetime` (somebody kills all of hackbench) is over.
 */

import type { Nanoseconds } from '../../../base/units.ts';
import type { TaskSpec } from '../../input/scenario.ts';
import { Op, type Program, TaskState, type TaskTable } from '../task-table.ts';
import { pauseNs } from './pace.ts';

const Parent = { clean: 0, pages: 1, copies: 2, fork: 3, pause: 4, begun: 5 } as const;
const Child = { copies: 10, waits: 11, ready: 12, message: 13, pause: 14 } as const;

export const tasksPerGroup = 40;
/** Of one fork on the parent's CPU: 13 page tables, 4 of the kernel stack, 5 of slabs (recorded: 5.10, x86-64, process mode). */
const forkPages = 22;
/** Pages that the parent copies because the child shares them, and those that the child copies on its CPU (recorded: 3.2 and 4.9). */
const parentCopies = 3;
const childCopies = 5;
/** Pages that wait in the sockets of a group before its senders wait (20 receivers, sk_sndbuf of 212,992 bytes). */
const groupMailbox = 20 * 52;
/** How often the parent looks whether its children have gone. */
const lookNs: Nanoseconds = 10_000_000;

/** Shared pages in the parent's resident set (recorded by the OOM killer: 1,560 KiB); its children have none of them. */
const parentShared = 390;

const perGroup = (spec: TaskSpec) => spec.extra.tasksPerGroup ?? tasksPerGroup;
const childrenOf = (spec: TaskSpec) => (spec.extra.groups ?? 1) * perGroup(spec);

export const hackbench: Program = {
  tasksPerUnit: (spec) => 1 + childrenOf(spec),
  isChild: (index) => index > 0,
  start(tasks, task, spec) {
    tasks.counter[task] = 0;
    if (isParent(tasks, task, spec)) {
      tasks.forkNext[task] = task + 1;
      tasks.sharedPages[task] = parentShared;
      // Messages of a round whose receivers were killed.
      tasks.phase[task] = Parent.clean;
      tasks.set(task, Op.receive, tasks.mailboxes.length[tasks.group[task]]);
      return;
    }
    tasks.phase[task] = Child.copies;
    tasks.allocates(task, spec.extra.childPages ?? childCopies, 0, 1);
  },
  next(tasks, task, spec, nowNs) {
    tasks.failed[task] = 0;
    if (isParent(tasks, task, spec)) parentNext(tasks, task, spec, nowNs);
    else childNext(tasks, task, spec, nowNs);
  },
  againNs(tasks, task, spec, nowNs) {
    if (!isParent(tasks, task, spec)) return -1;
    if (spec.lifetimeNs > 0)
      return Math.max(0, roundEndNs(spec, tasks.startedNs[task]) + restNs(spec) - nowNs);
    return tasks.killed[task] === 1 ? -1 : (spec.extra.restartNs ?? 0);
  },
};

function isParent(tasks: TaskTable, task: number, spec: TaskSpec): boolean {
  return tasks.index[task] % (1 + childrenOf(spec)) === 0;
}

/** Senders are the first half of each group. */
function isSender(tasks: TaskTable, task: number, spec: TaskSpec): boolean {
  const place = (tasks.index[task] % (1 + childrenOf(spec))) - 1;
  return place % perGroup(spec) < perGroup(spec) / 2;
}

/** Rounds are `lifetime` long, with a rest of `extra.restartNs` after each, from the start on. */
function roundEndNs(spec: TaskSpec, nowNs: Nanoseconds): Nanoseconds {
  const period = spec.lifetimeNs + restNs(spec);
  return spec.startNs + Math.floor((nowNs - spec.startNs) / period) * period + spec.lifetimeNs;
}

function restNs(spec: TaskSpec): Nanoseconds {
  return spec.extra.restartNs ?? 0;
}

function parentNext(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: Nanoseconds): void {
  if (spec.lifetimeNs > 0 && nowNs >= roundEndNs(spec, tasks.startedNs[task])) {
    tasks.set(task, Op.exit, 0);
    return;
  }
  switch (tasks.phase[task]) {
    case Parent.pages:
      tasks.phase[task] = Parent.copies;
      tasks.allocates(task, spec.extra.parentPages ?? parentCopies, 0, 1);
      return;
    case Parent.copies:
      tasks.phase[task] = Parent.fork;
      tasks.set(task, Op.fork, 1);
      return;
    case Parent.fork: {
      if (tasks.forkNext[task] >= tasks.forkEnd[task]) {
        tasks.phase[task] = Parent.begun;
        for (let child = task + 1; child < tasks.forkNext[task]; child++) tasks.toWake.push(child);
        tasks.sleeps(task, lookNs);
        return;
      }
      tasks.phase[task] = Parent.pause;
      const pause = pauseNs(tasks, task, spec, forkPages);
      if (pause > 0) {
        tasks.sleeps(task, pause);
        return;
      }
      break;
    }
    case Parent.begun: {
      for (let child = task + 1; child < tasks.forkNext[task]; child++) {
        if (tasks.state[child] === TaskState.dead) continue;
        tasks.sleeps(task, lookNs);
        return;
      }
      tasks.set(task, Op.exit, 0);
      return;
    }
    default:
  }
  tasks.phase[task] = Parent.pages;
  tasks.allocates(task, forkPages, 0, 0);
}

function childNext(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: Nanoseconds): void {
  if (
    spec.lifetimeNs > 0 &&
    tasks.phase[task] !== Child.copies &&
    nowNs >= roundEndNs(spec, tasks.startedNs[task])
  ) {
    tasks.set(task, Op.exit, 0);
    return;
  }
  switch (tasks.phase[task]) {
    case Child.copies:
      tasks.phase[task] = Child.waits;
      tasks.sleeps(
        task,
        spec.lifetimeNs > 0
          ? Math.max(1, roundEndNs(spec, tasks.startedNs[task]) - nowNs)
          : Number.POSITIVE_INFINITY,
      );
      return;
    case Child.message: {
      tasks.phase[task] = Child.pause;
      const pause = pauseNs(tasks, task, spec, 1);
      if (pause > 0) tasks.sleeps(task, pause);
      else tasks.set(task, Op.compute, tasks.drawAround(task, spec.extra.messageNs ?? 40_000));
      return;
    }
    default:
  }
  message(tasks, task, spec);
}

/** One round: a message to each of the 20 receivers of the group, or what came from them. */
function message(tasks: TaskTable, task: number, spec: TaskSpec): void {
  if (tasks.counter[task] >= (spec.extra.messages ?? 100)) {
    tasks.set(task, Op.exit, 0);
    return;
  }
  const mailbox = tasks.group[task];
  const waiting = tasks.mailboxes.length[mailbox];
  const sends = isSender(tasks, task, spec);
  // Slabs are used again most of the time: recorded 60 pages for 2,000 messages of a sender.
  const pages = tasks.drawBelow(task, 5) < 3 ? 1 : 0;
  if (sends && waiting >= groupMailbox * (spec.extra.groups ?? 1)) {
    tasks.phase[task] = Child.ready;
    tasks.sleeps(task, tasks.drawAround(task, spec.extra.waitNs ?? 100_000));
    return;
  }
  tasks.counter[task]++;
  tasks.phase[task] = Child.message;
  if (sends) {
    tasks.set(task, Op.send, pages);
    tasks.order[task] = 0;
    tasks.type[task] = 0;
  } else tasks.set(task, Op.receive, waiting > 0 ? 1 : 0);
}

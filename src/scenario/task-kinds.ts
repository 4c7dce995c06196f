/** What each kind of task does, what `pages` means to it, and which further numbers it knows (engine/machine/tasks/). */

import type { TaskKind, TaskSpec } from '../engine/input/scenario.ts';

export interface ExtraMeta {
  readonly default: number;
  readonly description: string;
}

export interface TaskKindMeta {
  readonly description: string;
  /** What `pages` (or `memory`) is. */
  readonly pages: string;
  readonly pagesDefault: number;
  readonly extra: Readonly<Record<string, ExtraMeta>>;
}

/** Numbers that every kind knows. */
const general = {
  unkillable: { default: 0, description: '1: the OOM killer passes it by' },
  restartNs: {
    default: -1,
    description:
      'after its end, also by the OOM killer, it begins anew after so long (hackbench: after each lifetime)',
  },
} as const;

export const taskKindMeta: Readonly<Record<TaskKind, TaskKindMeta>> = {
  hackbench: {
    description:
      'A process that forks groups of tasks one by one; when all are there, half of each group send messages through sockets to the other half: senders allocate on their CPU, receivers free on theirs. After its messages a task exits; when all have gone the process begins anew. `count` processes run side by side; `lifetime`: then all that is left of them is killed, and they begin anew.',
    pages: 'not used',
    pagesDefault: 0,
    extra: {
      groups: { default: 1, description: 'groups that one process forks' },
      tasksPerGroup: { default: 40, description: 'tasks of one group' },
      messages: { default: 100, description: 'rounds of a task before it exits: a message to each receiver' },
      childPages: { default: 5, description: 'pages that a child touches before it waits' },
      parentPages: { default: 3, description: 'pages that the parent copies for each child' },
      waitNs: { default: 100_000, description: 'a sender with full sockets sleeps about so long' },
      messageNs: { default: 40_000, description: 'work of one round' },
      ...general,
    },
  },
  reader: {
    description: 'Streams a file through the page cache, again and again, by read-ahead.',
    pages: 'not used: what it reads stays until reclaim takes it',
    pagesDefault: 0,
    extra: {
      burst: { default: 32, description: 'pages of one read-ahead' },
      copyNs: { default: 400, description: 'time to copy one page to the caller' },
      movable: { default: 1, description: '0: a block device, whose pages are not movable' },
      ...general,
    },
  },
  'page-cache': {
    description:
      'Reads and writes files at random: page-cache pages come one by one and stay until reclaim takes them.',
    pages: 'not used',
    pagesDefault: 0,
    extra: { ...general },
  },
  anonymous: {
    description: 'Grows by page faults, frees all of it, begins again.',
    pages: 'pages it grows to',
    pagesDefault: 1024,
    extra: { ...general },
  },
  'fork-storm': {
    description: 'Forks and exits without end.',
    pages: 'pages that a child touches',
    pagesDefault: 64,
    extra: { runNs: { default: 200_000, description: 'a child runs about so long' }, ...general },
  },
  network: {
    description:
      'Receives packets: fills a ring of buffers with atomic allocations, which are freed later on the same CPU.',
    pages: 'blocks of the ring',
    pagesDefault: 512,
    extra: { ...general },
  },
  'slab-user': {
    description: 'Takes and gives objects of the cache that the masks come from.',
    pages: 'objects it holds at most',
    pagesDefault: 256,
    extra: { ...general },
  },
  spinner: {
    description: 'Runs in user space and never enters the kernel.',
    pages: 'pages taken once at its start',
    pagesDefault: 0,
    extra: { ...general },
  },
  sleeper: {
    description: 'Wakes now and then, takes and frees a few pages, sleeps again.',
    pages: 'pages of one visit, on average',
    pagesDefault: 8,
    extra: { ...general },
  },
  walker: {
    description:
      'Walks through /proc as ls and killall do: a page taken and given back for each file, and slab pages that stay for a while.',
    pages: 'slab pages that it keeps',
    pagesDefault: 100,
    extra: { fileNs: { default: 20_000, description: 'work on one file' }, ...general },
  },
};

/** Tasks that an entry stands for, children included. */
export function taskCount({ kind, count, extra }: Pick<TaskSpec, 'kind' | 'count' | 'extra'>): number {
  if (kind !== 'hackbench') return count;
  const { groups, tasksPerGroup } = taskKindMeta.hackbench.extra;
  return count * (1 + (extra.groups ?? groups.default) * (extra.tasksPerGroup ?? tasksPerGroup.default));
}

/** What each kind of task does, what `pages` means to it, and which further numbers it knows (engine/machine/tasks/). */

import type { TaskKind } from '../engine/input/scenario.ts';

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

export const taskKindMeta: Readonly<Record<TaskKind, TaskKindMeta>> = {
  hackbench: {
    description:
      'Groups of tasks, half of which send messages through sockets to the other half: senders allocate on their CPU, receivers free on theirs. After its messages a task exits and is forked anew.',
    pages: 'not used',
    pagesDefault: 0,
    extra: {
      messages: { default: 100, description: 'rounds of a task before it exits' },
      tasksPerGroup: { default: 40, description: 'tasks of one group' },
      waitNs: {
        default: 100_000,
        description: 'a receiver without a message, or a sender with a full socket, sleeps about so long',
      },
      messageNs: { default: 20_000, description: 'work on one message' },
    },
  },
  reader: {
    description: 'Streams a file through the page cache, again and again, by read-ahead.',
    pages: 'not used: what it reads stays until reclaim takes it',
    pagesDefault: 0,
    extra: {
      burst: { default: 32, description: 'pages of one read-ahead' },
      copyNs: { default: 400, description: 'time to copy one page to the caller' },
    },
  },
  'page-cache': {
    description:
      'Reads and writes files at random: page-cache pages come one by one and stay until reclaim takes them.',
    pages: 'not used',
    pagesDefault: 0,
    extra: {},
  },
  anonymous: {
    description: 'Grows by page faults, frees all of it, begins again.',
    pages: 'pages it grows to',
    pagesDefault: 1024,
    extra: {},
  },
  'fork-storm': {
    description: 'Forks and exits without end.',
    pages: 'pages that a child touches',
    pagesDefault: 64,
    extra: { runNs: { default: 200_000, description: 'a child runs about so long' } },
  },
  network: {
    description:
      'Receives packets: fills a ring of buffers with atomic allocations, which are freed later on the same CPU.',
    pages: 'blocks of the ring',
    pagesDefault: 512,
    extra: {},
  },
  'slab-user': {
    description: 'Takes and gives objects of the cache that the masks come from.',
    pages: 'objects it holds at most',
    pagesDefault: 256,
    extra: {},
  },
  spinner: {
    description: 'Runs in user space and never enters the kernel.',
    pages: 'pages taken once at its start',
    pagesDefault: 0,
    extra: {},
  },
  sleeper: {
    description: 'Wakes now and then, takes and frees a few pages, sleeps again.',
    pages: 'pages of one visit, on average',
    pagesDefault: 8,
    extra: {},
  },
};

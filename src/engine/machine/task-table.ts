/**
 * The tasks of a simulated machine, in columns. A task does one operation at a time (`op`, `todo`); when it is
 * done, its program (machine/tasks/) chooses the next. The event loop carries operations out and knows
 * nothing of programs.
 */

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { naturalLog } from '../../base/exact-math.ts';
import type { Nanoseconds } from '../../base/units.ts';
import type { TaskSpec } from '../input/scenario.ts';
import { Chains, noPage, type PageLinks } from './page-chains.ts';

/** What a task is about to do. `todo` in the comments. */
export const Op = {
  /** Nothing yet: the program is asked. */
  none: 0,
  /** Allocate blocks of `order` and `type` to its own holdings. Blocks. */
  allocate: 1,
  /** Free its newest blocks. Blocks. */
  release: 2,
  /** Free its oldest blocks. Blocks. */
  releaseOldest: 3,
  /** Allocate page-cache pages and leave them there, as read from a disk. Pages. */
  read: 4,
  /** Allocate blocks and leave them in the mailbox of its group. Blocks. */
  send: 5,
  /** Free blocks from the mailbox of its group, on this CPU. Blocks. */
  receive: 6,
  /** Runs without touching pages. ns. */
  compute: 7,
  /** Leaves the CPU. ns. */
  sleep: 8,
  /** Frees everything and ends. */
  exit: 9,
  /** Takes objects of the cache that masks come from. Objects. */
  takeObjects: 10,
  /** Gives its oldest objects back. Objects. */
  giveObjects: 11,
  /** kswapd: balances its node. */
  balance: 12,
  /** Somebody other than direct reclaim asks for a drain: `calls[counter]`. */
  call: 13,
  /** Starts its next child, which gets everything that the task holds. 1. */
  fork: 14,
} as const;
export type Op = (typeof Op)[keyof typeof Op];

export const TaskState = { dead: 0, runnable: 1, sleeping: 2, stalled: 3 } as const;

/** Where a task is in the slow path of an allocation (slow-path.ts). */
export const Stage = {
  none: 0,
  /** Is about to enter direct reclaim. */
  reclaim: 1,
  /** Reclaim is over; the retry comes next. */
  reclaimed: 2,
  /** In a drain. */
  drain: 3,
  /** The drain is over; the retry comes next. */
  drained: 4,
} as const;

export class TaskTable {
  readonly length: number;
  /** Position in `scenario.tasks`; -1: kswapd or a caller. */
  readonly spec: Int32Array;
  readonly cpu: Int32Array;
  readonly state: Uint8Array;
  readonly op: Uint8Array;
  readonly todo: Float64Array;
  readonly order: Uint8Array;
  /** Migrate type of its allocations: 0 unmovable, 1 movable, 2 reclaimable. */
  readonly type: Uint8Array;
  readonly stage: Uint8Array;
  /** __GFP_NORETRY: one round of reclaim and drain, then the allocation fails. */
  readonly noRetry: Uint8Array;
  /** GFP_ATOMIC: digs deeper, never reclaims, fails at once. */
  readonly atomic: Uint8Array;
  /** Its last operation failed and was given up; the program clears it. */
  readonly failed: Uint8Array;
  /** What of its last operation was not done when it was given up. */
  readonly missed: Float64Array;
  /** Chosen by the OOM killer: may use the victims' reserve, exits when it runs. */
  readonly killed: Uint8Array;
  /** The OOM killer passes it by. */
  readonly unkillable: Uint8Array;
  readonly fifo: Uint8Array;
  /** Rounds of reclaim without progress in this allocation. */
  readonly noProgress: Uint8Array;
  /** Pages that the last reclaim of this allocation freed. */
  readonly reclaimed: Int32Array;
  /** Position among the tasks of its spec; their numbers follow each other. */
  readonly index: Int32Array;
  /** Sleeping tasks that a program wakes: the event loop empties it after each step. */
  readonly toWake: number[] = [];
  /** Mailbox of its group: a chain of `mailboxes`. */
  readonly group: Int32Array;
  /** For programs: where they are, and a count. */
  readonly phase: Int32Array;
  readonly counter: Int32Array;
  /** Children that `fork` starts: forkNext … forkEnd-1. They are dead until then. */
  readonly forkNext: Int32Array;
  readonly forkEnd: Int32Array;
  /** User code that was cut short: comes before the next operation. */
  readonly leftNs: Float64Array;
  readonly startedNs: Float64Array;
  /** When a sleeping or stalled task wakes; Infinity: when somebody wakes it. */
  readonly wakeNs: Float64Array;
  readonly runSinceNs: Float64Array;
  /** Pages that it maps but shares with others (libraries, shared memory): the OOM killer counts them, its end frees none. */
  readonly sharedPages: Int32Array;
  /** Base pages in its holdings. */
  readonly pages: Int32Array;
  readonly holdings: Chains;
  readonly mailboxes: Chains;
  /** Objects of the masks' cache that each task holds (slab users only). */
  readonly objects: Map<number, number[]> = new Map();
  /** Time that the task has had, with what was credited after a sleep: the order of the run queues (vruntime). */
  readonly receivedNs: Float64Array;
  /** Up to when `receivedNs` counts. */
  readonly chargedNs: Float64Array;
  private readonly random: ReturnType<typeof xoroshiro128plus>[];

  constructor(length: number, groups: number, links: PageLinks, seed: number) {
    this.length = length;
    const ints = () => new Int32Array(length);
    const bytes = () => new Uint8Array(length);
    this.spec = ints().fill(-1);
    this.cpu = ints();
    this.state = bytes();
    this.op = bytes();
    this.todo = new Float64Array(length);
    this.order = bytes();
    this.type = bytes().fill(1);
    this.stage = bytes();
    this.noRetry = bytes();
    this.atomic = bytes();
    this.failed = bytes();
    this.missed = new Float64Array(length);
    this.killed = bytes();
    this.unkillable = bytes();
    this.fifo = bytes();
    this.noProgress = bytes();
    this.reclaimed = ints();
    this.index = ints();
    this.group = ints();
    this.phase = ints();
    this.counter = ints();
    this.forkNext = ints();
    this.forkEnd = ints();
    this.leftNs = new Float64Array(length);
    this.startedNs = new Float64Array(length);
    this.wakeNs = new Float64Array(length);
    this.runSinceNs = new Float64Array(length);
    this.pages = ints();
    this.sharedPages = ints();
    this.holdings = new Chains(links, length);
    this.mailboxes = new Chains(links, Math.max(1, groups));
    this.receivedNs = new Float64Array(length);
    this.chargedNs = new Float64Array(length);
    // A stream of its own for each task: what others draw does not move it, so policies meet equal loads.
    this.random = Array.from({ length }, (_, task) => xoroshiro128plus(mix(seed, task)));
  }

  /** An integer of 32 bits from the task's own stream, 0 … 2^32-1. */
  draw(task: number): number {
    return this.random[task].next() >>> 0;
  }

  /** 0 … below-1. */
  drawBelow(task: number, below: number): number {
    return Math.floor((this.draw(task) / 4294967296) * below);
  }

  /** Between half and one and a half of `mean`: times in the kernel are never all alike. */
  drawAround(task: number, mean: number): number {
    return Math.round(mean * (0.5 + this.draw(task) / 4294967296));
  }

  /** Exponential with this mean, in whole units, at least 1. */
  drawExponential(task: number, mean: number): number {
    return Math.max(1, Math.round(-mean * naturalLog((this.draw(task) + 0.5) / 4294967296)));
  }

  set(task: number, op: Op, todo: number): void {
    this.op[task] = op;
    this.todo[task] = todo;
  }

  allocates(task: number, blocks: number, order: number, type: number): void {
    this.set(task, Op.allocate, blocks);
    this.order[task] = order;
    this.type[task] = type;
  }

  sleeps(task: number, ns: Nanoseconds): void {
    this.set(task, Op.sleep, ns);
  }

  holdsNothing(task: number): boolean {
    return this.holdings.head[task] === noPage;
  }
}

/** What a kind of task does: chooses the next operation when one is done. Pure but for the table. */
export interface Program {
  /** Tasks that one unit of `TaskSpec.count` stands for. */
  tasksPerUnit(spec: TaskSpec): number;
  /** Is this task of a unit (0 … tasksPerUnit-1) started by another's `fork`? Missing: all begin by themselves. */
  isChild?(index: number, spec: TaskSpec): boolean;
  /** The task begins, or begins anew after its exit. Sets the first operation. */
  start(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: Nanoseconds): void;
  /** The task has exited or was killed: after how long it begins anew; -1: never. Missing: by `extra.restartNs` and the lifetime. */
  againNs?(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: Nanoseconds): Nanoseconds;
  /** The operation is done, or was given up (`failed`). Sets the next. */
  next(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: Nanoseconds): void;
}

/** Seeds of neighbouring tasks and runs must not be neighbours (splitmix finaliser, Steele et al. 2014). */
export function mix(seed: number, stream: number): number {
  let x = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) | 0;
}

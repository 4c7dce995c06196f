/**
 * Run queues of all CPUs, roughly as CFS keeps them (kernel/sched/fair.c): who has received least time goes first; a task
 * that slept is put ahead, though by no more than half a slice.
 */

import { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { TaskTable } from './task-table.ts';

const noTask = -1;
const firstCapacity = 4;

export class RunQueues {
  private readonly queues: (EventQueue | null)[];
  /** By CPU: least time received of all that ran there; never goes back (min_vruntime). */
  private readonly floorNs: Float64Array;
  private readonly tasks: TaskTable;
  private readonly creditNs: Nanoseconds;

  constructor(cpuCount: number, tasks: TaskTable, sliceNs: Nanoseconds) {
    this.queues = new Array(cpuCount).fill(null);
    this.floorNs = new Float64Array(cpuCount);
    this.tasks = tasks;
    this.creditNs = sliceNs / 2;
  }

  /** Tasks that wait on the CPU. */
  length(cpu: CpuIndex): number {
    return this.queues[cpu]?.length ?? 0;
  }

  /** A task that slept, or is new, or comes from another CPU. */
  wake(cpu: CpuIndex, task: number): void {
    const { receivedNs } = this.tasks;
    receivedNs[task] = Math.max(receivedNs[task], this.floorNs[cpu] - this.creditNs);
    this.add(cpu, task);
  }

  /** A task that can go on, but must wait for its turn. */
  add(cpu: CpuIndex, task: number): void {
    let queue = this.queues[cpu];
    if (queue === null) {
      queue = new EventQueue(firstCapacity);
      this.queues[cpu] = queue;
    }
    queue.push(this.tasks.receivedNs[task], task);
  }

  /** Time that the first of the queue has received; Infinity when nobody waits. */
  leastNs(cpu: CpuIndex): Nanoseconds {
    return this.queues[cpu]?.nextTime ?? Number.POSITIVE_INFINITY;
  }

  /** The task that goes next, or -1. */
  take(cpu: CpuIndex): number {
    const queue = this.queues[cpu];
    if (queue === null || queue.length === 0) return noTask;
    const task = queue.pop();
    this.floorNs[cpu] = Math.max(this.floorNs[cpu], this.tasks.receivedNs[task]);
    return task;
  }
}

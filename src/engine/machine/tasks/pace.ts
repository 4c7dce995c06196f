/** How fast a task works: with `rate` set, each round of work is followed by the pause that keeps it. */

import type { TaskSpec } from '../../input/scenario.ts';
import type { TaskTable } from '../task-table.ts';

/** Pages of one round of work: what a system call or a fault-around handles at once. */
export const roundPages = 16;

/** Pause after `pages` page operations: `sleepNs`, or what `rate` asks for. 0: none. */
export function pauseNs(tasks: TaskTable, task: number, spec: TaskSpec, pages: number): number {
  if (spec.rate > 0) return tasks.drawExponential(task, (pages * 1e9) / spec.rate);
  return spec.sleepNs > 0 ? tasks.drawAround(task, spec.sleepNs) : 0;
}

export function lifeIsOver(tasks: TaskTable, task: number, spec: TaskSpec, nowNs: number): boolean {
  return spec.lifetimeNs > 0 && nowNs - tasks.startedNs[task] >= spec.lifetimeNs;
}

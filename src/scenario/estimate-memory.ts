/** How much memory a run of a scenario takes, before it starts. */

import type { Scenario } from '../engine/input/scenario.ts';
import { kernelRules } from '../engine/machine/kernel-rules.ts';
import { taskCount } from './task-kinds.ts';

/** By page frame: two links, the order of its block, its state (page-chains.ts, buddy.ts), and room to spare; measured: 16. */
const bytesPerPage = 17;
/** By list: head, tail, length, count (page-chains.ts, pcp-lists.ts). */
const bytesPerList = 16;
/** By set of lists: counts, limits, factors. */
const bytesPerSet = 48;
/** A task: its columns and its random stream. */
const bytesPerTask = 400;
/** The program itself, and the rows of drains. */
const bytesBase = 130 << 20;

/** An upper estimate: pages that nothing touches take no memory of the host. */
export function estimatedBytes({ machine, kernel, tasks }: Scenario): number {
  const rules = kernelRules(kernel.version);
  const last = machine.zones[machine.zones.length - 1];
  const pages = last === undefined ? 0 : last.startPfn + last.pages;
  const sets = machine.cpus * machine.zones.length;
  const lists = 3 * (rules.listOrders + 1) + rules.hugeLists;
  const taskTotal = tasks.reduce((sum, task) => sum + taskCount(task), 0);
  return (
    bytesBase + pages * bytesPerPage + sets * (bytesPerSet + lists * bytesPerList) + taskTotal * bytesPerTask
  );
}

/** Who lives on a machine: the tasks of the scenario in its order, then a kswapd for each node, then the other callers of the drain. */

import type { Scenario } from '../input/scenario.ts';
import type { PageLinks } from './page-chains.ts';
import { TaskTable } from './task-table.ts';
import { programs } from './tasks/programs.ts';

export class Population {
  readonly tasks: TaskTable;
  readonly kswapdOfNode: readonly number[];
  private readonly scenario: Scenario;
  private readonly firstKswapd: number;
  private readonly firstCaller: number;
  private readonly children: Uint8Array;

  constructor(scenario: Scenario, links: PageLinks, seed: number) {
    const { machine, calls } = scenario;
    this.scenario = scenario;
    const perUnit = scenario.tasks.map((spec) => programs[spec.kind].tasksPerUnit(spec));
    const own = scenario.tasks.reduce((sum, spec, i) => sum + spec.count * perUnit[i], 0);
    const groups = scenario.tasks.reduce((sum, spec) => sum + spec.count, 0);
    this.firstKswapd = own;
    this.firstCaller = own + machine.nodes;
    const tasks = new TaskTable(this.firstCaller + calls.length, groups, links, seed);
    this.tasks = tasks;
    this.children = new Uint8Array(tasks.length);
    this.kswapdOfNode = Array.from({ length: machine.nodes }, (_, node) => own + node);
    let task = 0;
    let group = 0;
    scenario.tasks.forEach((spec, i) => {
      const cpus = [...spec.cpus];
      let place = 0;
      for (let unit = 0; unit < spec.count; unit++, group++) {
        const first = task;
        for (let index = 0; index < perUnit[i]; index++, task++) {
          tasks.spec[task] = i;
          tasks.group[task] = group;
          tasks.index[task] = unit * perUnit[i] + index;
          tasks.unkillable[task] = (spec.extra.unkillable ?? 0) > 0 ? 1 : 0;
          tasks.fifo[task] = spec.fifo ? 1 : 0;
          tasks.atomic[task] = spec.kind === 'network' ? 1 : 0;
          if (programs[spec.kind].isChild?.(index, spec)) this.children[task] = 1;
          tasks.cpu[task] = cpus[place++ % cpus.length];
        }
        // A parent forks all children of its unit.
        for (let parent = first; parent < task; parent++) {
          if (this.children[parent] === 1) continue;
          tasks.forkNext[parent] = parent + 1;
          tasks.forkEnd[parent] = parent + 1;
          while (tasks.forkEnd[parent] < task && this.children[tasks.forkEnd[parent]] === 1)
            tasks.forkEnd[parent]++;
        }
      }
    });
    for (let node = 0; node < machine.nodes; node++) tasks.cpu[own + node] = firstCpuOf(scenario, node);
    calls.forEach((call, i) => {
      tasks.cpu[this.firstCaller + i] = call.cpu;
    });
  }

  isKswapd(task: number): boolean {
    return task >= this.firstKswapd && task < this.firstCaller;
  }

  nodeOfKswapd(task: number): number {
    return task - this.firstKswapd;
  }

  /** Position in `scenario.calls`, or -1. */
  callOf(task: number): number {
    return task >= this.firstCaller ? task - this.firstCaller : -1;
  }

  /** Begins when another task forks it. */
  isChild(task: number): boolean {
    return this.children[task] === 1;
  }

  nameOf(task: number): string {
    if (this.isKswapd(task)) return `kswapd${this.nodeOfKswapd(task)}`;
    const call = this.callOf(task);
    return call >= 0 ? this.scenario.calls[call].cause : this.scenario.tasks[this.tasks.spec[task]].name;
  }
}

/** kswapd of a node begins on its first CPU that is not isolated. */
function firstCpuOf(scenario: Scenario, node: number): number {
  const { nodeOfCpu, online, isolated } = scenario.machine;
  let any = -1;
  for (const cpu of online) {
    if (any < 0) any = cpu;
    if (nodeOfCpu[cpu] === node && !isolated.has(cpu)) return cpu;
  }
  for (const cpu of online) if (!isolated.has(cpu)) return cpu;
  return any;
}

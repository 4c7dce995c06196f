/**
 * Carries out what a task wants to do, up to `stepPages` page operations at one point in time. The hot loops of the
 * simulator: no allocation of objects, one function for each kind of operation.
 */

import type { CpuIndex, Nanoseconds, Pfn } from '../../base/units.ts';
import type { RunCounters } from '../accounting/run.ts';
import type { Scenario, TaskSpec } from '../input/scenario.ts';
import { BlockType } from './buddy.ts';
import type { MaskSupply } from './mask-supply.ts';
import type { Memory } from './memory.ts';
import { noPage } from './page-chains.ts';
import type { SlowPath } from './slow-path.ts';
import { Op, type Program, Stage, type TaskTable } from './task-table.ts';
import { Depth, Mark } from './watermarks.ts';

/** How a step of a task ended. */
export const StepEnd = {
  /** It goes on after the time that it spent. */
  goesOn: 0,
  /** It sleeps: `sleepNs` after the time that it spent; Infinity: until somebody wakes it. */
  sleeps: 1,
  /** It is in the slow path of an allocation. */
  slowPath: 2,
  dead: 3,
  /** A caller of the drain makes its call. */
  calls: 4,
} as const;
export type StepEnd = (typeof StepEnd)[keyof typeof StepEnd];

/** Choices of a program in one step, at most: a program that only computes does not hold the clock. */
const choicesMax = 64;

export interface TaskStepsParts {
  readonly scenario: Scenario;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly masks: MaskSupply;
  readonly slowPath: SlowPath;
  readonly counters: RunCounters;
  readonly programOf: (task: number) => Program;
  /** Starts the child of a forking task. */
  readonly startChild: (child: number, parent: number) => void;
  /** One pass of kswapd on its node; false: it sleeps. */
  readonly balance: (task: number, cpu: CpuIndex) => boolean;
}

export class TaskSteps {
  /** How much of the end of the last step was user code. */
  computeNs: Nanoseconds = 0;
  /** After `sleeps`: for how long. */
  sleepNs: Nanoseconds = 0;
  private readonly parts: TaskStepsParts;
  private readonly stepPages: number;
  private readonly faults: boolean;
  private readonly specs: readonly TaskSpec[];
  private readonly touchNs: number;
  private readonly faultNs: number;
  private readonly readNs: number;

  constructor(parts: TaskStepsParts) {
    this.parts = parts;
    const { scenario } = parts;
    this.stepPages = scenario.run.stepPages;
    this.faults = parts.masks.failPageAlloc !== null;
    this.specs = scenario.tasks;
    this.touchNs = scenario.costs.touchPageNs;
    this.faultNs = scenario.costs.pageFaultNs;
    this.readNs = scenario.costs.readPageNs;
  }

  /** One step of a task that is not in the slow path. Its time is added to `memory.spentNs`. */
  run(task: number, cpu: CpuIndex, nowNs: Nanoseconds): StepEnd {
    const { tasks, memory, counters } = this.parts;
    let budget = this.stepPages;
    let choices = 0;
    this.computeNs = 0;
    if (tasks.leftNs[task] > 0) {
      this.computeNs = tasks.leftNs[task];
      tasks.leftNs[task] = 0;
      memory.spentNs += this.computeNs;
      if (tasks.killed[task] === 0) return StepEnd.goesOn;
    }
    if (tasks.killed[task] === 1 && tasks.op[task] !== Op.exit) tasks.set(task, Op.exit, 0);
    for (;;) {
      const op = tasks.op[task];
      let done = 0;
      switch (op) {
        case Op.allocate:
        case Op.send:
          done = this.allocate(task, cpu, Math.min(budget, tasks.todo[task]), op === Op.send);
          break;
        case Op.read:
          done = this.read(task, cpu, Math.min(budget, tasks.todo[task]), nowNs);
          break;
        case Op.release:
        case Op.releaseOldest:
          done = this.release(task, cpu, Math.min(budget, tasks.todo[task]), op === Op.releaseOldest);
          break;
        case Op.receive:
          done = this.receive(task, cpu, Math.min(budget, tasks.todo[task]));
          break;
        case Op.takeObjects:
        case Op.giveObjects:
          done = op === Op.takeObjects ? this.takeObjects(task, cpu) : this.giveObjects(task, cpu);
          break;
        case Op.compute:
          this.computeNs = tasks.todo[task];
          memory.spentNs += this.computeNs;
          tasks.todo[task] = 0;
          break;
        case Op.sleep:
          this.sleepNs = tasks.todo[task];
          tasks.set(task, Op.none, 0);
          return StepEnd.sleeps;
        case Op.exit:
          done = this.exit(task, cpu, budget);
          if (tasks.holdsNothing(task)) {
            counters.pageOperations += done;
            return StepEnd.dead;
          }
          break;
        case Op.fork:
          this.fork(task);
          break;
        case Op.balance:
          if (this.parts.balance(task, cpu)) return StepEnd.goesOn;
          this.sleepNs = Number.POSITIVE_INFINITY;
          return StepEnd.sleeps;
        case Op.call:
          return StepEnd.calls;
        default:
      }
      counters.pageOperations += done;
      budget -= done;
      if (tasks.stage[task] !== Stage.none) return StepEnd.slowPath;
      if (tasks.todo[task] > 0) {
        if (budget <= 0) return StepEnd.goesOn;
        continue;
      }
      if (op === Op.compute && memory.spentNs > 0) budget = 0;
      if (op !== Op.exit) this.parts.programOf(task).next(tasks, task, this.specs[tasks.spec[task]], nowNs);
      if (budget <= 0 || ++choices >= choicesMax) return StepEnd.goesOn;
    }
  }

  /** The block that the slow path got for the task: where its operation puts it. */
  grant(task: number, pfn: Pfn, nowNs: Nanoseconds): void {
    const { tasks, counters } = this.parts;
    counters.pageOperations++;
    counters.allocations++;
    tasks.todo[task]--;
    switch (tasks.op[task]) {
      case Op.read:
        tasks.holdings.pushHead(task, pfn);
        if (tasks.todo[task] <= 0) this.submit(task, nowNs);
        return;
      case Op.send:
        tasks.mailboxes.pushTail(tasks.group[task], pfn);
        return;
      default:
        tasks.holdings.pushHead(task, pfn);
        tasks.pages[task] += 1 << tasks.order[task];
    }
  }

  private allocate(task: number, cpu: CpuIndex, blocks: number, sends: boolean): number {
    const { tasks, memory, counters } = this.parts;
    const order = tasks.order[task];
    const type = tasks.type[task];
    const workNs = this.touchNs + (type === BlockType.movable && !sends ? this.faultNs : 0);
    let got = 0;
    if (!sends && !this.faults) {
      got = memory.allocateRun(cpu, order, type, Mark.low, Depth.normal, blocks, tasks.holdings, task);
    }
    while (got < blocks) {
      const pfn = this.getPage(task, cpu, order, type);
      if (pfn === noPage) break;
      if (sends) tasks.mailboxes.pushTail(tasks.group[task], pfn);
      else tasks.holdings.pushHead(task, pfn);
      got++;
    }
    memory.spentNs += got * workNs;
    counters.allocations += got;
    if (!sends) tasks.pages[task] += got << order;
    // After a failure the program decides; `todo` is 0 then.
    if (tasks.failed[task] === 0) tasks.todo[task] -= got;
    return got;
  }

  private getPage(task: number, cpu: CpuIndex, order: number, type: number): Pfn {
    const { memory, slowPath } = this.parts;
    if (this.faults) return slowPath.allocate(task, cpu);
    const pfn = memory.allocate(cpu, order, type, Mark.low, Depth.normal);
    return pfn !== noPage ? pfn : slowPath.belowLow(task, cpu);
  }

  private read(task: number, cpu: CpuIndex, pages: number, nowNs: Nanoseconds): number {
    const { tasks, memory, counters } = this.parts;
    const type = tasks.type[task];
    let got = 0;
    while (got < pages) {
      const pfn = this.getPage(task, cpu, 0, type);
      if (pfn === noPage) break;
      tasks.holdings.pushHead(task, pfn);
      got++;
    }
    memory.spentNs += got * this.readNs;
    counters.allocations += got;
    if (tasks.failed[task] === 0) tasks.todo[task] -= got;
    if (tasks.todo[task] <= 0) this.submit(task, nowNs);
    return got;
  }

  /** The pages of a read go to the disk together (blk_plug): until then they are locked, and nobody can reclaim them. */
  private submit(task: number, nowNs: Nanoseconds): void {
    const { tasks, memory } = this.parts;
    const { cache } = memory;
    for (let pfn = tasks.holdings.popTail(task); pfn !== noPage; pfn = tasks.holdings.popTail(task)) {
      cache.add(memory.nodeOf(pfn), pfn, nowNs);
    }
  }

  private release(task: number, cpu: CpuIndex, blocks: number, oldest: boolean): number {
    const { tasks, memory, counters } = this.parts;
    const gone = memory.freeRun(cpu, tasks.holdings, task, blocks, oldest);
    tasks.pages[task] -= memory.freedPages;
    counters.frees += gone;
    tasks.todo[task] = gone < blocks ? 0 : tasks.todo[task] - gone;
    return gone;
  }

  private receive(task: number, cpu: CpuIndex, blocks: number): number {
    const { tasks, memory, counters } = this.parts;
    const mailbox = tasks.group[task];
    const gone = memory.freeRun(cpu, tasks.mailboxes, mailbox, blocks, false);
    counters.frees += gone;
    // An empty mailbox ends the operation: the program waits.
    tasks.todo[task] = gone === blocks ? tasks.todo[task] - gone : 0;
    return gone;
  }

  private takeObjects(task: number, cpu: CpuIndex): number {
    const { tasks, masks, memory } = this.parts;
    const held = tasks.objects.get(task) as number[];
    let got = 0;
    while (got < tasks.todo[task]) {
      const taken = masks.takeObject(cpu);
      memory.spentNs += taken.ns;
      if (taken.object < 0) break;
      held.push(taken.object);
      got++;
    }
    tasks.todo[task] = 0;
    return got;
  }

  private giveObjects(task: number, cpu: CpuIndex): number {
    const { tasks, masks, memory, scenario } = this.parts;
    const held = tasks.objects.get(task) as number[];
    const count = Math.min(held.length, tasks.todo[task]);
    for (const object of held.splice(0, count)) masks.give(cpu, object);
    memory.spentNs += count * scenario.costs.maskFastNs;
    tasks.todo[task] = 0;
    return count;
  }

  private exit(task: number, cpu: CpuIndex, budget: number): number {
    const { tasks, memory, scenario } = this.parts;
    const objects = tasks.objects.get(task);
    if (objects !== undefined && objects.length > 0) {
      tasks.todo[task] = objects.length;
      this.giveObjects(task, cpu);
    }
    tasks.todo[task] = tasks.holdings.length[task];
    const gone = this.release(task, cpu, Math.min(budget, tasks.holdings.length[task]), false);
    if (tasks.holdsNothing(task)) memory.spentNs += scenario.costs.exitNs;
    return gone;
  }

  /** The next child begins, with everything that the parent has allocated for it. */
  private fork(task: number): void {
    const { tasks, memory, scenario, startChild } = this.parts;
    tasks.todo[task] = 0;
    const child = tasks.forkNext[task];
    if (child >= tasks.forkEnd[task]) return;
    tasks.forkNext[task]++;
    const { order } = memory.links;
    for (let pfn = tasks.holdings.popTail(task); pfn !== noPage; pfn = tasks.holdings.popTail(task)) {
      tasks.holdings.pushHead(child, pfn);
      tasks.pages[child] += 1 << order[pfn];
    }
    tasks.pages[task] = 0;
    memory.spentNs += scenario.costs.forkNs;
    startChild(child, task);
  }
}

/**
 * Beginning, sleeping, waking, dying: when a task is where, and how many are left (kernel/sched/core.c, kernel/fork.c, kernel/exit.c as
 * far as the model needs them).
 */

import type { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { Scenario } from '../input/scenario.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import type { Population } from './population.ts';
import type { Processors } from './processors.ts';
import { Op, Stage, TaskState, type TaskTable } from './task-table.ts';
import { programs } from './tasks/programs.ts';

export interface TaskLifeParts {
  readonly scenario: Scenario;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly population: Population;
  readonly queue: EventQueue;
  /** A SCHED_FIFO task left its CPU: works that it kept out may run. */
  readonly fifoLeft: (cpu: CpuIndex, nowNs: Nanoseconds) => void;
  /** A task is dead: the OOM killer may look for another. */
  readonly gone: (task: number) => void;
}

export class TaskLife {
  private readonly parts: TaskLifeParts;
  private alive = 0;
  /** Dead tasks that will start at a time that is known. */
  private toCome = 0;

  constructor(parts: TaskLifeParts) {
    this.parts = parts;
  }

  /** Is nobody left who could do anything? */
  get over(): boolean {
    return this.alive === 0 && this.toCome === 0;
  }

  /** When each task begins: those of the scenario, kswapd (asleep until it is woken), the other callers. */
  schedule(): void {
    const { queue, tasks, scenario, population } = this.parts;
    for (let task = 0; task < tasks.length; task++) {
      if (population.isKswapd(task)) {
        tasks.state[task] = TaskState.sleeping;
        tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
        tasks.set(task, Op.balance, 1);
        tasks.unkillable[task] = 1;
        continue;
      }
      const call = population.callOf(task);
      if (call >= 0) {
        tasks.set(task, Op.call, 1);
        tasks.unkillable[task] = 1;
        tasks.state[task] = TaskState.sleeping;
        tasks.wakeNs[task] = scenario.calls[call].startNs;
        this.alive++;
        queue.push(scenario.calls[call].startNs, eventOf(EventKind.wake, task));
        continue;
      }
      if (population.isChild(task)) continue;
      const { startNs } = scenario.tasks[tasks.spec[task]];
      tasks.wakeNs[task] = startNs;
      queue.push(startNs, eventOf(EventKind.wake, task));
      this.toCome++;
    }
  }

  /** The task leaves its CPU for `ns`, from `fromNs` on. */
  sleep(task: number, fromNs: Nanoseconds, ns: Nanoseconds): void {
    const { tasks, processors, queue } = this.parts;
    const cpu = tasks.cpu[task];
    tasks.state[task] = tasks.stage[task] === Stage.none ? TaskState.sleeping : TaskState.stalled;
    tasks.wakeNs[task] = fromNs + ns;
    if (processors.current[cpu] === task) {
      processors.leave(cpu, fromNs);
      if (tasks.fifo[task] === 1) this.parts.fifoLeft(cpu, fromNs);
    }
    if (ns !== Number.POSITIVE_INFINITY) queue.push(fromNs + ns, eventOf(EventKind.wake, task));
  }

  /** A task's time has come: it wakes, or begins. */
  wake(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    const state = tasks.state[task];
    if (tasks.wakeNs[task] !== nowNs) return;
    if (state === TaskState.dead) {
      this.toCome--;
      this.start(task, nowNs);
    } else if (state === TaskState.sleeping || state === TaskState.stalled) {
      tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
      if (tasks.spec[task] >= 0) this.place(task, nowNs);
      processors.makeRunnable(task, nowNs);
    }
  }

  /** Tasks that the last step woke. */
  wakeOthers(nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    for (const other of tasks.toWake.splice(0)) {
      if (tasks.state[other] !== TaskState.sleeping) continue;
      tasks.wakeNs[other] = Number.POSITIVE_INFINITY;
      processors.makeRunnable(other, nowNs);
    }
  }

  /** A dead task begins (a child that is forked, a new life). */
  start(task: number, nowNs: Nanoseconds): void {
    const { tasks, scenario, processors } = this.parts;
    if (tasks.state[task] !== TaskState.dead) return;
    const spec = scenario.tasks[tasks.spec[task]];
    tasks.startedNs[task] = nowNs;
    tasks.killed[task] = 0;
    tasks.stage[task] = Stage.none;
    tasks.failed[task] = 0;
    tasks.leftNs[task] = 0;
    this.place(task, nowNs);
    programs[spec.kind].start(tasks, task, spec, nowNs);
    this.alive++;
    processors.makeRunnable(task, nowNs);
  }

  /** A task that begins or wakes goes to an idle CPU of its set if its own is busy (select_task_rq_fair, select_idle_sibling). */
  private place(task: number, nowNs: Nanoseconds): void {
    const { tasks, scenario, processors } = this.parts;
    const home = tasks.cpu[task];
    const { online, idle } = processors.states;
    if (online.has(home) && (idle.has(home) || nowNs === 0)) return;
    const { cpus } = scenario.tasks[tasks.spec[task]];
    for (let cpu = cpus.next(home + 1); cpu >= 0; cpu = cpus.next(cpu + 1)) {
      if (idle.has(cpu)) {
        tasks.cpu[task] = cpu;
        return;
      }
    }
    for (let cpu = cpus.next(0); cpu >= 0; cpu = cpus.next(cpu + 1)) {
      if (idle.has(cpu) || (!online.has(tasks.cpu[task]) && online.has(cpu))) {
        tasks.cpu[task] = cpu;
        return;
      }
    }
  }

  /** Chosen by the OOM killer: it exits when it runs. */
  kill(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    tasks.killed[task] = 1;
    if (tasks.state[task] === TaskState.sleeping) {
      tasks.wakeNs[task] = Number.POSITIVE_INFINITY;
      processors.makeRunnable(task, nowNs);
    }
  }

  /** The task has given everything back. It may begin anew later. */
  bury(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors, scenario } = this.parts;
    tasks.state[task] = TaskState.dead;
    this.alive--;
    processors.leave(tasks.cpu[task], nowNs);
    if (tasks.fifo[task] === 1) this.parts.fifoLeft(tasks.cpu[task], nowNs);
    this.parts.gone(task);
    const spec = scenario.tasks[tasks.spec[task]];
    const again =
      programs[spec.kind].againNs?.(tasks, task, spec, nowNs) ??
      spec.extra.restartNs ??
      (tasks.killed[task] === 0 && spec.lifetimeNs > 0 ? 0 : -1);
    if (again < 0) return;
    this.toCome++;
    tasks.wakeNs[task] = nowNs + again;
    this.parts.queue.push(nowNs + again, eventOf(EventKind.wake, task));
  }

  /** A caller has made its last call. */
  end(task: number, nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    tasks.state[task] = TaskState.dead;
    processors.leave(tasks.cpu[task], nowNs);
    this.alive--;
  }
}

/**
 * Who runs on each CPU, and until when. A CPU has at most one step in the event queue: the time at which what it does
 * now ends (`endsNs`). Interrupts push that time back. A CPU of a guest that its host does not run stands still.
 *
 * A task stays on its CPU: there is no load balancing beside the choice of an idle CPU at fork (simulation.ts).
 */

import type { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import type { Scenario } from '../input/scenario.ts';
import { CpuStates } from './cpu-states.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import { HostProcessors, type HostSwitch, wakeupGranularityNs } from './host-processors.ts';
import { RunQueues } from './run-queues.ts';
import { Stage, TaskState, type TaskTable } from './task-table.ts';

const noTask = -1;

export class Processors {
  readonly states: CpuStates;
  readonly queues: RunQueues;
  /** Task that runs on each CPU, or -1. */
  readonly current: Int32Array;
  /** When what the CPU does now ends; Infinity while it spins for answers. */
  readonly endsNs: Float64Array;
  /** A handler or worker occupies the CPU until then. */
  readonly handlerUntilNs: Float64Array;
  /** When the slice of the current task is over. */
  readonly sliceEndsNs: Float64Array;
  readonly host: HostProcessors | null;
  /** A guest CPU got a processor: what waited for it can begin. */
  onStarted: ((cpu: CpuIndex, nowNs: Nanoseconds) => void) | null = null;
  private readonly tasks: TaskTable;
  private readonly queue: EventQueue;
  private readonly sliceNs: Nanoseconds;
  private readonly switchNs: Nanoseconds;
  /** By CPU: how much of the end of the current step is user code, which a task that wakes may cut short. */
  readonly computeNs: Float64Array;
  /** Time of the step of this CPU that counts in the event queue; older ones are stale. Infinity: none. */
  private readonly stepAtNs: Float64Array;
  /** What was left when the host took the processor away; -1: nothing was under way. */
  private readonly leftNs: Float64Array;
  private switchAtNs = Number.POSITIVE_INFINITY;

  constructor(scenario: Scenario, tasks: TaskTable, queue: EventQueue) {
    const { machine, costs } = scenario;
    this.states = new CpuStates(machine, costs.tickNs);
    this.tasks = tasks;
    this.queue = queue;
    this.queues = new RunQueues(machine.cpus, tasks, costs.sliceNs);
    this.current = new Int32Array(machine.cpus).fill(noTask);
    this.endsNs = new Float64Array(machine.cpus);
    this.handlerUntilNs = new Float64Array(machine.cpus);
    this.sliceEndsNs = new Float64Array(machine.cpus);
    this.computeNs = new Float64Array(machine.cpus);
    this.stepAtNs = new Float64Array(machine.cpus).fill(Number.POSITIVE_INFINITY);
    this.leftNs = new Float64Array(machine.cpus).fill(-1);
    this.sliceNs = costs.sliceNs;
    this.switchNs = costs.contextSwitchNs;
    this.host =
      machine.host === null
        ? null
        : new HostProcessors(machine.cpus, machine.host, machine.host.sliceNs, true);
  }

  /** Does the host run this CPU now? Always, without a host. */
  runs(cpu: CpuIndex): boolean {
    return this.host === null || this.host.running(cpu);
  }

  /** The task may run from now on; an idle CPU wakes for it. */
  makeRunnable(task: number, nowNs: Nanoseconds): void {
    this.tasks.state[task] = TaskState.runnable;
    const cpu = this.tasks.cpu[task];
    this.queues.wake(cpu, task);
    if (this.states.idle.has(cpu)) this.wake(cpu, nowNs);
    else if (this.computeNs[cpu] > 0) this.cutShort(cpu, task, nowNs);
  }

  /** User code makes room for a task that has received less (check_preempt_wakeup). Kernel code is not preempted. */
  private cutShort(cpu: CpuIndex, woken: number, nowNs: Nanoseconds): void {
    const { tasks } = this;
    const task = this.current[cpu];
    if (task === noTask || tasks.fifo[task] === 1) return;
    if (this.runs(cpu)) this.charge(task, nowNs);
    this.keep(cpu, tasks.fifo[woken] === 1 ? 0 : this.roomNs(task, tasks.receivedNs[woken]), nowNs);
  }

  /** User code that begins while others wait lasts until it is their turn (check_preempt_tick). */
  makeRoom(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const waitingNs = this.queues.leastNs(cpu);
    const task = this.current[cpu];
    if (waitingNs === Number.POSITIVE_INFINITY || this.tasks.fifo[task] === 1) return;
    this.keep(cpu, this.roomNs(task, waitingNs), nowNs);
  }

  /** How long the task goes on beside one that has received `waitingNs`: until it is ahead by more than the granularity. */
  private roomNs(task: number, waitingNs: Nanoseconds): Nanoseconds {
    const ahead = this.tasks.receivedNs[task] - waitingNs;
    return ahead > wakeupGranularityNs ? 0 : wakeupGranularityNs - ahead + 1;
  }

  /** Of the user code under way, only `keepNs` are left now; the task comes back to the rest at its next turn. */
  private keep(cpu: CpuIndex, keepNs: Nanoseconds, nowNs: Nanoseconds): void {
    const runs = this.runs(cpu);
    const restNs = runs ? this.endsNs[cpu] - nowNs : this.leftNs[cpu];
    if (restNs === Number.POSITIVE_INFINITY) return;
    const cutNs = Math.min(restNs - keepNs, this.computeNs[cpu]);
    if (cutNs <= 0) return;
    this.tasks.leftNs[this.current[cpu]] += cutNs;
    this.computeNs[cpu] -= cutNs;
    if (runs) this.continueAt(cpu, this.endsNs[cpu] - cutNs);
    else {
      this.endsNs[cpu] -= cutNs;
      this.leftNs[cpu] -= cutNs;
    }
  }

  /** An idle CPU leaves its idle state for work of its own (not for a drain). */
  wake(cpu: CpuIndex, nowNs: Nanoseconds): void {
    if (!this.states.idle.has(cpu)) return;
    const { exitNs } = this.states.wake(cpu, nowNs);
    this.hostWake(cpu, nowNs);
    this.continueAt(cpu, nowNs + exitNs);
  }

  /** What the CPU does now ends at `endNs`. */
  continueAt(cpu: CpuIndex, endNs: Nanoseconds): void {
    this.endsNs[cpu] = endNs;
    if (endNs === Number.POSITIVE_INFINITY) return;
    if (!this.runs(cpu)) {
      this.leftNs[cpu] = 0;
      return;
    }
    // A step that comes too early is put off when it comes.
    if (this.stepAtNs[cpu] <= endNs) return;
    this.stepAtNs[cpu] = endNs;
    this.queue.push(endNs, eventOf(EventKind.step, cpu));
  }

  /** The CPU spins until somebody calls `continueAt`. */
  spin(cpu: CpuIndex): void {
    this.endsNs[cpu] = Number.POSITIVE_INFINITY;
  }

  /** A handler or worker took `ns` from the CPU: what it was doing ends later. */
  delay(cpu: CpuIndex, ns: Nanoseconds): void {
    if (this.endsNs[cpu] !== Number.POSITIVE_INFINITY) this.endsNs[cpu] += ns;
  }

  /** A step event of this CPU came out of the queue. True: the CPU goes on now; false: it was put off. */
  due(cpu: CpuIndex, nowNs: Nanoseconds): boolean {
    if (this.stepAtNs[cpu] !== nowNs) return false;
    this.stepAtNs[cpu] = Number.POSITIVE_INFINITY;
    const endNs = this.endsNs[cpu];
    if (endNs === Number.POSITIVE_INFINITY) return false;
    if (!this.runs(cpu)) return false;
    if (endNs > nowNs) {
      this.continueAt(cpu, endNs);
      return false;
    }
    return true;
  }

  /**
   * The task that goes on on this CPU: the current one, until its slice is over or somebody waits who has received
   * less by more than the wake-up granularity. -1: nobody, the CPU goes idle.
   */
  pick(cpu: CpuIndex, nowNs: Nanoseconds): number {
    const { tasks, queues } = this;
    const task = this.current[cpu];
    if (task !== noTask) {
      this.charge(task, nowNs);
      // A requester spins, and does its own part, with preemption off (get_cpu in on_each_cpu_mask).
      if (tasks.fifo[task] === 1 || tasks.stage[task] === Stage.drain) return task;
      const waitingNs = queues.leastNs(cpu);
      const behind = tasks.receivedNs[task] - waitingNs;
      if (behind <= 0 || (nowNs < this.sliceEndsNs[cpu] && behind <= wakeupGranularityNs)) return task;
      queues.add(cpu, task);
    }
    const next = queues.take(cpu);
    this.current[cpu] = next;
    if (next === noTask) this.goIdle(cpu, nowNs);
    else {
      this.sliceEndsNs[cpu] = nowNs + this.sliceNs;
      tasks.runSinceNs[next] = nowNs;
      tasks.chargedNs[next] = nowNs;
    }
    return next;
  }

  private charge(task: number, nowNs: Nanoseconds): void {
    const { receivedNs, chargedNs } = this.tasks;
    receivedNs[task] += nowNs - chargedNs[task];
    chargedNs[task] = nowNs;
  }

  /** Time of a switch of tasks. */
  get contextSwitchNs(): Nanoseconds {
    return this.switchNs;
  }

  /** The current task leaves the CPU (sleeps, stalls, ends) at `atNs`. */
  leave(cpu: CpuIndex, atNs: Nanoseconds): void {
    if (this.current[cpu] !== noTask) this.charge(this.current[cpu], atNs);
    this.current[cpu] = noTask;
  }

  /** Is nothing there to run? */
  isIdle(cpu: CpuIndex): boolean {
    return this.states.idle.has(cpu);
  }

  /** The host must run this CPU: something came for it. */
  hostWake(cpu: CpuIndex, nowNs: Nanoseconds): void {
    if (this.host === null) return;
    this.apply(this.host.wake(cpu, nowNs), nowNs);
    this.scheduleSwitch();
  }

  /** The host's next switch of CPUs may be due. */
  hostSwitch(nowNs: Nanoseconds): void {
    const { host } = this;
    if (host === null || this.switchAtNs > nowNs) return;
    this.switchAtNs = Number.POSITIVE_INFINITY;
    if (host.nextSwitch() <= nowNs) this.apply(host.switchNext(), nowNs);
    this.scheduleSwitch();
  }

  private apply(change: Readonly<HostSwitch> | null, nowNs: Nanoseconds): void {
    if (change === null) return;
    const { stopped, started } = change;
    if (stopped >= 0 && !this.states.idle.has(stopped)) {
      const left = this.endsNs[stopped] - nowNs;
      // What spins for answers goes on whenever they are there.
      this.leftNs[stopped] = left === Number.POSITIVE_INFINITY ? -1 : Math.max(0, left);
    }
    if (started < 0) return;
    const left = this.leftNs[started];
    this.leftNs[started] = -1;
    if (left >= 0) this.continueAt(started, nowNs + left);
    this.onStarted?.(started, nowNs);
  }

  private goIdle(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.endsNs[cpu] = Number.POSITIVE_INFINITY;
    this.states.enterIdle(cpu, nowNs);
    if (this.host === null) return;
    this.apply(this.host.halt(cpu, nowNs), nowNs);
    this.scheduleSwitch();
  }

  private scheduleSwitch(): void {
    const at = this.host?.nextSwitch() ?? Number.POSITIVE_INFINITY;
    if (at >= this.switchAtNs) return;
    this.switchAtNs = at;
    this.queue.push(at, eventOf(EventKind.hostSwitch, 0));
  }
}

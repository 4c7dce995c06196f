/**
 * Drains by kernel workers (4.11–5.19): a work for each target, its own CPU included, on mm_percpu_wq; the requester sleeps until all are
 * done (drain_all_pages, drain_local_pages_wq, mm/page_alloc.c; flush_work, kernel/workqueue.c).
 */

import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import { type Drain, type DrainContext, Phase, waitingOn } from './drain-context.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import { Workers } from './workers.ts';

export class WorkerCarrier {
  private readonly context: DrainContext;
  private readonly workers: Workers;
  /** Works that wait on each CPU for its worker. */
  private readonly worksOn: Map<CpuIndex, Drain[]> = new Map();

  constructor(context: DrainContext) {
    this.context = context;
    const { scenario } = context.parts;
    this.workers = new Workers(scenario.costs, scenario.machine.host !== null);
  }

  /** The requester queues its works at `atNs` and sleeps. */
  queue(drain: Drain, atNs: Nanoseconds, nowNs: Nanoseconds): void {
    const { parts, columns } = this.context;
    const { memory, processors, queue } = parts;
    const { cpu, targets, row } = drain;
    const count = targets.count;
    drain.sentNs = atNs + this.workers.queueingNs(count);
    drain.pending = count;
    columns.workers[row] = count;
    columns.isolatedDisturbed[row] = this.context.countIsolated(targets, cpu);
    drain.phase = Phase.answers;
    this.context.tell(row, 'sent', atNs, cpu, count);
    for (let target = targets.next(0); target >= 0; target = targets.next(target + 1)) {
      memory.emit(Kind.drainWorkQueued, cpu, 0, 0, target, 0, 0);
      waitingOn(this.worksOn, target).push(drain);
      const delayNs = this.workDelayNs(target, cpu, drain.task, nowNs);
      if (delayNs !== Number.POSITIVE_INFINITY)
        queue.push(drain.sentNs + delayNs, eventOf(EventKind.work, target));
    }
    if (count === 0) {
      drain.phase = Phase.over;
      processors.continueAt(cpu, drain.sentNs);
      return;
    }
    this.context.sleep(drain, drain.sentNs);
    if (parts.tasks.fifo[drain.task] === 1) this.taskLeft(cpu, drain.sentNs);
  }

  private workDelayNs(target: CpuIndex, requester: CpuIndex, task: number, nowNs: Nanoseconds): Nanoseconds {
    const { processors, tasks } = this.context.parts;
    if (processors.isIdle(target)) {
      return this.workers.delayIdleNs(
        processors.states.exitNsAt(target, nowNs),
        processors.states.polls.has(target),
      );
    }
    const current = processors.current[target];
    // The requester itself makes room: it sleeps until the works are done.
    if (current >= 0 && tasks.fifo[current] === 1 && target !== requester)
      return this.workers.delayFifoNs(nowNs, tasks.runSinceNs[current]);
    return this.workers.delayBusyNs(
      Math.max(0, processors.sliceEndsNs[target] - nowNs),
      tasks.draw(task) / 4294967296,
      tasks.draw(task) / 4294967296,
      target === requester,
    );
  }

  /** A worker's time on this CPU has come. */
  work(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const works = this.worksOn.get(cpu);
    if (works === undefined || works.length === 0) return;
    const { parts, columns } = this.context;
    const { processors, memory, queue, tasks } = parts;
    if (!processors.runs(cpu)) {
      processors.hostWake(cpu, nowNs);
      if (!processors.runs(cpu)) return;
    }
    const current = processors.current[cpu];
    if (
      current >= 0 &&
      tasks.fifo[current] === 1 &&
      this.workers.delayFifoNs(nowNs, tasks.runSinceNs[current]) === Number.POSITIVE_INFINITY
    ) {
      // `taskLeft` comes back to it.
      return;
    }
    if (processors.isIdle(cpu)) {
      const { state, lostResidencyNs } = processors.states.wake(cpu, nowNs);
      processors.hostWake(cpu, nowNs);
      this.context.noteWaking(works, state, lostResidencyNs);
      processors.continueAt(cpu, nowNs);
    }
    if (processors.handlerUntilNs[cpu] > nowNs) {
      queue.push(processors.handlerUntilNs[cpu], eventOf(EventKind.work, cpu));
      return;
    }
    // One work an item of the queue: what comes next waits until this one is done.
    const drain = works.shift() as Drain;
    memory.nowNs = nowNs;
    memory.pid = parts.pidOf(-2 - cpu);
    const zone = this.context.zoneOf(drain);
    memory.emit(Kind.drainWorkStart, cpu, 0, 0, 0, 0, 0);
    memory.emit(Kind.drainLocalPagesWq, cpu, 0, 0, 0, 0, 0);
    const held = memory.pagesOnLists(cpu, zone);
    this.context.tell(drain.row, 'began-on', nowNs, cpu, held);
    const ns = this.context.drainListsNs(cpu, zone, cpu, nowNs, false);
    const doneNs = nowNs + ns;
    memory.emit(Kind.drainWorkEnd, cpu, 0, 0, 0, 0, 0);
    this.context.tell(drain.row, 'ended-on', doneNs, cpu, held);
    drain.back += held;
    drain.doneNs[cpu] = doneNs;
    if (cpu !== drain.cpu && held === 0) columns.useless[drain.row]++;
    processors.handlerUntilNs[cpu] = doneNs;
    const lostNs = ns + parts.scenario.costs.workerSwitchNs + this.context.costs.cacheRefillNs(held);
    if (cpu !== drain.cpu) this.context.noteDisturbed(cpu, lostNs);
    processors.delay(cpu, lostNs);
    this.context.slowest(drain, doneNs);
    if (works.length > 0) queue.push(doneNs, eventOf(EventKind.work, cpu));
    if (--drain.pending > 0) return;
    const atNs = this.workers.flushed(drain.targets, processors.states.online, drain.sentNs, drain.doneNs);
    queue.push(Math.max(atNs, nowNs), eventOf(EventKind.drainEnd, drain.slot));
  }

  /** All works are done and the requester has been told: it runs again when its CPU lets it. */
  flushed(drain: Drain, nowNs: Nanoseconds): void {
    drain.phase = Phase.over;
    this.context.parts.processors.makeRunnable(drain.task, nowNs);
  }

  /** A task left its CPU: works that a SCHED_FIFO task kept out may run. */
  taskLeft(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const works = this.worksOn.get(cpu);
    if (works !== undefined && works.length > 0)
      this.context.parts.queue.push(nowNs, eventOf(EventKind.work, cpu));
  }

  /** The host runs this CPU again: works that waited for it begin. */
  started(cpu: CpuIndex, nowNs: Nanoseconds): void {
    if ((this.worksOn.get(cpu)?.length ?? 0) > 0)
      this.context.parts.queue.push(nowNs, eventOf(EventKind.work, cpu));
  }
}

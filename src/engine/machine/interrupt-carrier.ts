/**
 * Drains by interrupt (up to 4.10): the requester sends, each target empties its lists in its handler, the requester spins until
 * the last has answered and does its own part (on_each_cpu_mask, smp_call_function_many, kernel/smp.c). One handler
 * takes all calls that wait on its CPU, so a drain can find lists that another has just emptied.
 */

import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import { MaskSource } from '../accounting/run.ts';
import { Kind } from '../input/event-log.ts';
import { type Drain, type DrainContext, Phase, waitingOn } from './drain-context.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import { Interrupts } from './interrupts.ts';

export class InterruptCarrier {
  private readonly context: DrainContext;
  private readonly interrupts: Interrupts;
  private readonly arrivals: Float64Array;
  /** Calls that wait on each CPU for its handler. */
  private readonly callsOn: Map<CpuIndex, Drain[]> = new Map();

  constructor(context: DrainContext) {
    this.context = context;
    const { scenario, rules } = context.parts;
    const { machine, costs } = scenario;
    this.interrupts = new Interrupts(
      machine.cpus,
      machine.interruptMode,
      rules,
      costs,
      machine.host !== null,
    );
    this.arrivals = new Float64Array(machine.cpus);
  }

  /** The requester sends at `atNs`; it goes on when all targets have answered. */
  send(drain: Drain, atNs: Nanoseconds): void {
    const { interrupts, arrivals } = this;
    const { columns, parts } = this.context;
    const { processors, queue, masks, counters, rules } = parts;
    const { row, cpu, targets } = drain;
    const { states } = processors;
    const plan = interrupts.send(targets, states.online, cpu, atNs, arrivals, states.polls);
    let sentNs = atNs + plan.sendNs;
    if (plan.maskWanted && parts.scenario.kernel.sendAllocatesMask && parts.scenario.kernel.offstack) {
      counters.sendMaskAllocations++;
      const taken = masks.takeObject(cpu);
      if (taken.source === MaskSource.failed) counters.sendMaskFailures++;
      drain.sendMask = taken.object;
      sentNs += taken.ns;
    }
    columns.interrupts[row] = plan.targets;
    columns.hardwareSends[row] = plan.hardwareSends;
    columns.isolatedDisturbed[row] = this.context.countIsolated(targets, cpu);
    this.context.tell(row, 'sent', atNs, cpu, plan.hardwareSends);
    drain.pending = plan.targets;
    drain.queuedNs = atNs;
    drain.sentNs = sentNs;
    drain.phase = Phase.answers;
    for (let target = targets.next(0); target >= 0; target = targets.next(target + 1)) {
      if (target === cpu) continue;
      waitingOn(this.callsOn, target).push(drain);
      queue.push(arrivals[target], eventOf(EventKind.interrupt, target));
    }
    if (drain.pending > 0) processors.spin(cpu);
    if (rules.ownPartOverlaps && targets.has(cpu)) {
      const ns = this.drainOwn(drain, drain.sentNs);
      drain.sentNs += ns;
      targets.delete(cpu);
    }
    if (drain.pending === 0) this.answered(drain);
  }

  /** An interrupt event of this CPU is due: its handler runs, later, or has run already for a call before. */
  interrupt(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const calls = this.callsOn.get(cpu);
    if (calls === undefined || calls.length === 0) return;
    const { processors, queue, counters } = this.context.parts;
    if (!processors.runs(cpu)) {
      processors.hostWake(cpu, nowNs);
      // Not yet: `started` comes back to it.
      if (!processors.runs(cpu)) return;
    }
    if (processors.isIdle(cpu)) {
      const { state, exitNs, lostResidencyNs } = processors.states.wake(cpu, nowNs);
      processors.hostWake(cpu, nowNs);
      this.context.noteWaking(calls, state, lostResidencyNs);
      this.context.tell(calls[0].row, 'idle-left', nowNs + exitNs, cpu, exitNs);
      counters.disturbedNs += exitNs;
      if (exitNs > 0) {
        // Before the CPU's own step: it would find nothing to do and go back to sleep.
        queue.push(nowNs + exitNs, eventOf(EventKind.interrupt, cpu));
        processors.handlerUntilNs[cpu] = nowNs + exitNs;
        processors.continueAt(cpu, nowNs + exitNs);
        return;
      }
      processors.continueAt(cpu, nowNs);
    }
    const beginsNs = processors.handlerUntilNs[cpu];
    if (beginsNs > nowNs) {
      queue.push(beginsNs, eventOf(EventKind.interrupt, cpu));
      return;
    }
    this.handle(cpu, calls, nowNs);
  }

  private handle(cpu: CpuIndex, calls: Drain[], nowNs: Nanoseconds): void {
    const { parts, columns } = this.context;
    const { processors, memory } = parts;
    const busy = processors.current[cpu] >= 0;
    memory.pid = busy ? parts.pidOf(processors.current[cpu]) : 0;
    memory.nowNs = nowNs;
    let time = nowNs;
    let freed = 0;
    // Calls that are still being queued wait for their own interrupt.
    const ready = calls.filter((drain) => drain.queuedNs <= nowNs);
    if (ready.length === 0) return;
    this.interrupts.taken(cpu, ready.length);
    for (const drain of ready) {
      const zone = this.context.zoneOf(drain);
      const held = memory.pagesOnLists(cpu, zone);
      this.context.tell(drain.row, 'began-on', time, cpu, held);
      memory.emit(Kind.drainLocalPages, cpu, 0, 0, zone, 0, 0);
      time += this.context.drainListsNs(cpu, zone, cpu, time, ready[0] === drain);
      this.context.tell(drain.row, 'ended-on', time, cpu, held);
      drain.back += held;
      freed += held;
      if (held === 0) columns.useless[drain.row]++;
      drain.doneNs[cpu] = time;
    }
    if (ready.length === calls.length) calls.length = 0;
    else calls.splice(0, calls.length, ...calls.filter((drain) => drain.queuedNs > nowNs));
    const lostNs = time - nowNs + this.context.costs.aftermathNs(freed, busy);
    processors.handlerUntilNs[cpu] = time;
    this.context.noteDisturbed(cpu, lostNs);
    processors.delay(cpu, lostNs);
    for (const drain of ready) {
      this.context.slowest(drain, time);
      if (--drain.pending === 0) this.answered(drain);
    }
  }

  /** All answers are in: the spinning requester sees the last of them, then does its own part. */
  private answered(drain: Drain): void {
    const { processors } = this.context.parts;
    const { cpu, targets } = drain;
    const at = this.interrupts.answered(targets, processors.states.online, cpu, drain.sentNs, drain.doneNs);
    drain.phase = targets.has(cpu) ? Phase.own : Phase.over;
    processors.continueAt(cpu, Math.max(at, processors.handlerUntilNs[cpu]));
  }

  ownPart(drain: Drain, nowNs: Nanoseconds): void {
    const ns = this.drainOwn(drain, nowNs);
    drain.phase = Phase.over;
    this.context.parts.processors.continueAt(drain.cpu, nowNs + ns);
  }

  /** The requester drains its own lists, interrupts off. Returns the time it takes. */
  private drainOwn(drain: Drain, nowNs: Nanoseconds): Nanoseconds {
    const { memory } = this.context.parts;
    const zone = this.context.zoneOf(drain);
    const held = memory.pagesOnLists(drain.cpu, zone);
    memory.pid = drain.pid;
    memory.emit(Kind.drainLocalPages, drain.cpu, 0, 0, zone, 0, 0);
    const ns = this.context.drainListsNs(drain.cpu, zone, drain.cpu, nowNs, false);
    drain.back += held;
    this.context.tell(drain.row, 'own-part', nowNs, drain.cpu, held);
    return ns;
  }

  /** The host runs this CPU again: calls that waited for it begin. */
  started(cpu: CpuIndex, nowNs: Nanoseconds): void {
    if ((this.callsOn.get(cpu)?.length ?? 0) > 0)
      this.context.parts.queue.push(nowNs, eventOf(EventKind.interrupt, cpu));
  }
}

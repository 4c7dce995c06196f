/**
 * Drains in progress: from the call of drain_all_pages until its end, by whatever policy. The same `decide` as in
 * replay chooses the CPUs; here the choice has its price and its consequences. Several drains can be in progress; each
 * looks at the lists as they are when its turn has come, and disturbs CPUs that others may have emptied meanwhile.
 *
 * mm/page_alloc.c (drain_all_pages), kernel/smp.c (on_each_cpu_mask, smp_call_function_many), kernel/workqueue.c.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { EventQueue } from '../../base/event-queue.ts';
import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import { addDrain, makeDrainColumns } from '../accounting/drain-columns.ts';
import { type DrainColumns, DrainResult, MaskSource, type RunCounters } from '../accounting/run.ts';
import { type DrainCause, drainCauses } from '../input/drain-request.ts';
import { Kind } from '../input/event-log.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import { Decision, decide } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import { EventKind, eventOf } from './event-kinds.ts';
import { DrainCosts, ZoneLocks } from './handler-cost.ts';
import { Interrupts } from './interrupts.ts';
import type { KernelRules } from './kernel-rules.ts';
import { Look } from './look.ts';
import type { MaskSupply } from './mask-supply.ts';
import type { Memory } from './memory.ts';
import type { Processors } from './processors.ts';
import { TaskState, type TaskTable } from './task-table.ts';
import { Workers } from './workers.ts';

/** What the requester of a drain does next. */
const Phase = {
  /** Waits for its turn (asleep at the mutex). */
  turn: 0,
  /** Spins for answers, or sleeps until all works are done. */
  answers: 1,
  /** Its own part comes next. */
  own: 2,
  /** Walks over the lists of other CPUs (remote drain). */
  walk: 3,
  /** Everything is done; the next step ends the drain. */
  over: 4,
} as const;

/** A drain in progress. */
interface Drain {
  readonly slot: number;
  row: number;
  task: number;
  pid: number;
  cpu: CpuIndex;
  zone: number;
  forced: boolean;
  phase: number;
  readonly targets: BitSet;
  /** By CPU: when its answer was ready. */
  readonly doneNs: Float64Array;
  /** Answers that are still out. */
  pending: number;
  sentNs: Nanoseconds;
  mask: number;
  sendMask: number;
  back: Pages;
  /** Remote drain: CPU and zone at which the walk is. */
  walkCpu: number;
  walkZone: number;
  walkPages: Pages;
}

export interface DrainsParts {
  readonly scenario: Scenario;
  readonly rules: KernelRules;
  readonly policy: Policy;
  readonly memory: Memory;
  readonly tasks: TaskTable;
  readonly processors: Processors;
  readonly masks: MaskSupply;
  readonly queue: EventQueue;
  readonly counters: RunCounters;
  readonly observer: RunObserver | null;
  readonly pidOf: (task: number) => number;
}

export class Drains {
  readonly columns: DrainColumns = makeDrainColumns();
  readonly heldByCpu: Int32Array;
  /** Drains that began and have not ended; those that wait for their turn are not in it. */
  running = 0;
  private readonly parts: DrainsParts;
  private readonly decision: Decision;
  private readonly look: Look;
  private readonly interrupts: Interrupts;
  private readonly workers: Workers;
  private readonly costs: DrainCosts;
  private readonly zoneLocks: ZoneLocks;
  private readonly arrivals: Float64Array;
  private readonly slots: Drain[] = [];
  private readonly freeSlots: number[] = [];
  private readonly waiting: Drain[] = [];
  /** By task: its drain in progress. */
  private readonly drainOfTask: Map<number, Drain> = new Map();
  /** Calls that wait on each CPU for its handler, and works for its worker. */
  private readonly callsOn: Map<CpuIndex, Drain[]> = new Map();
  private readonly worksOn: Map<CpuIndex, Drain[]> = new Map();
  private readonly disturbedNs: Float64Array;

  constructor(parts: DrainsParts) {
    this.parts = parts;
    const { machine, costs } = parts.scenario;
    const guest = machine.host !== null;
    this.heldByCpu = new Int32Array(machine.cpus);
    this.decision = new Decision(machine.cpus);
    this.look = new Look(machine, parts.scenario.kernel.lastZoneDecides, parts.memory);
    this.interrupts = new Interrupts(machine.cpus, machine.interruptMode, parts.rules, costs, guest);
    this.workers = new Workers(costs, guest);
    this.costs = new DrainCosts(costs);
    this.zoneLocks = new ZoneLocks(machine.zones.length);
    this.arrivals = new Float64Array(machine.cpus);
    this.disturbedNs = new Float64Array(machine.cpus);
  }

  /** A task on `cpu` calls drain_all_pages(zone); -1: every zone. It goes on with `step`. */
  request(
    task: number,
    cpu: CpuIndex,
    cause: DrainCause,
    zone: number,
    forced: boolean,
    value: number,
    nowNs: Nanoseconds,
  ): void {
    const { columns, parts } = this;
    const { policy, memory } = parts;
    const row = addDrain(columns);
    columns.timeNs[row] = nowNs;
    columns.cpu[row] = cpu;
    columns.task[row] = task;
    columns.cause[row] = drainCauses.indexOf(cause);
    columns.zone[row] = zone;
    columns.forced[row] = forced ? 1 : 0;
    columns.freePages[row] = memory.freePages();
    columns.concurrent[row] = this.running;
    const drain = this.takeSlot();
    drain.row = row;
    drain.task = task;
    drain.pid = parts.pidOf(task);
    drain.cpu = cpu;
    drain.zone = zone;
    drain.forced = forced;
    this.drainOfTask.set(task, drain);
    memory.emit(Kind.drainAllPages, cpu, 0, 0, zone, 0, 0);
    if (forced) memory.emit(Kind.drainAllPagesInner, cpu, 0, 0, zone, 1, 0);
    this.tell(row, 'requested', nowNs, cpu, value);
    if (policy.turn !== 'all-proceed' && this.running > 0) {
      if (policy.turn === 'one-others-return' && zone < 0 && !forced) this.turnAway(drain, nowNs);
      else this.waitForTurn(drain, nowNs);
      return;
    }
    this.begin(drain, nowNs);
  }

  /** The requester goes on: its own part, the next list of its walk, or the end. True: the drain is over. */
  step(task: number, nowNs: Nanoseconds): boolean {
    const drain = this.drainOfTask.get(task);
    if (drain === undefined) return true;
    switch (drain.phase) {
      case Phase.turn:
        this.begin(drain, nowNs);
        return false;
      case Phase.own:
        this.ownPart(drain, nowNs);
        return false;
      case Phase.walk:
        this.walk(drain, nowNs);
        return false;
      case Phase.over:
        this.end(drain, nowNs);
        return true;
      default:
        return false;
    }
  }

  /** Was the task's last drain turned away (and cost nothing)? Row of the task's drain that just ended. */
  lastRow(): number {
    return this.endedRow;
  }
  private endedRow = -1;

  // ---- Looking and choosing ----

  private begin(drain: Drain, nowNs: Nanoseconds): void {
    const { columns, parts, decision, look } = this;
    const { policy, processors, scenario } = parts;
    const { row, cpu } = drain;
    this.running++;
    const online = processors.states.online;
    const request = look.at(
      row,
      nowNs,
      drain.pid,
      cpu,
      drainCauses[columns.cause[row]],
      drain.zone,
      drain.forced,
      this.running - 1,
      processors.states,
    );
    parts.observer?.drainRequested?.(request);
    for (let held = request.holders.next(0); held >= 0; held = request.holders.next(held + 1))
      this.heldByCpu[held]++;
    this.noteLook(row, request.holders, cpu);
    decide(policy, look.seen(), decision);
    let ns = 0;
    if (decision.scanned) {
      // Every online CPU is looked at, up to its first list with pages.
      const lists = drain.zone >= 0 ? online.count : online.count * scenario.machine.zones.length;
      columns.scanNs[row] = this.costs.scanNs(lists);
      ns += columns.scanNs[row];
      this.tell(row, 'scanned', nowNs, cpu, request.holders.count);
    }
    let result: number =
      decision.scanned &&
      decision.targets.count === online.count &&
      policy.select.who === 'holders-if-empty' &&
      !decision.maskAllocated
        ? DrainResult.everyoneByChoice
        : DrainResult.done;
    if (decision.maskAllocated) {
      const { storage } = parts.masks;
      this.tell(row, 'mask-asked', nowNs + ns, cpu, storage.bytes);
      const taken = parts.masks.take(cpu);
      columns.maskSource[row] = taken.source;
      columns.maskNs[row] = taken.ns;
      columns.maskPages[row] = taken.pages;
      ns += taken.ns;
      drain.mask = taken.object;
      if (taken.source === MaskSource.failed) {
        // Without a mask everyone is disturbed (patch v4).
        decision.targets.copyFrom(online);
        result = DrainResult.fellBack;
        this.tell(row, 'mask-failed', nowNs + ns, cpu, storage.bytes);
      } else this.tell(row, 'mask-got', nowNs + ns, cpu, taken.source);
    } else if (policy.mask === 'static' && decision.scanned)
      columns.maskSource[row] = MaskSource.noAllocation;
    columns.result[row] = result;
    columns.targets[row] = decision.targets.count;
    drain.targets.copyFrom(decision.targets);
    this.tell(row, 'chosen', nowNs + ns, cpu, decision.targets.count);
    if (policy.carrier === 'interrupt') this.sendInterrupts(drain, nowNs + ns);
    else if (policy.carrier === 'worker') this.queueWorks(drain, nowNs + ns, nowNs);
    else if (policy.carrier === 'lock') this.startWalk(drain, nowNs + ns);
    else {
      drain.phase = Phase.over;
      processors.continueAt(cpu, nowNs + ns);
    }
  }

  private noteLook(row: number, holders: BitSet, cpu: CpuIndex): void {
    const { columns } = this;
    const { states } = this.parts.processors;
    columns.online[row] = states.online.count;
    columns.holders[row] = holders.count;
    columns.isolatedHolders[row] = holders.countCommon(states.isolated);
    columns.requesterHeld[row] = holders.has(cpu) ? 1 : 0;
    columns.holderPages[row] = this.look.pagesSeen;
  }

  private turnAway(drain: Drain, nowNs: Nanoseconds): void {
    const { columns, parts } = this;
    const { row, cpu } = drain;
    const request = this.look.at(
      row,
      nowNs,
      drain.pid,
      cpu,
      drainCauses[columns.cause[row]],
      drain.zone,
      drain.forced,
      this.running,
      parts.processors.states,
    );
    parts.observer?.drainRequested?.(request);
    this.noteLook(row, request.holders, cpu);
    columns.result[row] = DrainResult.busy;
    this.tell(row, 'turned-away', nowNs, cpu, 0);
    drain.phase = Phase.over;
    parts.processors.continueAt(cpu, nowNs + parts.scenario.costs.sendBaseNs);
  }

  private waitForTurn(drain: Drain, nowNs: Nanoseconds): void {
    drain.phase = Phase.turn;
    this.waiting.push(drain);
    this.tell(drain.row, 'waits-for-turn', nowNs, drain.cpu, 0);
    this.sleep(drain, nowNs);
  }

  /** The requester leaves its CPU until it is made runnable. */
  private sleep(drain: Drain, nowNs: Nanoseconds): void {
    const { tasks, processors } = this.parts;
    tasks.state[drain.task] = TaskState.stalled;
    processors.leave(drain.cpu, nowNs);
    processors.continueAt(drain.cpu, nowNs);
  }

  // ---- Interrupts ----

  private sendInterrupts(drain: Drain, atNs: Nanoseconds): void {
    const { columns, parts, interrupts, arrivals } = this;
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
    columns.isolatedDisturbed[row] = this.countIsolated(targets, cpu);
    this.tell(row, 'sent', atNs, cpu, plan.hardwareSends);
    drain.pending = plan.targets;
    drain.sentNs = sentNs;
    drain.phase = Phase.answers;
    for (let target = targets.next(0); target >= 0; target = targets.next(target + 1)) {
      if (target === cpu) continue;
      this.listOf(this.callsOn, target).push(drain);
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
    const { processors, queue, counters } = this.parts;
    if (!processors.runs(cpu)) {
      processors.hostWake(cpu, nowNs);
      // Not yet: `started` comes back to it.
      if (!processors.runs(cpu)) return;
    }
    if (processors.isIdle(cpu)) {
      const { state, exitNs, lostResidencyNs } = processors.states.wake(cpu, nowNs);
      processors.hostWake(cpu, nowNs);
      this.noteWaking(calls, state, lostResidencyNs);
      this.tell(calls[0].row, 'idle-left', nowNs + exitNs, cpu, exitNs);
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
    const beginsNs = Math.max(processors.handlerUntilNs[cpu], processors.states.interruptibleAt(cpu, nowNs));
    if (beginsNs > nowNs) {
      queue.push(beginsNs, eventOf(EventKind.interrupt, cpu));
      return;
    }
    this.handle(cpu, calls, nowNs);
  }

  private handle(cpu: CpuIndex, calls: Drain[], nowNs: Nanoseconds): void {
    const { parts, columns } = this;
    const { processors, memory } = parts;
    this.interrupts.taken(cpu);
    const busy = processors.current[cpu] >= 0;
    memory.pid = busy ? parts.pidOf(processors.current[cpu]) : 0;
    memory.nowNs = nowNs;
    let time = nowNs;
    let freed = 0;
    for (const drain of calls) {
      const zone = parts.rules.zoneHonoured ? drain.zone : -1;
      const held = memory.pagesOnLists(cpu, zone);
      this.tell(drain.row, 'began-on', time, cpu, held);
      memory.emit(Kind.drainLocalPages, cpu, 0, 0, zone, 0, 0);
      time += this.drainListsNs(cpu, zone, cpu, time, calls[0] === drain);
      this.tell(drain.row, 'ended-on', time, cpu, held);
      drain.back += held;
      freed += held;
      if (held === 0) columns.useless[drain.row]++;
      drain.doneNs[cpu] = time;
    }
    const answered = calls.splice(0, calls.length);
    const lostNs = time - nowNs + this.costs.aftermathNs(freed, busy);
    processors.handlerUntilNs[cpu] = time;
    this.noteDisturbed(cpu, lostNs);
    processors.delay(cpu, lostNs);
    for (const drain of answered) {
      columns.slowestNs[drain.row] = Math.max(columns.slowestNs[drain.row], time - drain.sentNs);
      if (--drain.pending === 0) this.answered(drain);
    }
  }

  /** All answers are in: the spinning requester sees the last of them, then does its own part. */
  private answered(drain: Drain): void {
    const { processors } = this.parts;
    const { cpu, targets } = drain;
    const at = this.interrupts.answered(targets, processors.states.online, cpu, drain.sentNs, drain.doneNs);
    drain.phase = targets.has(cpu) ? Phase.own : Phase.over;
    processors.continueAt(cpu, Math.max(at, processors.handlerUntilNs[cpu]));
  }

  private ownPart(drain: Drain, nowNs: Nanoseconds): void {
    const ns = this.drainOwn(drain, nowNs);
    drain.phase = Phase.over;
    this.parts.processors.continueAt(drain.cpu, nowNs + ns);
  }

  /** The requester drains its own lists, interrupts off. Returns the time it takes. */
  private drainOwn(drain: Drain, nowNs: Nanoseconds): Nanoseconds {
    const { memory, rules } = this.parts;
    const zone = rules.zoneHonoured ? drain.zone : -1;
    const held = memory.pagesOnLists(drain.cpu, zone);
    memory.pid = drain.pid;
    memory.emit(Kind.drainLocalPages, drain.cpu, 0, 0, zone, 0, 0);
    const ns = this.drainListsNs(drain.cpu, zone, drain.cpu, nowNs, false);
    drain.back += held;
    this.tell(drain.row, 'own-part', nowNs, drain.cpu, held);
    return ns;
  }

  /** Empties the lists of one CPU and returns the time it takes, waiting for the locks of the zones included. */
  private drainListsNs(
    cpu: CpuIndex,
    zone: number,
    by: CpuIndex,
    nowNs: Nanoseconds,
    entry: boolean,
  ): Nanoseconds {
    const { memory } = this.parts;
    const zones = zone >= 0 ? 1 : memory.zoneCount;
    let time = nowNs + (entry ? this.costs.handlerNs(zones, 0, 0) : this.costs.drainNs(zones, 0, 0));
    const spentBefore = memory.spentNs;
    for (let each = 0; each < memory.zoneCount; each++) {
      if (zone >= 0 && each !== zone) continue;
      const pages = memory.drainLists(cpu, each, by);
      if (pages > 0) time = this.zoneLocks.hold(each, time, this.costs.holdNs(pages));
    }
    memory.spentNs = spentBefore;
    return time - nowNs;
  }

  // ---- Workers ----

  private queueWorks(drain: Drain, atNs: Nanoseconds, nowNs: Nanoseconds): void {
    const { parts, columns } = this;
    const { memory, processors, queue } = parts;
    const { cpu, targets, row } = drain;
    const count = targets.count;
    drain.sentNs = atNs + this.workers.queueingNs(count);
    drain.pending = count;
    columns.workers[row] = count;
    columns.isolatedDisturbed[row] = this.countIsolated(targets, cpu);
    drain.phase = Phase.answers;
    this.tell(row, 'sent', atNs, cpu, count);
    for (let target = targets.next(0); target >= 0; target = targets.next(target + 1)) {
      memory.emit(Kind.drainWorkQueued, cpu, 0, 0, target, 0, 0);
      this.listOf(this.worksOn, target).push(drain);
      const delayNs = this.workDelayNs(target, cpu, drain.task, nowNs);
      if (delayNs !== Number.POSITIVE_INFINITY)
        queue.push(drain.sentNs + delayNs, eventOf(EventKind.work, target));
    }
    if (count === 0) {
      drain.phase = Phase.over;
      processors.continueAt(cpu, drain.sentNs);
      return;
    }
    this.sleep(drain, drain.sentNs);
  }

  private workDelayNs(target: CpuIndex, requester: CpuIndex, task: number, nowNs: Nanoseconds): Nanoseconds {
    const { processors, tasks } = this.parts;
    if (processors.isIdle(target)) {
      return this.workers.delayIdleNs(
        processors.states.exitNsAt(target, nowNs),
        processors.states.polls.has(target),
      );
    }
    const current = processors.current[target];
    if (current >= 0 && tasks.fifo[current] === 1)
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
    const { parts, columns } = this;
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
      this.noteWaking(works, state, lostResidencyNs);
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
    const zone = parts.rules.zoneHonoured ? drain.zone : -1;
    memory.emit(Kind.drainWorkStart, cpu, 0, 0, 0, 0, 0);
    memory.emit(Kind.drainLocalPagesWq, cpu, 0, 0, 0, 0, 0);
    const held = memory.pagesOnLists(cpu, zone);
    this.tell(drain.row, 'began-on', nowNs, cpu, held);
    const ns = this.drainListsNs(cpu, zone, cpu, nowNs, false);
    const doneNs = nowNs + ns;
    memory.emit(Kind.drainWorkEnd, cpu, 0, 0, 0, 0, 0);
    this.tell(drain.row, 'ended-on', doneNs, cpu, held);
    drain.back += held;
    drain.doneNs[cpu] = doneNs;
    if (cpu !== drain.cpu && held === 0) columns.useless[drain.row]++;
    processors.handlerUntilNs[cpu] = doneNs;
    const lostNs = ns + parts.scenario.costs.workerSwitchNs + this.costs.cacheRefillNs(held);
    if (cpu !== drain.cpu) this.noteDisturbed(cpu, lostNs);
    processors.delay(cpu, lostNs);
    columns.slowestNs[drain.row] = Math.max(columns.slowestNs[drain.row], doneNs - drain.sentNs);
    if (works.length > 0) queue.push(doneNs, eventOf(EventKind.work, cpu));
    if (--drain.pending > 0) return;
    const atNs = this.workers.flushed(drain.targets, processors.states.online, drain.sentNs, drain.doneNs);
    queue.push(Math.max(atNs, nowNs), eventOf(EventKind.drainEnd, drain.slot));
  }

  /** All works are done and the requester has been told: it runs again when its CPU lets it. */
  flushed(slot: number, nowNs: Nanoseconds): void {
    const drain = this.slots[slot];
    drain.phase = Phase.over;
    this.parts.processors.makeRunnable(drain.task, nowNs);
  }

  /** A task left its CPU: works that a SCHED_FIFO task kept out may run. */
  taskLeft(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const works = this.worksOn.get(cpu);
    if (works !== undefined && works.length > 0) this.parts.queue.push(nowNs, eventOf(EventKind.work, cpu));
  }

  /** The host runs this CPU again: interrupts and works that waited for it begin. */
  started(cpu: CpuIndex, nowNs: Nanoseconds): void {
    const { queue } = this.parts;
    if ((this.callsOn.get(cpu)?.length ?? 0) > 0) queue.push(nowNs, eventOf(EventKind.interrupt, cpu));
    if ((this.worksOn.get(cpu)?.length ?? 0) > 0) queue.push(nowNs, eventOf(EventKind.work, cpu));
  }

  // ---- From afar ----

  private startWalk(drain: Drain, atNs: Nanoseconds): void {
    const { columns, parts } = this;
    const { cpu, targets, row } = drain;
    const own = targets.has(cpu) ? 1 : 0;
    columns.locked[row] = (targets.count - own) * (drain.zone >= 0 ? 1 : parts.memory.zoneCount);
    columns.isolatedDisturbed[row] = this.countIsolated(targets, cpu);
    drain.phase = Phase.walk;
    drain.walkCpu = targets.next(0);
    drain.walkZone = Math.max(0, drain.zone);
    drain.walkPages = -1;
    drain.sentNs = atNs;
    this.tell(row, 'sent', atNs, cpu, targets.count);
    parts.processors.continueAt(cpu, atNs);
  }

  /** One hold of one list's lock (drain_pages_zone). */
  private walk(drain: Drain, nowNs: Nanoseconds): void {
    const { parts, columns } = this;
    const { memory, processors } = parts;
    const { cpu, row } = drain;
    const target = drain.walkCpu;
    if (target < 0) {
      columns.slowestNs[row] = nowNs - drain.sentNs;
      drain.phase = Phase.over;
      processors.continueAt(cpu, nowNs);
      return;
    }
    const set = target * memory.zoneCount + drain.walkZone;
    const freeAtNs = memory.locks.freeAt(set, nowNs);
    if (freeAtNs > nowNs) {
      processors.continueAt(cpu, freeAtNs);
      return;
    }
    memory.nowNs = nowNs;
    memory.pid = drain.pid;
    if (drain.walkPages < 0) {
      if (drain.walkZone === Math.max(0, drain.zone)) {
        drain.walkPages = memory.pagesOnLists(target, drain.zone);
        if (drain.walkPages === 0 && target !== cpu) columns.useless[row]++;
        this.tell(row, 'began-on', nowNs, target, drain.walkPages);
      } else drain.walkPages = 0;
      memory.emit(Kind.drainPagesZone, cpu, 0, 0, target, drain.walkZone, 0);
    }
    const held = memory.lists.count[set];
    const chunk = memory.locks.chunkPages(held, memory.lists.batch[set]);
    const spentBefore = memory.spentNs;
    const gone = held > 0 ? memory.drainLists(target, drain.walkZone, cpu, chunk) : 0;
    memory.spentNs = spentBefore;
    const holdNs = memory.locks.holdNs(gone) + parts.scenario.costs.scanPerListNs;
    const untilNs = gone > 0 ? this.zoneLocks.hold(drain.walkZone, nowNs, holdNs) : nowNs + holdNs;
    if (gone > 0) memory.locks.take(set, untilNs);
    drain.back += gone;
    if (memory.lists.count[set] === 0 || gone === 0) this.walkOn(drain, untilNs);
    processors.continueAt(cpu, untilNs);
  }

  /** To the next list of the walk. */
  private walkOn(drain: Drain, atNs: Nanoseconds): void {
    const { memory } = this.parts;
    drain.walkPages = -1;
    if (drain.zone < 0 && ++drain.walkZone < memory.zoneCount) return;
    this.tell(drain.row, 'ended-on', atNs, drain.walkCpu, 0);
    drain.walkZone = Math.max(0, drain.zone);
    drain.walkCpu = drain.targets.next(drain.walkCpu + 1);
  }

  // ---- The end ----

  private end(drain: Drain, nowNs: Nanoseconds): void {
    const { columns, parts } = this;
    const { row, cpu } = drain;
    parts.masks.give(cpu, drain.sendMask);
    parts.masks.give(cpu, drain.mask);
    columns.endNs[row] = nowNs;
    columns.pagesBack[row] = drain.back;
    this.tell(row, 'ended', nowNs, cpu, drain.back);
    this.endedRow = row;
    this.drainOfTask.delete(drain.task);
    this.freeSlots.push(drain.slot);
    // A call that was turned away never had the turn.
    if (columns.result[row] === DrainResult.busy) return;
    this.running--;
    const next = this.waiting.shift();
    if (next !== undefined) parts.processors.makeRunnable(next.task, nowNs);
  }

  private takeSlot(): Drain {
    const free = this.freeSlots.pop();
    const { cpus } = this.parts.scenario.machine;
    let drain: Drain;
    if (free === undefined) {
      drain = {
        slot: this.slots.length,
        row: -1,
        task: -1,
        pid: 0,
        cpu: -1,
        zone: -1,
        forced: false,
        phase: Phase.over,
        targets: new BitSet(cpus),
        doneNs: new Float64Array(cpus),
        pending: 0,
        sentNs: 0,
        mask: -1,
        sendMask: -1,
        back: 0,
        walkCpu: -1,
        walkZone: 0,
        walkPages: -1,
      };
      this.slots.push(drain);
    } else drain = this.slots[free];
    drain.targets.clear();
    drain.pending = 0;
    drain.mask = -1;
    drain.sendMask = -1;
    drain.back = 0;
    return drain;
  }

  private listOf(lists: Map<CpuIndex, Drain[]>, cpu: CpuIndex): Drain[] {
    let list = lists.get(cpu);
    if (list === undefined) {
      list = [];
      lists.set(cpu, list);
    }
    return list;
  }

  private countIsolated(targets: BitSet, requester: CpuIndex): number {
    const { isolated } = this.parts.processors.states;
    return targets.countCommon(isolated) - (targets.has(requester) && isolated.has(requester) ? 1 : 0);
  }

  private noteWaking(drains: readonly Drain[], state: number, lostResidencyNs: Nanoseconds): void {
    const { counters } = this.parts;
    if (state < 0) return;
    this.columns.idleWoken[drains[0].row]++;
    counters.idleWokenByState[state]++;
    counters.lostResidencyNs += lostResidencyNs;
  }

  private noteDisturbed(cpu: CpuIndex, ns: Nanoseconds): void {
    const { counters, processors } = this.parts;
    counters.disturbedNs += ns;
    if (processors.states.isolated.has(cpu)) counters.isolatedDisturbedNs += ns;
    this.disturbedNs[cpu] += ns;
  }

  private tell(row: number, step: DrainStep, timeNs: Nanoseconds, cpu: CpuIndex, value: number): void {
    this.parts.observer?.drainStep?.(row, step, timeNs, cpu, value);
  }
}

/**
 * Drains in progress: from the call of drain_all_pages until its end, by whatever policy. The same `decide` as in
 * replay chooses the CPUs; here the choice has its price and its consequences. Several drains can be in progress; each
 * looks at the lists as they are when its turn has come, and disturbs CPUs that others may have emptied meanwhile.
 *
 * mm/page_alloc.c (drain_all_pages), kernel/smp.c (on_each_cpu_mask, smp_call_function_many), kernel/workqueue.c.
 */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import { addDrain } from '../accounting/drain-columns.ts';
import { type DrainColumns, DrainResult, MaskSource } from '../accounting/run.ts';
import { type DrainCause, drainCauses } from '../input/drain-request.ts';
import { Kind } from '../input/event-log.ts';
import { Decision, decide } from '../policy/decide.ts';
import { type Drain, DrainContext, type DrainsParts, Phase } from './drain-context.ts';
import { InterruptCarrier } from './interrupt-carrier.ts';
import { LockCarrier } from './lock-carrier.ts';
import { Look } from './look.ts';
import { WorkerCarrier } from './worker-carrier.ts';

export class Drains {
  readonly columns: DrainColumns;
  readonly heldByCpu: Int32Array;
  /** Drains that have the turn and have not ended. */
  running = 0;
  private readonly parts: DrainsParts;
  private readonly context: DrainContext;
  private readonly byInterrupt: InterruptCarrier;
  private readonly byWorker: WorkerCarrier;
  private readonly byLock: LockCarrier;
  private readonly decision: Decision;
  private readonly look: Look;
  private readonly slots: Drain[] = [];
  private readonly freeSlots: number[] = [];
  /** Drains that wait for their turn (pcpu_drain_mutex). */
  private readonly waiting: Drain[] = [];
  /** By task: its drain in progress. */
  private readonly drainOfTask: Map<number, Drain> = new Map();

  constructor(parts: DrainsParts) {
    this.parts = parts;
    const { machine, kernel } = parts.scenario;
    this.context = new DrainContext(parts);
    this.columns = this.context.columns;
    this.byInterrupt = new InterruptCarrier(this.context);
    this.byWorker = new WorkerCarrier(this.context);
    this.byLock = new LockCarrier(this.context);
    this.heldByCpu = new Int32Array(machine.cpus);
    this.decision = new Decision(machine.cpus);
    this.look = new Look(machine, kernel.lastZoneDecides, parts.memory);
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
    this.context.tell(row, 'requested', nowNs, cpu, value);
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
        // Somebody may have been faster while this task woke.
        if (this.running > 0) {
          this.waiting.unshift(drain);
          this.context.sleep(drain, nowNs);
          return false;
        }
        // Its CPU may have gone offline while it slept.
        drain.cpu = this.parts.tasks.cpu[task];
        this.begin(drain, nowNs);
        return false;
      case Phase.own:
        this.byInterrupt.ownPart(drain, nowNs);
        return false;
      case Phase.walk:
        this.byLock.walk(drain, nowNs);
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
      columns.scanNs[row] = this.context.costs.scanNs(lists);
      ns += columns.scanNs[row];
      this.context.tell(row, 'scanned', nowNs, cpu, request.holders.count);
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
      this.context.tell(row, 'mask-asked', nowNs + ns, cpu, storage.bytes);
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
        this.context.tell(row, 'mask-failed', nowNs + ns, cpu, storage.bytes);
      } else this.context.tell(row, 'mask-got', nowNs + ns, cpu, taken.source);
    } else if (policy.mask === 'static' && decision.scanned)
      columns.maskSource[row] = MaskSource.noAllocation;
    columns.result[row] = result;
    columns.targets[row] = decision.targets.count;
    drain.targets.copyFrom(decision.targets);
    this.context.tell(row, 'chosen', nowNs + ns, cpu, decision.targets.count);
    if (policy.carrier === 'interrupt') this.byInterrupt.send(drain, nowNs + ns);
    else if (policy.carrier === 'worker') this.byWorker.queue(drain, nowNs + ns, nowNs);
    else if (policy.carrier === 'lock') this.byLock.start(drain, nowNs + ns);
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
    this.context.tell(row, 'turned-away', nowNs, cpu, 0);
    drain.phase = Phase.over;
    parts.processors.continueAt(cpu, nowNs + parts.scenario.costs.sendBaseNs);
  }

  private waitForTurn(drain: Drain, nowNs: Nanoseconds): void {
    drain.phase = Phase.turn;
    this.waiting.push(drain);
    this.context.tell(drain.row, 'waits-for-turn', nowNs, drain.cpu, 0);
    this.context.sleep(drain, nowNs);
    if (this.parts.tasks.fifo[drain.task] === 1) this.taskLeft(drain.cpu, nowNs);
  }

  // ---- What the event loop tells ----

  /** An interrupt event of this CPU is due. */
  interrupt(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.byInterrupt.interrupt(cpu, nowNs);
  }

  /** A worker's time on this CPU has come. */
  work(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.byWorker.work(cpu, nowNs);
  }

  /** All works of a drain are done. */
  flushed(slot: number, nowNs: Nanoseconds): void {
    this.byWorker.flushed(this.slots[slot], nowNs);
  }

  /** A SCHED_FIFO task left its CPU: works that it kept out may run. */
  taskLeft(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.byWorker.taskLeft(cpu, nowNs);
  }

  /** The host runs this CPU again. */
  started(cpu: CpuIndex, nowNs: Nanoseconds): void {
    this.byInterrupt.started(cpu, nowNs);
    this.byWorker.started(cpu, nowNs);
  }

  // ---- The end ----

  private end(drain: Drain, nowNs: Nanoseconds): void {
    const { columns, parts } = this;
    const { row, cpu } = drain;
    parts.masks.give(cpu, drain.sendMask);
    parts.masks.give(cpu, drain.mask);
    columns.endNs[row] = nowNs;
    columns.pagesBack[row] = drain.back;
    this.context.tell(row, 'ended', nowNs, cpu, drain.back);
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
        queuedNs: 0,
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
}

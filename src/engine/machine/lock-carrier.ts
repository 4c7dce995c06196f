/**
 * Drains from afar (6.0 on): the requester takes the lock of each target's lists in turn and empties them itself, from 6.10 on in
 * chunks (__drain_all_pages, drain_pages_zone, mm/page_alloc.c). Nobody is interrupted; an owner that comes
 * meanwhile goes to the free lists.
 */

import type { Nanoseconds } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import { type Drain, type DrainContext, Phase } from './drain-context.ts';

export class LockCarrier {
  private readonly context: DrainContext;

  constructor(context: DrainContext) {
    this.context = context;
  }

  /** The requester begins its walk at `atNs`; it goes on with `walk`. */
  start(drain: Drain, atNs: Nanoseconds): void {
    const { columns, parts } = this.context;
    const { cpu, targets, row } = drain;
    const own = targets.has(cpu) ? 1 : 0;
    columns.locked[row] = (targets.count - own) * (drain.zone >= 0 ? 1 : parts.memory.zoneCount);
    columns.isolatedDisturbed[row] = this.context.countIsolated(targets, cpu);
    drain.phase = Phase.walk;
    drain.walkCpu = targets.next(0);
    drain.walkZone = Math.max(0, drain.zone);
    drain.walkPages = -1;
    drain.sentNs = atNs;
    this.context.tell(row, 'sent', atNs, cpu, targets.count);
    parts.processors.continueAt(cpu, atNs);
  }

  /** One hold of one list's lock (drain_pages_zone). */
  walk(drain: Drain, nowNs: Nanoseconds): void {
    const { parts, columns } = this.context;
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
        this.context.tell(row, 'began-on', nowNs, target, drain.walkPages);
      } else drain.walkPages = 0;
      memory.emit(Kind.drainPagesZone, cpu, 0, 0, target, drain.walkZone, 0);
    }
    const held = memory.lists.count[set];
    const chunk = memory.locks.chunkPages(held, memory.lists.batch[set]);
    const spentBefore = memory.spentNs;
    const gone = held > 0 ? memory.drainLists(target, drain.walkZone, cpu, chunk) : 0;
    memory.spentNs = spentBefore;
    const holdNs = memory.locks.holdNs(gone) + parts.scenario.costs.scanPerListNs;
    const untilNs = gone > 0 ? this.context.zoneLocks.hold(drain.walkZone, nowNs, holdNs) : nowNs + holdNs;
    if (gone > 0) memory.locks.take(set, untilNs);
    drain.back += gone;
    if (memory.lists.count[set] === 0 || gone === 0) this.walkOn(drain, untilNs);
    processors.continueAt(cpu, untilNs);
  }

  /** To the next list of the walk. */
  private walkOn(drain: Drain, atNs: Nanoseconds): void {
    const { memory } = this.context.parts;
    drain.walkPages = -1;
    if (drain.zone < 0 && ++drain.walkZone < memory.zoneCount) return;
    this.context.tell(drain.row, 'ended-on', atNs, drain.walkCpu, 0);
    drain.walkZone = Math.max(0, drain.zone);
    drain.walkCpu = drain.targets.next(drain.walkCpu + 1);
  }
}

/**
 * Recognises the drains of a recording: who asked and why, when the kernel looked at the lists, whom it
 * disturbed, when it was over. The evidence differs by kernel: works queued and run (4.11–5.19), lists
 * walked by the caller (6.0 on), interrupts with their own events (kernels patched with the thread's policies).
 */

import type { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds } from '../../base/units.ts';
import { type EventBlock, type EventLogSource, Kind } from '../input/event-log.ts';
import type { Machine } from '../input/machine.ts';
import { Drain } from './drain.ts';
import { causeOfCaller, DrainCauses } from './drain-causes.ts';
import { type DrainListener, DrainReporter } from './drain-reporter.ts';
import { parseLightDrain } from './light-drain.ts';
import type { ListRules } from './list-rules.ts';
import type { Look, Looks } from './looks.ts';
import type { PageEvents } from './page-events.ts';
import type { PageLists } from './page-lists.ts';

/** How long later events may put a look right. */
const lookOpenNs = 50e6;
/** Drains followed at once; beyond this the oldest is closed. */
const followedMax = 256;
/** Works queued on a CPU at once; a kernel has one. */
const queuedMax = 64;
/** Tasks between zone_pcp_disable and its drain at once. */
const forcedMax = 4096;

/** Names of `pcp_drain_begin`'s policy numbers. */
const patchedPolicies = ['worker', 'everyone', 'selective', 'two-pass', 'static-mask'];

export class Drains {
  readonly #machine: Machine;
  readonly #looks: Looks;
  readonly #events: PageEvents;
  readonly #rules: ListRules;
  #patched: boolean;
  /** Followed drains in order of their number. */
  readonly #followed: Drain[] = [];
  /** How many of `#followed` were already passed on as requests. */
  readonly #byPid = new Map<number, Drain>();
  readonly #bySequence = new Map<number, Drain>();
  /** By CPU: drains whose work is queued or running there; the drain that runs there now. */
  readonly #queued = new Map<CpuIndex, Drain[]>();
  readonly #running: (Drain | undefined)[] = [];
  /** By CPU: a patched kernel's drain that has begun and not yet told its holders. */
  readonly #entering: (Drain | undefined)[] = [];
  #shortestEntryNs = Number.POSITIVE_INFINITY;
  readonly #causes: DrainCauses;
  readonly #forcedNext = new Set<number>();
  #count = 0;
  readonly #reporter: DrainReporter;

  constructor(
    machine: Machine,
    source: EventLogSource,
    lists: PageLists,
    looks: Looks,
    events: PageEvents,
    rules: ListRules,
    listener: DrainListener,
  ) {
    this.#machine = machine;
    this.#looks = looks;
    this.#events = events;
    this.#rules = rules;
    this.#patched = source.features.has(Kind.pcpDrainBegin);
    this.#causes = new DrainCauses((pid) => source.commOf(pid));
    this.#reporter = new DrainReporter(machine, lists, looks, rules, listener);
  }

  /** Rows that are not page events. */
  row(block: EventBlock, i: number, row: number): void {
    const kind = block.kind[i];
    const pid = block.pid[i];
    switch (kind) {
      case Kind.drainAllPages:
        this.#begin(block, i, row, 1);
        return;
      case Kind.drainAllPagesInner:
        this.#begin(block, i, row, 2);
        return;
      case Kind.drainAllPagesLocked:
        this.#begin(block, i, row, 4);
        return;
      case Kind.pcpDrainBegin:
        this.#patchedBegin(block, i, row);
        return;
      case Kind.lightDrain:
        this.#lightDrain(block, i, row);
        return;
      case Kind.pcpDrainEnd:
        this.#patchedEnd(block, i);
        return;
      case Kind.pcpDrainIpi:
        this.#running[block.cpu[i]] = this.#bySequence.get(block.a[i]);
        return;
      case Kind.callFunctionEntry:
      case Kind.callFunctionSingleEntry:
        this.#interruptBegins(block.cpu[i], row, block.timeNs[i]);
        return;
      case Kind.callFunctionExit:
      case Kind.callFunctionSingleExit:
        this.#interruptEnds(block.cpu[i], block.timeNs[i]);
        return;
      case Kind.drainWorkQueued:
        this.#workQueued(block, i, row);
        return;
      case Kind.drainWorkStart:
        this.#running[block.cpu[i]] = this.#queued.get(block.cpu[i])?.[0];
        return;
      case Kind.drainWorkEnd:
        this.#workEnd(block, i);
        return;
      case Kind.drainPagesZone:
        this.#listWalked(block, i, row);
        return;
      case Kind.zonePcpDisable:
        if (this.#forcedNext.size >= forcedMax) this.#forcedNext.clear();
        this.#forcedNext.add(pid);
        return;
      case Kind.cpuDead:
        if (block.a[i] >= 0) this.#reporter.cpuDied(block.a[i]);
        this.#causes.note(kind, pid);
        return;
      default:
        this.#causes.note(kind, pid);
    }
  }

  /** An allocation by task `pid`: its drain is over, unless works are still to run (or an interrupt allocates). */
  pageRow(pid: number): void {
    if (this.#byPid.size === 0) return;
    const drain = this.#byPid.get(pid);
    if (drain !== undefined && drain.worksOpen === 0 && drain.sequence < 0) drain.open = false;
  }

  /** Lists of CPU `cpu` are drained on that CPU by task `pid`: by a worker, in an interrupt, or for that CPU alone. */
  localDrain(cpu: CpuIndex, pid: number, row: number, timeNs: Nanoseconds): void {
    if (this.#followed.length === 0 || this.#patched || this.#rules.worksTold) return;
    if (this.#rules.remoteDrains) {
      const own = this.#byPid.get(pid);
      if (own !== undefined) own.walked = true;
      return;
    }
    const drain = this.#followed.find((candidate) => candidate.open && !candidate.targets.has(cpu));
    if (drain === undefined) return;
    this.#lookIfWaited(drain, row, timeNs);
    drain.targetsTold = true;
    drain.targets.add(cpu);
    drain.endNs = timeNs;
  }

  /** A page went back to the buddy lists in a drain. */
  pageDrained(block: EventBlock, i: number): void {
    const drain = this.#rules.remoteDrains ? this.#byPid.get(block.pid[i]) : this.#running[block.cpu[i]];
    if (drain === undefined) return;
    drain.pagesDrained += 1 << Math.min(block.order[i], 20);
    if (this.#rules.remoteDrains) drain.endNs = block.timeNs[i];
  }

  /** Passes on what is final at time `timeNs`. */
  advance(timeNs: Nanoseconds, all = false): void {
    while (this.#followed.length > 0) {
      const drain = this.#followed[0];
      const due = all || this.#followed.length > followedMax;
      if (!due && timeNs - drain.timeNs < lookOpenNs) return;
      if (!due && !this.#isOver(drain, timeNs)) return;
      this.#followed.shift();
      this.#pass(drain);
    }
  }

  get following(): boolean {
    return this.#followed.length > 0;
  }

  #isOver(drain: Drain, timeNs: Nanoseconds): boolean {
    if (drain.looked !== null && timeNs - drain.looked.timeNs < lookOpenNs) return false;
    if (timeNs - drain.timeNs > 10e9) return true;
    if (drain.sequence >= 0) return drain.endNs >= 0;
    return this.#rules.worksTold ? drain.worksOpen === 0 : !drain.open;
  }

  #begin(block: EventBlock, i: number, row: number, stage: number): void {
    const pid = block.pid[i];
    const earlier = this.#byPid.get(pid);
    // __drain_all_pages within drain_all_pages, and its locked part within it, are one drain.
    if (earlier !== undefined && earlier.stages < stage && !earlier.targetsTold && earlier.open) {
      earlier.stages |= stage;
      if (stage === 2 && block.b[i] === 1) earlier.forced = true;
      if (stage === 4) this.#lookAgain(earlier, row, block.timeNs[i]);
      return;
    }
    const drain = this.#newDrain(block, i, row);
    if (this.#patched) this.#entering[drain.cpu] = drain;
    drain.stages = stage;
    if (stage !== 4) {
      drain.zonePointer = Math.max(0, block.a[i]);
      drain.zone = this.#events.pointers.zoneOf(drain.zonePointer);
    }
    if (this.#forcedNext.delete(pid) || (stage === 2 && block.b[i] === 1)) drain.forced = true;
  }

  #newDrain(block: EventBlock, i: number, row: number): Drain {
    const pid = block.pid[i];
    const drain = new Drain(this.#machine.cpuCount);
    drain.number = this.#count++;
    drain.timeNs = block.timeNs[i];
    drain.cpu = block.cpu[i];
    drain.pid = pid;
    drain.cause = this.#causes.of(pid);
    for (const other of this.#followed) if (other.open && other.pid !== pid) drain.concurrent++;
    drain.looked = this.#looks.take(row, block.timeNs[i]);
    const earlier = this.#byPid.get(pid);
    if (earlier !== undefined) earlier.open = false;
    this.#byPid.set(pid, drain);
    this.#followed.push(drain);
    return drain;
  }

  #lookAgain(drain: Drain, row: number, timeNs: Nanoseconds): void {
    this.#replaceLook(drain, this.#looks.take(row, timeNs));
  }

  #replaceLook(drain: Drain, look: Look): void {
    if (drain.looked !== null) this.#looks.giveBack(drain.looked);
    drain.looked = look;
  }

  /** A drain that names a zone waits for those before it, and looks at the lists when its turn has come. */
  #lookIfWaited(drain: Drain, row: number, timeNs: Nanoseconds): void {
    if (drain.zonePointer > 0 && !drain.targetsTold) this.#lookAgain(drain, row, timeNs);
  }

  #patchedBegin(block: EventBlock, i: number, row: number): void {
    const pid = block.pid[i];
    let drain = this.#byPid.get(pid);
    if (drain === undefined || drain.sequence >= 0 || !drain.open) drain = this.#newDrain(block, i, row);
    else this.#lookOnEntry(drain, row, block.timeNs[i]);
    this.#patched = true;
    drain.sequence = block.a[i];
    drain.policy = patchedPolicies[block.b[i]];
    this.#bySequence.set(drain.sequence, drain);
    const set = block.cpuSets.get(i);
    if (set === undefined) return;
    copyWords(drain.kernelHolders, set);
    drain.kernelHoldersTold = true;
  }

  /**
   * The kernel counted the holders between its entry and this event. An interrupt in between changes them; it came
   * after the count if the time from its end to the event is too short for a count.
   */
  #lookOnEntry(drain: Drain, row: number, timeNs: Nanoseconds): void {
    this.#entering[drain.cpu] = undefined;
    if (drain.beforeInterrupt === null) {
      this.#shortestEntryNs = Math.min(this.#shortestEntryNs, timeNs - drain.timeNs);
    } else if (timeNs - drain.interruptEndNs < this.#shortestEntryNs) {
      this.#replaceLook(drain, drain.beforeInterrupt);
      drain.beforeInterrupt = null;
      return;
    } else {
      this.#looks.giveBack(drain.beforeInterrupt);
      drain.beforeInterrupt = null;
    }
    this.#lookAgain(drain, row, timeNs);
  }

  #interruptBegins(cpu: CpuIndex, row: number, timeNs: Nanoseconds): void {
    const drain = this.#entering[cpu];
    if (drain !== undefined && drain.beforeInterrupt === null)
      drain.beforeInterrupt = this.#looks.take(row, timeNs);
  }

  #interruptEnds(cpu: CpuIndex, timeNs: Nanoseconds): void {
    this.#running[cpu] = undefined;
    const drain = this.#entering[cpu];
    if (drain !== undefined) drain.interruptEndNs = timeNs;
  }

  #patchedEnd(block: EventBlock, i: number): void {
    const drain = this.#bySequence.get(block.a[i]);
    if (drain === undefined) return;
    drain.endNs = block.timeNs[i];
    drain.open = false;
    drain.turnedAway = block.b[i] === 1;
    drain.interruptsSent = block.c[i];
    const set = block.cpuSets.get(i);
    if (set === undefined) return;
    copyWords(drain.targets, set);
    drain.targetsTold = true;
  }

  /** The line has all of the drain: the call, its return, and whom the kernel chose. */
  #lightDrain(block: EventBlock, i: number, row: number): void {
    const light = parseLightDrain(block.texts.get(i) ?? '', this.#machine);
    if (typeof light === 'string') {
      this.#note(light);
      return;
    }
    if (!light.zoneIsKnown) this.#note('zone of a drain that is not named');
    const drain = this.#newDrain(block, i, row);
    drain.light = light;
    drain.open = false;
    drain.endNs = drain.timeNs + light.durationNs;
    drain.concurrent = this.#followed.filter((other) => other !== drain && other.endNs > drain.timeNs).length;
    drain.cause = causeOfCaller(light.caller);
    drain.zone = light.zone;
    drain.forced = light.forced;
    drain.turnedAway = light.turnedAway;
    drain.policy = light.policy;
    drain.pagesDrained = -1;
    drain.targets.copyFrom(light.chosen);
    drain.targetsTold = light.drained;
    // A call that found nobody looked too; one that was turned away did not, and a forced one takes everybody.
    drain.kernelHolders.copyFrom(light.chosen);
    drain.kernelHoldersTold = !light.turnedAway && !light.forced;
  }

  #note(name: string): void {
    const { notes } = this.#events;
    notes.set(name, (notes.get(name) ?? 0) + 1);
  }

  #workQueued(block: EventBlock, i: number, row: number): void {
    const drain = this.#byPid.get(block.pid[i]);
    const cpu = block.a[i];
    if (drain === undefined || cpu < 0 || cpu >= this.#machine.cpuCount) return;
    this.#lookIfWaited(drain, row, block.timeNs[i]);
    drain.targetsTold = true;
    drain.targets.add(cpu);
    drain.worksOpen++;
    drain.policy ??= 'worker';
    drain.turnedAway = false;
    const queue = this.#queued.get(cpu);
    if (queue === undefined) this.#queued.set(cpu, [drain]);
    else {
      if (queue.length >= queuedMax) queue.shift();
      queue.push(drain);
    }
  }

  #workEnd(block: EventBlock, i: number): void {
    const cpu = block.cpu[i];
    this.#running[cpu] = undefined;
    const drain = this.#queued.get(cpu)?.shift();
    if (drain === undefined) return;
    drain.worksOpen--;
    drain.endNs = block.timeNs[i];
    if (drain.worksOpen === 0) drain.open = false;
  }

  #listWalked(block: EventBlock, i: number, row: number): void {
    if (!this.#rules.remoteDrains) return;
    const drain = this.#byPid.get(block.pid[i]);
    const cpu = block.a[i];
    if (drain === undefined || drain.walked || cpu < 0 || cpu >= this.#machine.cpuCount) return;
    this.#lookIfWaited(drain, row, block.timeNs[i]);
    drain.targetsTold = true;
    drain.targets.add(cpu);
    drain.turnedAway = false;
    drain.policy ??= 'remote';
    drain.endNs = block.timeNs[i];
  }

  #pass(drain: Drain): void {
    if (this.#byPid.get(drain.pid) === drain) this.#byPid.delete(drain.pid);
    if (drain.sequence >= 0) this.#bySequence.delete(drain.sequence);
    if (this.#entering[drain.cpu] === drain) this.#entering[drain.cpu] = undefined;
    if (drain.zone < 0 && drain.light === null) drain.zone = this.#events.pointers.zoneOf(drain.zonePointer);
    this.#reporter.pass(drain);
  }
}

function copyWords(set: BitSet, words: Uint32Array): void {
  set.clear();
  for (let w = 0; w < Math.min(set.words.length, words.length); w++) set.words[w] = words[w];
}

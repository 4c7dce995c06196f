/**
 * Recognises the drains of a recording: who asked and why, when the kernel looked at the lists, whom it
 * disturbed, when it was over. The evidence differs by kernel: works queued and run (4.11–5.19), lists
 * walked by the caller (6.0 on), interrupts with their own events (kernels patched with the thread's policies).
 */

import { BitSet } from '../../base/bit-set.ts';
import type { CpuIndex, Nanoseconds, Pages, ZoneIndex } from '../../base/units.ts';
import type { DrainCause, DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import { type EventBlock, type EventLogSource, Kind } from '../input/event-log.ts';
import type { Machine } from '../input/machine.ts';
import type { ListRules } from './list-rules.ts';
import type { Look, Looks } from './looks.ts';
import type { PageEvents } from './page-events.ts';
import type { PageLists } from './page-lists.ts';

/** How long later events may put a look right. */
const lookOpenNs = 50e6;
/** Drains followed at once; beyond this the oldest is closed. */
const followedMax = 256;

/** One drain while it is followed. */
export class Drain {
  number = 0;
  timeNs: Nanoseconds = 0;
  endNs: Nanoseconds = -1;
  cpu: CpuIndex = 0;
  pid = 0;
  cause: DrainCause = 'unknown';
  zonePointer = 0;
  zone: ZoneIndex = -1;
  forced = false;
  concurrent = 0;
  /** Kinds of begin events seen, as bits: nested calls of one drain have one each. */
  stages = 0;
  open = true;
  /** The caller walked the lists and is back: what it drains from now on is something else. */
  walked = false;
  sequence = -1;
  /** State at the request, and when the kernel looked (the same object if at once). */
  asked: Look | null = null;
  looked: Look | null = null;
  /** State before an interrupt that came between the entry and the event with the holders, and its end. */
  beforeInterrupt: Look | null = null;
  interruptEndNs: Nanoseconds = 0;
  targetsTold = false;
  kernelHoldersTold = false;
  worksOpen = 0;
  turnedAway: boolean | null = null;
  pagesDrained: Pages = 0;
  interruptsSent = -1;
  policy: string | undefined = undefined;
  readonly targets: BitSet;
  readonly kernelHolders: BitSet;

  constructor(cpuCount: number) {
    this.targets = new BitSet(cpuCount);
    this.kernelHolders = new BitSet(cpuCount);
  }
}

/** Names of `pcp_drain_begin`'s policy numbers. */
const patchedPolicies = ['worker', 'everyone', 'selective', 'two-pass', 'static-mask'];

export interface DrainListener {
  request(request: DrainRequest, drain: Drain): void;
  outcome(outcome: DrainOutcome, drain: Drain): void;
}

export class Drains {
  readonly #machine: Machine;
  readonly #source: EventLogSource;
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #events: PageEvents;
  readonly #listener: DrainListener;
  readonly #rules: ListRules;
  readonly #patched: boolean;
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
  readonly #cause = new Map<number, DrainCause>();
  readonly #forcedNext = new Set<number>();
  #count = 0;
  readonly #request: MutableRequest;
  readonly #outcome: MutableOutcome;

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
    this.#source = source;
    this.#lists = lists;
    this.#looks = looks;
    this.#events = events;
    this.#rules = rules;
    this.#patched = source.features.has(Kind.pcpDrainBegin);
    this.#listener = listener;
    const cpus = machine.cpuCount;
    this.#request = {
      number: 0,
      timeNs: 0,
      cpu: 0,
      pid: 0,
      cause: 'unknown',
      zone: -1,
      forced: false,
      online: machine.online.clone(),
      isolated: machine.isolated,
      pages: new Int32Array(cpus),
      holders: new BitSet(cpus),
      unknown: new BitSet(cpus),
      concurrent: 0,
    };
    this.#outcome = {
      number: 0,
      endNs: -1,
      targets: null,
      kernelHolders: null,
      rebuiltHolders: new BitSet(cpus),
      turnedAway: null,
      pagesDrained: -1,
      interruptsSent: -1,
    };
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
        this.#forcedNext.add(pid);
        return;
      default: {
        const cause = causeOf(kind);
        if (cause !== undefined) this.#cause.set(pid, cause);
      }
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
      this.#forgetDrain(drain);
      this.#emit(drain);
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
    drain.cause = this.#causeOf(pid);
    for (const other of this.#followed) if (other.open && other.pid !== pid) drain.concurrent++;
    drain.asked = this.#looks.take(row, block.timeNs[i]);
    drain.looked = drain.asked;
    const earlier = this.#byPid.get(pid);
    if (earlier !== undefined) earlier.open = false;
    this.#byPid.set(pid, drain);
    this.#followed.push(drain);
    return drain;
  }

  #lookAgain(drain: Drain, row: number, timeNs: Nanoseconds): void {
    if (drain.looked !== null && drain.looked !== drain.asked) this.#looks.giveBack(drain.looked);
    drain.looked = this.#looks.take(row, timeNs);
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
      drain.looked = drain.beforeInterrupt;
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
    else queue.push(drain);
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

  #causeOf(pid: number): DrainCause {
    const cause = this.#cause.get(pid);
    if (cause !== undefined) return cause;
    return this.#source.commOf(pid).startsWith('kcompactd') ? 'compaction' : 'unknown';
  }

  #forgetDrain(drain: Drain): void {
    if (this.#byPid.get(drain.pid) === drain) this.#byPid.delete(drain.pid);
    if (drain.sequence >= 0) this.#bySequence.delete(drain.sequence);
  }

  #emit(drain: Drain): void {
    const asked = drain.asked as Look;
    const looked = drain.looked as Look;
    this.#looks.close(asked);
    this.#looks.close(looked);
    if (drain.beforeInterrupt !== null) this.#looks.giveBack(drain.beforeInterrupt);
    const request = this.#request;
    if (drain.zone < 0) drain.zone = this.#events.pointers.zoneOf(drain.zonePointer);
    request.number = drain.number;
    request.timeNs = drain.timeNs;
    request.cpu = drain.cpu;
    request.pid = drain.pid;
    request.cause = drain.cause;
    request.zone = drain.zone;
    request.forced = drain.forced;
    request.concurrent = drain.concurrent;
    this.#fillPages(asked, drain.zone);
    this.#listener.request(request, drain);
    const outcome = this.#outcome;
    outcome.number = drain.number;
    outcome.endNs = drain.endNs;
    outcome.targets = drain.targetsTold ? drain.targets : null;
    outcome.kernelHolders = drain.kernelHoldersTold ? drain.kernelHolders : null;
    outcome.turnedAway = drain.turnedAway;
    outcome.pagesDrained = drain.pagesDrained;
    outcome.interruptsSent = drain.interruptsSent;
    outcome.kernelPolicy = drain.policy;
    holdersOf(looked, drain.zone, this.#lists, outcome.rebuiltHolders);
    this.#listener.outcome(outcome, drain);
    this.#looks.giveBack(asked);
    if (looked !== asked) this.#looks.giveBack(looked);
  }

  #fillPages(look: Look, zone: ZoneIndex): void {
    const { pages, holders, unknown } = this.#request;
    for (const cpu of holders) pages[cpu] = 0;
    holdersOf(look, zone, this.#lists, holders, pages);
    unknown.copyFrom(this.#lists.unanchored);
    unknown.keepOnly(this.#machine.online);
    unknown.deleteAll(holders);
  }
}

type MutableRequest = { -readonly [K in keyof DrainRequest]: DrainRequest[K] };
type MutableOutcome = { -readonly [K in keyof DrainOutcome]: DrainOutcome[K] };

/** CPUs that hold pages of `zone` (-1: of any) in the look; fills `pages` by CPU if given. */
export function holdersOf(
  look: Look,
  zone: ZoneIndex,
  lists: PageLists,
  holders: BitSet,
  pages?: Int32Array,
): void {
  holders.clear();
  const sums = pages ?? scratch(lists.cpuCount);
  for (let k = 0; k < look.touchedCount; k++) {
    const list = look.touched[k];
    if (zone >= 0 && list % lists.zoneCount !== zone) continue;
    sums[lists.cpuOf(list)] += look.pages[list];
  }
  for (let k = 0; k < look.touchedCount; k++) {
    const cpu = lists.cpuOf(look.touched[k]);
    if (sums[cpu] > 0) holders.add(cpu);
    else sums[cpu] = 0;
  }
  if (pages === undefined) for (let k = 0; k < look.touchedCount; k++) sums[lists.cpuOf(look.touched[k])] = 0;
}

let scratchPages = new Int32Array(0);
function scratch(cpuCount: number): Int32Array {
  if (scratchPages.length < cpuCount) scratchPages = new Int32Array(cpuCount);
  return scratchPages;
}

function causeOf(kind: number): DrainCause | undefined {
  switch (kind) {
    case Kind.directReclaimEnd:
    case Kind.unreserveHighatomic:
      return 'direct-reclaim';
    case Kind.kcompactdDoWork:
      return 'compaction';
    case Kind.offlinePages:
      return 'memory-offline';
    case Kind.softOfflinePage:
      return 'soft-offline';
    case Kind.memoryFailure:
      return 'memory-failure';
    case Kind.allocContigRange:
      return 'contiguous-range';
    default:
      return undefined;
  }
}

function copyWords(set: BitSet, words: Uint32Array): void {
  set.clear();
  for (let w = 0; w < Math.min(set.words.length, words.length); w++) set.words[w] = words[w];
}

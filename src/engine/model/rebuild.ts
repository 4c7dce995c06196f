/**
 * Rebuilds who held pages from the rows of a recording, and finds its drains. The parts: `PageLists` (the
 * counts), `PageEvents` (what each page event does to them), `Drains`, `SnapshotCheck` (what the kernel said).
 */

import { BitSet } from '../../base/bit-set.ts';
import type { Nanoseconds } from '../../base/units.ts';
import type { DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import { type EventBlock, type EventLogSource, Kind } from '../input/event-log.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import { drainDifference, listDifference } from './differences.ts';
import type { Drain } from './drain.ts';
import type { DrainListener } from './drain-reporter.ts';
import { Drains } from './drains.ts';
import { type ListRules, type RuleEvidence, rulesOf } from './list-rules.ts';
import { Looks } from './looks.ts';
import { PageEvents } from './page-events.ts';
import { PageLists, type PagesWatcher } from './page-lists.ts';
import { type ListDifference, SnapshotCheck } from './snapshot-check.ts';

export interface RebuildObserver {
  /** A drain is asked for; state of the lists at the request. Called in time order. */
  drainRequested(request: DrainRequest): void;
  /** Everything the recording tells about the drain is known. Called directly after its request. */
  drainEnded(outcome: DrainOutcome): void;
  /** /proc/zoneinfo was printed from `timeNs` on. Called in time order. */
  snapshotTaken?(snapshot: ZoneinfoSnapshot, timeNs: Nanoseconds): void;
}

/** Why a compared count or set differs from the kernel's; every difference is in exactly one class. */
export interface DifferenceClasses {
  [className: string]: number;
}

export interface RebuildReport {
  /** Drains of which the kernel said whom it drained (effective: at least one CPU), and in how many drainlab's set is equal. */
  drainsCompared: number;
  drainsEqual: number;
  drainDifferences: DifferenceClasses;
  /** Where the kernel's own holders_mask is recorded: drains compared, equal. */
  holdersCompared: number;
  holdersEqual: number;
  holderDifferences: DifferenceClasses;
  /** (CPU, zone) counts compared with zoneinfo snapshots after the first, and equal ones. */
  listsCompared: number;
  listsEqual: number;
  listDifferences: DifferenceClasses;
  /** How the counts were anchored. */
  anchor: 'snapshot' | 'drain' | 'none';
  /** Odd things that were met while rebuilding, by name, with how often: each is explained in docs/trace-formats.md. */
  notes: Map<string, number>;
}

export interface Rebuild {
  /** Lists whose count differed from a snapshot's, for looking into them. */
  readonly listDifferences: readonly ListDifference[];
  feed(block: EventBlock): void;
  /** After the last block. */
  finish(): RebuildReport;
}

export function makeRebuild(
  source: EventLogSource,
  machine: Machine,
  snapshots: readonly ZoneinfoSnapshot[],
  observer: RebuildObserver,
  watcher: PagesWatcher | null = null,
): Rebuild {
  return new Replayed(source, machine, snapshots, observer, watcher);
}

/** No kernel has larger blocks (arm64 with pages of 64 KiB). */
const orderMax = 13;
/** No machine has frames beyond this. */
const pfnMax = 2 ** 48;
const hasOrder = new Uint8Array(256);
for (const kind of [Kind.pageAlloc, Kind.pageAllocZoneLocked, Kind.pageAllocExtfrag]) hasOrder[kind] = 1;
for (const kind of [Kind.pageFree, Kind.pagePcpuDrain, Kind.freeOnePage]) hasOrder[kind] = 1;

type Handler = (block: EventBlock, i: number, row: number) => void;

class Replayed implements Rebuild, DrainListener {
  readonly #observer: RebuildObserver;
  readonly #cpuCount: number;
  readonly #lists: PageLists;
  readonly #looks: Looks;
  readonly #events: PageEvents;
  readonly #drains: Drains;
  readonly #check: SnapshotCheck;
  readonly #handlers: readonly Handler[];
  readonly #report: RebuildReport;
  readonly #source: EventLogSource;
  readonly #seen: RuleEvidence = { highOrderDrained: false, claimAfterZoneLocked: false };
  readonly #rules: ListRules;
  /** Of the request last passed on. */
  #unknown: BitSet;
  #row = 0;
  #lastNs = 0;

  constructor(
    source: EventLogSource,
    machine: Machine,
    snapshots: readonly ZoneinfoSnapshot[],
    observer: RebuildObserver,
    watcher: PagesWatcher | null,
  ) {
    this.#source = source;
    this.#rules = rulesOf(source, this.#seen);
    this.#observer = observer;
    this.#cpuCount = machine.cpuCount;
    this.#unknown = new BitSet(machine.cpuCount);
    this.#lists = new PageLists(machine);
    this.#lists.watcher = watcher;
    this.#looks = new Looks(this.#lists);
    this.#events = new PageEvents(machine, this.#rules, this.#seen, this.#lists, this.#looks);
    this.#drains = new Drains(machine, source, this.#lists, this.#looks, this.#events, this.#rules, this);
    this.#check = new SnapshotCheck(machine, snapshots, this.#lists, this.#looks, (snapshot, timeNs) =>
      observer.snapshotTaken?.(snapshot, timeNs),
    );
    this.#handlers = this.#makeHandlers();
    this.#report = {
      drainsCompared: 0,
      drainsEqual: 0,
      drainDifferences: {},
      holdersCompared: 0,
      holdersEqual: 0,
      holderDifferences: {},
      listsCompared: 0,
      listsEqual: 0,
      listDifferences: {},
      anchor: 'none',
      notes: new Map(),
    };
  }

  get listDifferences(): readonly ListDifference[] {
    return this.#check.differences;
  }

  feed(block: EventBlock): void {
    const { kind, cpu, pid, order, pfn, timeNs } = block;
    const handlers = this.#handlers;
    const events = this.#events;
    const lists = this.#lists;
    const { busy } = events;
    const cpuCount = this.#cpuCount;
    // Text tells what it can say only as it is read.
    if (!this.#rules.final) {
      Object.assign(this.#rules, rulesOf(this.#source, this.#seen));
      events.rulesChanged();
    }
    let row = this.#row;
    for (let i = 0; i < block.length; i++, row++) {
      if (cpu[i] >= cpuCount) {
        this.#count(events.notes, 'event of a CPU that the machine does not have');
        continue;
      }
      const k = kind[i] as Kind;
      if (hasOrder[k] === 1 && (order[i] >>> 0 > orderMax || pfn[i] > pfnMax)) {
        this.#count(events.notes, 'order or frame number that no kernel has');
        continue;
      }
      if (lists.journal !== null) {
        lists.journal.row = row;
        lists.journal.timeNs = timeNs[i];
      }
      if (lists.watcher !== null) lists.watcher.timeNs = timeNs[i];
      if (busy[cpu[i]] !== 0) events.settle(cpu[i], k, pid[i]);
      handlers[k](block, i, row);
    }
    this.#row = row;
    if (block.length > 0) this.#lastNs = block.timeNs[block.length - 1];
    this.#drains.advance(this.#lastNs);
    this.#check.advance(this.#lastNs);
  }

  /**
   * Kind of row → what it does. Calls through a table keep the loop small: with everything inlined, its compilation
   * alone took 100 ms of a replay of 500 (Node 20, 1.9 M rows).
   */
  #makeHandlers(): Handler[] {
    const events = this.#events;
    const drains = this.#drains;
    const handlers = new Array<Handler>(256).fill((block, i, row) => this.#otherRow(block, i, row));
    handlers[Kind.pageAllocZoneLocked] = (block, i, row) => events.zoneLocked(block, i, row);
    handlers[Kind.pageAlloc] = (block, i) => {
      events.pageAlloc(block, i);
      drains.pageRow(block.pid[i]);
    };
    handlers[Kind.pageFree] = (block, i, row) => events.pageFree(block, i, row);
    handlers[Kind.pageFreeBatched] = (block, i, row) => events.pageFreeBatched(block, i, row);
    handlers[Kind.pagePcpuDrain] = (block, i) => {
      events.pcpuDrain(block, i);
      if (drains.following) drains.pageDrained(block, i);
    };
    handlers[Kind.freePcppagesBulk] = (block, i, row) => events.freePcppagesBulk(block, i, row);
    handlers[Kind.freeOnePage] = (block, i) => events.freeOnePage(block, i);
    return handlers;
  }

  /** Kinds that come seldom. */
  #otherRow(block: EventBlock, i: number, row: number): void {
    const events = this.#events;
    const drains = this.#drains;
    const cpu = block.cpu[i];
    switch (block.kind[i]) {
      case Kind.pageAllocExtfrag:
        events.extfrag(block, i, row);
        break;
      case Kind.rmqueueBulk:
        events.rmqueueBulk(block, i);
        break;
      case Kind.compactionFree:
        events.compactionFree(block, i);
        break;
      case Kind.allocBulk:
        events.allocBulk(block, i);
        break;
      case Kind.allocBulkReturn:
        events.allocBulkReturn(block, i);
        break;
      case Kind.marker:
        this.#check.marker(block.texts.get(i) ?? '', row, block.timeNs[i]);
        break;
      case Kind.zoneinfoShow:
        this.#check.shown(block.timeNs[i]);
        break;
      case Kind.drainLocalPages:
      case Kind.drainLocalPagesWq:
        events.drainBegins(cpu, cpu, false, row);
        drains.localDrain(cpu, block.pid[i], row, block.timeNs[i]);
        break;
      case Kind.drainPages:
        events.drainBegins(cpu, block.a[i], true, row);
        break;
      case Kind.drainPagesZone:
        events.drainPagesZone(block, i, row);
        drains.row(block, i, row);
        break;
      default:
        drains.row(block, i, row);
    }
  }

  finish(): RebuildReport {
    this.#drains.advance(this.#lastNs, true);
    this.#check.advance(this.#lastNs, true);
    const report = this.#report;
    report.listsCompared = this.#check.compared;
    report.listsEqual = this.#check.equal;
    for (const difference of this.#check.differences) {
      increase(report.listDifferences, listDifference(difference));
    }
    report.anchor = this.#check.anchored ? 'snapshot' : this.#lists.anchoredLists > 0 ? 'drain' : 'none';
    for (const [name, times] of this.#events.notes) report.notes.set(name, times);
    return report;
  }

  request(request: DrainRequest, _drain: Drain): void {
    this.#unknown = request.unknown;
    this.#observer.drainRequested(request);
  }

  outcome(outcome: DrainOutcome, drain: Drain): void {
    this.#compare(outcome, drain, this.#unknown);
    this.#observer.drainEnded(outcome);
  }

  #compare(outcome: DrainOutcome, drain: Drain, unknown: BitSet): void {
    // Nothing was rebuilt that could be compared: the kernel's word is all there is.
    if (drain.light !== null) return;
    const report = this.#report;
    const byHolders = outcome.kernelHolders !== null;
    const kernel = outcome.kernelHolders ?? (drain.forced ? null : outcome.targets);
    if (kernel === null) return;
    const equal = kernel.equals(outcome.rebuiltHolders);
    if (byHolders) {
      report.holdersCompared++;
      if (equal) report.holdersEqual++;
    } else {
      report.drainsCompared++;
      if (equal) report.drainsEqual++;
    }
    if (equal) return;
    const look = drain.looked;
    if (look === null) return;
    const name = drainDifference(kernel, outcome.rebuiltHolders, look, unknown, this.#lists);
    increase(byHolders ? report.holderDifferences : report.drainDifferences, name);
  }

  #count(map: Map<string, number>, name: string): void {
    map.set(name, (map.get(name) ?? 0) + 1);
  }
}

function increase(classes: DifferenceClasses, name: string): void {
  classes[name] = (classes[name] ?? 0) + 1;
}

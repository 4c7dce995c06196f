/** Drives `PcpLists` with a recording of a kernel from 6.0 on: see remote-era.ts. */

import type { ListIndex, Nanoseconds, Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import { Kind } from '../input/event-log.ts';
import type { ZoneinfoSnapshot } from '../input/machine.ts';
import { PcpLists } from '../machine/pcp-lists.ts';
import { BlockTypes } from './block-types.ts';
import { CountsAtSnapshots } from './counts-at-snapshots.ts';
import type { DrivenSetting } from './driven.ts';
import { FreePages } from './free-pages.ts';
import { ListPages, unknownPage } from './list-pages.ts';
import { pfnEndOf } from './local-lookahead.ts';
import { OtherFlags } from './other-flags.ts';
import type { RecordedRows } from './recorded-rows.ts';
import { type BulkCall, type DrainedList, RemoteLookahead, Step } from './remote-lookahead.ts';
import type { Score } from './score.ts';
import { ZoneOfPage } from './zone-of-page.ts';
import { ZonePressure } from './zone-pressure.ts';

const movable = 1;
const unmovable = 0;
/** CONFIG_PCP_BATCH_SCALE_MAX where nobody changed it. */
const batchScaleMax = 5;
/** A page that was passed over may still be told as allocated so much later. */
const toldLateNs = 20e6;
/** So many pages at most are on their way when a drain comes. */
const onTheirWay = 2;

/** A page that left its list without a word, or came to it or not. */
interface Doubt {
  readonly set: number;
  readonly drains: number;
  readonly timeNs: Nanoseconds;
  /** Freed while the list was locked: it may be there for long. */
  readonly locked: boolean;
}

export class RemoteDrive {
  readonly #setting: DrivenSetting;
  readonly #rows: RecordedRows;
  readonly #score: Score;
  readonly #ahead: RemoteLookahead;
  readonly #zones: ZoneOfPage;
  readonly #pages: ListPages;
  readonly #lists: PcpLists;
  readonly #pressure: ZonePressure;
  readonly #others: OtherFlags;
  readonly #free: FreePages;
  readonly #blocks: BlockTypes;
  readonly #snapshots: CountsAtSnapshots;
  readonly #kswapd: ReadonlySet<number>;
  readonly #hindsight: boolean;
  readonly #upperBound: boolean;
  /** Drained pages and refills tell the type of their block now (6.10 on), not that of the page when it was freed. */
  readonly #blocksTold: boolean;
  readonly #floats: boolean;
  readonly #zoneCount: number;
  readonly #doubts = new Map<Pfn, Doubt>();
  /** By set: drains so far; scored from the first on. Off since a deviation. Last row and task of a drain that holds the lock. */
  readonly #drains: Int32Array;
  readonly #off: Uint8Array;
  readonly #lockedUntil: Int32Array;
  readonly #lockedBy: Int32Array;
  /** By drain: pages that the model gave so far. */
  readonly #drained: Int32Array;
  #anchored = false;

  constructor(setting: DrivenSetting, rows: RecordedRows, score: Score) {
    const { machine, rules, source, knowledge } = setting;
    this.#setting = setting;
    this.#rows = rows;
    this.#score = score;
    this.#zoneCount = machine.zones.length;
    this.#hindsight = knowledge !== 'causal';
    this.#upperBound = knowledge === 'upper-bound';
    this.#floats = rules.highRule === 'auto';
    const { features } = source;
    this.#blocksTold = rules.drainInChunks;
    this.#zones = new ZoneOfPage(machine);
    this.#pages = new ListPages(this.#zoneCount);
    this.#lists = new PcpLists(
      rules,
      {
        cpuCount: machine.cpuCount,
        zoneCount: this.#zoneCount,
        batchScaleMax,
        thp: true,
        roundRobinStart: setting.roundRobinStart,
      },
      this.#pages,
    );
    this.#pages.attach(this.#lists);
    this.#ahead = new RemoteLookahead(rows, {
      cpuCount: machine.cpuCount,
      zones: this.#zones,
      reworked: this.#blocksTold,
      refillsTold: features.has(Kind.rmqueueBulk),
      onLists: (order) => this.#lists.onLists(order),
    });
    this.#setLimits();
    const tasks = new Set(rows.pid.subarray(0, rows.length));
    const named = (name: string) => new Set([...tasks].filter((pid) => source.commOf(pid).startsWith(name)));
    this.#kswapd = named('kswapd');
    const kswapdNs = this.#hindsight ? this.#timesOf(this.#kswapd) : [];
    this.#pressure = new ZonePressure(machine, this.#lists.zoneFlags, this.#pages.free, kswapdNs);
    this.#others = new OtherFlags(this.#lists, this.#pages);
    const pfnEnd = pfnEndOf(machine);
    this.#free = new FreePages(pfnEnd, this.#pages.free, this.#zones, named('kcompactd'));
    this.#blocks = new BlockTypes(pfnEnd);
    const sets = machine.cpuCount * this.#zoneCount;
    this.#drains = new Int32Array(sets);
    this.#off = new Uint8Array(sets);
    this.#lockedUntil = new Int32Array(sets).fill(-1);
    this.#lockedBy = new Int32Array(sets);
    this.#drained = new Int32Array(this.#ahead.drains.length);
    this.#snapshots = new CountsAtSnapshots(
      machine,
      setting.snapshots,
      this.#lists.count,
      (set) => this.#drains[set] > 0,
      (set) => (this.#off[set] === 1 ? 'follows' : 'unexplained'),
      score,
    );
  }

  run(): void {
    const { late, lateRows } = this.#ahead;
    const [first] = this.#setting.snapshots;
    if (first !== undefined) this.#anchor(first);
    for (let row = 0; row < this.#rows.length; row++) {
      this.#hears(row);
      if (!this.#hindsight) this.#does(row);
      else {
        for (const told of late.get(row) ?? []) this.#allocate(told, row);
        if (!lateRows.has(row)) this.#does(row);
      }
    }
    this.#snapshots.finish();
  }

  /**
   * Limits by the rules; memory that came after the lists were set up (of the kernel's own start) is not counted in the upper
   * bound of a floating `high`, so that where several lists stand at one highest value, it is that.
   */
  #setLimits(): void {
    const { limits, snapshots } = this.#setting;
    for (const [zone, limit] of limits.entries()) {
      const printed = snapshots.flatMap(({ high }) =>
        high === undefined ? [] : [...high].filter((_, list) => list % this.#zoneCount === zone),
      );
      const highest = Math.max(0, ...printed);
      const several = printed.filter((high) => high === highest).length > 1;
      const isBound = several && highest < limit.highMax && highest > limit.highMax * 0.9;
      const { highMax } = isBound ? { highMax: highest } : limit;
      for (let cpu = 0; cpu < this.#setting.machine.cpuCount; cpu++) {
        this.#lists.setLimits(cpu * this.#zoneCount + zone, { ...limit, highMax });
      }
    }
  }

  #timesOf(tasks: ReadonlySet<number>): Nanoseconds[] {
    const { pid, timeNs, length } = this.#rows;
    const times: Nanoseconds[] = [];
    for (let row = 0; row < length; row++) if (tasks.has(pid[row])) times.push(timeNs[row]);
    return times;
  }

  /** What a row tells beside what it does to the lists. */
  #hears(row: number): void {
    const { kind, pfn, order, a, b, c, d, pid, timeNs, texts } = this.#rows;
    const page = pfn[row];
    switch (kind[row]) {
      case Kind.marker:
        this.#marker(texts.get(row) ?? '');
        this.#snapshots.marker(texts.get(row) ?? '', timeNs[row]);
        break;
      case Kind.zoneinfoShow:
        this.#snapshots.shown(timeNs[row]);
        break;
      case Kind.pageAllocZoneLocked:
        if (this.#blocksTold) this.#blocks.learn(page, Math.min(a[row], 3), row);
        this.#free.taken(page, order[row], b[row] === 1);
        break;
      case Kind.pageAllocExtfrag: {
        if (d[row] === 1) this.#blocks.learnRange(page, c[row], a[row], row);
        else if (this.#blocksTold) this.#blocks.learn(page, b[row], row);
        const zone = this.#zones.of(page);
        if (zone >= 0) this.#pressure.stolen(zone, c[row], timeNs[row]);
        if (this.#blocksTold) this.#free.taken(page, order[row], true);
        break;
      }
      case Kind.pagePcpuDrain:
        this.#blocks.learn(page, a[row], row);
        this.#free.gaveBack(page, order[row]);
        break;
      case Kind.freeOnePage:
        this.#free.gaveBack(page, order[row]);
        break;
      case Kind.pageAlloc:
        if (page >= 0) this.#free.allocated(page, order[row]);
        break;
      case Kind.pageFree:
        this.#free.freed(page, order[row], pid[row], this.#lists.onLists(order[row]));
        break;
      case Kind.directReclaimBegin:
        this.#pressure.directReclaim(timeNs[row]);
        break;
    }
    this.#pressure.at(timeNs[row]);
    if (this.#kswapd.has(pid[row]))
      this.#pressure.kswapd(timeNs[row], kind[row] === Kind.pageFree ? 1 << order[row] : 0);
  }

  #marker(text: string): void {
    const [first] = this.#setting.snapshots;
    if (this.#anchored || first === undefined || !text.startsWith(`snapshot ${first.number} begin`)) return;
    this.#anchored = true;
    this.#anchor(first);
  }

  /** The first snapshot says what stands on the lists and is free when recording begins. */
  #anchor(first: ZoneinfoSnapshot): void {
    const lists = this.#lists;
    for (let zone = 0; zone < this.#zoneCount; zone++) {
      for (let cpu = 0; cpu < this.#setting.machine.cpuCount; cpu++) {
        const set = cpu * this.#zoneCount + zone;
        if (this.#drains[set] > 0 || first.pages[set] < 0) continue;
        lists.drain(cpu, zone);
        this.#pages.fill(lists.listOf(set, 0, movable), first.pages[set]);
        const high = first.high?.[set] ?? -1;
        if (this.#floats && high >= 0) lists.high[set] = Math.max(high, lists.highMin[set]);
      }
      const free = first.free?.[zone] ?? -1;
      if (free >= 0) this.#pages.free[zone] = free;
    }
  }

  #does(row: number): void {
    const { of, drains, calls, step } = this.#ahead;
    const at = of[row];
    switch (step[row]) {
      case Step.allocate:
        this.#allocate(at, row);
        break;
      case Step.free:
        this.#freed(row);
        break;
      case Step.takePast:
        this.#takenPast(at);
        break;
      case Step.freePast: {
        const zone = this.#zones.of(this.#rows.pfn[row]);
        if (zone >= 0) this.#pages.free[zone] += 1 << this.#rows.order[row];
        break;
      }
      case Step.drain:
        this.#drain(drains[at], at, row);
        break;
      case Step.drainNothing:
        this.#drainNothing(drains[at], row);
        break;
      case Step.decay:
        this.#decay(row, at);
        break;
      case Step.bulk:
        this.#bulk(calls[at], row);
        break;
    }
  }

  /** A block from the free lists, past the lists. */
  #takenPast(row: number): void {
    const { pfn, order, timeNs } = this.#rows;
    const zone = this.#zones.of(pfn[row]);
    if (zone < 0) return;
    this.#pressure.allocates(zone, timeNs[row]);
    // If it was believed on a list, it had been given back.
    this.#cameFromFreeLists(pfn[row], zone, order[row]);
    this.#pages.free[zone] -= 1 << order[row];
  }

  #cameFromFreeLists(pfn: Pfn, zone: ZoneIndex, order: number): void {
    if (this.#pages.listOf(pfn) < 0) return;
    if (this.#blocksTold || this.#hindsight) this.#pages.mistake(pfn);
    else {
      this.#pages.remove(pfn);
      this.#pages.free[zone] += 1 << order;
    }
  }

  /** mm_page_alloc in row `told`; the page left its list at row `row`. */
  #allocate(told: number, row: number): void {
    const { pfn, order: orders, a, cpu: cpus, timeNs } = this.#rows;
    const page = pfn[told];
    const zone = this.#zones.of(page);
    if (zone < 0) return;
    const order = orders[told];
    const type = a[told] >>> 0 > 2 ? movable : a[told];
    const refill = this.#ahead.refillOf.get(told);
    const cpu = refill?.cpu ?? cpus[told];
    const set = cpu * this.#zoneCount + zone;
    const lists = this.#lists;
    const pages = this.#pages;
    const list = lists.listOf(set, order, type);
    const late = this.#doubts.get(page);
    this.#doubts.delete(page);
    // Where the list asks for two blocks at least, one alone came past it: the list was locked.
    const alone = refill?.blocks === 1 && !refill.told && lists.batch[set] > 1;
    if (alone || this.#isLocked(set, row, told)) {
      this.#takenPast(told);
      return;
    }
    this.#pressure.allocates(zone, timeNs[row]);
    const observed = refill?.blocks ?? 0;
    const before = lists.count[set];
    const empty = lists.length[list] === 0;
    if (this.#upperBound && empty && observed > 0)
      this.#others.chooseRefill(cpu, zone, order, type, observed);
    pages.begin();
    if (this.#upperBound && observed > 0) pages.most = observed;
    lists.allocate(cpu, zone, order, type);
    this.#others.restoreFlags();
    const predicted = pages.asked;
    if (predicted !== observed) {
      const why =
        predicted === 0
          ? 'list thought filled'
          : observed === 0
            ? 'list thought empty'
            : this.#others.refillFits
              ? 'zone flags'
              : observed < predicted && !this.#floats
                ? 'refill cut short'
                : 'size of the refill';
      this.#compare('refills', set, predicted, observed, why);
    } else if (predicted > 0) this.#compare('refills', set, predicted, observed, '');
    this.#leave(page, { set, zone, order, type, list, came: Math.min(predicted, pages.most), late, row });
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs[row]);
  }

  /** `lists` has taken the head off: now the page is known, and what was believed of the lists is put right. */
  #leave(
    page: Pfn,
    taken: {
      set: number;
      zone: ZoneIndex;
      order: number;
      type: number;
      list: ListIndex;
      came: number;
      late: Doubt | undefined;
      row: number;
    },
  ): void {
    const { set, zone, order, type, list, came, late, row } = taken;
    const lists = this.#lists;
    const pages = this.#pages;
    const refilled = came > 0;
    const undo = () => {
      pages.drop(list, -1);
      if (!refilled) return;
      pages.takeBack(list, came);
      pages.free[zone] += came << order;
    };
    const timeNs = this.#rows.timeNs[row];
    if (
      late !== undefined &&
      late.set === set &&
      late.drains === this.#drains[set] &&
      (late.locked || timeNs - late.timeNs < toldLateNs)
    ) {
      // It was off the list already, or never on it as far as is counted.
      undo();
      pages.free[zone] -= 1 << order;
      return;
    }
    const believed = pages.listOf(page);
    if (believed === list) {
      pages.drop(list, -1);
      this.#passOver(list, page, set, zone, order, timeNs);
      pages.pop(list);
      pages.drop(list, 1);
      return;
    }
    if (believed >= 0 && Math.floor(believed / lists.listsPerSet) === set) {
      // On the list of another type: its block was believed to be of that.
      undo();
      this.#blocks.learn(page, type, row);
      pages.remove(page);
      return;
    }
    if (believed >= 0) this.#cameFromFreeLists(page, believed % this.#zoneCount, order);
    if (refilled) {
      pages.pop(list);
      return;
    }
    pages.drop(list, -1);
    if (pages.hasUnknown(list)) this.#passOver(list, unknownPage, set, zone, order, timeNs);
    else {
      // None that is believed there: the list was refilled, unnoticed.
      this.#passOver(list, page, set, zone, order, timeNs);
      const freeCount = lists.freeCount[set];
      pages.begin();
      lists.allocate(Math.floor(set / this.#zoneCount), zone, order, type);
      lists.freeCount[set] = freeCount;
      pages.pop(list);
      return;
    }
    pages.pop(list);
    pages.drop(list, 1);
  }

  /** The pages before `until` are not on the list, or they would have been taken. */
  #passOver(
    list: ListIndex,
    until: Pfn,
    set: number,
    zone: ZoneIndex,
    order: number,
    timeNs: Nanoseconds,
  ): void {
    const pages = this.#pages;
    while (this.#lists.length[list] > 0 && pages.head(list) !== until) {
      const pfn = pages.pop(list);
      pages.drop(list, 1);
      pages.free[zone] += 1 << order;
      if (pfn >= 0) this.#doubts.set(pfn, { set, drains: this.#drains[set], timeNs, locked: false });
    }
  }

  #freed(row: number): void {
    const { pfn, kind, order: orders, cpu, timeNs } = this.#rows;
    const page = pfn[row];
    const zone = this.#zones.of(page);
    if (zone < 0) return;
    const pages = this.#pages;
    const lists = this.#lists;
    const order = kind[row] === Kind.pageFreeBatched ? 0 : orders[row];
    const set = cpu[row] * this.#zoneCount + zone;
    this.#doubts.delete(page);
    // Taken silently before; what the model took instead is still there.
    pages.mistake(page);
    const never = this.#hindsight && this.#ahead.neverEntered[row] === 1;
    if (never || (!this.#setting.source.features.has(Kind.freeOnePage) && this.#isLocked(set, row, row))) {
      pages.free[zone] += 1 << order;
      if (!never) {
        this.#doubts.set(page, { set, drains: this.#drains[set], timeNs: timeNs[row], locked: true });
      }
      return;
    }
    const type = this.#typeOf(page, row);
    const observed = this.#ahead.gaveBack[row];
    const before = lists.count[set];
    if (this.#upperBound) this.#others.chooseGiveBack(cpu[row], zone, order, type, observed);
    const fits = this.#drains[set] > 0 && this.#others.otherFits(cpu[row], zone, order, type, observed);
    pages.push(lists.listOf(set, order, type), page);
    pages.begin();
    lists.freed(cpu[row], zone, order, type);
    this.#others.restoreFlags();
    const predicted = pages.given;
    if (predicted > 0 || observed > 0) {
      this.#compare('giveBacks', set, predicted, observed, fits ? 'zone flags' : 'count off');
    }
    if (predicted > 0) this.#pressure.gaveBack(zone);
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs[row]);
  }

  #typeOf(page: Pfn, row: number): number {
    const left = this.#ahead.leftAs[row];
    if (this.#hindsight && left >= 0) return left;
    const type = this.#blocks.typeOf(page);
    return type > 2 ? movable : type;
  }

  /** A drain by another task has the lock of this set. */
  #isLocked(set: number, row: number, told: number): boolean {
    return this.#lockedUntil[set] >= row && this.#rows.pid[told] !== this.#lockedBy[set];
  }

  #drain(drain: DrainedList, number: number, row: number): void {
    const { cpu, zone } = drain;
    const set = cpu * this.#zoneCount + zone;
    const before = this.#lists.count[set];
    this.#drained[number] += this.#lists.drain(cpu, zone);
    this.#lockedUntil[set] = drain.lastRow;
    this.#lockedBy[set] = drain.pid;
    if (row === drain.rows.at(-1)) this.#wasDrained(set, this.#drained[number], drain.pages);
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, this.#rows.timeNs[row]);
  }

  #drainNothing({ cpu, zone }: DrainedList, row: number): void {
    const set = cpu * this.#zoneCount + zone;
    const before = this.#lists.count[set];
    this.#wasDrained(set, this.#lists.drain(cpu, zone), 0);
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, this.#rows.timeNs[row]);
  }

  #wasDrained(set: number, predicted: Pages, observed: Pages): void {
    if (this.#drains[set]++ > 0) {
      const near = Math.abs(predicted - observed) <= onTheirWay;
      this.#compare('drains', set, predicted, observed, near ? 'on its way' : 'unexplained');
    } else this.#score.begin(Math.floor(set / this.#zoneCount));
    this.#off[set] = 0;
  }

  #decay(row: number, observed: Pages): void {
    const { a, cpu, timeNs } = this.#rows;
    const zone = this.#ahead.zoneOfPointer(a[row]);
    if (zone < 0) return;
    const set = cpu[row] * this.#zoneCount + zone;
    const before = this.#lists.count[set];
    const predicted = this.#lists.decay(cpu[row], zone);
    if (predicted > 0 || observed > 0) this.#compare('drains', set, predicted, observed, 'unexplained');
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs[row]);
  }

  /** Pages taken silently, and refills on the way; without the halving of free_count that single allocations bring. */
  #bulk(call: BulkCall, row: number): void {
    const silent = call.got - Math.min(1, call.allocations);
    if (silent <= 0) return;
    const lists = this.#lists;
    const pages = this.#pages;
    const [first] = call.refills;
    const zone = this.#upperBound && first !== undefined ? first.zone : this.#pressure.zoneOfBulk(call.asked);
    const set = call.cpu * this.#zoneCount + zone;
    const before = lists.count[set];
    const seen = call.refills.filter((refill) => refill.zone === zone);
    for (let page = 0; page < silent; page++) {
      const list = lists.listOf(set, 0, unmovable);
      const freeCount = lists.freeCount[set];
      const refill = lists.length[list] === 0 ? seen.shift() : undefined;
      pages.begin();
      if (this.#upperBound && refill !== undefined) pages.most = refill.blocks;
      lists.allocate(call.cpu, zone, 0, unmovable);
      lists.freeCount[set] = freeCount;
      pages.pop(list);
      if (pages.asked === 0) continue;
      const why =
        refill !== undefined
          ? 'size of the refill'
          : call.refills.some((other) => other.zone !== zone)
            ? 'zone of a bulk allocation'
            : 'list thought empty';
      this.#compare('refills', set, pages.asked, refill?.blocks ?? 0, why);
    }
    this.#free.takenSilently(zone, silent);
    for (const { zone: of, blocks } of call.refills.filter((other) => other.zone !== zone).concat(seen)) {
      const why = of === zone ? 'list thought filled' : 'zone of a bulk allocation';
      this.#compare('refills', call.cpu * this.#zoneCount + of, 0, blocks, why);
    }
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, this.#rows.timeNs[row]);
  }

  #compare(
    of: 'refills' | 'giveBacks' | 'drains',
    set: number,
    predicted: number,
    observed: number,
    why: string,
  ): void {
    if (this.#drains[set] === 0) return;
    const root = this.#off[set] === 0;
    this.#score.compare(of, set % this.#zoneCount, predicted, observed, root ? why : 'follows');
    if (predicted !== observed) this.#off[set] = 1;
  }
}

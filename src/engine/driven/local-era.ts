/**
 * Kernels up to 5.13, tried on 5.10: three lists of order 0 a set, touched by their own CPU alone.
 *
 * Inputs: mm_page_alloc and mm_page_free (mm_page_free_batched where the same task emits one for the page: then it enters
 * there), the begin of each drain on a CPU and its zone, pages that went past the lists (free_one_page). The page
 * number of an allocation chooses the zone; whether it makes a refill is decided before more is done with it.
 * Outputs, never fed: mm_page_alloc_zone_locked, free_pcppages_bulk, mm_page_pcpu_drain, zoneinfo. Causally, drained
 * pages and steals also tell the type of their page block, for frees to come.
 */

import type { CpuIndex, ListIndex, Nanoseconds, Pages, Pfn, ZoneIndex } from '../../base/units.ts';
import { type EventBlock, Kind } from '../input/event-log.ts';
import type { KernelRules } from '../machine/kernel-rules.ts';
import { PointerTable } from '../model/pointer-table.ts';
import { BlockTypes } from './block-types.ts';
import { CountsAtSnapshots } from './counts-at-snapshots.ts';
import type { DrivenEra, DrivenPass, DrivenSetting } from './driven.ts';
import { DrainSizes, LocalDrains } from './local-drains.ts';
import { entersLater, entersNever, FreedPages, pfnEndOf, typeBits, typeUnknown } from './local-lookahead.ts';
import { LocalModel } from './local-model.ts';
import { LocalScoring, localClasses } from './local-scoring.ts';
import { ObservedRuns } from './observed-runs.ts';
import type { Score } from './score.ts';
import { ZoneOfPage } from './zone-of-page.ts';

export const localEra: DrivenEra = {
  name: '5.10',
  inputs:
    'pages that went past the lists (free_one_page); with hindsight the type of a freed page, from the event with which it leaves',
  drives: (rules: KernelRules) => rules.highRule === 'six-batches',
  makePasses(setting, score) {
    const freed = new FreedPages(setting.machine, (migratetype) => listType(setting.rules, migratetype));
    return [freed, new LocalDrive(setting, freed, score)];
  },
  classes: localClasses,
};

/** Numbers of the kernel → types of PcpLists. Reserved and contiguous blocks stand on the movable list. */
function listType(rules: KernelRules, migratetype: number): number {
  if (migratetype < 0 || migratetype > 2) return 1;
  return rules.movable === 1 || migratetype === 0 ? migratetype : 3 - migratetype;
}

class LocalDrive implements DrivenPass {
  readonly #setting: DrivenSetting;
  readonly #score: Score;
  readonly #scoring: LocalScoring;
  readonly #freed: FreedPages;
  readonly #zoneCount: number;
  readonly #zones: ZoneOfPage;
  readonly #model: LocalModel;
  /** With causal knowledge: the same with hindsight, to tell what a deviation is due to. */
  readonly #shadow: LocalModel | null;
  readonly #blocks: BlockTypes;
  readonly #runs: ObservedRuns;
  readonly #drains: LocalDrains;
  readonly #sizes: DrainSizes;
  readonly #snapshots: CountsAtSnapshots;
  /** By set: it was drained once. */
  readonly #begun: Uint8Array;
  /** Rows and frees so far. */
  #row = 0;
  #frees = 0;
  /** By pfn: 1 + number of its last free; 1 + list on which it is believed, negative if it came by a refill; since which row. */
  readonly #last: Int32Array;
  readonly #believed: Int32Array;
  readonly #entered: Uint32Array;
  /** By pfn: row at which it was freed, and type its block was believed to have then: that decides, not when it enters. */
  readonly #freedAt: Uint32Array;
  readonly #freedAs: Uint8Array;
  /** By list: pages of a refill whose allocation is still to come; moves of its CPU until then. */
  readonly #refill: Int32Array;
  readonly #refillMoves: Int32Array;
  /** By CPU: pages that were told to enter or leave its lists. */
  readonly #moves: Int32Array;
  /** By CPU: pages that must be given back now, by the model and by its shadow, and their zone. */
  readonly #due: Int32Array;
  readonly #dueShadow: Int32Array;
  readonly #dueZone: Int32Array;
  /** The same by list. */
  readonly #dueGave: Int32Array;
  readonly #dueGaveShadow: Int32Array;

  constructor(setting: DrivenSetting, freed: FreedPages, score: Score) {
    const { machine } = setting;
    this.#setting = setting;
    this.#score = score;
    this.#freed = freed;
    this.#zoneCount = machine.zones.length;
    this.#zones = new ZoneOfPage(machine);
    this.#model = new LocalModel(setting);
    this.#shadow = setting.knowledge === 'causal' ? new LocalModel(setting) : null;
    const end = pfnEndOf(machine);
    this.#blocks = new BlockTypes(end);
    this.#last = new Int32Array(end);
    this.#believed = new Int32Array(end);
    this.#entered = new Uint32Array(end);
    this.#freedAt = new Uint32Array(end);
    this.#freedAs = new Uint8Array(end);
    const cpus = machine.cpuCount;
    const sets = cpus * this.#zoneCount;
    this.#begun = new Uint8Array(sets);
    this.#refill = new Int32Array(this.#model.lists.length.length);
    this.#refillMoves = new Int32Array(this.#refill.length);
    this.#moves = new Int32Array(cpus);
    this.#scoring = new LocalScoring(score, this.#zoneCount, sets);
    this.#due = new Int32Array(cpus);
    this.#dueShadow = new Int32Array(cpus);
    this.#dueZone = new Int32Array(cpus);
    this.#sizes = new DrainSizes(sets);
    const pointers = new PointerTable();
    const { listsPerSet } = this.#model.lists;
    this.#runs = new ObservedRuns(cpus, listsPerSet, pointers, this);
    this.#dueGave = new Int32Array(cpus * listsPerSet);
    this.#dueGaveShadow = new Int32Array(cpus * listsPerSet);
    this.#drains = new LocalDrains(cpus, pointers, this);
    const counted = (set: number) => this.#begun[set] === 1;
    const { snapshots } = setting;
    const why = (set: number) => this.#scoring.why(set);
    const { count } = this.#model.lists;
    this.#snapshots = new CountsAtSnapshots(machine, snapshots, count, counted, why, score);
  }

  feed(block: EventBlock): void {
    const { kind, cpu, pfn, order, a, pid } = block;
    for (let i = 0; i < block.length; i++) {
      const on = cpu[i];
      this.#row++;
      this.#runs.settle(on, kind[i]);
      this.#drains.settle(on, kind[i]);
      switch (kind[i]) {
        case Kind.pageAlloc:
          if (order[i] === 0 && pfn[i] >= 0)
            this.#allocation(on, pfn[i], this.#typeOf(a[i]), block.timeNs[i]);
          break;
        case Kind.pageAllocZoneLocked: {
          const zone = this.#zones.of(pfn[i]);
          if (order[i] === 0 && zone >= 0)
            this.#refillPage(on, pfn[i], this.#listOf(on, zone, this.#typeOf(a[i])));
          break;
        }
        case Kind.pageAllocExtfrag:
          if (a[i] >= 0 && block.d[i] === 1)
            this.#blocks.learnRange(pfn[i], block.c[i], this.#typeOf(a[i]), this.#row);
          break;
        case Kind.pageFree:
          if (order[i] === 0) this.#free(on, pfn[i], block.timeNs[i]);
          break;
        case Kind.pageFreeBatched:
          this.#freeOfMany(on, pfn[i], block.timeNs[i]);
          break;
        case Kind.freePcppagesBulk:
          this.#runs.giveBackBegins(on, pid[i], a[i]);
          break;
        case Kind.pagePcpuDrain: {
          const zone = this.#zones.of(pfn[i]);
          if (zone >= 0)
            this.#runs.page(on, pid[i], zone, this.#model.lists.listOf(0, 0, this.#typeOf(a[i])));
          this.#left(pfn[i], this.#typeOf(a[i]));
          break;
        }
        case Kind.zoneinfoShow:
          this.#snapshots.shown(block.timeNs[i]);
          break;
        case Kind.marker:
          this.#snapshots.marker(block.texts.get(i) ?? '', block.timeNs[i]);
          break;
        default:
          this.#drains.row(block, i);
      }
    }
  }

  finish(): void {
    this.#runs.finish();
    this.#scoring.finish();
    this.#snapshots.finish();
  }

  #typeOf(migratetype: number): number {
    return listType(this.#setting.rules, migratetype);
  }

  #listOf(cpu: CpuIndex, zone: ZoneIndex, type: number): ListIndex {
    return this.#model.lists.listOf(cpu * this.#zoneCount + zone, 0, type);
  }

  #refillPage(cpu: CpuIndex, pfn: Pfn, list: ListIndex): void {
    this.#runs.refill(cpu, list);
    this.#believed[pfn] = -1 - list;
    this.#entered[pfn] = this.#row;
  }

  #allocation(cpu: CpuIndex, pfn: Pfn, type: number, timeNs: Nanoseconds): void {
    const zone = this.#zones.of(pfn);
    if (zone < 0) return;
    this.#lapse(cpu);
    const set = cpu * this.#zoneCount + zone;
    const list = this.#listOf(cpu, zone, type);
    const observed = this.#refill[list];
    this.#refill[list] = 0;
    const believed = this.#believed[pfn];
    // Others moved between the refill and this event, or the page came before the last drain and was not found by it.
    const inFlight =
      (observed > 0 && this.#refillMoves[list] !== this.#moves[cpu]) ||
      (believed !== 0 && this.#entered[pfn] <= this.#sizes.drainedAt[set]);
    this.#moves[cpu]++;
    this.#left(pfn, type);
    if (this.#begun[set] === 0) return;
    const before = this.#model.lists.count[set];
    const predicted = this.#model.allocated(cpu, zone, type);
    const shadow = this.#shadow === null ? predicted : this.#shadow.allocated(cpu, zone, type);
    if (believed > 0 && believed - 1 !== list) this.#model.moveTo(believed - 1, list);
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs);
    if (predicted === 0 && observed === 0) return;
    const why = inFlight ? 'in flight' : 'unexplained';
    this.#scoring.compare('refills', set, predicted, observed, shadow, why);
  }

  #free(cpu: CpuIndex, pfn: Pfn, timeNs: Nanoseconds): void {
    const about = this.#freed.about[this.#frees++];
    if (pfn < 0 || pfn >= this.#last.length) return;
    this.#last[pfn] = this.#frees;
    this.#freedAt[pfn] = this.#row;
    this.#freedAs[pfn] = this.#blocks.typeOf(pfn);
    if ((about & (entersLater | entersNever)) === 0) this.#enters(cpu, pfn, about, timeNs);
  }

  #freeOfMany(cpu: CpuIndex, pfn: Pfn, timeNs: Nanoseconds): void {
    const number = pfn >= 0 && pfn < this.#last.length ? this.#last[pfn] : 0;
    if (number === 0) return;
    this.#last[pfn] = 0;
    const about = this.#freed.about[number - 1];
    if ((about & entersLater) !== 0 && (about & entersNever) === 0) this.#enters(cpu, pfn, about, timeNs);
  }

  #enters(cpu: CpuIndex, pfn: Pfn, about: number, timeNs: Nanoseconds): void {
    const zone = this.#zones.of(pfn);
    if (zone < 0) return;
    this.#lapse(cpu);
    this.#moves[cpu]++;
    const set = cpu * this.#zoneCount + zone;
    const hindsight = about & typeBits;
    const known = this.#blocks.typeAsOf(pfn, this.#freedAt[pfn], this.#freedAs[pfn]);
    const truth = hindsight === typeUnknown ? known : hindsight;
    const type = this.#shadow === null ? truth : known;
    this.#believed[pfn] = this.#listOf(cpu, zone, type) + 1;
    this.#entered[pfn] = this.#row;
    if (this.#begun[set] === 0) return;
    const before = this.#model.lists.count[set];
    this.#due[cpu] = this.#model.freed(cpu, zone, type);
    this.#dueShadow[cpu] = this.#shadow === null ? this.#due[cpu] : this.#shadow.freed(cpu, zone, truth);
    this.#dueZone[cpu] = zone;
    if (this.#due[cpu] > 0) {
      const first = cpu * this.#model.gave.length;
      this.#dueGave.set(this.#model.gave, first);
      this.#dueGaveShadow.set((this.#shadow ?? this.#model).gave, first);
    }
    if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs);
  }

  /** A page left its list: what type its block had is known now. */
  #left(pfn: Pfn, type: number): void {
    const believed = pfn >= 0 && pfn < this.#believed.length ? this.#believed[pfn] : 0;
    if (believed === 0) return;
    this.#believed[pfn] = 0;
    const set = Math.floor((Math.abs(believed) - 1) / this.#model.gave.length);
    this.#scoring.left(set, this.#entered[pfn]);
    // Pages of a refill have the type that was asked for, whatever their block is.
    if (believed > 0) this.#blocks.learn(pfn, type, this.#freedAt[pfn]);
  }

  /** The give-back that was due did not come. */
  #lapse(cpu: CpuIndex): void {
    const due = this.#due[cpu];
    this.#due[cpu] = 0;
    if (due === 0) return;
    this.#scoring.compare(
      'giveBacks',
      cpu * this.#zoneCount + this.#dueZone[cpu],
      due,
      0,
      this.#dueShadow[cpu],
    );
  }

  /** For ObservedRuns. */
  refilled(cpu: CpuIndex, list: ListIndex, pages: Pages): void {
    this.#refill[list] = pages;
    this.#refillMoves[list] = this.#moves[cpu];
  }

  /** For ObservedRuns. */
  gaveBack(cpu: CpuIndex, zone: ZoneIndex, pages: Pages, pid: number): void {
    const set = cpu * this.#zoneCount + zone;
    const due = this.#dueZone[cpu] === zone ? this.#due[cpu] : 0;
    if (due === 0 && this.#sizes.state[set] !== 0 && this.#drains.drains(cpu, pid)) {
      this.#sizes.observed[set] += pages;
      return;
    }
    if (this.#begun[set] === 0) return;
    if (due > 0) this.#due[cpu] = 0;
    const shadow = due > 0 ? this.#dueShadow[cpu] : 0;
    this.#scoring.compare('giveBacks', set, due, pages, shadow);
    if (due === pages) this.#compareTypes(cpu, set);
  }

  /** The right number of pages went: from the right lists? */
  #compareTypes(cpu: CpuIndex, set: number): void {
    const lists = this.#model.gave.length;
    let off = 0;
    let shadowOff = 0;
    for (let at = cpu * lists; at < (cpu + 1) * lists; at++) {
      off += Math.abs(this.#dueGave[at] - this.#runs.gave[at]);
      shadowOff += Math.abs(this.#dueGaveShadow[at] - this.#runs.gave[at]);
    }
    this.#scoring.types(set, off / 2, shadowOff / 2);
  }

  /** For LocalDrains. */
  drainBegins(cpu: CpuIndex, zone: ZoneIndex, timeNs: Nanoseconds, whole: boolean): void {
    this.#lapse(cpu);
    for (let z = 0; z < this.#zoneCount; z++) {
      if (zone >= 0 && z !== zone) continue;
      const set = cpu * this.#zoneCount + z;
      if (!whole && this.#begun[set] === 0) continue;
      this.#scoring.drainsAgain(set);
      const limit = whole ? undefined : this.#setting.limits[z].batch;
      const before = this.#model.lists.count[set];
      const pages = this.#model.drained(cpu, z, limit);
      if (this.#snapshots.watching) this.#snapshots.changed(set, before, timeNs);
      const shadow = this.#shadow?.drained(cpu, z, limit) ?? pages;
      const state = this.#begun[set] === 1 ? 1 : 2;
      this.#sizes.begin(set, state, pages, shadow, this.#row, this.#refillOpen(set));
      this.#begun[set] = 1;
      this.#score.begin(cpu);
    }
  }

  /** For LocalDrains. */
  drainEnds(cpu: CpuIndex): void {
    for (let zone = 0; zone < this.#zoneCount; zone++) {
      const set = cpu * this.#zoneCount + zone;
      const { state, predicted, observed, shadow, drainedAt, refillOpen } = this.#sizes;
      if (state[set] === 1) {
        const open = refillOpen[set] === 1;
        this.#scoring.drained(set, predicted[set], observed[set], shadow[set], drainedAt[set], open);
      } else if (state[set] === 2) this.#scoring.begins(set);
      state[set] = 0;
    }
  }

  #refillOpen(set: number): boolean {
    const lists = this.#model.gave.length;
    for (let list = set * lists; list < (set + 1) * lists; list++) if (this.#refill[list] > 0) return true;
    return false;
  }
}

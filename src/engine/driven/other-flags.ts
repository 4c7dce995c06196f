/** Would the lists do what was seen if the zone had other flags? For classes of deviations, and for the upper bound. */

import type { CpuIndex, Pages, ZoneIndex } from '../../base/units.ts';
import { ZoneFlag } from '../machine/list-supply.ts';
import type { PcpLists } from '../machine/pcp-lists.ts';
import type { ListPages } from './list-pages.ts';

const combinations = [0, ZoneFlag.belowHigh, ZoneFlag.reclaimActive];

export class OtherFlags {
  /** After `chooseRefill`: another combination was chosen and fits. */
  refillFits = false;
  readonly #lists: PcpLists;
  readonly #pages: ListPages;
  #changed = -1;
  #flags = 0;

  constructor(lists: PcpLists, pages: ListPages) {
    this.#lists = lists;
    this.#pages = pages;
  }

  /** Sets flags of `zone` by which a refill has the size that was seen, if there are any. Until `restoreFlags`. */
  chooseRefill(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, observed: number): void {
    this.#choose(zone, (flags) => this.#refill(cpu, zone, order, type, flags) === observed);
  }

  /** Sets flags of `zone` by which a free gives back so many pages, if there are any. Until `restoreFlags`. */
  chooseGiveBack(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, observed: Pages): void {
    this.#choose(zone, (flags) => this.#giveBack(cpu, zone, order, type, flags) === observed);
  }

  /** Do the flags not fit, but others would? */
  otherFits(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, observed: Pages): boolean {
    const { count, highMin } = this.#lists;
    const set = cpu * this.#lists.zoneCount + zone;
    // Below the least limit nothing is given back whatever the flags, but after frees of higher order.
    if (observed === 0 && order === 0 && count[set] + 1 < highMin[set]) return false;
    const now = this.#lists.zoneFlags[zone];
    const fits = (flags: number) => this.#giveBack(cpu, zone, order, type, flags) === observed;
    return !fits(now) && combinations.some((flags) => flags !== now && fits(flags));
  }

  restoreFlags(): void {
    if (this.#changed >= 0) this.#lists.zoneFlags[this.#changed] = this.#flags;
    this.#changed = -1;
  }

  #choose(zone: ZoneIndex, fits: (flags: number) => boolean): void {
    this.refillFits = false;
    const now = this.#lists.zoneFlags[zone];
    if (fits(now)) return;
    const other = combinations.find((flags) => flags !== now && fits(flags));
    if (other === undefined) return;
    this.#changed = zone;
    this.#flags = now;
    this.#lists.zoneFlags[zone] = other;
  }

  #refill(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, flags: number): number {
    return this.#try(cpu, zone, flags, () => {
      this.#lists.allocate(cpu, zone, order, type);
      return this.#pages.asked;
    });
  }

  #giveBack(cpu: CpuIndex, zone: ZoneIndex, order: number, type: number, flags: number): Pages {
    return this.#try(cpu, zone, flags, () => {
      this.#lists.freed(cpu, zone, order, type);
      return this.#pages.given;
    });
  }

  /** Does it and takes it back. */
  #try(cpu: CpuIndex, zone: ZoneIndex, flags: number, act: () => number): number {
    const lists = this.#lists;
    const set = cpu * lists.zoneCount + zone;
    const columns = [lists.count, lists.high, lists.freeCount, lists.allocFactor, lists.prevHighOrder];
    const before = columns.map((column) => column[set]);
    const first = set * lists.listsPerSet;
    const lengths = lists.length.slice(first, first + lists.listsPerSet);
    const now = lists.zoneFlags[zone];
    lists.zoneFlags[zone] = flags;
    this.#pages.trial = true;
    this.#pages.begin();
    const result = act();
    this.#pages.trial = false;
    lists.zoneFlags[zone] = now;
    for (const [i, column] of columns.entries()) column[set] = before[i];
    lists.length.set(lengths, first);
    return result;
  }
}

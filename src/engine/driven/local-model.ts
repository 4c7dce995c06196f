/** PcpLists driven by a recording, for kernels up to 5.13: each call says what the kernel must have done. */

import type { Pages } from '../../base/units.ts';
import type { ListSupply } from '../machine/list-supply.ts';
import { PcpLists } from '../machine/pcp-lists.ts';
import type { DrivenSetting } from './driven.ts';

export class LocalModel implements ListSupply {
  readonly lists: PcpLists;
  /** By position of the list: pages of the last give-back. */
  readonly gave: Int32Array;
  #took = 0;
  #gave = 0;

  constructor({ machine, rules, limits, roundRobinStart }: DrivenSetting) {
    const { cpuCount } = machine;
    const zoneCount = machine.zones.length;
    const options = { cpuCount, zoneCount, batchScaleMax: 0, thp: false, roundRobinStart };
    this.lists = new PcpLists(rules, options, this);
    this.gave = new Int32Array(this.lists.listsPerSet);
    for (let set = 0; set < cpuCount * zoneCount; set++) this.lists.setLimits(set, limits[set % zoneCount]);
  }

  /** For PcpLists: the free lists always have as many as are asked for. */
  take(_zone: number, _order: number, _type: number, blocks: number): number {
    this.#took += blocks;
    return blocks;
  }

  /** For PcpLists. */
  give(_zone: number, order: number, blocks: number, list: number): void {
    this.#gave += blocks << order;
    this.gave[list % this.lists.listsPerSet] += blocks << order;
  }

  /** Pages of the refill that this allocation makes, or 0. */
  allocated(cpu: number, zone: number, type: number): Pages {
    this.#took = 0;
    this.lists.allocate(cpu, zone, 0, type);
    return this.#took;
  }

  /** Pages of the give-back that this free makes, or 0. */
  freed(cpu: number, zone: number, type: number): Pages {
    this.#gave = 0;
    this.gave.fill(0);
    this.lists.freed(cpu, zone, 0, type);
    return this.#gave;
  }

  /** Pages that a drain finds. */
  drained(cpu: number, zone: number, limitPages?: Pages): Pages {
    return this.lists.drain(cpu, zone, limitPages);
  }

  /** A page of a set that was believed on the list of one type is on that of another. Nothing is done between sets. */
  moveTo(from: number, to: number): void {
    const { length, listsPerSet } = this.lists;
    if (Math.floor(from / listsPerSet) !== Math.floor(to / listsPerSet) || length[from] === 0) return;
    length[from]--;
    length[to]++;
  }
}

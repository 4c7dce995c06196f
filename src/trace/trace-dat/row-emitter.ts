/**
 * Rows from records of any byte order and layout, one event at a time. The common files, little-endian, take the faster way
 * of loop-rows.ts where the surroundings have WebAssembly; both give the same rows.
 */

import { blockRowsMax, type EventBlock } from '../../engine/input/event-log.ts';
import { typeIdCount } from './event-types.ts';
import type { GeneralRows } from './general-row.ts';
import type { HeaderPage } from './header-page.ts';
import type { Lane } from './lane.ts';
import type { LaneEmitter } from './merge-lanes.ts';
import { RowBlocks } from './row-blocks.ts';
import { entriesPerType, type RowTable, Shape } from './row-table.ts';

export class RowEmitter extends RowBlocks implements LaneEmitter {
  readonly isStopped = false;
  readonly counts: Int32Array = new Int32Array(typeIdCount);
  lastNs = 0;
  readonly #table: RowTable;
  readonly #general: GeneralRows;
  readonly #headerPage: HeaderPage;

  constructor(
    block: EventBlock,
    table: RowTable,
    general: GeneralRows,
    headerPage: HeaderPage,
    onBlock: (block: EventBlock) => void,
  ) {
    super(block, onBlock);
    this.#table = table;
    this.#general = general;
    this.#headerPage = headerPage;
  }

  emit(lane: Lane, limit: number): boolean {
    const { block } = this;
    const { typeOf, pidOf } = this.#headerPage;
    do {
      const type = typeOf(lane);
      this.counts[type]++;
      // Types behind the table have no format.
      const shape = this.#table.entries[type * entriesPerType] ?? Shape.none;
      if (shape !== Shape.none) {
        const row = block.length;
        block.timeNs[row] = lane.time;
        block.cpu[row] = lane.cpu;
        block.pid[row] = pidOf(lane);
        if (this.#general.fill(lane, type, row)) block.length++;
        if (block.length === blockRowsMax) this.flush();
      }
      this.lastNs = lane.time;
      const isThere = lane.advance();
      if (lane.ranBackwards) this.mustKeepOrder = true;
      if (!isThere) return false;
    } while (lane.time <= limit);
    return true;
  }
}

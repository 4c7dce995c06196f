/**
 * Turns the records of a lane into rows. `RowEmitter.emit` is the one hot loop of the reader, and so it is one function
 * that keeps a lane's position in locals, reads whole words, and knows the layouts of the page events (Shape);
 * everything rare is left to `Lane.advance` and to the general row.
 */

import type { EventBlock } from '../../engine/input/event-log.ts';
import { typeIdCount } from './event-types.ts';
import { type GeneralRows, tooShort } from './general-row.ts';
import type { HeaderPage } from './header-page.ts';
import type { Lane } from './lane.ts';
import type { LaneEmitter } from './merge-lanes.ts';
import { type RowTable, Shape } from './row-table.ts';

/** Rows of a block that are filled before it is given out: few enough to stay in the cache of one core. */
const rowsAtOnce = 2048;

/** Rows from little-endian files whose records begin with the type in 2 bytes and have the pid at byte 4. */
export class RowEmitter implements LaneEmitter {
  readonly isStopped = false;
  readonly block: EventBlock;
  readonly table: RowTable;
  readonly general: GeneralRows;
  readonly #onBlock: (block: EventBlock) => void;
  /** Events by type id. */
  readonly counts: Float64Array = new Float64Array(typeIdCount);
  lastNs = 0;

  constructor(
    block: EventBlock,
    table: RowTable,
    general: GeneralRows,
    onBlock: (block: EventBlock) => void,
  ) {
    this.block = block;
    this.table = table;
    this.general = general;
    this.#onBlock = onBlock;
  }

  flush(): void {
    if (this.block.length > 0) this.#onBlock(this.block);
    this.block.clear();
  }

  emit(lane: Lane, limit: number): boolean {
    const { shapes, kinds, bytesMin, wordOffsets, bHighUnit } = this.table;
    const { timeNs, cpu, kind, pid, pfn, order, a, b } = this.block;
    const counts = this.counts;
    const words = lane.words;
    const laneCpu = lane.cpu;
    let time = lane.time;
    let at = lane.dataAt >> 2;
    let bytes = lane.dataBytes;
    let next = lane.next >> 2;
    let end = lane.end >> 2;
    let row = this.block.length;
    let isThere = true;
    do {
      const type = words[at] & 0xffff;
      counts[type]++;
      const shape = shapes[type];
      if (shape !== Shape.none) {
        timeNs[row] = time;
        cpu[row] = laneCpu;
        kind[row] = kinds[type];
        pid[row] = words[at + 1];
        if (shape < Shape.general) {
          if (bytes < bytesMin[type]) throw tooShort(lane, type);
          const places = type * 4;
          const pfnAt = at + wordOffsets[places];
          pfn[row] = (words[pfnAt] >>> 0) + words[pfnAt + 1] * 4294967296;
          if (shape !== Shape.pfn) {
            order[row] = words[at + wordOffsets[places + 1]];
            if (shape !== Shape.pfnOrder) {
              a[row] = words[at + wordOffsets[places + 2]];
              if (shape === Shape.pfnOrderA) {
                b[row] = -1;
              } else {
                const bAt = at + wordOffsets[places + 3];
                b[row] = (words[bAt] >>> 0) + words[bAt + 1] * bHighUnit[type];
              }
            }
          }
          row++;
        } else {
          lane.time = time;
          lane.dataAt = at * 4;
          lane.dataBytes = bytes;
          if (this.general.fill(lane, type, row)) row++;
        }
        if (row === rowsAtOnce) {
          this.block.length = row;
          this.flush();
          row = 0;
        }
      }
      const header = next < end ? words[next] : 0;
      const length = header & 31;
      if (length !== 0 && length <= 28 && next + length < end) {
        time += header >>> 5;
        at = next + 1;
        bytes = length * 4;
        next = at + length;
      } else {
        this.lastNs = time;
        lane.time = time;
        lane.next = next * 4;
        isThere = lane.advance();
        time = lane.time;
        at = lane.dataAt >> 2;
        bytes = lane.dataBytes;
        next = lane.next >> 2;
        end = lane.end >> 2;
      }
    } while (isThere && time <= limit);
    lane.time = time;
    lane.dataAt = at * 4;
    lane.dataBytes = bytes;
    lane.next = next * 4;
    this.block.length = row;
    return isThere;
  }
}

/** The same for any byte order and layout, one event at a time. */
export class AnyOrderRowEmitter extends RowEmitter {
  readonly #headerPage: HeaderPage;

  constructor(
    block: EventBlock,
    table: RowTable,
    general: GeneralRows,
    onBlock: (block: EventBlock) => void,
    headerPage: HeaderPage,
  ) {
    super(block, table, general, onBlock);
    this.#headerPage = headerPage;
  }

  override emit(lane: Lane, limit: number): boolean {
    const { block } = this;
    const { typeOf, pidOf } = this.#headerPage;
    do {
      const type = typeOf(lane);
      this.counts[type]++;
      if (this.table.shapes[type] !== Shape.none) {
        const row = block.length;
        block.timeNs[row] = lane.time;
        block.cpu[row] = lane.cpu;
        block.pid[row] = pidOf(lane);
        if (this.general.fill(lane, type, row)) block.length++;
        if (block.length === rowsAtOnce) this.flush();
      }
      this.lastNs = lane.time;
      if (!lane.advance()) return false;
    } while (lane.time <= limit);
    return true;
  }
}

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
import { Entry, entriesPerType, type RowTable, Shape } from './row-table.ts';

/** Rows of a block that are filled before it is given out: few enough to stay in the cache of one core. */
const rowsAtOnce = 512;
const signBit = 1 << 31;

/** Rows from little-endian files whose records begin with the type in 2 bytes and have the pid at byte 4. */
export class RowEmitter implements LaneEmitter {
  readonly isStopped = false;
  readonly block: EventBlock;
  readonly table: RowTable;
  readonly general: GeneralRows;
  readonly #onBlock: (block: EventBlock) => void;
  /** Events by type id since `takeCounts` was called last. */
  readonly counts: Int32Array = new Int32Array(typeIdCount);
  /** Negative zero is a double to V8, as the times that follow are. */
  lastNs = -0;

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

  /** Rows that were older than a row before; they got its time. */
  outOfOrder = 0;
  /** Set once a lane ran backwards. */
  protected mustKeepOrder = false;
  #lastRowNs: number = Number.NEGATIVE_INFINITY;

  flush(): void {
    const { block } = this;
    if (block.length > 0) {
      if (this.mustKeepOrder) this.#keepOrder();
      this.#lastRowNs = block.timeNs[block.length - 1];
      this.#onBlock(block);
    }
    block.clear();
  }

  /** A CPU whose stamps run backwards must not take the rows with it: consumers rely on the order of time. */
  #keepOrder(): void {
    const { timeNs, length } = this.block;
    let last = this.#lastRowNs;
    for (let row = 0; row < length; row++) {
      if (timeNs[row] < last) {
        timeNs[row] = last;
        this.outOfOrder++;
      } else {
        last = timeNs[row];
      }
    }
  }

  emit(lane: Lane, limit: number): boolean {
    const { entries } = this.table;
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
      const entry = type * entriesPerType;
      const shape = entries[entry];
      counts[type]++;
      if (shape !== Shape.none) {
        timeNs[row] = time;
        cpu[row] = laneCpu;
        kind[row] = entries[entry + Entry.kind];
        pid[row] = words[at + 1];
        if (shape === Shape.page) {
          if (bytes < entries[entry + Entry.bytesMin]) {
            this.block.length = row;
            throw tooShort(lane, type, at * 4, bytes);
          }
          const pfnAt = at + entries[entry + Entry.pfn];
          const pfnLow = words[pfnAt];
          const pfnHigh = words[pfnAt + 1];
          const bAt = at + entries[entry + Entry.b];
          const bLow = words[bAt] | entries[entry + Entry.bSet];
          const bHigh = words[bAt + 1] & entries[entry + Entry.bHighWide];
          pfn[row] = pfnLow;
          order[row] = words[at + entries[entry + Entry.order]];
          a[row] = words[at + entries[entry + Entry.a]];
          b[row] = bLow;
          // Nearly all values are small; the others, and a pfn of -1, take the long way.
          if ((pfnHigh | (pfnLow & signBit)) !== 0) pfn[row] = (pfnLow >>> 0) + pfnHigh * 4294967296;
          if ((bHigh | (bLow & entries[entry + Entry.bLowWide])) !== 0) {
            b[row] = (bLow >>> 0) + bHigh * 4294967296;
          }
          row++;
        } else {
          lane.time = time;
          lane.dataAt = at * 4;
          lane.dataBytes = bytes;
          this.block.length = row;
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
        // In case of damage, what was emitted so far is complete.
        this.block.length = row;
        this.lastNs = time;
        lane.time = time;
        lane.next = next * 4;
        isThere = lane.advance();
        if (lane.ranBackwards) this.mustKeepOrder = true;
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
      if (this.table.entries[type * entriesPerType] !== Shape.none) {
        const row = block.length;
        block.timeNs[row] = lane.time;
        block.cpu[row] = lane.cpu;
        block.pid[row] = pidOf(lane);
        if (this.general.fill(lane, type, row)) block.length++;
        if (block.length === rowsAtOnce) this.flush();
      }
      this.lastNs = lane.time;
      const isThere = lane.advance();
      if (lane.ranBackwards) this.mustKeepOrder = true;
      if (!isThere) return false;
    } while (lane.time <= limit);
    return true;
  }
}

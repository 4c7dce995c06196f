/**
 * Turns the records of a lane into rows. `emit` is the one hot loop of the reader, and so it is one function that keeps a
 * lane's position in locals, reads whole words, and knows the layouts of the page events (Shape); everything rare is
 * left to `Lane.advance` and `#general`.
 */

import { blockRowsMax, type EventBlock } from '../../engine/input/event-log.ts';
import { typeIdCount } from './event-types.ts';
import type { Lane } from './lane.ts';
import { type RowTable, Shape } from './row-table.ts';

/** Decodes what the hot loop does not. False: the record is not a row after all. */
export type GeneralRow = (lane: Lane, type: number, row: number) => boolean;

export class RowEmitter {
  readonly block: EventBlock;
  readonly #table: RowTable;
  readonly #general: GeneralRow;
  readonly #onBlock: (block: EventBlock) => void;
  /** Events by type id. */
  readonly counts: Float64Array = new Float64Array(typeIdCount);
  lastNs = 0;
  /** Rows that were older than the row before; they got its time. Only damage and broken clocks make such. */
  outOfOrder = 0;
  #lastRowNs = Number.NEGATIVE_INFINITY;

  constructor(block: EventBlock, table: RowTable, general: GeneralRow, onBlock: (block: EventBlock) => void) {
    this.block = block;
    this.#table = table;
    this.#general = general;
    this.#onBlock = onBlock;
  }

  flush(): void {
    this.#keepOrder();
    if (this.block.length > 0) this.#onBlock(this.block);
    this.block.clear();
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
    this.#lastRowNs = last;
  }

  /**
   * Emits the lane's events up to `limit`. Returns false when the lane's window is used up: refill it and call again
   * after `lane.advance()`. Little-endian files whose records begin with type (2 bytes) and pid at byte 4.
   */
  emit(lane: Lane, limit: number): boolean {
    const { shapes, kinds, bytesMin, wordOffsets, bHighUnit } = this.#table;
    const { timeNs, cpu, kind, pid, pfn, order, a, b } = this.block;
    const counts = this.counts;
    const words = lane.data.words;
    const laneCpu = lane.cpu;
    let time = lane.time;
    let at = lane.dataAt >> 2;
    let bytes = lane.dataBytes;
    let next = lane.next >> 2;
    let end = lane.end >> 2;
    let row = this.block.length;
    for (;;) {
      const type = words[at] & 0xffff;
      counts[type]++;
      const shape = shapes[type];
      if (shape !== 0) {
        if (bytes < bytesMin[type])
          throw lane.damaged(`an event of type ${type} has only ${bytes} bytes`, at * 4);
        timeNs[row] = time;
        cpu[row] = laneCpu;
        kind[row] = kinds[type];
        pid[row] = words[at + 1];
        if (shape !== Shape.general) {
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
          if (this.#general(lane, type, row)) row++;
        }
        if (row === blockRowsMax) {
          this.block.length = row;
          this.flush();
          row = 0;
        }
      }
      const header = next < end ? words[next] : 0;
      const length = header & 31;
      if (length >= 1 && length <= 28 && next + length < end) {
        time += header >>> 5;
        at = next + 1;
        bytes = length * 4;
        next = at + length;
      } else {
        lane.time = time;
        lane.next = next * 4;
        if (!lane.advance()) {
          this.block.length = row;
          this.lastNs = time;
          return false;
        }
        time = lane.time;
        at = lane.dataAt >> 2;
        bytes = lane.dataBytes;
        next = lane.next >> 2;
        end = lane.end >> 2;
      }
      if (time > limit) break;
    }
    lane.time = time;
    lane.dataAt = at * 4;
    lane.dataBytes = bytes;
    lane.next = next * 4;
    this.block.length = row;
    return true;
  }

  /** The same for any byte order and layout, one event at a time. */
  emitSlowly(
    lane: Lane,
    limit: number,
    typeOf: (lane: Lane) => number,
    pidOf: (lane: Lane) => number,
  ): boolean {
    const { block } = this;
    const { shapes, kinds, bytesMin } = this.#table;
    for (;;) {
      const type = typeOf(lane);
      this.counts[type]++;
      if (shapes[type] !== Shape.none) {
        if (lane.dataBytes < bytesMin[type]) {
          throw lane.damaged(`an event of type ${type} has only ${lane.dataBytes} bytes`, lane.dataAt);
        }
        const row = block.length;
        block.timeNs[row] = lane.time;
        block.cpu[row] = lane.cpu;
        block.kind[row] = kinds[type];
        block.pid[row] = pidOf(lane);
        if (this.#general(lane, type, row)) block.length++;
        if (block.length === blockRowsMax) this.flush();
      }
      this.lastNs = lane.time;
      if (!lane.advance()) return false;
      if (lane.time > limit) return true;
    }
  }
}

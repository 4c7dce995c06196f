/** Rows by the WebAssembly loop: what the loop cannot do is done here, on the same memory, by the lanes themselves. */

import type { EventBlock } from '../../engine/input/event-log.ts';
import type { GeneralRows } from './general-row.ts';
import type { Lane } from './lane.ts';
import { type LaneLoop, LoopEnd, LoopStart, makeLaneLoop } from './lane-loop.ts';
import { LaneField, type LaneMemory, laneBytes } from './lane-memory.ts';
import { RowBlocks } from './row-blocks.ts';

export class LoopRows extends RowBlocks {
  readonly #memory: LaneMemory;
  readonly #general: GeneralRows;
  readonly #loop: LaneLoop;
  readonly #lanes: Lane[] = [];
  /** How many lanes the heap holds. */
  #laneCount = 0;
  readonly counts: Int32Array;
  lastNs = -0;

  constructor(memory: LaneMemory, general: GeneralRows, onBlock: (block: EventBlock) => void) {
    super(memory.block, onBlock);
    this.#memory = memory;
    this.#general = general;
    this.#loop = makeLaneLoop(memory.memory, memory.plan);
    this.counts = memory.counts;
  }

  get length(): number {
    return this.#laneCount;
  }

  /** Adds a lane that stands before an event. Its window lies in the memory of this object. */
  push(lane: Lane): void {
    const { plan, words } = this.#memory;
    const index = this.#lanes.length;
    this.#lanes.push(lane);
    const at = plan.lanes + index * laneBytes;
    words[(at + LaneField.rank) >> 2] = lane.rank;
    words[(at + LaneField.cpu) >> 2] = lane.cpu;
    this.#writePlace(lane, at);
    // Up the heap, as sinkFirst only goes down.
    const heap = plan.heap >> 2;
    let place = this.#laneCount++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = this.#lanes[(words[heap + parent] - plan.lanes) / laneBytes];
      if (other.time < lane.time || (other.time === lane.time && other.rank < lane.rank)) break;
      words[heap + place] = words[heap + parent];
      place = parent;
    }
    words[heap + place] = at;
  }

  /** Emits until a lane's window is used up, and returns that lane. */
  emitUntilRefill(): Lane {
    const { plan, words } = this.#memory;
    let start: number = LoopStart.sinkFirst;
    for (;;) {
      const end = this.#loop(this.#laneCount, this.block.length, start);
      this.block.length = words[plan.row >> 2];
      const at = words[plan.heap >> 2];
      const lane = this.#lanes[(at - plan.lanes) / laneBytes];
      if (end === LoopEnd.advance) {
        this.#readPlace(lane, at);
        this.lastNs = lane.time;
        const isThere = lane.advance();
        if (lane.ranBackwards) this.mustKeepOrder = true;
        if (!isThere) return lane;
        this.#writePlace(lane, at);
        start = LoopStart.sinkFirst;
      } else {
        if (end === LoopEnd.general) this.#addGeneral(lane, at);
        if (this.block.length === this.block.timeNs.length) this.flush();
        start = LoopStart.passEvent;
      }
    }
  }

  /** After a refill of the first lane: takes it back, or out of the heap. False: its window is used up again. */
  resume(lane: Lane): boolean {
    const { plan, words } = this.#memory;
    const heap = plan.heap >> 2;
    if (lane.atEnd) {
      words[heap] = words[heap + --this.#laneCount];
      return true;
    }
    if (!lane.advance()) return false;
    if (lane.ranBackwards) this.mustKeepOrder = true;
    this.#writePlace(lane, words[heap]);
    return true;
  }

  #addGeneral(lane: Lane, at: number): void {
    const { words, doubles } = this.#memory;
    const dataAt = words[(at + LaneField.dataAt) >> 2];
    lane.dataAt = dataAt - lane.view.byteOffset;
    lane.dataBytes = words[(at + LaneField.dataBytes) >> 2];
    const { block } = this;
    const row = block.length;
    block.timeNs[row] = doubles[(at + LaneField.time) >> 3];
    block.cpu[row] = lane.cpu;
    // Records begin at multiples of 4 bytes, with the type in the lower half of a word and the pid in the next.
    block.pid[row] = words[(dataAt >> 2) + 1];
    if (this.#general.fill(lane, words[dataAt >> 2] & 0xffff, row)) block.length = row + 1;
  }

  #readPlace(lane: Lane, at: number): void {
    const { words, doubles } = this.#memory;
    const window = lane.view.byteOffset;
    lane.time = doubles[(at + LaneField.time) >> 3];
    lane.dataAt = words[(at + LaneField.dataAt) >> 2] - window;
    lane.dataBytes = words[(at + LaneField.dataBytes) >> 2];
    lane.next = words[(at + LaneField.next) >> 2] - window;
  }

  #writePlace(lane: Lane, at: number): void {
    const { words, doubles } = this.#memory;
    const window = lane.view.byteOffset;
    doubles[(at + LaneField.time) >> 3] = lane.time;
    words[(at + LaneField.dataAt) >> 2] = lane.dataAt + window;
    words[(at + LaneField.dataBytes) >> 2] = lane.dataBytes;
    words[(at + LaneField.next) >> 2] = lane.next + window;
    words[(at + LaneField.end) >> 2] = lane.end + window;
  }
}

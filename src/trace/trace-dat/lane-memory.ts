/**
 * The one memory that the WebAssembly loop works in (lane-loop.ts): windows of all lanes, their places, the table of types,
 * the counts and the columns of a block. Its size is settled before it is made, as growing would move everything.
 */

import { blockRowsMax, EventBlock } from '../../engine/input/event-log.ts';
import { pointerSlots, slotWords } from '../kernel-events.ts';
import { typeIdCount } from './event-types.ts';
import { entriesPerType } from './row-table.ts';

/** Fields of a lane, by byte offset; addresses are absolute. */
export const LaneField = { time: 0, dataAt: 8, dataBytes: 12, next: 16, end: 20, rank: 24, cpu: 28 } as const;
export const laneBytes = 32;
/** Rows of a block before it is given out: few enough to stay in the cache of one core. */
export const rowsAtOnce: number = Math.min(512, blockRowsMax);

const pageBytes = 65536;
/** WebAssembly addresses have 32 bits. */
const bytesMax = 0x7fff0000;

/** Where the loop finds things. */
export interface MemoryPlan {
  readonly counts: number;
  readonly entries: number;
  /** Types from this id on have no entry. */
  readonly typeLimit: number;
  readonly heap: number;
  readonly lanes: number;
  /** Row that the loop stopped before. */
  readonly row: number;
  /** Slots of `PointerNames`. */
  readonly pointers: number;
  readonly columns: Readonly<
    Record<'timeNs' | 'cpu' | 'kind' | 'pid' | 'pfn' | 'order' | 'a' | 'b' | 'c', number>
  >;
}

export class LaneMemory {
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly block: EventBlock;
  readonly counts: Int32Array;
  readonly pointers: Int32Array;
  readonly entries: Int32Array;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  #next: number;

  private constructor(memory: WebAssembly.Memory, plan: MemoryPlan, block: EventBlock, windowsAt: number) {
    const { buffer } = memory;
    this.memory = memory;
    this.plan = plan;
    this.block = block;
    this.counts = new Int32Array(buffer, plan.counts, typeIdCount);
    this.pointers = new Int32Array(buffer, plan.pointers, pointerSlots * slotWords);
    this.entries = new Int32Array(buffer, plan.entries, plan.typeLimit * entriesPerType);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.#next = windowsAt;
  }

  /** null: it would be too large, or the surroundings have no WebAssembly. */
  static make(typeLimit: number, laneCount: number, windowBytesAll: number): LaneMemory | null {
    let end = 0;
    const take = (bytes: number): number => {
      const at = end;
      end = (end + bytes + 63) & ~63;
      return at;
    };
    const plan: MemoryPlan = {
      row: take(8),
      pointers: take(pointerSlots * slotWords * 4),
      counts: take(typeIdCount * 4),
      entries: take(typeLimit * entriesPerType * 4),
      typeLimit,
      heap: take(laneCount * 4),
      lanes: take(laneCount * laneBytes),
      columns: {
        timeNs: take(rowsAtOnce * 8),
        cpu: take(rowsAtOnce * 2),
        kind: take(rowsAtOnce),
        pid: take(rowsAtOnce * 4),
        pfn: take(rowsAtOnce * 8),
        order: take(rowsAtOnce * 4),
        a: take(rowsAtOnce * 8),
        b: take(rowsAtOnce * 8),
        c: take(rowsAtOnce * 8),
      },
    };
    const total = end + windowBytesAll;
    if (total > bytesMax || !mayCompile()) return null;
    const pages = Math.ceil(total / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    return new LaneMemory(memory, plan, blockIn(memory.buffer, plan), end);
  }

  /** Memory for a window; the sum of all was given to `make`. */
  take(bytes: number): { buffer: ArrayBuffer; offset: number } {
    const offset = this.#next;
    this.#next = (offset + bytes + 63) & ~63;
    return { buffer: this.memory.buffer, offset };
  }

  /** What `take` uses up for a window of so many bytes. */
  static sizeOf(bytes: number): number {
    return (bytes + 63) & ~63;
  }
}

/** A block whose hot columns lie where the loop writes them. */
function blockIn(buffer: ArrayBuffer, { columns }: MemoryPlan): EventBlock {
  return Object.assign(new EventBlock(), {
    timeNs: new Float64Array(buffer, columns.timeNs, rowsAtOnce),
    cpu: new Uint16Array(buffer, columns.cpu, rowsAtOnce),
    kind: new Uint8Array(buffer, columns.kind, rowsAtOnce),
    pid: new Int32Array(buffer, columns.pid, rowsAtOnce),
    pfn: new Float64Array(buffer, columns.pfn, rowsAtOnce),
    order: new Int32Array(buffer, columns.order, rowsAtOnce),
    a: new Float64Array(buffer, columns.a, rowsAtOnce),
    b: new Float64Array(buffer, columns.b, rowsAtOnce),
    c: new Float64Array(buffer, columns.c, rowsAtOnce),
  });
}

/** A page may forbid its scripts to compile WebAssembly (Content-Security-Policy without wasm-unsafe-eval). */
function mayCompile(): boolean {
  const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  try {
    return new WebAssembly.Module(emptyModule) !== undefined;
  } catch {
    return false;
  }
}

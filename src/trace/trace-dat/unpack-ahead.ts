/**
 * Two threads unpack the chunks of a file together: a helper goes ahead, the reader takes what is ready and unpacks itself what
 * nobody has begun. Each lane has a number of the next chunk that nobody has begun, which either side raises by one to
 * begin it, and a few slots for chunks that the helper has begun. Neither side waits but for a chunk that is being
 * unpacked at that moment.
 */

/** One lane of packed sub-buffers: where its chunks begin, and the most that a slot must hold. */
export interface PackedLane {
  /** Of the number of chunks; the chunks follow. */
  readonly offset: number;
  readonly end: number;
  readonly slotBytes: number;
}

/** The reader's side. */
export interface UnpackAhead {
  /**
   * The chunk of that number, which the reader takes in order: its bytes are put into `target` and counted. -1: not done
   * ahead, or damaged; the reader unpacks it itself and finds out.
   */
  take(lane: number, chunk: number, target: Uint8Array): number;
  close(): void;
}

/** Chunks of one lane that the helper may have begun and the reader has not taken. */
const slotsPerLane = 4;
/** A helper that has not ended a chunk after this long is given up. */
const waitMsMax = 2000;

const Phase = { free: 0, busy: 1, ready: 2, failed: 3 } as const;

/** Memory of both sides. */
export interface SharedSlots {
  readonly control: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/** Counted up by the reader when a slot becomes free. */
const wakeCell = 0;
const cellsBefore = 1;
const cellsPerSlot = 2;
const cellsPerLane = 1 + slotsPerLane * cellsPerSlot;

export function makeSlots(lanes: readonly PackedLane[]): SharedSlots {
  const bytes = lanes.reduce((sum, { slotBytes }) => sum + slotBytes * slotsPerLane, 0);
  return {
    control: new SharedArrayBuffer((cellsBefore + lanes.length * cellsPerLane) * 4),
    bytes: new SharedArrayBuffer(bytes),
  };
}

/** What both sides see. */
class Slots {
  readonly cells: Int32Array;
  readonly bytes: Uint8Array;
  readonly #starts: number[] = [];
  readonly #slotBytes: number[] = [];

  constructor(lanes: readonly PackedLane[], { control, bytes }: SharedSlots) {
    this.cells = new Int32Array(control);
    this.bytes = new Uint8Array(bytes);
    let start = 0;
    for (const { slotBytes } of lanes) {
      this.#starts.push(start);
      this.#slotBytes.push(slotBytes);
      start += slotBytes * slotsPerLane;
    }
  }

  /** Cell with the number of the first chunk of the lane that nobody has begun. */
  nextCell(lane: number): number {
    return cellsBefore + lane * cellsPerLane;
  }

  /** Cell with the phase of the chunk's slot; the cell behind it has the bytes that came out. */
  phaseCell(lane: number, chunk: number): number {
    return this.nextCell(lane) + 1 + (chunk % slotsPerLane) * cellsPerSlot;
  }

  slot(lane: number, chunk: number): Uint8Array {
    const start = this.#starts[lane] + (chunk % slotsPerLane) * this.#slotBytes[lane];
    return this.bytes.subarray(start, start + this.#slotBytes[lane]);
  }

  /** True when this side is the one that begins the chunk. */
  begin(lane: number, chunk: number): boolean {
    return Atomics.compareExchange(this.cells, this.nextCell(lane), chunk, chunk + 1) === chunk;
  }
}

export class TakenAhead implements UnpackAhead {
  readonly #slots: Slots;
  readonly #stop: () => void;
  #isGivenUp = false;

  constructor(lanes: readonly PackedLane[], shared: SharedSlots, stop: () => void) {
    this.#slots = new Slots(lanes, shared);
    this.#stop = stop;
  }

  take(lane: number, chunk: number, target: Uint8Array): number {
    const slots = this.#slots;
    if (this.#isGivenUp || slots.begin(lane, chunk)) return -1;
    const cell = slots.phaseCell(lane, chunk);
    const phase = this.#waitFor(cell);
    if (phase !== Phase.ready && phase !== Phase.failed) return -1;
    const count = slots.cells[cell + 1];
    const isHere = phase === Phase.ready && count <= target.length;
    if (isHere) target.set(slots.slot(lane, chunk).subarray(0, count));
    Atomics.store(slots.cells, cell, Phase.free);
    Atomics.add(slots.cells, wakeCell, 1);
    Atomics.notify(slots.cells, wakeCell);
    return isHere ? count : -1;
  }

  close(): void {
    this.#stop();
  }

  #waitFor(cell: number): number {
    const { cells } = this.#slots;
    for (;;) {
      const phase = Atomics.load(cells, cell);
      if (phase === Phase.ready || phase === Phase.failed) return phase;
      if (Atomics.wait(cells, cell, phase, waitMsMax) !== 'timed-out') continue;
      this.#isGivenUp = true;
      return Phase.free;
    }
  }
}

/** What the helper needs of the file and the codec; both are synchronous. */
export interface HelperTools {
  readonly littleEndian: boolean;
  /** Fills `target` from `offset`; fewer bytes only at the end of the file. */
  read(offset: number, target: Uint8Array): number;
  /** Bytes that came out, -1 for damage. */
  decompress(source: Uint8Array, target: Uint8Array): number;
}

/** The helper: goes round the lanes until every chunk was begun by somebody. Blocks its thread. */
export function unpackLanes(lanes: readonly PackedLane[], shared: SharedSlots, tools: HelperTools): void {
  const slots = new Slots(lanes, shared);
  const walks = lanes.map((lane, index) => new LaneWalk(lane, index, slots, tools));
  for (;;) {
    const wake = Atomics.load(slots.cells, wakeCell);
    let isBusy = false;
    let isOver = true;
    for (const walk of walks) {
      if (walk.step()) isBusy = true;
      if (!walk.isOver) isOver = false;
    }
    if (isOver) return;
    if (!isBusy) Atomics.wait(slots.cells, wakeCell, wake);
  }
}

/** The helper's way through the chunks of one lane. */
class LaneWalk {
  readonly #lane: PackedLane;
  readonly #index: number;
  readonly #slots: Slots;
  readonly #tools: HelperTools;
  readonly #head: Uint8Array = new Uint8Array(8);
  #packed: Uint8Array = new Uint8Array(64 << 10);
  #chunks = -1;
  /** Number of the chunk whose head lies at `#at`. */
  #number = 0;
  #at = 0;
  isOver = false;

  constructor(lane: PackedLane, index: number, slots: Slots, tools: HelperTools) {
    this.#lane = lane;
    this.#index = index;
    this.#slots = slots;
    this.#tools = tools;
  }

  /** Unpacks the next chunk that nobody has begun, if its slot is free. False: nothing to do now. */
  step(): boolean {
    if (this.isOver || !this.#isOpen()) return false;
    const { cells } = this.#slots;
    const chunk = Atomics.load(cells, this.#slots.nextCell(this.#index));
    if (chunk >= this.#chunks) {
      this.isOver = true;
      return false;
    }
    const cell = this.#slots.phaseCell(this.#index, chunk);
    if (Atomics.load(cells, cell) !== Phase.free) return false;
    if (!this.#slots.begin(this.#index, chunk)) return true;
    Atomics.store(cells, cell, Phase.busy);
    const count = this.#unpack(chunk, this.#slots.slot(this.#index, chunk));
    cells[cell + 1] = count;
    Atomics.store(cells, cell, count < 0 ? Phase.failed : Phase.ready);
    Atomics.notify(cells, cell);
    // What is damaged is left to the reader, which can say so.
    if (count < 0) this.isOver = true;
    return true;
  }

  #isOpen(): boolean {
    if (this.#chunks >= 0) return true;
    const count = this.#head.subarray(0, 4);
    if (this.#tools.read(this.#lane.offset, count) !== 4) this.isOver = true;
    else this.#chunks = this.#number32(0);
    this.#at = this.#lane.offset + 4;
    return !this.isOver;
  }

  #unpack(chunk: number, slot: Uint8Array): number {
    let packedBytes = 0;
    let plainBytes = 0;
    for (; this.#number <= chunk; this.#number++) {
      if (this.#tools.read(this.#at, this.#head) !== 8) return -1;
      packedBytes = this.#number32(0);
      plainBytes = this.#number32(4);
      this.#at += 8 + packedBytes;
      if (this.#at > this.#lane.end) return -1;
    }
    if (plainBytes > slot.length || packedBytes > 2 * slot.length) return -1;
    if (packedBytes > this.#packed.length) this.#packed = new Uint8Array(2 * packedBytes);
    const packed = this.#packed.subarray(0, packedBytes);
    if (this.#tools.read(this.#at - packedBytes, packed) !== packedBytes) return -1;
    return this.#tools.decompress(packed, slot.subarray(0, plainBytes));
  }

  #number32(at: number): number {
    return new DataView(this.#head.buffer).getUint32(at, this.#tools.littleEndian);
  }
}

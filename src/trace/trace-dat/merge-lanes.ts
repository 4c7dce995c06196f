/** Emits the events of all lanes in time order: runs of the lane that is first, until it passes the second. */

import type { Lane } from './lane.ts';
import { LaneHeap } from './lane-heap.ts';

/** All lanes of a file, in the order of their next events. */
export interface LaneQueue {
  /** Lanes that have an event left. */
  readonly length: number;
  /** Events by type id; whoever takes them sets them back to 0, long before 2^31. */
  readonly counts: Int32Array;
  /** Time of the last event. */
  readonly lastNs: number;
  /** Adds a lane that stands before an event. */
  push(lane: Lane): void;
  /** Emits until a lane's window is used up, and returns that lane; null when nothing more is wanted. */
  emitUntilRefill(): Lane | null;
  /** Takes the lane back after its refill, or out at its end. False: the window is used up once more. */
  resume(lane: Lane): boolean;
}

/** Takes the events of a lane. */
export interface LaneEmitter {
  /** True once nothing more is wanted. */
  readonly isStopped: boolean;
  readonly counts: Int32Array;
  readonly lastNs: number;
  /** Emits the lane's events up to the time `limit`. False: the lane's window is used up; refill it, then `advance`. */
  emit(lane: Lane, limit: number): boolean;
}

export class MergedLanes implements LaneQueue {
  readonly #heap: LaneHeap = new LaneHeap();
  readonly #emitter: LaneEmitter;

  constructor(emitter: LaneEmitter) {
    this.#emitter = emitter;
  }

  get length(): number {
    return this.#heap.length;
  }

  get counts(): Int32Array {
    return this.#emitter.counts;
  }

  get lastNs(): number {
    return this.#emitter.lastNs;
  }

  push(lane: Lane): void {
    this.#heap.push(lane);
  }

  emitUntilRefill(): Lane | null {
    const heap = this.#heap;
    const emitter = this.#emitter;
    for (;;) {
      const lane = heap.first;
      if (!emitter.emit(lane, heap.runLimit)) return lane;
      if (emitter.isStopped) return null;
      heap.firstChanged();
    }
  }

  resume(lane: Lane): boolean {
    if (lane.atEnd) {
      this.#heap.removeFirst();
      return true;
    }
    if (!lane.advance()) return false;
    this.#heap.firstChanged();
    return true;
  }
}

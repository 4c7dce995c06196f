/** Emits the events of all lanes in time order: runs of the lane that is first, until it passes the second. */

import type { Lane } from './lane.ts';
import type { LaneHeap } from './lane-heap.ts';

/** Takes the events of a lane. */
export interface LaneEmitter {
  /** True once nothing more is wanted. */
  readonly isStopped: boolean;
  /** Events by type id; whoever takes them sets them back to 0, long before 2^31. */
  readonly counts: Int32Array;
  /** Time of the last event. */
  readonly lastNs: number;
  /** Emits the lane's events up to the time `limit`. False: the lane's window is used up; refill it, then `advance`. */
  emit(lane: Lane, limit: number): boolean;
}

/**
 * Emits until a lane needs a refill, and returns that lane; null when the emitter stopped. A function of its own, called
 * some hundred times a second, because V8 optimises what is called often sooner and better than one endless loop.
 */
export function emitUntilRefill(heap: LaneHeap, emitter: LaneEmitter): Lane | null {
  for (;;) {
    const lane = heap.first;
    if (!emitter.emit(lane, heap.runLimit)) return lane;
    if (emitter.isStopped) return null;
    heap.firstChanged();
  }
}

/** After a refill: puts the lane where its next event belongs, or takes it out. False: its window is used up again. */
export function resume(heap: LaneHeap, lane: Lane): boolean {
  if (lane.atEnd) {
    heap.removeFirst();
    return true;
  }
  if (!lane.advance()) return false;
  heap.firstChanged();
  return true;
}

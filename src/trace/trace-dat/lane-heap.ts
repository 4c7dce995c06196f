/** The lanes in order of their next event: a binary heap by time, then rank. The first emits a run until it passes the second. */

import type { Lane } from './lane.ts';

export class LaneHeap {
  readonly #lanes: Lane[] = [];

  get length(): number {
    return this.#lanes.length;
  }

  get first(): Lane {
    return this.#lanes[0];
  }

  push(lane: Lane): void {
    const lanes = this.#lanes;
    let at = lanes.length;
    lanes.push(lane);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(lane, lanes[parent])) break;
      lanes[at] = lanes[parent];
      at = parent;
    }
    lanes[at] = lane;
  }

  /** The last time at which the first lane may emit before another lane must. */
  get runLimit(): number {
    const lanes = this.#lanes;
    if (lanes.length < 2) return Number.MAX_VALUE;
    const second = lanes.length > 2 && isBefore(lanes[2], lanes[1]) ? lanes[2] : lanes[1];
    return lanes[0].rank < second.rank ? second.time : second.time - 1;
  }

  /** To be called when the first lane's time has changed. */
  firstChanged(): void {
    const lanes = this.#lanes;
    const lane = lanes[0];
    const length = lanes.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(lanes[child + 1], lanes[child])) child++;
      if (!isBefore(lanes[child], lane)) break;
      lanes[at] = lanes[child];
      at = child;
    }
    lanes[at] = lane;
  }

  removeFirst(): void {
    const last = this.#lanes.pop() as Lane;
    if (this.#lanes.length === 0) return;
    this.#lanes[0] = last;
    this.firstChanged();
  }
}

function isBefore(one: Lane, other: Lane): boolean {
  return one.time < other.time || (one.time === other.time && one.rank < other.rank);
}

/** Gives every event of a lane to a callback, through one view that is reused. */

import type { EventFilter, TraceEvent } from '../trace-reader.ts';
import type { DatEvent } from './dat-event.ts';
import { typeIdCount } from './event-types.ts';
import type { HeaderPage } from './header-page.ts';
import type { Lane } from './lane.ts';
import type { LaneEmitter } from './merge-lanes.ts';

export class EventEmitter implements LaneEmitter {
  isStopped = false;
  lastNs = 0;
  /** Events by type id, whether the filter lets them pass or not. */
  readonly counts: Int32Array = new Int32Array(typeIdCount);
  readonly #event: DatEvent;
  readonly #headerPage: HeaderPage;
  readonly #onEvent: (event: TraceEvent) => unknown;
  readonly #filter: EventFilter;
  /** By type id, 1: the filter names others. Found out once a type. */
  readonly #unwanted: Uint8Array = new Uint8Array(typeIdCount);

  constructor(
    event: DatEvent,
    headerPage: HeaderPage,
    onEvent: (event: TraceEvent) => unknown,
    filter: EventFilter,
  ) {
    this.#event = event;
    this.#headerPage = headerPage;
    this.#onEvent = onEvent;
    this.#filter = filter;
  }

  emit(lane: Lane, limit: number): boolean {
    const { typeOf, pidOf } = this.#headerPage;
    do {
      const type = typeOf(lane);
      this.counts[type]++;
      this.lastNs = lane.time;
      if (this.#unwanted[type] === 0) {
        this.#event.set(lane, type, pidOf(lane));
        if (this.#passes() && this.#onEvent(this.#event) === false) {
          this.isStopped = true;
          return true;
        }
      }
      if (!lane.advance()) return false;
    } while (lane.time <= limit);
    return true;
  }

  #passes(): boolean {
    const { names } = this.#filter;
    if (names === undefined || this.#event.isNamed(names)) return this.#event.isWithin(this.#filter);
    this.#unwanted[this.#event.typeId] = 1;
    return false;
  }
}

/** What a text recording can say: what its lines have shown so far, and what files of its kernel lie beside it. */

import { type EventFeatures, Kind } from '../engine/input/event-log.ts';
import type { TextEventTypes } from './text-types.ts';
import type { TracefsFiles } from './tracefs-files.ts';

export class TextFeatures implements EventFeatures {
  readonly #types: TextEventTypes;
  #beside: TracefsFiles | null = null;
  /**
   * Does mm_page_alloc_zone_locked record percpu_refill (5.19 on)? Older kernels have no such field and print
   * `order == 0` under that name, so only a line where the two differ tells, or the event's format beside the text.
   */
  refillIsRecorded = false;

  readonly #isLight: boolean;

  /** `isLight`: the header says that each drain has a line, so that none is none. */
  constructor(types: TextEventTypes, isLight = false) {
    this.#types = types;
    this.#isLight = isLight;
  }

  /** Files of the recorded kernel that lie beside the text. To be told before the rows are read. */
  learn(beside: TracefsFiles): void {
    this.#beside = beside;
    if (beside.hasField('kmem', 'mm_page_alloc_zone_locked', 'percpu_refill')) this.refillIsRecorded = true;
  }

  has(kind: Kind): boolean {
    if (this.#isLight && kind === Kind.lightDrain) return true;
    for (const type of this.#types) if (type.columns?.rule.kind === kind) return true;
    return this.#beside?.kinds.has(kind) ?? false;
  }

  hasFormat(system: string, name: string): boolean {
    return this.formatText(system, name) !== '' || this.#typeOf(system, name) !== undefined;
  }

  hasField(system: string, name: string, field: string): boolean {
    if (field === 'percpu_refill') return this.refillIsRecorded;
    if (this.#beside?.hasField(system, name, field)) return true;
    return this.#typeOf(system, name)?.fields.has(field) ?? false;
  }

  formatText(system: string, name: string): string {
    return this.#beside?.formats.get(`${system}:${name}`) ?? '';
  }

  symbolExists(name: string): boolean {
    return this.#beside?.symbols.has(name) ?? false;
  }

  #typeOf(system: string, name: string) {
    for (const type of this.#types) {
      if (type.name === name && !type.isFunction && (type.system === '' || type.system === system))
        return type;
    }
    return undefined;
  }
}

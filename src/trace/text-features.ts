/** What a text recording can say. Text has no formats: known is what its lines have shown so far. */

import type { EventFeatures, Kind } from '../engine/input/event-log.ts';
import type { TextEventTypes } from './text-types.ts';

export class TextFeatures implements EventFeatures {
  readonly #types: TextEventTypes;
  /**
   * Does mm_page_alloc_zone_locked record percpu_refill (5.19 on)? Older kernels have no such field and print
   * `order == 0` under that name, so only a line where the two differ tells.
   */
  refillIsRecorded = false;

  constructor(types: TextEventTypes) {
    this.#types = types;
  }

  has(kind: Kind): boolean {
    for (const type of this.#types) if (type.columns?.rule.kind === kind) return true;
    return false;
  }

  hasFormat(system: string, name: string): boolean {
    return this.#typeOf(system, name) !== undefined;
  }

  hasField(system: string, name: string, field: string): boolean {
    if (field === 'percpu_refill') return this.refillIsRecorded;
    return this.#typeOf(system, name)?.fields.has(field) ?? false;
  }

  formatText(): string {
    return '';
  }

  symbolExists(): boolean {
    return false;
  }

  #typeOf(system: string, name: string) {
    for (const type of this.#types) {
      if (type.name === name && !type.isFunction && (type.system === '' || type.system === system))
        return type;
    }
    return undefined;
  }
}

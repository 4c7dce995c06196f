/** What the formats of a trace.dat file can say. */

import type { EventFeatures, Kind } from '../../engine/input/event-log.ts';
import type { EventTypes } from './event-types.ts';

export class DatFeatures implements EventFeatures {
  readonly #types: EventTypes;
  readonly #hasKind: (kind: Kind) => boolean;
  readonly #hasSymbol: (name: string) => boolean;

  constructor(types: EventTypes, hasKind: (kind: Kind) => boolean, hasSymbol: (name: string) => boolean) {
    this.#types = types;
    this.#hasKind = hasKind;
    this.#hasSymbol = hasSymbol;
  }

  has(kind: Kind): boolean {
    return this.#hasKind(kind);
  }

  hasFormat(system: string, name: string): boolean {
    return this.#types.named(system, name) !== undefined;
  }

  hasField(system: string, name: string, field: string): boolean {
    const type = this.#types.named(system, name);
    return type?.format.fields.some((candidate) => candidate.name === field) ?? false;
  }

  formatText(system: string, name: string): string {
    return this.#types.named(system, name)?.format.text ?? '';
  }

  symbolExists(name: string): boolean {
    return this.#hasSymbol(name);
  }
}

/** The event types of a file by their id. Nothing but the id is read until somebody asks. */

import type { FormatTexts } from './container.ts';
import { type EventFormat, formatName, parseEventFormat } from './event-format.ts';

/** Ids are 16 bits wide in the record. */
export const typeIdCount = 1 << 16;

export class EventType {
  readonly id: number;
  readonly system: string;
  readonly name: string;
  readonly #text: Uint8Array;
  readonly #longBytes: number;
  #format: EventFormat | undefined;

  constructor(id: number, system: string, text: Uint8Array, longBytes: number) {
    this.id = id;
    this.system = system;
    this.name = formatName(text);
    this.#text = text;
    this.#longBytes = longBytes;
  }

  get format(): EventFormat {
    this.#format ??= parseEventFormat(this.system, this.#text, this.#longBytes) ?? {
      system: this.system,
      name: this.name,
      id: this.id,
      common: [],
      fields: [],
      printLine: '',
      text: '',
    };
    return this.#format;
  }
}

export class EventTypes {
  readonly #formats: FormatTexts;
  readonly #longBytes: number;
  /** Type id → position in the formats + 1; 0: no format. The first format of an id counts. */
  readonly #formatOf: Int32Array = new Int32Array(typeIdCount);
  readonly #types: Map<number, EventType> = new Map();
  /** Largest id that has a format, and one. */
  readonly idLimit: number;
  /** `system:name` → id. */
  #byName: Map<string, number> | undefined;

  constructor(formats: FormatTexts, longBytes: number) {
    this.#formats = formats;
    this.#longBytes = longBytes;
    let idLimit = 1;
    for (let i = 0; i < formats.length; i++) {
      const id = formats.idOf(i);
      if (id <= 0 || id >= typeIdCount || this.#formatOf[id] !== 0) continue;
      this.#formatOf[id] = i + 1;
      idLimit = Math.max(idLimit, id + 1);
    }
    this.idLimit = idLimit;
  }

  byId(id: number): EventType | undefined {
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    // Ids that no record can have stand in damaged formats only.
    const index = (this.#formatOf[id] ?? 0) - 1;
    if (index < 0) return undefined;
    const type = new EventType(
      id,
      this.#formats.systemOf(index),
      this.#formats.textOf(index),
      this.#longBytes,
    );
    this.#types.set(id, type);
    return type;
  }

  named(system: string, name: string): EventType | undefined {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (let id = 0; id < this.idLimit; id++) {
        const index = this.#formatOf[id] - 1;
        if (index >= 0)
          this.#byName.set(`${this.#formats.systemOf(index)}:${this.#formats.nameOf(index)}`, id);
      }
    }
    const id = this.#byName.get(`${system}:${name}`);
    return id === undefined ? undefined : this.byId(id);
  }

  /** The types whose format text holds `part`. */
  withText(part: string): EventType[] {
    return this.#formats
      .withText(part)
      .map((index) => this.byId(this.#formats.idOf(index)))
      .filter((type) => type !== undefined);
  }
}

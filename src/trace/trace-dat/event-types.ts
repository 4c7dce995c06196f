/** The event types of a file by their id; formats are parsed when somebody asks. */

import type { Container } from './container.ts';
import { type EventFormat, formatHead, parseEventFormat } from './event-format.ts';

export class EventType {
  readonly id: number;
  readonly system: string;
  readonly name: string;
  readonly #text: Uint8Array;
  readonly #longBytes: number;
  #format: EventFormat | undefined;

  constructor(id: number, system: string, name: string, text: Uint8Array, longBytes: number) {
    this.id = id;
    this.system = system;
    this.name = name;
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

/** Ids are 16 bits wide in the record. */
export const typeIdCount = 1 << 16;

export class EventTypes {
  readonly byId: ReadonlyMap<number, EventType>;
  readonly #byName: Map<string, EventType> = new Map();

  constructor(container: Container, longBytes: number) {
    const byId = new Map<number, EventType>();
    for (const { system, text } of container.formats) {
      const head = formatHead(text);
      if (head === null || head.id >= typeIdCount || byId.has(head.id)) continue;
      const type = new EventType(head.id, system, head.name, text, longBytes);
      byId.set(head.id, type);
      this.#byName.set(`${system}:${head.name}`, type);
    }
    this.byId = byId;
  }

  named(system: string, name: string): EventType | undefined {
    return this.#byName.get(`${system}:${name}`);
  }
}

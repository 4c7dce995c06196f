/** One event of a trace.dat file: a view on the lane that stands before it. */

import type { EventFilter, FieldValue, TraceEvent } from '../trace-reader.ts';
import type { EventType, EventTypes } from './event-types.ts';
import { fieldValues, type RecordBytes } from './field-value.ts';
import type { Lane } from './lane.ts';
import type { EventPrinter } from './printed-text.ts';
import type { SavedNames } from './saved-names.ts';

export class DatEvent implements TraceEvent {
  readonly #types: EventTypes;
  readonly #names: SavedNames;
  readonly #printer: EventPrinter;
  readonly #offsetNs: bigint;
  #lane: Lane | undefined;
  #type: EventType | undefined;
  timeNs = 0;
  cpu = 0;
  pid = 0;
  typeId = 0;

  constructor(types: EventTypes, names: SavedNames, printer: EventPrinter, offsetNs: bigint) {
    this.#types = types;
    this.#names = names;
    this.#printer = printer;
    this.#offsetNs = offsetNs;
  }

  set(lane: Lane, typeId: number, pid: number): void {
    this.#lane = lane;
    this.timeNs = lane.time;
    this.cpu = lane.cpu;
    this.pid = pid;
    if (typeId !== this.typeId || this.#type === undefined) this.#type = this.#types.byId(typeId);
    this.typeId = typeId;
  }

  isNamed(names: ReadonlySet<string>): boolean {
    return names.has(this.name) || names.has(`${this.system}:${this.name}`);
  }

  /** Is it of a CPU and a time that the filter lets pass? */
  isWithin({ cpus, fromNs, toNs }: EventFilter): boolean {
    if (cpus !== undefined && !cpus.has(this.cpu)) return false;
    return (fromNs === undefined || this.timeNs >= fromNs) && (toNs === undefined || this.timeNs <= toNs);
  }

  get stamp(): bigint {
    return (this.#lane?.stamp ?? 0n) + this.#offsetNs;
  }

  get comm(): string {
    return this.#names.commOf(this.pid);
  }

  get system(): string {
    return this.#type?.system ?? '';
  }

  /** `[UNKNOWN TYPE 1234]` when the file has no format for the record. */
  get name(): string {
    return this.#type?.name ?? `[UNKNOWN TYPE ${this.typeId}]`;
  }

  get buffer(): string {
    return this.#lane?.buffer ?? '';
  }

  fields(): Array<[name: string, value: FieldValue]> {
    return this.#type === undefined ? [] : fieldValues(this.#record(), this.#type.format);
  }

  printed(): string {
    return this.#type === undefined ? '' : this.#printer.printed(this.#record(), this.#type.format);
  }

  #record(): RecordBytes {
    const lane = this.#lane as Lane;
    return {
      view: lane.view,
      at: lane.dataAt,
      bytes: lane.dataBytes,
      littleEndian: lane.format.littleEndian,
    };
  }
}

/** For each event type: is it followed, as what kind of row, and where in the record its columns stand. */

import { Kind } from '../../engine/input/event-log.ts';
import {
  type ColumnName,
  type ColumnUse,
  type EventRule,
  followedEvents,
  type ProbeSort,
  probeByAddress,
  ruleOfEvent,
  ruleOfProbe,
} from '../kernel-events.ts';
import type { EventFormat, FormatField } from './event-format.ts';
import type { EventType, EventTypes } from './event-types.ts';

/**
 * How the hot loop treats a type. `none`: only counted; `page`: a page event or one like it, whose columns stand
 * at multiples of 4 bytes; `general`: any other followed type; `unseen`: to be looked up when the first one comes.
 */
export const Shape = { unseen: 0, page: 1, general: 2, none: 3 } as const;

/**
 * Entries of a type in `RowTable.entries`. The offsets count words from the start of the record; a column that a kind does
 * not have points anywhere, since what it then holds is nobody's business (event-log.ts). So all page events go
 * the same way, without a branch for each column, which the processor could not foresee.
 */
export const Entry = {
  shape: 0,
  kind: 1,
  /** Bytes that a record must have for its columns to be there. */
  bytesMin: 2,
  pfn: 3,
  order: 4,
  a: 5,
  b: 6,
  /** Bits that are always set in b: all of them (-1) when the format has no such field. */
  bSet: 7,
  /** Bits of b's low and high word that make it another number than its low word is as an `int`. */
  bLowWide: 8,
  bHighWide: 9,
  /** Places of 64-bit pointers whose names are the columns a and c; 0: none. */
  aPointer: 10,
  cPointer: 11,
} as const;
/** More than there are entries: a type takes one cache line. */
export const entriesPerType = 16;

export interface ColumnPlace {
  readonly column: ColumnName;
  /** Byte offset in the record; -1: the format has no such field. */
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  readonly use: ColumnUse;
}

export interface RowProgram {
  readonly type: EventType;
  readonly rule: EventRule;
  readonly columns: readonly ColumnPlace[];
  /** The field with the address of the function that the event is about: of a probe, a tracer's entry, a work item. */
  readonly functionField: FormatField | undefined;
}

/** Names of that field. */
const functionFields: readonly string[] = ['__probe_func', '__probe_ip', 'function', 'ip', 'func'];

export class RowTable {
  /** `entriesPerType` words for each id below the largest of the file. */
  readonly entries: Int32Array;
  readonly #types: EventTypes;
  readonly #wordsAreNative: boolean;
  readonly #programs: Array<RowProgram | undefined> = [];

  /** `wordsAreNative`: records can be read as little-endian words. `entries` may lie in a memory of the caller. */
  constructor(types: EventTypes, wordsAreNative: boolean, entries?: Int32Array) {
    this.#types = types;
    this.#wordsAreNative = wordsAreNative;
    this.entries = entries ?? new Int32Array(types.idLimit * entriesPerType);
    // Id 0 does not exist; its entry serves all that have none.
    this.entries[0] = Shape.none;
  }

  /** How the records of a followed type become rows; undefined: the type is not followed. */
  programOf(id: number): RowProgram | undefined {
    if (this.entries[id * entriesPerType] === Shape.unseen) this.#lookUp(id);
    return this.#programs[id];
  }

  /** Bytes that a record of the type must have. */
  bytesMinOf(id: number): number {
    return this.entries[id * entriesPerType + Entry.bytesMin];
  }

  /** The function under a probe was found: its records are rows by `rule` from now on, or none. */
  settle(id: number, rule: EventRule | undefined): RowProgram | undefined {
    this.#setRule(id, rule);
    return this.#programs[id];
  }

  #lookUp(id: number): void {
    const type = this.#types.byId(id);
    this.#setRule(id, type === undefined ? undefined : ruleOf(type));
  }

  #setRule(id: number, rule: EventRule | undefined): void {
    const { entries } = this;
    const at = id * entriesPerType;
    const type = this.#types.byId(id);
    entries[at] = Shape.none;
    this.#programs[id] = undefined;
    if (type === undefined || rule === undefined) return;
    const columns = rule.columns.map((column) => placeOf(column, type.format));
    const functionField = functionFields
      .map((name) => type.format.fields.find((field) => field.name === name))
      .find((field) => field !== undefined && (field.size === 4 || field.size === 8));
    this.#programs[id] = { type, rule, columns, functionField };
    let bytesMin = 8;
    for (const { offset, size } of columns) if (offset >= 0) bytesMin = Math.max(bytesMin, offset + size);
    entries[at] = Shape.general;
    entries[at + Entry.kind] = rule.kind;
    entries[at + Entry.bytesMin] = bytesMin;
    if (this.#wordsAreNative && rule.special === undefined) this.#usePageShape(id, columns);
  }

  /** Takes the type into the hot loop if its columns are words, 64-bit pfns and pointers that the loop can read. */
  #usePageShape(id: number, columns: readonly ColumnPlace[]): void {
    if (!columns.every(isForLoop)) return;
    const { entries } = this;
    const at = id * entriesPerType;
    for (const { column, offset, size, signed, use } of columns) {
      const isMissing = offset < 0;
      const word = Math.max(0, offset) / 4;
      if (use === 'pointer') {
        entries[at + (column === 'a' ? Entry.aPointer : Entry.cPointer)] = word;
      } else if (column === 'b') {
        entries[at + Entry.b] = word;
        entries[at + Entry.bSet] = isMissing ? -1 : 0;
        entries[at + Entry.bLowWide] = isMissing || (signed && size === 4) ? 0 : 1 << 31;
        entries[at + Entry.bHighWide] = size === 8 ? -1 : 0;
      } else {
        entries[at + (column === 'pfn' ? Entry.pfn : column === 'order' ? Entry.order : Entry.a)] = word;
      }
    }
    entries[at] = Shape.page;
  }
}

/** Can the hot loop read this column? */
function isForLoop({ column, offset, size, signed, use }: ColumnPlace): boolean {
  if (use === 'page' || column === 'd') return false;
  if (offset < 0) return column === 'b' && use === 'number';
  if (offset % 4 !== 0) return false;
  if (use === 'pointer') return size === 8 && column !== 'b';
  if (column === 'b') return size === 4 || size === 8;
  if (column === 'pfn') return size === 8;
  return size === 4 && (column === 'order' || (column === 'a' && signed));
}

/** Kinds that some format of the file would give. Of thousands of formats only those that can are looked at. */
export function kindsPresent(types: EventTypes): Set<Kind> {
  const kinds = new Set<Kind>();
  for (const [system, name] of followedEvents()) {
    const type = types.named(system, name);
    const rule = type === undefined ? undefined : ruleOf(type);
    if (rule !== undefined) kinds.add(rule.kind);
  }
  for (const type of types.withText('__probe_')) {
    const rule = ruleOf(type);
    if (rule !== undefined) kinds.add(rule.kind);
  }
  // Of the function tracer and of probes without a telling name the kind is known when they come.
  kinds.delete(Kind.other);
  return kinds;
}

/** Dynamic events of the kernel have a `__probe_ip` (entry) or `__probe_func` (return) field. */
export function probeSortOf(format: EventFormat): ProbeSort | null {
  if (format.fields.some(({ name }) => name === '__probe_func')) return 'return';
  return format.fields.some(({ name }) => name === '__probe_ip') ? 'entry' : null;
}

function ruleOf(type: EventType): EventRule | undefined {
  const rule = ruleOfEvent(type.system, type.name);
  if (rule !== undefined) return rule;
  // Only events of probes have these systems or such a field; a look at the name first spares parsing 2,000 formats.
  const mayBeProbe = /probe/.test(type.system) || ruleOfProbe(type.name) !== undefined;
  const sort = mayBeProbe ? probeSortOf(type.format) : null;
  return sort === null ? undefined : (ruleOfProbe(type.name, sort) ?? probeByAddress);
}

function placeOf(
  rule: { column: ColumnName; fields: readonly string[]; use: ColumnUse },
  format: EventFormat,
): ColumnPlace {
  const find = (names: readonly string[]): FormatField | undefined => {
    for (const name of names) {
      const field = format.fields.find((candidate) => candidate.name === name);
      if (field !== undefined && field.dynamic === 'no' && [1, 2, 4, 8].includes(field.size)) return field;
    }
    return undefined;
  };
  let field = find(rule.fields);
  let use = rule.use;
  if (field === undefined && rule.column === 'pfn') {
    field = find(['page']);
    if (field !== undefined) use = 'page';
  }
  if (field === undefined) return { column: rule.column, offset: -1, size: 0, signed: false, use };
  return { column: rule.column, offset: field.offset, size: field.size, signed: field.signed, use };
}

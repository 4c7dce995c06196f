/** For each event type: is it followed, as what kind of row, and where in the record its columns stand. */

import type { Kind } from '../../engine/input/event-log.ts';
import {
  type ColumnName,
  type ColumnUse,
  type EventRule,
  type ProbeSort,
  ruleOfEvent,
  ruleOfProbe,
} from '../kernel-events.ts';
import type { EventFormat, FormatField } from './event-format.ts';
import { type EventType, type EventTypes, typeIdCount } from './event-types.ts';

/**
 * How the hot loop treats a type. `none`: only counted. The next four are the layouts of the page events with words at
 * multiples of 4 bytes; `general` is any other followed type; `unseen` types are looked up when the first one comes.
 */
export const Shape = {
  none: 0,
  pfn: 1,
  pfnOrder: 2,
  pfnOrderA: 3,
  pfnOrderAB: 4,
  general: 5,
  unseen: 6,
} as const;

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
}

export class RowTable {
  readonly kinds: Uint8Array = new Uint8Array(typeIdCount);
  readonly shapes: Uint8Array = new Uint8Array(typeIdCount).fill(Shape.unseen);
  /** Bytes that a record must have for its columns to be there. */
  readonly bytesMin: Int32Array = new Int32Array(typeIdCount);
  /** Four entries a type: word offsets of pfn, order, a, b (shapes pfn … pfnOrderAB). */
  readonly wordOffsets: Int32Array = new Int32Array(typeIdCount * 4);
  /** What the word behind b counts: 2^32 when b has 64 bits, else 0. */
  readonly bHighUnit: Float64Array = new Float64Array(typeIdCount);
  readonly #types: EventTypes;
  readonly #wordsAreNative: boolean;
  readonly #programs: Map<number, RowProgram> = new Map();
  #kindsPresent: Set<Kind> | undefined;

  /** `wordsAreNative`: records can be read as little-endian words. */
  constructor(types: EventTypes, wordsAreNative: boolean) {
    this.#types = types;
    this.#wordsAreNative = wordsAreNative;
  }

  /** How the records of a followed type become rows; undefined: the type is not followed. */
  programOf(id: number): RowProgram | undefined {
    if (this.shapes[id] === Shape.unseen) this.#lookUp(id);
    return this.#programs.get(id);
  }

  /** Kinds that some format of the file would give. */
  get kindsPresent(): ReadonlySet<Kind> {
    if (this.#kindsPresent === undefined) {
      this.#kindsPresent = new Set();
      for (const type of this.#types.all()) {
        const rule = ruleOf(type);
        if (rule !== undefined) this.#kindsPresent.add(rule.kind);
      }
    }
    return this.#kindsPresent;
  }

  #lookUp(id: number): void {
    const type = this.#types.byId(id);
    const rule = type === undefined ? undefined : ruleOf(type);
    this.shapes[id] = Shape.none;
    if (type === undefined || rule === undefined) return;
    const columns = rule.columns.map((column) => placeOf(column, type.format));
    this.#programs.set(id, { type, rule, columns });
    this.kinds[id] = rule.kind;
    let bytesMin = 8;
    for (const { offset, size } of columns) if (offset >= 0) bytesMin = Math.max(bytesMin, offset + size);
    this.bytesMin[id] = bytesMin;
    this.shapes[id] = Shape.general;
    if (this.#wordsAreNative && rule.special === undefined) this.#useShape(id, columns);
  }

  #useShape(id: number, columns: readonly ColumnPlace[]): void {
    const known = columns.filter(({ offset }) => offset >= 0);
    const names = known.map(({ column }) => column).join(' ');
    const shape = { pfn: 1, 'pfn order': 2, 'pfn order a': 3, 'pfn order a b': 4 }[names];
    if (shape === undefined) return;
    // A missing column between would need a -1 that these shapes do not write; a missing b gets it.
    if (known.length !== columns.length && shape !== Shape.pfnOrderA) return;
    for (const { column, offset, size, use } of known) {
      const is64 = size === 8;
      const fits = column === 'pfn' ? is64 : column === 'b' ? is64 || size === 4 : size === 4;
      if (!fits || offset % 4 !== 0 || use !== 'number') return;
    }
    known.forEach(({ offset }, i) => {
      this.wordOffsets[id * 4 + i] = offset / 4;
    });
    if (shape === Shape.pfnOrderAB) this.bHighUnit[id] = known[3].size === 8 ? 4294967296 : 0;
    this.shapes[id] = shape;
  }
}

/** Dynamic events of the kernel have a `__probe_ip` (entry) or `__probe_func` (return) field. */
export function probeSortOf(format: EventFormat): ProbeSort | null {
  if (format.fields.some(({ name }) => name === '__probe_func')) return 'return';
  return format.fields.some(({ name }) => name === '__probe_ip') ? 'entry' : null;
}

function ruleOf(type: EventType): EventRule | undefined {
  const rule = ruleOfEvent(type.system, type.name);
  if (rule !== undefined) return rule;
  const mayBeProbe = ruleOfProbe(type.name) !== undefined;
  if (!mayBeProbe) return undefined;
  const sort = probeSortOf(type.format);
  return sort === null ? undefined : ruleOfProbe(type.name, sort);
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

/** The types of event that a text recording turns out to have, found by the bytes of their names. */

import { type EventRule, PointerNames, ruleOfEvent, ruleOfFunction, ruleOfProbe } from './kernel-events.ts';
import { TextColumns } from './text-columns.ts';
import { fieldsOfText } from './text-fields.ts';
import { Byte, type TextLine } from './text-line.ts';

export interface TextEventType {
  readonly hash: number;
  readonly bytes: Uint8Array;
  readonly isFunction: boolean;
  /** '' where the form does not name systems. */
  readonly system: string;
  readonly name: string;
  /** How to make a row of it; undefined: not followed. */
  readonly columns: TextColumns | undefined;
  /** `trace-cmd report` prints `function: NAME <-- CALLER`: the function is in the body. */
  readonly functionInBody: boolean;
  /** Names of the fields in the first line of this type. */
  readonly fields: ReadonlySet<string>;
  count: number;
}

/** A recording with more names than this is not one; the rest is counted under one name. */
const typesMax = 1 << 16;
const slotCount = 4096;

const decoder = new TextDecoder();

export class TextEventTypes {
  /** Direct-mapped by hash: nearly every line is found here, without making a string. */
  readonly #slots: Array<TextEventType | undefined> = new Array(slotCount).fill(undefined);
  readonly #byName: Map<string, TextEventType> = new Map();
  readonly #pointers: PointerNames = new PointerNames();
  #rest: TextEventType | undefined;

  /** The type of the event in `line`; made when it is new. */
  of(bytes: Uint8Array, line: TextLine): TextEventType {
    const slot = (line.nameHash ^ (line.nameHash >>> 16) ^ (line.isFunction ? 0x555 : 0)) & (slotCount - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, bytes, line)) return known;
    const name = decoder.decode(bytes.subarray(line.nameStart, line.nameEnd));
    const key = line.isFunction ? `()${name}` : name;
    let type = this.#byName.get(key);
    if (type === undefined) {
      if (this.#byName.size >= typesMax) return this.#theRest();
      type = this.#make(name, bytes, line);
      this.#byName.set(key, type);
    }
    this.#slots[slot] = type;
    return type;
  }

  *[Symbol.iterator](): Iterator<TextEventType> {
    yield* this.#byName.values();
    if (this.#rest !== undefined) yield this.#rest;
  }

  #make(fullName: string, bytes: Uint8Array, line: TextLine): TextEventType {
    const { isFunction } = line;
    const colon = isFunction ? -1 : fullName.indexOf(':');
    const system = colon > 0 ? fullName.slice(0, colon) : '';
    const name = colon > 0 ? fullName.slice(colon + 1) : fullName;
    const body = decoder.decode(
      bytes.subarray(line.bodyStart, Math.min(line.bodyEnd, line.bodyStart + 1024)),
    );
    const rule = isFunction ? ruleOfFunction(name, 'entry') : ruleOfText(system, name, body);
    return {
      hash: line.nameHash,
      bytes: bytes.slice(line.nameStart, line.nameEnd),
      isFunction,
      system,
      // What the kernel's own text calls after the function that wrote it is the event `print`.
      name: isFunction ? 'function' : name === 'tracing_mark_write' ? 'print' : name,
      columns: rule && new TextColumns(rule, this.#pointers),
      functionInBody: !isFunction && name === 'function' && (system === '' || system === 'ftrace'),
      fields: new Set(isFunction ? [] : fieldsOfText(body).map(([field]) => field)),
      count: 0,
    };
  }

  #theRest(): TextEventType {
    this.#rest ??= {
      hash: 0,
      bytes: new Uint8Array(0),
      isFunction: false,
      system: '',
      name: `(names beyond the first ${typesMax})`,
      columns: undefined,
      functionInBody: false,
      fields: new Set(),
      count: 0,
    };
    return this.#rest;
  }
}

/** By hash, length and both ends: two names of a kernel that share all these do not occur. */
function isSame(type: TextEventType, bytes: Uint8Array, line: TextLine): boolean {
  const { nameStart, nameEnd } = line;
  return (
    type.hash === line.nameHash &&
    type.isFunction === line.isFunction &&
    type.bytes.length === nameEnd - nameStart &&
    type.bytes[0] === bytes[nameStart] &&
    type.bytes[nameEnd - nameStart - 1] === bytes[nameEnd - 1]
  );
}

/**
 * A line does not say whether it is a trace event or a probe; the body does: probes print `(drain_all_pages+0x0/0x30)`
 * or `(ffffffff8126f600)` first, return probes `(FUNCTION <- CALLER)`, and raw they print `__probe_ip=` or `__probe_func=`.
 */
function ruleOfText(system: string, name: string, body: string): EventRule | undefined {
  const probe = /^\(([^)\s]*)( <- [^)]*)?\)/.exec(body);
  const raw = /^__probe_(ip|func)=(\S*)/.exec(body);
  if (probe === null && raw === null) {
    return ruleOfEvent(system, name === 'tracing_mark_write' ? 'print' : name);
  }
  const sort = probe?.[2] !== undefined || raw?.[1] === 'func' ? 'return' : 'entry';
  const symbol = probe?.[1] ?? raw?.[2] ?? '';
  const byName = ruleOfProbe(name, sort);
  return byName ?? (/^(0x)?[0-9a-f]+$/.test(symbol) ? undefined : ruleOfFunction(symbol, sort));
}

/** Makes `line` name the function in the body of `function: NAME <-- CALLER`. */
export function takeFunctionFromBody(bytes: Uint8Array, line: TextLine): void {
  let at = line.bodyStart;
  let hash = 0;
  while (at < line.bodyEnd && bytes[at] !== Byte.space) hash = Math.imul(hash, 31) + bytes[at++];
  line.nameStart = line.bodyStart;
  line.nameEnd = at;
  line.nameHash = hash | 0;
  line.isFunction = true;
}

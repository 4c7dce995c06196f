/** Addresses and printed names of kernel functions as small numbers, so that tables are keyed by them. */

import { withoutControls } from '../base/printable.ts';
import type { FieldValue } from '../trace/trace-reader.ts';

/** Another function or task than so many is counted under one name. */
const namesMax = 1 << 16;
const beyond = `(names beyond the first ${namesMax})`;

/** Number of '' in every table of names. */
export const noName = 0;

/** Names ↔ numbers, bounded. Control characters become `\\x1b`. */
export class NameTable {
  readonly #names: string[] = [''];
  readonly #numbers: Map<string, number> = new Map([['', noName]]);

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const clean = this.#names.length < namesMax ? withoutControls(name) : beyond;
    const number = this.#numbers.get(clean) ?? this.#names.push(clean) - 1;
    this.#numbers.set(clean, number);
    return number;
  }

  nameOf(number: number): string {
    return this.#names[number] ?? '';
  }
}

/** Functions by what an event holds: an address, or a name that a tool has put in its place. */
export class FunctionNames {
  readonly #functionAt: (address: bigint) => string;
  readonly #names: NameTable = new NameTable();
  readonly #byValue: Map<FieldValue, number> = new Map();

  /** `functionAt`: `name+0x12` by the kallsyms of the recording, or ''. */
  constructor(functionAt: (address: bigint) => string) {
    this.#functionAt = functionAt;
  }

  /** `noName` for NULL. */
  numberOf(value: FieldValue | undefined): number {
    if (value === undefined || typeof value === 'object') return noName;
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    const number = this.#names.numberOf(this.#textOf(value));
    if (this.#byValue.size < namesMax) this.#byValue.set(value, number);
    return number;
  }

  nameOf(number: number): string {
    return this.#names.nameOf(number);
  }

  #textOf(value: number | bigint | string): string {
    if (typeof value === 'string') return printedName(value);
    const address = BigInt.asUintN(64, BigInt(value));
    if (address === 0n) return '';
    return printedName(this.#functionAt(address)) || `0x${address.toString(16)}`;
  }
}

/** `on_each_cpu_cond_mask+0x20/0x60` and `remote_function+0x0` as every tool would print them: without size, without `+0x0`. */
function printedName(text: string): string {
  const trimmed = text.trim();
  if (/^(?:0x0*|\(nil\)?|\(null\)?|0*)$/.test(trimmed)) return '';
  const inHex = /^(?:0x)?([0-9a-f]{16})$/.exec(trimmed);
  if (inHex !== null) return `0x${inHex[1].replace(/^0+/, '')}`;
  return trimmed.replace(/(\+0x[0-9a-f]+)\/0x[0-9a-f]+/, '$1').replace(/\+0x0(?![0-9a-f])/, '');
}

/** `wakeup_preempt+0x37` → `wakeup_preempt`. */
export function functionOf(place: string): string {
  return place.replace(/\+0x[0-9a-f]+/, '');
}

/** No symbol was found for it. */
export function isAddress(name: string): boolean {
  return name.startsWith('0x');
}

/** Drains of the page lists: by interrupt up to 4.10, by workers up to 5.19. */
export function isDrainFunction(name: string): boolean {
  return /^(?:drain_local_pages(?:_wq)?|drain_pages|drain_all_pages|drain_zone_pages)(?:\.|\+|$)/.test(name);
}

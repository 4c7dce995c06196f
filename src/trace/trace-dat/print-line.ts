/**
 * The print line of an event format, made ready to print records: printf conversions of the kernel with the values of its
 * expressions (Documentation/core-api/printk-formats.rst, Documentation/trace/events.rst). For people, not for the hot path.
 */

import { formatCpuList } from '../../base/cpu-list.ts';
import { type Expression, NotUnderstood, parsePrintLine } from './c-expression.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValue, maskBits, type RecordBytes } from './field-value.ts';

/** Value of an expression; undefined: the recording does not have it. */
type Value = bigint | string | readonly number[] | undefined;

/** Name of the function at an address, as `wake_up+0x37`; '' when it is not known. */
export type SymbolOf = (address: bigint) => string;

interface Conversion {
  readonly literal: string;
  readonly flags: string;
  readonly width: number | '*';
  readonly precision: number | '*' | undefined;
  readonly length: string;
  readonly letter: string;
}

/** Names of flags are put together again and again for the same few values. */
const namesKeptMax = 1024;
/** Wider is no line for people. */
const widthMax = 256;

export class PrintLine {
  readonly #parts: Conversion[];
  readonly #args: readonly Expression[];
  readonly #values: Evaluator;
  readonly #longBits: number;
  readonly #symbolOf: SymbolOf;

  /** Throws NotUnderstood for a print line that cannot be followed. */
  constructor(format: EventFormat, longBytes: number, symbolOf: SymbolOf) {
    const [text, ...args] = parsePrintLine(format.printLine, longBytes);
    if (text.sort !== 'text') throw new NotUnderstood();
    this.#parts = conversionsOf(text.value);
    this.#args = args;
    this.#values = new Evaluator(format);
    this.#longBits = longBytes * 8;
    this.#symbolOf = symbolOf;
  }

  print(record: RecordBytes): string {
    let next = 0;
    const take = (): Value => {
      const arg = this.#args[next++];
      return arg === undefined ? undefined : this.#values.valueOf(arg, record);
    };
    let line = '';
    for (const part of this.#parts) {
      line += part.literal;
      if (part.letter === '') continue;
      const width = part.width === '*' ? Number(take() ?? 0) : part.width;
      const precision = part.precision === '*' ? Number(take() ?? 0) : part.precision;
      const isLeft = part.flags.includes('-') || width < 0;
      const text = this.#convert(part, take(), precision);
      const space = Math.min(widthMax, Math.abs(width));
      if (isLeft) line += text.padEnd(space);
      else line += text.padStart(space, part.flags.includes('0') && /^[\dxX]/.test(text) ? '0' : ' ');
    }
    return line.trimEnd();
  }

  #convert({ letter, length, flags }: Conversion, value: Value, precision: number | undefined): string {
    if (value === undefined) return '?';
    if (letter === 's') return textOf(value).slice(0, precision);
    if (typeof value !== 'bigint') return textOf(value);
    if (letter === 'c') return String.fromCharCode(Number(value & 0xffn));
    if (letter.startsWith('p')) return this.#pointer(letter, value);
    const bits = { hh: 8, h: 16, '': 32, l: this.#longBits }[length] ?? 64;
    const unsigned = BigInt.asUintN(bits, value);
    const alternate = flags.includes('#');
    if (letter === 'x') return `${alternate ? '0x' : ''}${unsigned.toString(16)}`;
    if (letter === 'X') return `${alternate ? '0X' : ''}${unsigned.toString(16).toUpperCase()}`;
    if (letter === 'o') return `${alternate ? '0' : ''}${unsigned.toString(8)}`;
    if (letter === 'u') return String(unsigned);
    const signed = BigInt.asIntN(bits, value);
    return flags.includes('+') && signed >= 0n ? `+${signed}` : String(signed);
  }

  /** `%pS`, `%ps`, `%pF`, `%pf`, `%pB`: the function at that address; any other pointer in hexadecimal. */
  #pointer(letter: string, value: bigint): string {
    const address = BigInt.asUintN(64, value);
    const symbol = /^p[SsFfB]/.test(letter) ? this.#symbolOf(address) : '';
    if (symbol === '') return `0x${address.toString(16)}`;
    if (letter[1] === 's' || letter[1] === 'f') return symbol.replace(/\+0x[0-9a-f]+$/, '');
    return symbol.includes('+0x') ? symbol : `${symbol}+0x0`;
  }
}

const conversionPattern =
  /%([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(hh|h|ll|l|L|z|j|t|q)?(%|[diouxXcs]|p(?:[SsFfB][Rb]?|bl?|h[CDN]?|[KxEdDUIiMm][\dA-Za-z]?)?)/g;

function conversionsOf(text: string): Conversion[] {
  const parts: Conversion[] = [];
  let from = 0;
  let literal = '';
  for (const match of text.matchAll(conversionPattern)) {
    const [whole, flags, width = '0', precision, length = '', letter] = match;
    literal += text.slice(from, match.index);
    from = match.index + whole.length;
    if (letter === '%') {
      literal += '%';
      continue;
    }
    const limited = precision ?? (/\.[^\d*]/.test(whole) ? '0' : undefined);
    parts.push({
      literal,
      flags,
      width: width === '*' ? '*' : Number(width),
      precision: limited === undefined || limited === '*' ? limited : Number(limited),
      length,
      letter,
    });
    literal = '';
  }
  parts.push({
    literal: literal + text.slice(from),
    flags: '',
    width: 0,
    precision: undefined,
    length: '',
    letter: '',
  });
  return parts;
}

function textOf(value: Exclude<Value, undefined>): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return `0x${BigInt.asUintN(64, value).toString(16)}`;
  return `{${value.join(',')}}`;
}

/** Works out expressions for one record after the other. */
class Evaluator {
  readonly #fields: ReadonlyMap<string, EventFormat['fields'][number]>;
  readonly #tables: Map<Expression, NameTable> = new Map();

  constructor(format: EventFormat) {
    this.#fields = new Map([...format.common, ...format.fields].map((field) => [field.name, field]));
  }

  valueOf(expression: Expression, record: RecordBytes): Value {
    switch (expression.sort) {
      case 'number':
      case 'text':
        return expression.value;
      case 'field':
        return this.#field(expression.name, record);
      case 'unary':
        return unary(expression.operator, this.valueOf(expression.of, record));
      case 'cast':
        return cast(expression.bits, expression.signed, this.valueOf(expression.of, record));
      case 'binary':
        return binary(
          expression.operator,
          this.valueOf(expression.left, record),
          this.valueOf(expression.right, record),
        );
      case 'choice': {
        const test = this.valueOf(expression.test, record);
        if (test === undefined) return undefined;
        return this.valueOf(isTrue(test) ? expression.yes : expression.no, record);
      }
      case 'element': {
        const array = this.valueOf(expression.of, record);
        const index = this.valueOf(expression.index, record);
        if (typeof array !== 'object' || typeof index !== 'bigint') return undefined;
        const element = array[Number(index)];
        return element === undefined ? undefined : BigInt(element);
      }
      case 'call':
        return this.#call(expression, record);
      default:
        return undefined;
    }
  }

  #field(name: string, record: RecordBytes): Value {
    const field = this.#fields.get(name);
    const value = field === undefined ? undefined : fieldValue(record, field);
    return typeof value === 'number' ? BigInt(value) : value;
  }

  #call(call: Expression & { sort: 'call' }, record: RecordBytes): Value {
    const { name, args } = call;
    const first = args[0] === undefined ? undefined : this.valueOf(args[0], record);
    switch (name) {
      case '__get_str':
      case '__get_rel_str':
      case '__get_dynamic_array':
      case '__get_rel_dynamic_array':
        return first;
      case '__get_dynamic_array_len':
      case '__get_rel_dynamic_array_len':
        return typeof first === 'object' || typeof first === 'string' ? BigInt(first.length) : undefined;
      case '__get_bitmask':
      case '__get_cpumask':
      case '__get_rel_bitmask':
      case '__get_rel_cpumask':
        return typeof first === 'object' ? this.#mask(first) : first;
      case '__print_flags':
      case '__print_flags_u64':
        return typeof first === 'bigint' ? this.#table(call, 2, record).flags(first) : undefined;
      case '__print_symbolic':
      case '__print_symbolic_u64':
        return typeof first === 'bigint' ? this.#table(call, 1, record).symbol(first) : undefined;
      case '__print_array':
        return typeof first === 'object'
          ? `{${first.map((value) => `0x${value.toString(16)}`).join(',')}}`
          : undefined;
      case '__print_hex':
      case '__print_hex_str':
        return typeof first === 'object'
          ? first.map((byte) => byte.toString(16).padStart(2, '0')).join(name === '__print_hex' ? ' ' : '')
          : undefined;
      default:
        return undefined;
    }
  }

  /** The longs of a mask that the format does not call one. */
  #mask(longs: readonly number[]): string {
    const view = new DataView(Uint8Array.from(longs, (long) => long & 0xff).buffer);
    const bytes = { view, at: 0, bytes: view.byteLength, littleEndian: true };
    return formatCpuList(maskBits(bytes, 0, view.byteLength, 1));
  }

  #table(call: Expression & { sort: 'call' }, from: number, record: RecordBytes): NameTable {
    let table = this.#tables.get(call);
    if (table === undefined) {
      const delimiter = from === 2 ? this.valueOf(call.args[1], record) : '';
      table = new NameTable(String(delimiter ?? '|'));
      for (const pair of call.args.slice(from)) {
        if (pair.sort !== 'list' || pair.items.length < 2) continue;
        const value = this.valueOf(pair.items[0], record);
        const name = this.valueOf(pair.items[1], record);
        if (typeof value === 'bigint' && typeof name === 'string') table.add(value, name);
      }
      this.#tables.set(call, table);
    }
    return table;
  }
}

/** Values and their names (trace_print_flags_seq and trace_print_symbols_seq of kernel/trace/trace_output.c). */
class NameTable {
  readonly #delimiter: string;
  readonly #entries: Array<readonly [value: bigint, name: string]> = [];
  readonly #kept: Map<bigint, string> = new Map();

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  add(value: bigint, name: string): void {
    this.#entries.push([BigInt.asUintN(64, value), name]);
  }

  symbol(value: bigint): string {
    const unsigned = BigInt.asUintN(64, value);
    return this.#entries.find(([entry]) => entry === unsigned)?.[1] ?? `0x${unsigned.toString(16)}`;
  }

  /** Names of the flags that are wholly in the value, and what is left in hexadecimal. */
  flags(value: bigint): string {
    let text = this.#kept.get(value);
    if (text !== undefined) return text;
    let left = BigInt.asUintN(64, value);
    const names: string[] = [];
    for (const [flag, name] of this.#entries) {
      if (left === 0n) break;
      if (flag === 0n || (left & flag) !== flag) continue;
      names.push(name);
      left &= ~flag;
    }
    if (left !== 0n) names.push(`0x${left.toString(16)}`);
    text = names.join(this.#delimiter);
    if (this.#kept.size < namesKeptMax) this.#kept.set(value, text);
    return text;
  }
}

function isTrue(value: Exclude<Value, undefined>): boolean {
  return typeof value !== 'bigint' || value !== 0n;
}

function cast(bits: number, signed: boolean, value: Value): Value {
  if (typeof value !== 'bigint') return value;
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function unary(operator: string, value: Value): Value {
  if (typeof value !== 'bigint') return undefined;
  if (operator === '-') return BigInt.asIntN(64, -value);
  if (operator === '~') return BigInt.asIntN(64, ~value);
  if (operator === '!') return value === 0n ? 1n : 0n;
  return value;
}

/** In 64 bits, as the helpers of tracing compute. */
function binary(operator: string, left: Value, right: Value): Value {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return undefined;
  const a = BigInt.asIntN(64, left);
  const b = BigInt.asIntN(64, right);
  const truth = (is: boolean) => (is ? 1n : 0n);
  switch (operator) {
    case '||':
      return truth(a !== 0n || b !== 0n);
    case '&&':
      return truth(a !== 0n && b !== 0n);
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '<<':
      return BigInt.asIntN(64, a << (b & 63n));
    case '>>':
      return a >> (b & 63n);
    case '+':
      return BigInt.asIntN(64, a + b);
    case '-':
      return BigInt.asIntN(64, a - b);
    case '*':
      return BigInt.asIntN(64, a * b);
    case '/':
      return b === 0n ? undefined : a / b;
    default:
      return b === 0n ? undefined : a % b;
  }
}

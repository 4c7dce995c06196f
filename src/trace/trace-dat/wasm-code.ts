/**
 * Enough of a WebAssembly assembler to write one function by hand: expressions and statements are lists of bytes that are
 * put together by the functions here, named as in the WebAssembly specification (core, binary format).
 */

export type Code = readonly number[];

/** A local variable or parameter of the function. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

export const ValueType = { i32: 0x7f, f64: 0x7c } as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

/** Declares the locals of a function, parameters first. */
export class Locals {
  readonly #types: ValueType[] = [];
  #parameters = 0;

  parameter(): Local {
    this.#parameters++;
    return this.#add(ValueType.i32);
  }

  i32(): Local {
    return this.#add(ValueType.i32);
  }

  f64(): Local {
    return this.#add(ValueType.f64);
  }

  get parameterCount(): number {
    return this.#parameters;
  }

  /** The declaration of all that are no parameters. */
  get declaration(): Code {
    const own = this.#types.slice(this.#parameters);
    return [...unsigned(own.length), ...own.flatMap((type) => [1, type])];
  }

  #add(type: ValueType): Local {
    this.#types.push(type);
    return { index: this.#types.length - 1, type };
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

// Expressions

export function i32(value: number): Code {
  return [0x41, ...signed(value)];
}

export function f64(value: number): Code {
  return [0x44, ...new Uint8Array(Float64Array.of(value).buffer)];
}

export function get({ index }: Local): Code {
  return [0x20, ...unsigned(index)];
}

/** Two operands and the operation's byte. */
function binary(operation: number): (left: Code, right: Code) => Code {
  return (left, right) => [...left, ...right, operation];
}

function unary(operation: number): (operand: Code) => Code {
  return (operand) => [...operand, operation];
}

export const add: (left: Code, right: Code) => Code = binary(0x6a);
export const subtract: (left: Code, right: Code) => Code = binary(0x6b);
export const and: (left: Code, right: Code) => Code = binary(0x71);
export const or: (left: Code, right: Code) => Code = binary(0x72);
export const shiftLeft: (left: Code, right: Code) => Code = binary(0x74);
export const shiftRight: (left: Code, right: Code) => Code = binary(0x76);
export const isZero: (operand: Code) => Code = unary(0x45);
export const equal: (left: Code, right: Code) => Code = binary(0x46);
export const notEqual: (left: Code, right: Code) => Code = binary(0x47);
export const lessSigned: (left: Code, right: Code) => Code = binary(0x48);
export const lessUnsigned: (left: Code, right: Code) => Code = binary(0x49);
export const greaterUnsigned: (left: Code, right: Code) => Code = binary(0x4b);
export const equalF64: (left: Code, right: Code) => Code = binary(0x61);
export const lessF64: (left: Code, right: Code) => Code = binary(0x63);
export const lessOrEqualF64: (left: Code, right: Code) => Code = binary(0x65);
export const addF64: (left: Code, right: Code) => Code = binary(0xa0);
export const subtractF64: (left: Code, right: Code) => Code = binary(0xa1);
export const multiplyF64: (left: Code, right: Code) => Code = binary(0xa2);
export const f64OfSigned: (operand: Code) => Code = unary(0xb7);
export const f64OfUnsigned: (operand: Code) => Code = unary(0xb8);
/** A signed 64-bit integer, loaded and made a double at once: rounded only beyond 2^53. */
export function f64OfLong(address: Code, offset = 0): Code {
  return [...address, 0x29, 0, ...unsigned(offset), 0xb9];
}

/** Are the 64-bit words at two addresses the same? */
export function equalLongs(one: Code, two: Code): Code {
  return [...one, 0x29, 0, 0, ...two, 0x29, 0, 0, 0x51];
}

export function load(address: Code, offset = 0): Code {
  return [...address, 0x28, 2, ...unsigned(offset)];
}

export function load16(address: Code, offset = 0): Code {
  return [...address, 0x2f, 1, ...unsigned(offset)];
}

export function loadF64(address: Code, offset = 0): Code {
  return [...address, 0x2b, 3, ...unsigned(offset)];
}

// Statements

export function set({ index }: Local, value: Code): Code {
  return [...value, 0x21, ...unsigned(index)];
}

export function store(address: Code, offset: number, value: Code): Code {
  return [...address, ...value, 0x36, 2, ...unsigned(offset)];
}

export function store16(address: Code, offset: number, value: Code): Code {
  return [...address, ...value, 0x3b, 1, ...unsigned(offset)];
}

export function store8(address: Code, offset: number, value: Code): Code {
  return [...address, ...value, 0x3a, 0, ...unsigned(offset)];
}

export function storeF64(address: Code, offset: number, value: Code): Code {
  return [...address, ...value, 0x39, 3, ...unsigned(offset)];
}

export function sequence(...statements: Code[]): Code {
  return statements.flat();
}

const noResult = 0x40;

/** `leave(depth)` inside goes to its end. */
export function block(...statements: Code[]): Code {
  return [0x02, noResult, ...statements.flat(), 0x0b];
}

/** `leave(depth)` inside goes back to its beginning; running out of it ends it. */
export function loop(...statements: Code[]): Code {
  return [0x03, noResult, ...statements.flat(), 0x0b];
}

export function when(condition: Code, yes: Code, no: Code = []): Code {
  return [...condition, 0x04, noResult, ...yes, ...(no.length === 0 ? [] : [0x05, ...no]), 0x0b];
}

/** Leaves the block, loop or `when` that stands `depth` levels outside (0: the innermost). */
export function leave(depth: number): Code {
  return [0x0c, ...unsigned(depth)];
}

export function leaveWhen(condition: Code, depth: number): Code {
  return [...condition, 0x0d, ...unsigned(depth)];
}

export function returns(value: Code): Code {
  return [...value, 0x0f];
}

// The module

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): Code {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

/** A module that imports `env.memory` and exports one function `run` of i32 parameters with an i32 result. */
export function moduleOf(locals: Locals, body: Code): Uint8Array {
  const parameters = Array<number>(locals.parameterCount).fill(ValueType.i32);
  const type = [0x60, ...unsigned(parameters.length), ...parameters, 1, ValueType.i32];
  const code = [...locals.declaration, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, ...type]),
    ...section(2, [1, ...name('env'), ...name('memory'), 0x02, 0x00, ...unsigned(1)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

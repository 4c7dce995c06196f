/**
 * One event line of a text recording, taken apart: what ftrace-text.ts and perf-script.ts fill in and
 * text-reader.ts uses. Positions are into the byte array that was parsed; the object is reused for each line.
 */

/** What a line is. */
export const LineClass = {
  /** Comment, header, blank line, stack entry: belongs to the form and holds no event. */
  silent: 0,
  event: 1,
  /** The kernel says that it lost events: `lostCpu`, `lostCount`. */
  lost: 2,
  /** Neither an event nor anything that the form has. */
  unreadable: 3,
} as const;
export type LineClass = (typeof LineClass)[keyof typeof LineClass];

export class TextLine {
  /** Name of the instance that `trace-cmd report` prints before the task; empty for the top one. */
  bufferStart = 0;
  bufferEnd = 0;
  commStart = 0;
  commEnd = 0;
  /** Thread id. */
  pid = 0;
  /** -1: the line does not tell. */
  cpu = 0;
  /** The stamp is `seconds` · 10⁹ + `nanoseconds`; for stamps without a point it is the same split of the integer. */
  seconds = 0;
  nanoseconds = 0;
  /** Digits after the point of the stamp; -1 when it has no point (cycles, a counter, raw nanoseconds). */
  stampDigits = 0;
  /** `event`, or `system:event` where the form has systems. */
  nameStart = 0;
  nameEnd = 0;
  nameHash = 0;
  /** The line is a function-tracer entry: the name is that of the kernel function. */
  isFunction = false;
  bodyStart = 0;
  bodyEnd = 0;
  lostCpu = 0;
  /** -1: the mark gives no number. */
  lostCount = 0;
}

/** Reads the line in `bytes[start, end)` (without its newline) into `line`. */
export type LineGrammar = (bytes: Uint8Array, start: number, end: number, line: TextLine) => LineClass;

export const Byte = {
  tab: 9,
  newline: 10,
  carriageReturn: 13,
  space: 32,
  hash: 35,
  open: 40,
  close: 41,
  plus: 43,
  minus: 45,
  point: 46,
  slash: 47,
  zero: 48,
  colon: 58,
  less: 60,
  equals: 61,
  openBracket: 91,
  closeBracket: 93,
  u: 117,
  x: 120,
} as const;

/** More CPUs than a row can name. */
export const cpusMax = 65536;
/** Linux never has a larger thread id (PID_MAX_LIMIT). */
export const pidMax = 1 << 22;

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

export function skipSpaces(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === Byte.space) at++;
  return at;
}

export function skipToSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== Byte.space) at++;
  return at;
}

/** The number in `bytes[from, to)`, all digits; more than `max` gives -1. */
export function digitsValue(bytes: Uint8Array, from: number, to: number, max: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    value = value * 10 + bytes[at] - Byte.zero;
    if (value > max) return -1;
  }
  return value;
}

/**
 * Reads the stamp at `from` (`928.201279`, `70.624228954`, `2486708620913`) into `line`. Returns the position
 * behind it, or -1 when there is none. A stamp has at most 20 digits before the point (64 bits).
 */
export function readStamp(bytes: Uint8Array, from: number, end: number, line: TextLine): number {
  let at = from;
  let seconds = 0;
  while (at < end && isDigit(bytes[at])) {
    seconds = seconds * 10 + bytes[at] - Byte.zero;
    at++;
  }
  const whole = at - from;
  if (whole === 0 || whole > 20) return -1;
  if (at >= end || bytes[at] !== Byte.point) {
    const split = Math.max(from, at - 9);
    line.seconds = digitsValue(bytes, from, split, Number.MAX_SAFE_INTEGER);
    line.nanoseconds = digitsValue(bytes, split, at, 1e9);
    line.stampDigits = -1;
    return at;
  }
  if (whole > 12) return -1;
  const pointAt = at++;
  let fraction = 0;
  while (at < end && isDigit(bytes[at])) {
    fraction = fraction * 10 + bytes[at] - Byte.zero;
    at++;
  }
  const digits = at - pointAt - 1;
  if (digits === 0 || digits > 9) return -1;
  line.seconds = seconds;
  line.nanoseconds = digits === 9 ? fraction : fraction * 10 ** (9 - digits);
  line.stampDigits = digits;
  return at;
}

/**
 * Reads the event's name at `from` into `line`: it ends at a colon that a space or the end follows, else at a
 * space. What is behind it is the body. Returns false when there is no name.
 */
export function readName(bytes: Uint8Array, from: number, end: number, line: TextLine): boolean {
  let hash = 0;
  let at = from;
  for (; at < end; at++) {
    const byte = bytes[at];
    if (byte === Byte.space) break;
    if (byte === Byte.colon && (at + 1 >= end || bytes[at + 1] === Byte.space)) break;
    hash = Math.imul(hash, 31) + byte;
  }
  if (at === from || at - from > nameLengthMax) return false;
  line.nameStart = from;
  line.nameEnd = at;
  line.nameHash = hash | 0;
  line.isFunction = false;
  line.bodyStart = skipSpaces(bytes, at < end && bytes[at] === Byte.colon ? at + 1 : at, end);
  line.bodyEnd = end;
  return true;
}

/** Kernel symbols have at most 512 bytes (KSYM_NAME_LEN); no event name is longer. */
const nameLengthMax = 600;

/**
 * Lines of ftrace text: `trace` and `trace_pipe` of tracefs (kernel: kernel/trace/trace_output.c,
 * trace_print_context and trace_print_lat_context; documented in Documentation/trace/ftrace.rst) and
 * `trace-cmd report` (trace-cmd 2.x, 3.x). By a byte scan: no strings, no regular expressions.
 *
 *     trace, trace_pipe      bash-5751    [001] ...1.   928.201279: mm_page_free: page=… pfn=0x10 order=0
 *     with thread group      bash-5751    (   5751) [001] ...1.   928.201279: mm_page_free: …
 *     latency format     trace-cm-5887      0d..2. 16136us+: mm_page_free: …
 *     trace-cmd report       init-1     [007]     9.222855745: mm_page_free:   page=…
 *     trace-cmd report -l    init-1      46.....    70.624229: mm_page_free:   …
 *     of an instance other:            init-1     [007]     9.222855745: mm_page_free:   …
 *     function tracer        init-1     [007] .....     9.222855: drain_all_pages <-__alloc_pages_slowpath
 *
 * The name of a task may hold spaces, dashes and brackets, so it is found from what follows it.
 */

import {
  Byte,
  cpusMax,
  digitsValue,
  isDigit,
  LineClass,
  type LineGrammar,
  pidMax,
  readName,
  readStamp,
  skipSpaces,
  skipToSpace,
  type TextLine,
} from './text-line.ts';

/** Task names are right-aligned to 16 columns, so the dash before the thread id is most often here. */
const dashColumn = 16;
/** A dash before the thread id is looked for in this many columns: name, and the name of a buffer before it. */
const dashColumnMax = 96;

/**
 * A grammar that remembers where the columns of the last line were: most lines of a recording are alike, so the next is
 * read by position and checked, at a third of the cost. A line that is not alike is read from the beginning.
 */
export function ftraceGrammar(): LineGrammar {
  const columns = new Columns();
  return (bytes, start, end, line) => {
    if (readAsBefore(bytes, start, end, line, columns)) return LineClass.event;
    const lineClass = readFtraceLine(bytes, start, end, line);
    if (lineClass === LineClass.event) columns.learn(bytes, start, line);
    return lineClass;
  };
}

/** Positions in a line, from its beginning. */
class Columns {
  /** 0: no line has been learnt that can be read by position. */
  openBracket = 0;
  closeBracket = 0;
  point = 0;
  fractionDigits = 0;

  learn(bytes: Uint8Array, start: number, line: TextLine): void {
    this.openBracket = 0;
    if (line.commEnd !== start + dashColumn || line.stampDigits < 0) return;
    // Forms without brackets or with a thread group are read from the beginning each time.
    let at = line.commEnd + 1;
    while (isDigit(bytes[at])) at++;
    at = skipSpaces(bytes, at, line.nameStart);
    if (bytes[at] !== Byte.openBracket) return;
    const openBracket = at - start;
    while (at < line.nameStart && bytes[at] !== Byte.closeBracket) at++;
    this.closeBracket = at - start;
    // The stamp is found from behind: flags have dots and digits too.
    let colon = line.nameStart - 1;
    while (colon > at && bytes[colon] === Byte.space) colon--;
    if (bytes[colon] !== Byte.colon) return;
    this.point = colon - start - 1 - line.stampDigits;
    this.fractionDigits = line.stampDigits;
    this.openBracket = openBracket;
  }
}

/** Reads a line whose columns are where those of the last one were. False: they are not. */
function readAsBefore(
  bytes: Uint8Array,
  start: number,
  end: number,
  line: TextLine,
  columns: Columns,
): boolean {
  const { openBracket, closeBracket, fractionDigits } = columns;
  const point = start + columns.point;
  const colon = point + fractionDigits + 1;
  if (openBracket === 0 || colon + 2 >= end) return false;
  if (bytes[start + openBracket] !== Byte.openBracket || bytes[start + closeBracket] !== Byte.closeBracket)
    return false;
  if (bytes[point] !== Byte.point || bytes[colon] !== Byte.colon || bytes[start + dashColumn] !== Byte.minus)
    return false;
  let at = start + dashColumn + 1;
  let pid = 0;
  for (let digit = bytes[at] - Byte.zero; digit >= 0 && digit <= 9; digit = bytes[++at] - Byte.zero)
    pid = pid * 10 + digit;
  if (at === start + dashColumn + 1 || pid > pidMax) return false;
  for (; at < start + openBracket; at++) if (bytes[at] !== Byte.space) return false;
  let cpu = 0;
  for (at++; at < start + closeBracket; at++) {
    const digit = bytes[at] - Byte.zero;
    if (digit < 0 || digit > 9) return false;
    cpu = cpu * 10 + digit;
  }
  if (cpu >= cpusMax) return false;
  let seconds = 0;
  let unit = 1;
  for (at = point - 1; isDigit(bytes[at]); at--) {
    seconds += (bytes[at] - Byte.zero) * unit;
    unit *= 10;
  }
  if (unit === 1 || unit > 1e12 || bytes[at] !== Byte.space || at <= start + closeBracket) return false;
  let fraction = 0;
  for (at = point + 1; at < colon; at++) {
    const digit = bytes[at] - Byte.zero;
    if (digit < 0 || digit > 9) return false;
    fraction = fraction * 10 + digit;
  }
  at = skipSpaces(bytes, colon + 1, end);
  if (bytes[at] === Byte.open || !readName(bytes, at, end, line)) return false;
  line.isFunction = bytes[line.bodyStart] === Byte.less && bytes[line.bodyStart + 1] === Byte.minus;
  line.pid = pid;
  line.cpu = cpu;
  line.seconds = seconds;
  line.nanoseconds = fractionDigits === 9 ? fraction : fraction * 10 ** (9 - fractionDigits);
  line.stampDigits = fractionDigits;
  line.commStart = skipSpaces(bytes, start, start + dashColumn);
  line.commEnd = start + dashColumn;
  line.bufferStart = start;
  line.bufferEnd = start;
  return true;
}

export function readFtraceLine(bytes: Uint8Array, start: number, end: number, line: TextLine): LineClass {
  const usual = start + dashColumn;
  if (usual + 1 < end && bytes[usual] === Byte.minus && isDigit(bytes[usual + 1])) {
    if (readAfterDash(bytes, start, usual, end, line)) return LineClass.event;
  }
  const first = skipSpaces(bytes, start, end);
  const limit = Math.min(end - 1, start + dashColumnMax);
  for (let dash = first + 1; dash < limit; dash++) {
    if (bytes[dash] !== Byte.minus || !isDigit(bytes[dash + 1])) continue;
    if (readAfterDash(bytes, start, dash, end, line)) return LineClass.event;
  }
  return classOfOther(bytes, first, end, line);
}

/** Reads everything behind the dash at `dash`; true when the line is an event. */
function readAfterDash(bytes: Uint8Array, start: number, dash: number, end: number, line: TextLine): boolean {
  let at = dash + 1;
  while (at < end && isDigit(bytes[at])) at++;
  const pid = digitsValue(bytes, dash + 1, at, pidMax);
  if (pid < 0 || at >= end || bytes[at] !== Byte.space) return false;
  at = skipSpaces(bytes, at, end);
  if (bytes[at] === Byte.open) at = skipThreadGroup(bytes, at, end);
  at = bytes[at] === Byte.openBracket ? readCpu(bytes, at, end, line) : readCpuAndFlags(bytes, at, end, line);
  if (at < 0) return false;
  at = readStamp(bytes, at, end, line);
  if (at < 0) return false;
  if (bytes[at] === Byte.u) at = skipMicroseconds(bytes, at, end, line);
  if (at >= end || bytes[at] !== Byte.colon) return false;
  at = skipSpaces(bytes, at + 1, end);
  if (bytes[at] === Byte.open && bytes[at + 1] === Byte.plus) {
    at = skipSpaces(bytes, skipToSpace(bytes, at, end), end); // trace-cmd report --ts-diff
  }
  if (!readName(bytes, at, end, line)) return false;
  if (bytes[line.bodyStart] === Byte.less && bytes[line.bodyStart + 1] === Byte.minus) line.isFunction = true;
  line.pid = pid;
  line.commStart = skipSpaces(bytes, Math.max(start, dash - dashColumn), dash);
  line.commEnd = dash;
  readBuffer(bytes, start, dash - dashColumn, line);
  return true;
}

/** `other:            init-7 …`: what stands before the columns of the task and ends with a colon is an instance. */
function readBuffer(bytes: Uint8Array, start: number, end: number, line: TextLine): void {
  let at = end;
  while (at > start && bytes[at - 1] === Byte.space) at--;
  const isNamed = at > start && bytes[at - 1] === Byte.colon;
  line.bufferStart = start;
  line.bufferEnd = isNamed ? at - 1 : start;
}

/** `(   5751) ` and `(-------) `: the thread group, with option record-tgid. */
function skipThreadGroup(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== Byte.close) at++;
  return skipSpaces(bytes, at + 1, end);
}

/** `[007] ` and, with option irq-info, `[007] d..2. `. Returns where the stamp begins, or -1. */
function readCpu(bytes: Uint8Array, from: number, end: number, line: TextLine): number {
  let at = from + 1;
  while (at < end && isDigit(bytes[at])) at++;
  line.cpu = digitsValue(bytes, from + 1, at, cpusMax - 1);
  if (line.cpu < 0 || at === from + 1 || bytes[at] !== Byte.closeBracket) return -1;
  at = skipSpaces(bytes, at + 1, end);
  if (at < end && !isDigit(bytes[at])) at = skipSpaces(bytes, skipToSpace(bytes, at, end), end);
  return at;
}

/** Latency format: `46..... ` and, by trace-cmd report -l -R, `46-0x0 `. Returns where the stamp begins, or -1. */
function readCpuAndFlags(bytes: Uint8Array, from: number, end: number, line: TextLine): number {
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  line.cpu = digitsValue(bytes, from, at, cpusMax - 1);
  if (line.cpu < 0 || at === from || at >= end || bytes[at] === Byte.space) return -1;
  return skipSpaces(bytes, skipToSpace(bytes, at, end), end);
}

/** Latency format prints `16136us` and a mark for long gaps (`+!#*@$`) instead of seconds. */
function skipMicroseconds(bytes: Uint8Array, from: number, end: number, line: TextLine): number {
  if (line.stampDigits !== -1) return -1;
  const micros = line.seconds * 1e9 + line.nanoseconds;
  line.seconds = Math.floor(micros / 1e6);
  line.nanoseconds = (micros % 1e6) * 1000;
  line.stampDigits = 6;
  let at = from;
  while (at < end && at < from + 4 && bytes[at] !== Byte.colon) at++;
  return at;
}

/** Lines that are no events. */
function classOfOther(bytes: Uint8Array, first: number, end: number, line: TextLine): LineClass {
  if (first >= end || bytes[first] === Byte.hash) return LineClass.silent;
  if (bytes[first] === Byte.equals && bytes[first + 1] === 62) return LineClass.silent; // ` => function`: a stack
  if (end - first > 128) return LineClass.unreadable;
  const text = String.fromCharCode(...bytes.subarray(first, end));
  if (/^(cpus=\d+|version = \d+|CPU \d+ is empty)\s*$/.test(text)) return LineClass.silent;
  // `CPU:1 [LOST 380 EVENTS]`, `CPU:1 [LOST EVENTS]` of the kernel; `CPU:1 [380 EVENTS DROPPED]`, `CPU:1 [EVENTS DROPPED]` of trace-cmd.
  // `CPU:? [LOST 3 EVENTS]` of `drainlab record --light`, which is not told of which CPU.
  const lost = /^CPU:(\d{1,5}|\?) \[(?:LOST )?(\d{0,15}) ?EVENTS(?: DROPPED)?\]/.exec(text);
  if (lost === null || Number(lost[1]) >= cpusMax) return LineClass.unreadable;
  line.lostCpu = lost[1] === '?' ? -1 : Number(lost[1]);
  line.lostCount = lost[2] === '' ? -1 : Number(lost[2]);
  return LineClass.lost;
}

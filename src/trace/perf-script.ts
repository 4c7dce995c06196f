/**
 * Lines of `perf script` text (tools/perf/builtin-script.c: perf_sample__fprintf_start and process_event), by a
 * byte scan. Fields of the line may be chosen by `-F`; these are understood:
 *
 *     comm            tid [cpu]    seconds: event: fields
 *     init              1 [007]   961.920101:             kmem:mm_page_free: page=… pfn=0x10 order=0
 *     comm        pid/tid [cpu]    seconds: period event: fields
 *     init         1/1    [007]   961.920101191:          1             kmem:mm_page_free: …
 *
 * With call chains the lines below an event begin with a tab or spaces and are left out. The CPU may be missing (a
 * recording of one process): such a recording can be listed but not replayed.
 */

import {
  Byte,
  cpusMax,
  digitsValue,
  isDigit,
  LineClass,
  pidMax,
  readName,
  readStamp,
  skipSpaces,
  skipToSpace,
  type TextLine,
} from './text-line.ts';

/** The thread id is looked for in this many columns. */
const pidColumnMax = 64;

export function readPerfLine(bytes: Uint8Array, start: number, end: number, line: TextLine): LineClass {
  if (start >= end || bytes[start] === Byte.tab || bytes[start] === Byte.hash) return LineClass.silent;
  const first = skipSpaces(bytes, start, end);
  const limit = Math.min(end - 1, start + pidColumnMax);
  for (let at = first + 1; at < limit; at++) {
    if (bytes[at] !== Byte.space || !(isDigit(bytes[at + 1]) || isNoThread(bytes, at + 1))) continue;
    if (!readAfterComm(bytes, at + 1, end, line)) continue;
    line.commStart = first;
    line.commEnd = commEnd(bytes, first, at);
    return classOfEvent(bytes, line);
  }
  return isStackLine(bytes, first, end) ? LineClass.silent : LineClass.unreadable;
}

function commEnd(bytes: Uint8Array, first: number, space: number): number {
  let at = space;
  while (at > first && bytes[at - 1] === Byte.space) at--;
  return at;
}

/** Reads everything from the thread id on; true when the line is an event. */
function readAfterComm(bytes: Uint8Array, from: number, end: number, line: TextLine): boolean {
  let at = readThread(bytes, from, end, line);
  if (at < 0) return false;
  at = skipSpaces(bytes, at, end);
  line.cpu = -1;
  if (bytes[at] === Byte.openBracket) {
    const cpuFrom = ++at;
    while (at < end && isDigit(bytes[at])) at++;
    line.cpu = digitsValue(bytes, cpuFrom, at, cpusMax - 1);
    if (line.cpu < 0 || at === cpuFrom || bytes[at] !== Byte.closeBracket) return false;
    at = skipSpaces(bytes, at + 1, end);
  }
  // `-F +misc` puts letters here.
  if (at < end && !isDigit(bytes[at])) at = skipSpaces(bytes, skipToSpace(bytes, at, end), end);
  at = readStamp(bytes, at, end, line);
  if (at < 0 || line.stampDigits < 0 || at >= end || bytes[at] !== Byte.colon) return false;
  at = skipSpaces(bytes, at + 1, end);
  const period = at;
  while (at < end && isDigit(bytes[at])) at++;
  at = at > period && bytes[at] === Byte.space ? skipSpaces(bytes, at, end) : period;
  return readName(bytes, at, end, line);
}

/** Of a task that is about to end perf prints `:-1    -1`, or `-1/-1`. */
function isNoThread(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === Byte.minus && bytes[at + 1] === 49;
}

/** `6013`, `6013/6015` (process and thread) or `-1`. Returns the position behind it, or -1. */
function readThread(bytes: Uint8Array, from: number, end: number, line: TextLine): number {
  if (isNoThread(bytes, from)) {
    line.pid = -1;
    const at = bytes[from + 2] === Byte.slash && isNoThread(bytes, from + 3) ? from + 5 : from + 2;
    return at < end && bytes[at] === Byte.space ? at : -1;
  }
  let at = from;
  while (at < end && isDigit(bytes[at])) at++;
  let digits = from;
  if (at < end && bytes[at] === Byte.slash) {
    digits = ++at;
    while (at < end && isDigit(bytes[at])) at++;
  }
  line.pid = at === digits ? -1 : digitsValue(bytes, digits, at, pidMax);
  return line.pid < 0 || at >= end || bytes[at] !== Byte.space ? -1 : at;
}

/** `PERF_RECORD_LOST lost 12` is a loss; the other records of perf itself are no events of the kernel. */
function classOfEvent(bytes: Uint8Array, line: TextLine): LineClass {
  if (bytes[line.nameStart] !== 80 || bytes[line.nameStart + 4] !== 95) return LineClass.event; // `PERF_`
  const text = String.fromCharCode(
    ...bytes.subarray(line.nameStart, Math.min(line.bodyEnd, line.nameStart + 80)),
  );
  if (!text.startsWith('PERF_RECORD_')) return LineClass.event;
  const lost = /^PERF_RECORD_LOST\S* lost (\d{1,15})/.exec(text);
  if (lost === null) return LineClass.silent;
  line.lostCpu = Math.max(0, line.cpu);
  line.lostCount = Number(lost[1]);
  return LineClass.lost;
}

/** A call chain that is indented by spaces: an address in hexadecimal, then a symbol. */
function isStackLine(bytes: Uint8Array, first: number, end: number): boolean {
  let at = first;
  while (at < end && isHexDigit(bytes[at])) at++;
  return at > first && (at >= end || bytes[at] === Byte.space);
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 97 && byte <= 102);
}

/**
 * Pages on every (CPU, zone) list from the bytes of /proc/zoneinfo, many times a second: the form of the text is learned from one
 * text that `parseZoneinfo` has read, and each later text is stepped through by it. Every step is checked; `scan` answers false when
 * the text has another form than the learned one, and the caller learns anew.
 */

import type { Machine } from '../engine/input/machine.ts';
import type { ZoneinfoZone } from '../engine/input/zoneinfo.ts';

const newline = 0x0a;
const blank = 0x20;
const zero = 0x30;
const nine = 0x39;
const letterN = 0x4e;

/** One line of the block of a CPU: the digits begin at `prefix`; the byte `key` stands at `keyAt`. */
interface BlockLine {
  readonly prefix: number;
  readonly keyAt: number;
  readonly key: number;
}

export class ZoneinfoScanner {
  /** Pages by list (`cpu * zones + zone`), as the machine counts zones; -1: no such list (CPU offline). */
  readonly pages: Int32Array;
  /** By zone; -1: not printed. */
  readonly freePages: Float64Array;
  readonly minPages: Float64Array;
  readonly lowPages: Float64Array;
  readonly highPages: Float64Array;
  readonly #machine: Machine;
  /** For each zone of the text: its index in the machine, -1 for one that the machine does not have. */
  readonly #zoneOf: number[];
  readonly #populated: boolean[];
  readonly #block: readonly BlockLine[];
  readonly #countLine: number;
  /** Where the scan stands, and the number that was read last. */
  #at = 0;
  #value = 0;

  constructor(machine: Machine, zones: readonly ZoneinfoZone[], bytes: Buffer, length: number) {
    this.#machine = machine;
    this.pages = new Int32Array(machine.cpuCount * machine.zones.length).fill(-1);
    this.freePages = new Float64Array(machine.zones.length).fill(-1);
    this.minPages = this.freePages.slice();
    this.lowPages = this.freePages.slice();
    this.highPages = this.freePages.slice();
    this.#zoneOf = zones.map(({ node, name }) =>
      machine.zones.findIndex((zone) => zone.node === node && zone.name === name),
    );
    this.#populated = zones.map(({ lists }) => lists.length > 0);
    const keys: string[] = [];
    this.#block = learnBlock(bytes.subarray(0, length), keys);
    this.#countLine = keys.indexOf('count');
  }

  /** Fills the columns. False: the text has another form, other zones or larger CPU numbers; the columns are then worth nothing. */
  scan(bytes: Buffer, length: number): boolean {
    // A text that is cut is no sample.
    if (this.#countLine < 0 || length === 0 || bytes[length - 1] !== newline) return false;
    this.pages.fill(-1);
    let zone = -1;
    this.#at = 0;
    while (this.#at < length) {
      const at = this.#at;
      const first = bytes[at];
      if (first === letterN) zone++;
      else if (zone < 0) return false;
      else if (isPagesets(bytes, at)) {
        if (this.#populated[zone] !== true) return false;
        this.#toNextLine(bytes, length);
        if (!this.#scanBlocks(bytes, length, this.#zoneOf[zone])) return false;
        continue;
      } else if (this.#zoneOf[zone] >= 0) this.#scanHead(bytes, at, this.#zoneOf[zone]);
      this.#toNextLine(bytes, length);
    }
    return zone === this.#zoneOf.length - 1;
  }

  #toNextLine(bytes: Buffer, length: number): void {
    const end = bytes.indexOf(newline, this.#at);
    this.#at = end < 0 || end >= length ? length : end + 1;
  }

  /** `  pages free     3840`, `        min      12`: the words stand in the same columns in every kernel from 3.0 on. */
  #scanHead(bytes: Buffer, at: number, zone: number): void {
    const key = bytes[at + 8];
    if (bytes[at + 2] === 0x70) {
      if (key === 0x66) this.freePages[zone] = this.#numberAfterWord(bytes, at + 8);
    } else if (bytes[at + 7] === blank && bytes[at + 6] === blank) {
      if (key === 0x6d && bytes[at + 9] === 0x69) this.minPages[zone] = this.#numberAfterWord(bytes, at + 8);
      else if (key === 0x6c && bytes[at + 9] === 0x6f)
        this.lowPages[zone] = this.#numberAfterWord(bytes, at + 8);
      else if (key === 0x68 && bytes[at + 9] === 0x69)
        this.highPages[zone] = this.#numberAfterWord(bytes, at + 8);
    }
  }

  #numberAfterWord(bytes: Buffer, from: number): number {
    let at = from;
    while (bytes[at] > blank) at++;
    while (bytes[at] === blank) at++;
    let value = 0;
    const start = at;
    for (let digit = bytes[at]; digit >= zero && digit <= nine; digit = bytes[++at])
      value = value * 10 + digit - zero;
    return at === start ? -1 : value;
  }

  /** The blocks of all CPUs of one zone. */
  #scanBlocks(bytes: Buffer, length: number, zone: number): boolean {
    const { cpuCount, zones } = this.#machine;
    const [first] = this.#block;
    while (
      this.#at < length &&
      bytes[this.#at + first.keyAt] === first.key &&
      bytes[this.#at + first.keyAt - 1] === blank
    ) {
      let cpu = -1;
      let count = -1;
      for (let i = 0; i < this.#block.length; i++) {
        if (!this.#number(bytes, length, this.#block[i])) return false;
        if (i === 0) cpu = this.#value;
        else if (i === this.#countLine) count = this.#value;
      }
      if (cpu >= cpuCount) return false;
      if (zone >= 0) this.pages[cpu * zones.length + zone] = count;
    }
    return true;
  }

  /** The number of one line of a block; the scan goes on to the next line. */
  #number(bytes: Buffer, length: number, line: BlockLine): boolean {
    let at = this.#at;
    if (bytes[at + line.keyAt] !== line.key || bytes[at + line.prefix - 1] !== blank) return false;
    at += line.prefix;
    let value = 0;
    const start = at;
    let byte = bytes[at];
    while (byte >= zero && byte <= nine) {
      value = value * 10 + byte - zero;
      byte = bytes[++at];
    }
    if (at === start || byte !== newline || at >= length) return false;
    this.#value = value;
    this.#at = at + 1;
    return true;
  }
}

/** `  pagesets`. */
function isPagesets(bytes: Buffer, at: number): boolean {
  return (
    bytes[at + 2] === 0x70 && bytes[at + 6] === 0x73 && bytes[at + 9] === 0x73 && bytes[at + 10] === newline
  );
}

/** The lines of the first block of a CPU, and their keys. Empty when there is none. */
function learnBlock(bytes: Buffer, keys: string[]): BlockLine[] {
  const start = bytes.indexOf('    cpu: ');
  if (start < 0) return [];
  const lines: BlockLine[] = [];
  const end = Math.min(bytes.length, start + 4096);
  for (const line of bytes.toString('latin1', start, end).split('\n')) {
    const match = /^( *)([a-z_ ]+): +(?=\d)/.exec(line);
    if (match === null) break;
    const [prefix, indent, key] = match;
    const isOfBlock = lines.length === 0 || indent.length > 4 || key === 'vm stats threshold';
    if (!isOfBlock || (lines.length > 0 && key === 'cpu')) break;
    lines.push({ prefix: prefix.length, keyAt: indent.length, key: key.charCodeAt(0) });
    keys.push(key);
  }
  return lines;
}

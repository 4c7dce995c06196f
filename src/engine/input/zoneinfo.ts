/**
 * Reads the text of /proc/zoneinfo of every kernel from 3.0 to 7.x (mm/vmstat.c, zoneinfo_show_print):
 * zones with their spans, and the pages on each CPU's list. Keys are found by name and any run of blanks,
 * unknown lines are skipped, since every few releases add some.
 *
 * Mind the two meanings of "high": `high     N` is a watermark of the zone, `high:  N` the limit of a list.
 */

import { BitSet } from '../../base/bit-set.ts';
import { DrainlabError } from '../../base/errors.ts';
import type { Machine, Zone, ZoneinfoSnapshot } from './machine.ts';

/** More than any kernel has; a larger number is damage. */
const cpusMax = 1 << 16;
const pagesMax = 2 ** 31 - 1;
const zonesMax = 8192;
/** Lists: CPUs times zones. The largest kernels (8192 CPUs, 64 nodes of 3 zones) have a fifth of this. */
const listsMax = 1 << 23;
/** Lists of one text: twice what 8192 CPUs and 64 nodes print. */
const printedListsMax = 1 << 20;

const columns = ['cpu', 'count', 'high', 'batch', 'highMin', 'highMax', 'place'] as const;
type Column = (typeof columns)[number];

/**
 * The lists of one zone in the order of the text, a row each, in columns: the text of 4,096 CPUs and 16 nodes has 70,000 of them.
 * Rows are 0 … length - 1; what lies behind them in a column is nothing. -1: not printed.
 */
export class ZoneinfoLists {
  length = 0;
  cpu: Int32Array = notPrinted(8);
  /** Base pages on it; -1: the text was cut. */
  count: Int32Array = notPrinted(8);
  /** Limit, and refill and give-back size. */
  high: Int32Array = notPrinted(8);
  batch: Int32Array = notPrinted(8);
  /** Bounds between which `high` floats (printed from 6.13 on). */
  highMin: Int32Array = notPrinted(8);
  highMax: Int32Array = notPrinted(8);
  /** Where in the text the line after the count begins. */
  place: Int32Array = notPrinted(8);

  add(cpu: number): void {
    if (this.length === this.cpu.length) this.#grow();
    this.cpu[this.length++] = cpu;
  }

  /** One column, without what lies behind the rows. */
  column(name: Column): Int32Array {
    return this[name].subarray(0, this.length);
  }

  #grow(): void {
    for (const column of columns) {
      const longer = notPrinted(this.length * 4);
      longer.set(this[column]);
      this[column] = longer;
    }
  }
}

function notPrinted(rows: number): Int32Array {
  return new Int32Array(rows).fill(-1);
}

export interface ZoneinfoZone {
  readonly node: number;
  readonly name: string;
  spanned: number;
  present: number;
  /** -1: not printed (3.0 to 3.8). */
  managed: number;
  free: number;
  /** Watermarks; -1: not printed. */
  min: number;
  low: number;
  highMark: number;
  /** Raise of the watermarks for a while (printed from 5.19 on), and the mark for promotion (6.12); -1: not printed. */
  boost: number;
  promo: number;
  /** Pages kept from requests that could do without this zone (`protection`); -1: not printed. */
  reserve: number;
  /** -1: not printed. It is the last line that every populated zone has, so a zone with lists and without it was cut. */
  startPfn: number;
  /** Where in the text the zone's second line begins, and where it ends. */
  readonly place: number;
  end: number;
  readonly lists: ZoneinfoLists;
}

/** Zones in the order of the text, unpopulated ones included. `name` is for messages. Throws E_ZONEINFO. */
export function parseZoneinfo(text: string, name = 'zoneinfo'): ZoneinfoZone[] {
  const zones: ZoneinfoZone[] = [];
  const line = new Line(text, name);
  let lists = 0;
  for (let isHead = line.toHead(); isHead; ) {
    if (zones.length >= zonesMax) throw damaged(name, line.number, `more than ${zonesMax} zones`);
    const zone = newZone(numberIn(line.headNode, cpusMax, name, line.number), line.headName, line.after);
    zones.push(zone);
    isHead = readZone(zone, line, printedListsMax - lists);
    zone.end = Math.min(line.after, text.length);
    lists += zone.lists.length;
  }
  if (zones.length === 0) throw damaged(name, 1, 'no line "Node N, zone NAME"');
  return zones;
}

/** Reads up to the first line of the next zone; false: the text ended. */
function readZone(zone: ZoneinfoZone, line: Line, listsMax: number): boolean {
  const { lists } = zone;
  while (line.next()) {
    if (line.isHead()) return true;
    if (!line.readPair()) setProtection(zone, line);
    else if (line.isKey('cpu:')) {
      if (lists.length >= listsMax)
        throw damaged(line.name, line.number, `more than ${printedListsMax} lists`);
      lists.add(line.valueUpTo(cpusMax));
    } else if (lists.length === 0 || !setList(lists, line)) setZone(zone, line);
  }
  return false;
}

function newZone(node: number, name: string, place: number): ZoneinfoZone {
  return {
    node,
    name,
    spanned: 0,
    present: 0,
    managed: -1,
    free: -1,
    min: -1,
    low: -1,
    highMark: -1,
    boost: -1,
    promo: -1,
    reserve: -1,
    startPfn: -1,
    place,
    end: place,
    lists: new ZoneinfoLists(),
  };
}

/** Of the last list. False: the line is none of a list's. */
function setList(lists: ZoneinfoLists, line: Line): boolean {
  const row = lists.length - 1;
  if (line.isKey('count:')) {
    lists.place[row] = line.after;
    lists.count[row] = line.valueUpTo(pagesMax);
  } else if (line.isKey('high:')) lists.high[row] = line.valueUpTo(pagesMax);
  else if (line.isKey('batch:')) lists.batch[row] = line.valueUpTo(pagesMax);
  else if (line.isKey('high_min:')) lists.highMin[row] = line.valueUpTo(pagesMax);
  else if (line.isKey('high_max:')) lists.highMax[row] = line.valueUpTo(pagesMax);
  else return false;
  return true;
}

const zoneFields: ReadonlyMap<
  string,
  'free' | 'min' | 'low' | 'highMark' | 'boost' | 'promo' | 'spanned' | 'present' | 'managed' | 'startPfn'
> = new Map([
  ['pages free', 'free'],
  ['min', 'min'],
  ['low', 'low'],
  ['high', 'highMark'],
  ['boost', 'boost'],
  ['promo', 'promo'],
  ['spanned', 'spanned'],
  ['present', 'present'],
  ['managed', 'managed'],
  ['start_pfn:', 'startPfn'],
]);

function setZone(zone: ZoneinfoZone, line: Line): void {
  const field = zoneFields.get(line.key());
  if (field !== undefined) zone[field] = line.valueUpTo(Number.MAX_SAFE_INTEGER);
}

function setProtection(zone: ZoneinfoZone, line: Line): void {
  if (!line.startsWith('protection: (')) return;
  const last = /(\d+)\)$/.exec(line.text());
  if (last !== null) zone.reserve = numberIn(last[1], pagesMax, line.name, line.number);
}

/** Longest line that is looked at as a whole. */
const lineMax = 200;
const lineFeed = 10;
const carriageReturn = 13;
const tab = 9;
const blank = 32;
const colon = 58;
const letterN = 78;
const letterP = 112;

/** One line of the text after the other, without making a string of each: the text of 4096 CPUs has half a million. */
class Line {
  readonly whole: string;
  readonly name: string;
  /** 1-based. */
  number = 0;
  /** Start of the next line; -1: not looked for yet. */
  after = 0;
  headNode = '';
  headName = '';
  #from = 0;
  #keyEnd = 0;
  #digits = 0;
  #value = 0;

  constructor(whole: string, name: string) {
    this.whole = whole;
    this.name = name;
  }

  /** False at the end of the text. The line is then read by `readPair`, or by `isHead`. */
  next(): boolean {
    const { whole } = this;
    if (this.after < 0) this.#endFrom(this.#from);
    let at = this.after;
    if (at >= whole.length) return false;
    while (isBlank(whole.charCodeAt(at))) at++;
    this.#from = at;
    this.after = -1;
    this.number++;
    return true;
  }

  /** Goes on to a line `Node N, zone NAME`; false: there is none. */
  toHead(): boolean {
    while (this.next()) if (this.isHead()) return true;
    return false;
  }

  /** Is it `Node N, zone NAME`? Then `headNode` and `headName` are its words. */
  isHead(): boolean {
    if (this.whole.charCodeAt(this.#from) !== letterN || !this.startsWith('Node ')) return false;
    this.#endFrom(this.#from);
    const head = /^Node (\d+), zone\s+(\S+)$/.exec(this.text());
    [, this.headNode, this.headName] = head ?? ['', '', ''];
    return head !== null;
  }

  startsWith(word: string): boolean {
    return this.whole.startsWith(word, this.#from);
  }

  /** Without the blanks around it. */
  text(): string {
    return this.whole.slice(this.#from, Math.min(this.after - 1, this.#from + lineMax)).trim();
  }

  /** Reads `key  number` or `key:  number`; false: the line is none. */
  readPair(): boolean {
    const { whole } = this;
    const from = this.#from;
    let at = from;
    if (whole.charCodeAt(at) === letterP && this.startsWith('pages free')) at += 'pages free'.length;
    while (isKeyLetter(whole.charCodeAt(at))) at++;
    if (whole.charCodeAt(at) === colon) at++;
    this.#keyEnd = at;
    const keyEnd = at;
    while (isBlank(whole.charCodeAt(at))) at++;
    this.#digits = at;
    let value = 0;
    for (let digit = whole.charCodeAt(at) - 48; digit >= 0 && digit <= 9; ) {
      value = value * 10 + digit;
      digit = whole.charCodeAt(++at) - 48;
    }
    this.#value = value;
    const isPair = keyEnd > from && this.#digits > keyEnd && at > this.#digits;
    while (isBlank(whole.charCodeAt(at))) at++;
    const isEnd = at >= whole.length || whole.charCodeAt(at) === lineFeed;
    if (isEnd) this.after = at + 1;
    else this.#endFrom(at);
    return isPair && isEnd;
  }

  #endFrom(at: number): void {
    const end = this.whole.indexOf('\n', at);
    this.after = end < 0 ? this.whole.length + 1 : end + 1;
  }

  /** Of the pair that was read. */
  isKey(key: string): boolean {
    return this.#keyEnd - this.#from === key.length && this.startsWith(key);
  }

  key(): string {
    return this.whole.slice(this.#from, this.#keyEnd);
  }

  /** The number of the pair. Throws E_ZONEINFO when it is larger than `max`. */
  valueUpTo(max: number): number {
    if (this.#value <= max) return this.#value;
    const digits = /^\d{1,40}/.exec(this.whole.slice(this.#digits, this.#digits + 40))?.[0];
    throw damaged(this.name, this.number, `the number ${digits} is too large`);
  }
}

function isBlank(code: number): boolean {
  return code === blank || code === tab || code === carriageReturn;
}

function isKeyLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || code === 95;
}

function numberIn(digits: string, max: number, name: string, line: number): number {
  const value = Number(digits);
  if (!Number.isSafeInteger(value) || value > max)
    throw damaged(name, line, `the number ${digits.slice(0, 40)} is too large`);
  return value;
}

function damaged(name: string, line: number, what: string): DrainlabError {
  return new DrainlabError(`this is no /proc/zoneinfo: ${what}`, {
    code: 'E_ZONEINFO',
    where: `${name}:${line}`,
    hint: 'Save it with: cat /proc/zoneinfo > zoneinfo',
  });
}

/** What beside zoneinfo is known of the machine. */
export interface MachineFacts {
  /** Largest CPU number + 1 by the recording; zoneinfo may show more. */
  cpuCount: number;
  /** Default: the CPUs that zoneinfo lists, or all of them without zoneinfo. */
  online?: Iterable<number>;
  isolated?: Iterable<number>;
  /** Also zones of which the text does not tell the span (it was cut); no page lies in them. */
  withUnplacedZones?: boolean;
}

/** Machine of a parsed zoneinfo (null: none; one zone '' that spans everything). */
export function machineFrom(zoneinfo: readonly ZoneinfoZone[] | null, facts: MachineFacts): Machine {
  const zones: Zone[] = [];
  const listed = new Set<number>();
  let cpuCount = Math.max(1, facts.cpuCount);
  for (const zone of zoneinfo ?? []) {
    if (zone.lists.length === 0) continue;
    // A zone that is populated later (hot-added memory) may have no start yet; it cannot be placed.
    const isPlaced = zone.startPfn >= 0 && zone.spanned > 0;
    if (!isPlaced && !facts.withUnplacedZones) continue;
    const [batch, high] = [zone.lists.batch[0], zone.lists.high[0]];
    zones.push({
      name: zone.name,
      node: zone.node,
      startPfn: zone.startPfn,
      endPfn: isPlaced ? zone.startPfn + zone.spanned : zone.startPfn,
      ...(batch > 0 ? { batch } : {}),
      ...(high >= 0 ? { high } : {}),
      ...(zone.managed >= 0 ? { managedPages: zone.managed } : {}),
      ...(zone.low >= 0 ? { lowWatermark: zone.low } : {}),
      ...(zone.highMark >= 0 ? { highWatermark: zone.highMark } : {}),
      ...(zone.reserve >= 0 ? { reservePages: zone.reserve } : {}),
    });
    for (const cpu of zone.lists.column('cpu')) {
      listed.add(cpu);
      cpuCount = Math.max(cpuCount, cpu + 1);
    }
  }
  if (zones.length === 0) zones.push({ name: '', node: 0, startPfn: 0, endPfn: Number.MAX_SAFE_INTEGER });
  const isolated = [...(facts.isolated ?? [])];
  const online = facts.online === undefined ? null : [...facts.online];
  for (const cpu of [...isolated, ...(online ?? [])]) cpuCount = Math.max(cpuCount, cpu + 1);
  if (cpuCount * zones.length > listsMax) {
    throw new DrainlabError(
      `a machine of ${cpuCount} CPUs and ${zones.length} zones is too large to be true`,
      {
        code: 'E_ZONEINFO',
        hint: 'Look at the zoneinfo and the CPU lists beside the recording: they seem to be damaged.',
      },
    );
  }
  return {
    cpuCount,
    online:
      online !== null
        ? BitSet.of(cpuCount, online)
        : listed.size > 0
          ? BitSet.of(cpuCount, listed)
          : BitSet.full(cpuCount),
    isolated: BitSet.of(cpuCount, isolated),
    zones,
  };
}

/** Counts of one snapshot in the lists of `machine`. Zones that the machine does not have are left out. */
export function snapshotFrom(
  zoneinfo: readonly ZoneinfoZone[],
  machine: Machine,
  number: number,
  label: string,
): ZoneinfoSnapshot {
  const zoneCount = machine.zones.length;
  const pages = new Int32Array(machine.cpuCount * zoneCount).fill(-1);
  const printedAt = new Float32Array(pages.length);
  const high = new Int32Array(pages.length).fill(-1);
  const free = new Int32Array(zoneCount).fill(-1);
  const watermarks = { min: free.slice(), low: free.slice(), high: free.slice() };
  const textEnd = zoneinfo.at(-1)?.end ?? 0;
  for (const zone of zoneinfo) {
    const index = machine.zones.findIndex((z) => z.node === zone.node && z.name === zone.name);
    if (index < 0) continue;
    free[index] = zone.free;
    watermarks.min[index] = zone.min;
    watermarks.low[index] = zone.low;
    watermarks.high[index] = zone.highMark;
    const start = zoneinfo.find((z) => z.node === zone.node)?.place ?? 0;
    const end = zoneinfo.find((z) => z.place > zone.place && z.node !== zone.node)?.place ?? textEnd;
    const { lists } = zone;
    for (let row = 0; row < lists.length; row++) {
      if (lists.cpu[row] >= machine.cpuCount) continue;
      const list = lists.cpu[row] * zoneCount + index;
      pages[list] = lists.count[row];
      high[list] = lists.high[row];
      printedAt[list] = (lists.place[row] - start) / (end - start);
    }
  }
  return { number, label, pages, printedAt, high, free, watermarks };
}

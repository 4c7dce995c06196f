/** Rows of the rarer events: probes, work items, markers, sets of CPUs; any byte order and any size of field. */

import { parseCpuList } from '../../base/cpu-list.ts';
import type { DrainlabError } from '../../base/errors.ts';
import type { EventBlock } from '../../engine/input/event-log.ts';
import type { ColumnName, EventRule } from '../kernel-events.ts';
import { drainWorkFunction, PointerNames, pfnOfPage } from '../kernel-events.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValue, maskBits, type RecordBytes } from './field-value.ts';
import { FunctionRules } from './function-rules.ts';
import type { Address } from './kernel-symbols.ts';
import type { Lane } from './lane.ts';
import { type ColumnPlace, probeSortOf, type RowProgram, type RowTable } from './row-table.ts';

export interface GeneralRowContext {
  readonly littleEndian: boolean;
  /** Memory for the slots of `PointerNames`, if somebody else looks there too. */
  readonly pointerSlots?: Int32Array | undefined;
  /** Addresses of functions, looked up when the first event needs them. */
  symbols(): ReadonlyMap<string, Address>;
  /** Text of a bprint or bputs record, whose format string is kept outside of the ring buffer. */
  markerText(record: RecordBytes, format: EventFormat): string;
}

export class GeneralRows {
  readonly #block: EventBlock;
  readonly #table: RowTable;
  readonly #context: GeneralRowContext;
  readonly #pointers: PointerNames;
  readonly #record: { view: DataView; at: number; bytes: number; littleEndian: boolean };
  readonly #functions: FunctionRules;
  /** Work items known to run drain_local_pages_wq, by pointer: older kernels end them without naming the function. */
  readonly #drainWorks: Set<number> = new Set();

  constructor(block: EventBlock, table: RowTable, context: GeneralRowContext) {
    this.#block = block;
    this.#table = table;
    this.#context = context;
    this.#pointers = new PointerNames(context.pointerSlots);
    this.#functions = new FunctionRules(() => context.symbols());
    this.#record = {
      view: new DataView(new ArrayBuffer(0)),
      at: 0,
      bytes: 0,
      littleEndian: context.littleEndian,
    };
  }

  /** Fills the columns of `row` from the lane's current record. False: it is not one that the engine follows. */
  fill(lane: Lane, type: number, row: number): boolean {
    let program = this.#table.programOf(type);
    if (program === undefined) return false;
    const record = this.#record;
    record.view = lane.view;
    record.at = lane.dataAt;
    record.bytes = lane.dataBytes;
    if (program.rule.special === 'probe') {
      program = this.#table.settle(type, this.#ruleOfProbe(program));
      if (program === undefined) return false;
    }
    if (lane.dataBytes < this.#table.bytesMinOf(type)) {
      throw tooShort(lane, type, lane.dataAt, lane.dataBytes);
    }
    const { special } = program.rule;
    if (special === 'function') return this.#fillFunction(program, row);
    // A type's first record comes here before its kind is known.
    this.#block.kind[row] = program.rule.kind;
    if (special === 'drain-work' && !this.#isDrainWork(program)) return false;
    const { columns } = program;
    for (let i = 0; i < columns.length; i++) this.#set(columns[i].column, row, this.#column(columns[i]));
    if (special === 'text') {
      this.#block.texts.set(row, this.#context.markerText(record, program.type.format));
    } else if (special === 'cpu-set') {
      const set = this.#cpuSet(program.type.format);
      if (set !== null) this.#block.cpuSets.set(row, set);
    }
    return true;
  }

  #set(column: ColumnName, row: number, value: number): void {
    const { order, pfn, a, b, c, d } = this.#block;
    if (column === 'a') a[row] = value;
    else if (column === 'b') b[row] = value;
    else if (column === 'c') c[row] = value;
    else if (column === 'pfn') pfn[row] = value;
    else if (column === 'order') order[row] = value;
    else d[row] = value;
  }

  #column({ offset, size, signed, use, column }: ColumnPlace): number {
    if (offset < 0) return -1;
    const { view, littleEndian } = this.#record;
    const at = this.#record.at + offset;
    if (size === 8) {
      const high = view.getInt32(at + (littleEndian ? 4 : 0), littleEndian);
      const low = view.getUint32(at + (littleEndian ? 0 : 4), littleEndian);
      if (use === 'pointer') return this.#pointers.nameOf(high, low);
      if (use === 'page') return pfnOfPage(high, low);
      // An allocation that failed has pfn -1, whatever the format says of signs.
      const isMinusOne = column === 'pfn' && high === -1 && low === 0xffffffff;
      return (signed || isMinusOne ? high : high >>> 0) * 4294967296 + low;
    }
    if (use === 'pointer') return this.#pointers.nameOf(0, view.getUint32(at, littleEndian));
    if (use === 'page') return pfnOfPage(0, view.getUint32(at, littleEndian));
    if (size === 4) {
      const value = view.getInt32(at, littleEndian);
      return signed || (column === 'pfn' && value === -1) ? value : value >>> 0;
    }
    if (size === 2) return signed ? view.getInt16(at, littleEndian) : view.getUint16(at, littleEndian);
    return signed ? view.getInt8(at) : view.getUint8(at);
  }

  /** An entry of the function tracer: the kind by the function; no argument was recorded. */
  #fillFunction(program: RowProgram, row: number): boolean {
    const rule = this.#functions.ruleAt(this.#address(program), 'entry');
    if (rule === undefined) return false;
    this.#block.kind[row] = rule.kind;
    for (const { column } of rule.columns) this.#set(column, row, -1);
    return true;
  }

  /** The rule of the function that a probe with a name of its own stands on. */
  #ruleOfProbe(program: RowProgram): EventRule | undefined {
    const sort = probeSortOf(program.type.format) ?? 'entry';
    return this.#functions.ruleAt(this.#address(program), sort);
  }

  #address({ functionField: field }: RowProgram): Address {
    const { view, at, bytes, littleEndian } = this.#record;
    if (field === undefined || field.offset + field.size > bytes) return { high: 0, low: 0 };
    const place = at + field.offset;
    if (field.size === 4) return { high: 0, low: view.getUint32(place, littleEndian) };
    return {
      high: view.getUint32(place + (littleEndian ? 4 : 0), littleEndian),
      low: view.getUint32(place + (littleEndian ? 0 : 4), littleEndian),
    };
  }

  /** Is this work item the drain's? By its function; at its end, where old kernels do not name it, by its address. */
  #isDrainWork(program: RowProgram): boolean {
    const { format } = program.type;
    const work = this.#pointer(format, 'work');
    if (program.functionField === undefined) return this.#drainWorks.delete(work);
    const address = this.#context.symbols().get(drainWorkFunction);
    const own = this.#address(program);
    if (address === undefined || own.low !== address.low || own.high !== address.high) return false;
    this.#drainWorks.add(work);
    return true;
  }

  #pointer(format: EventFormat, name: string): number {
    const field = format.fields.find((candidate) => candidate.name === name);
    if (field === undefined || field.offset + field.size > this.#record.bytes) return -1;
    return this.#column({ column: 'a', use: 'pointer', ...field });
  }

  /** The set that a patched kernel recorded: a mask of 64 CPUs and, for more, the list as text. */
  #cpuSet(format: EventFormat): Uint32Array | null {
    const cpus = new Set<number>();
    let isKnown = false;
    for (const field of format.fields) {
      const value = fieldValue(this.#record, field);
      if (value === undefined) continue;
      if (field.isCpuMask && typeof value === 'string') {
        isKnown = true;
        for (const cpu of parseCpuList(value)) cpus.add(cpu);
      } else if (/(?:^|_)mask$/.test(field.name) && field.arrayLength === 0 && field.dynamic === 'no') {
        isKnown = true;
        for (const cpu of maskBits(this.#record, this.#record.at + field.offset, field.size, field.size))
          cpus.add(cpu);
      } else if (/(?:^|_)list$/.test(field.name) && typeof value === 'string') {
        for (const cpu of wholeList(value, field.arrayLength)) cpus.add(cpu);
      }
    }
    if (!isKnown) return null;
    const words = new Uint32Array((Math.max(0, ...cpus) >>> 5) + 1);
    for (const cpu of cpus) words[cpu >>> 5] |= 1 << (cpu & 31);
    return words;
  }
}

export function tooShort(lane: Lane, type: number, at: number, bytes: number): DrainlabError {
  return lane.damaged(`an event of type ${type} has only ${bytes} bytes`, at);
}

/** CPUs of a list that stands in a char array of `room` bytes; a list that fills its room may be cut and says nothing. */
function wholeList(list: string, room: number): number[] {
  if (room > 0 && list.length >= room - 1) return [];
  try {
    return parseCpuList(list);
  } catch {
    return [];
  }
}

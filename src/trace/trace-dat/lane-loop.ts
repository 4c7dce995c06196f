/**
 * The hot loop as a WebAssembly function: the same as `RowEmitter.emit` and `emitUntilRefill` together, for little-endian
 * files. It takes half the time of the JavaScript form from the first event on, since it needs no warming up, no
 * checks of array bounds and no conversion by halves of 64-bit values. In words:
 *
 *     again: sink the first lane of the heap to its place; take the lane that is first now
 *     limit = the time up to which it may emit before the second lane must
 *     do { a page event → a row; an event of no interest → counted; anything else → back to JavaScript
 *          go to the next record, if it is a plain one; else → back to JavaScript } while (time <= limit)
 *     goto again
 */

import { pointerSlots, slotWords } from '../kernel-events.ts';
import { LaneField, type MemoryPlan, rowsAtOnce } from './lane-memory.ts';
import { Entry, entriesPerType, Shape } from './row-table.ts';
import {
  add,
  addF64,
  and,
  block,
  type Code,
  equal,
  equalF64,
  equalLongs,
  f64,
  f64OfLong,
  f64OfSigned,
  f64OfUnsigned,
  get,
  greaterUnsigned,
  i32,
  isZero,
  type Local,
  Locals,
  leave,
  leaveWhen,
  lessF64,
  lessOrEqualF64,
  lessSigned,
  lessUnsigned,
  load,
  load16,
  loadF64,
  loop,
  moduleOf,
  multiplyF64,
  notEqual,
  or,
  returns,
  sequence,
  set,
  shiftLeft,
  shiftRight,
  store,
  store8,
  store16,
  storeF64,
  subtract,
  subtractF64,
  when,
} from './wasm-code.ts';

/** Why the loop came back. In each case the first lane of the heap stands before the event in question. */
export const LoopEnd = {
  /** The next record of the lane is not a plain one: `Lane.advance`, then go on with `sinkFirst`. */
  advance: 0,
  /** The record is a row that JavaScript fills; then go on with `passEvent`. */
  general: 1,
  /** The block is full; then go on with `passEvent`. */
  full: 2,
} as const;

/** Where the loop goes on. */
export const LoopStart = { sinkFirst: 0, passEvent: 1 } as const;

/** heap length, row, start → why it came back. */
export type LaneLoop = (laneCount: number, row: number, start: number) => number;

export function makeLaneLoop(memory: WebAssembly.Memory, plan: MemoryPlan): LaneLoop {
  const module = new WebAssembly.Module(Uint8Array.from(laneLoopCode(plan)));
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return instance.exports.run as LaneLoop;
}

/** Variables of the function: three parameters, the state of the lane that is first, and some for steps between. */
function declare(locals: Locals) {
  return {
    laneCount: locals.parameter(),
    row: locals.parameter(),
    start: locals.parameter(),
    lane: locals.i32(),
    at: locals.i32(),
    bytes: locals.i32(),
    next: locals.i32(),
    end: locals.i32(),
    cpu: locals.i32(),
    time: locals.f64(),
    limit: locals.f64(),
    entry: locals.i32(),
    length: locals.i32(),
    header: locals.i32(),
    other: locals.i32(),
    child: locals.i32(),
    place: locals.i32(),
    low: locals.i32(),
    high: locals.i32(),
  } as const;
}
type Variables = ReturnType<typeof declare>;

/** The module's bytes; a few hundred. */
export function laneLoopCode(plan: MemoryPlan): Uint8Array {
  const locals = new Locals();
  const v = declare(locals);
  const body = sequence(
    when(isZero(get(v.start)), sinkFirst(plan, v)),
    loop(
      takeFirst(plan, v),
      loop(
        // `passEvent`: the event before which the loop came back is done with.
        when(get(v.start), set(v.start, i32(0)), takeEvent(plan, v)),
        nextRecord(plan, v),
        leaveWhen(lessOrEqualF64(get(v.time), get(v.limit)), 0),
      ),
      storeLane(v),
      sinkFirst(plan, v),
      leave(0),
    ),
    i32(0),
  );
  return moduleOf(locals, body);
}

const eight = (value: Code): Code => shiftLeft(value, i32(3));
const four = (value: Code): Code => shiftLeft(value, i32(2));

/** The state of the lane from the variables to the memory. */
function storeLane({ lane, time, at, bytes, next }: Variables): Code {
  return sequence(
    storeF64(get(lane), LaneField.time, get(time)),
    store(get(lane), LaneField.dataAt, get(at)),
    store(get(lane), LaneField.dataBytes, get(bytes)),
    store(get(lane), LaneField.next, get(next)),
  );
}

function comeBack(plan: MemoryPlan, v: Variables, why: number): Code {
  return sequence(storeLane(v), store(i32(plan.row), 0, get(v.row)), returns(i32(why)));
}

/** The lane that is first, and up to which time it may emit. */
function takeFirst(plan: MemoryPlan, v: Variables): Code {
  const { lane, other, child, limit, laneCount } = v;
  const rankOf = (of: Local) => load(get(of), LaneField.rank);
  const secondOfThree = when(
    lessSigned(i32(2), get(laneCount)),
    sequence(set(child, load(i32(plan.heap), 8)), when(isBefore(child, other), set(other, get(child)))),
  );
  const limitOfSecond = sequence(
    set(other, load(i32(plan.heap), 4)),
    secondOfThree,
    set(limit, loadF64(get(other), LaneField.time)),
    // Equal times: the lower rank first. Times are whole numbers.
    when(lessSigned(rankOf(other), rankOf(lane)), set(limit, subtractF64(get(limit), f64(1)))),
  );
  return sequence(
    set(lane, load(i32(plan.heap))),
    set(limit, f64(Number.MAX_VALUE)),
    when(lessSigned(i32(1), get(laneCount)), limitOfSecond),
    set(v.time, loadF64(get(lane), LaneField.time)),
    set(v.at, load(get(lane), LaneField.dataAt)),
    set(v.bytes, load(get(lane), LaneField.dataBytes)),
    set(v.next, load(get(lane), LaneField.next)),
    set(v.end, load(get(lane), LaneField.end)),
    set(v.cpu, load(get(lane), LaneField.cpu)),
  );
}

/** Counts the event; a page event becomes a row. */
function takeEvent(plan: MemoryPlan, v: Variables): Code {
  const { entry, row, bytes, at } = v;
  const shape = load(get(entry), Entry.shape * 4);
  const isTooShort = lessSigned(get(bytes), load(get(entry), Entry.bytesMin * 4));
  const addRow = sequence(
    when(or(notEqual(shape, i32(Shape.page)), isTooShort), comeBack(plan, v, LoopEnd.general)),
    writeRow(plan, v),
    writePointer(plan, v, Entry.aPointer, plan.columns.a),
    writePointer(plan, v, Entry.cPointer, plan.columns.c),
    set(row, add(get(row), i32(1))),
    when(equal(get(row), i32(rowsAtOnce)), comeBack(plan, v, LoopEnd.full)),
  );
  return sequence(
    set(entry, load16(get(at))),
    countEvent(plan, entry),
    // Type 0 does not exist; its entry says `none` and serves the ids behind the last.
    when(isZero(lessUnsigned(get(entry), i32(plan.typeLimit))), set(entry, i32(0))),
    set(entry, add(i32(plan.entries), shiftLeft(get(entry), i32(entryShift)))),
    when(notEqual(shape, i32(Shape.none)), addRow),
  );
}

/** Goes to the next record if it is 1–28 words of data that lie in the sub-buffer; everything else is rare. */
function nextRecord(plan: MemoryPlan, v: Variables): Code {
  const { next, end, header, length, at } = v;
  const rare = comeBack(plan, v, LoopEnd.advance);
  return sequence(
    when(lessUnsigned(get(end), add(get(next), i32(4))), rare),
    set(header, load(get(next))),
    set(length, and(get(header), i32(31))),
    when(greaterUnsigned(subtract(get(length), i32(1)), i32(27)), rare),
    set(length, four(get(length))),
    when(lessUnsigned(get(end), add(add(get(next), i32(4)), get(length))), rare),
    set(v.time, addF64(get(v.time), f64OfUnsigned(shiftRight(get(header), i32(5))))),
    set(at, add(get(next), i32(4))),
    set(v.bytes, get(length)),
    set(next, add(get(at), get(length))),
  );
}

/** An entry of the table of types takes 2^entryShift bytes. */
const entryShift = Math.log2(entriesPerType * 4);

function countEvent(plan: MemoryPlan, type: Local): Code {
  const address = four(get(type));
  return store(address, plan.counts, add(load(address, plan.counts), i32(1)));
}

/** Is the lane at address `one` to emit before `two`? */
function isBefore(one: Local, two: Local): Code {
  const timeOf = (lane: Local) => loadF64(get(lane), LaneField.time);
  const rankOf = (lane: Local) => load(get(lane), LaneField.rank);
  return or(
    lessF64(timeOf(one), timeOf(two)),
    and(equalF64(timeOf(one), timeOf(two)), lessSigned(rankOf(one), rankOf(two))),
  );
}

/** Moves the first lane of the heap down to where its time belongs. */
function sinkFirst(plan: MemoryPlan, { laneCount, lane, other, child, place, low }: Variables): Code {
  const laneAt = (position: Local) => load(four(get(position)), plan.heap);
  return sequence(
    set(lane, load(i32(plan.heap))),
    set(place, i32(0)),
    block(
      loop(
        set(child, add(shiftLeft(get(place), i32(1)), i32(1))),
        leaveWhen(isZero(lessSigned(get(child), get(laneCount))), 1),
        set(other, laneAt(child)),
        when(
          lessSigned(add(get(child), i32(1)), get(laneCount)),
          sequence(
            set(low, load(four(get(child)), plan.heap + 4)),
            when(isBefore(low, other), sequence(set(other, get(low)), set(child, add(get(child), i32(1))))),
          ),
        ),
        leaveWhen(isZero(isBefore(other, lane)), 1),
        store(four(get(place)), plan.heap, get(other)),
        set(place, get(child)),
        leave(0),
      ),
    ),
    store(four(get(place)), plan.heap, get(lane)),
  );
}

/** The columns of a page event; a column that its kind does not have gets anything. */
function writeRow({ columns }: MemoryPlan, v: Variables): Code {
  const { row, time, cpu, entry, at, other, low, high } = v;
  const place = (column: number) => add(get(at), four(load(get(entry), column * 4)));
  return sequence(
    storeF64(eight(get(row)), columns.timeNs, get(time)),
    store16(shiftLeft(get(row), i32(1)), columns.cpu, get(cpu)),
    store8(get(row), columns.kind, load(get(entry), Entry.kind * 4)),
    store(four(get(row)), columns.pid, load(get(at), 4)),
    storeF64(eight(get(row)), columns.pfn, f64OfLong(place(Entry.pfn))),
    store(four(get(row)), columns.order, load(place(Entry.order))),
    storeF64(eight(get(row)), columns.a, f64OfSigned(load(place(Entry.a)))),
    set(other, place(Entry.b)),
    set(low, or(load(get(other)), load(get(entry), Entry.bSet * 4))),
    set(high, and(load(get(other), 4), load(get(entry), Entry.bHighWide * 4))),
    when(
      or(get(high), and(get(low), load(get(entry), Entry.bLowWide * 4))),
      storeF64(
        eight(get(row)),
        columns.b,
        addF64(f64OfUnsigned(get(low)), multiplyF64(f64OfSigned(get(high)), f64(4294967296))),
      ),
      storeF64(eight(get(row)), columns.b, f64OfSigned(get(low))),
    ),
  );
}

/** A column that is the name of a pointer; one that has not come lately is looked up by JavaScript, with the whole row. */
function writePointer(plan: MemoryPlan, v: Variables, entryOf: number, column: number): Code {
  const { entry, at, row, other, low } = v;
  const word = load(get(entry), entryOf * 4);
  const slotOf = (pointer: Code) =>
    add(
      i32(plan.pointers),
      shiftLeft(and(shiftRight(load(pointer), i32(6)), i32(pointerSlots - 1)), i32(slotShift)),
    );
  return when(
    word,
    sequence(
      set(other, add(get(at), four(word))),
      set(low, slotOf(get(other))),
      when(isZero(equalLongs(get(other), get(low))), comeBack(plan, v, LoopEnd.general)),
      storeF64(eight(get(row)), column, f64OfSigned(load(get(low), 8))),
    ),
  );
}

/** A slot takes 2^slotShift bytes. */
const slotShift = Math.log2(slotWords * 4);

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

const eight = (row: Code): Code => shiftLeft(row, i32(3));
const four = (value: Code): Code => shiftLeft(value, i32(2));

/** The module's bytes; a few hundred. */
export function laneLoopCode(plan: MemoryPlan): Uint8Array {
  const locals = new Locals();
  const laneCount = locals.parameter();
  const row = locals.parameter();
  const start = locals.parameter();
  const lane = locals.i32();
  const at = locals.i32();
  const bytes = locals.i32();
  const next = locals.i32();
  const end = locals.i32();
  const cpu = locals.i32();
  const entry = locals.i32();
  const shape = locals.i32();
  const header = locals.i32();
  const length = locals.i32();
  const other = locals.i32();
  const limit = locals.f64();
  const time = locals.f64();
  const scratch = { child: locals.i32(), place: locals.i32(), low: locals.i32(), high: locals.i32() };

  const comeBack = (why: number): Code =>
    sequence(
      storeF64(get(lane), LaneField.time, get(time)),
      store(get(lane), LaneField.dataAt, get(at)),
      store(get(lane), LaneField.dataBytes, get(bytes)),
      store(get(lane), LaneField.next, get(next)),
      store(i32(plan.row), 0, get(row)),
      returns(i32(why)),
    );

  const takeFirst = sequence(
    set(lane, load(i32(plan.heap))),
    set(limit, f64(Number.MAX_VALUE)),
    when(
      lessSigned(i32(1), get(laneCount)),
      sequence(
        set(other, load(i32(plan.heap), 4)),
        when(
          lessSigned(i32(2), get(laneCount)),
          sequence(
            set(scratch.child, load(i32(plan.heap), 8)),
            when(isBefore(scratch.child, other), set(other, get(scratch.child))),
          ),
        ),
        set(limit, loadF64(get(other), LaneField.time)),
        // Equal times: the lower rank first. Times are whole numbers.
        when(
          lessSigned(load(get(other), LaneField.rank), load(get(lane), LaneField.rank)),
          set(limit, subtractF64(get(limit), f64(1))),
        ),
      ),
    ),
    set(time, loadF64(get(lane), LaneField.time)),
    set(at, load(get(lane), LaneField.dataAt)),
    set(bytes, load(get(lane), LaneField.dataBytes)),
    set(next, load(get(lane), LaneField.next)),
    set(end, load(get(lane), LaneField.end)),
    set(cpu, load(get(lane), LaneField.cpu)),
  );

  const eventToRow = sequence(
    set(entry, load16(get(at))),
    countEvent(plan, entry),
    // Type 0 does not exist; its entry says `none` and serves the ids behind the last.
    when(isZero(lessUnsigned(get(entry), i32(plan.typeLimit))), set(entry, i32(0))),
    set(entry, add(i32(plan.entries), shiftLeft(get(entry), i32(entryShift)))),
    set(shape, load(get(entry), Entry.shape * 4)),
    when(
      notEqual(get(shape), i32(Shape.none)),
      sequence(
        when(
          or(
            notEqual(get(shape), i32(Shape.page)),
            lessSigned(get(bytes), load(get(entry), Entry.bytesMin * 4)),
          ),
          comeBack(LoopEnd.general),
        ),
        writeRow(plan, { row, time, cpu, entry, at, other, ...scratch }),
        set(row, add(get(row), i32(1))),
        when(equal(get(row), i32(rowsAtOnce)), comeBack(LoopEnd.full)),
      ),
    ),
  );

  const nextRecord = sequence(
    when(lessUnsigned(get(end), add(get(next), i32(4))), comeBack(LoopEnd.advance)),
    set(header, load(get(next))),
    set(length, and(get(header), i32(31))),
    // 1–28 words of data, and room for them; everything else is rare.
    when(greaterUnsigned(subtract(get(length), i32(1)), i32(27)), comeBack(LoopEnd.advance)),
    set(length, four(get(length))),
    when(lessUnsigned(get(end), add(add(get(next), i32(4)), get(length))), comeBack(LoopEnd.advance)),
    set(time, addF64(get(time), f64OfUnsigned(shiftRight(get(header), i32(5))))),
    set(at, add(get(next), i32(4))),
    set(bytes, get(length)),
    set(next, add(get(at), get(length))),
  );

  const body = sequence(
    when(isZero(get(start)), sinkFirst(plan, laneCount, { lane, other, ...scratch })),
    loop(
      takeFirst,
      loop(
        when(get(start), set(start, i32(0)), eventToRow),
        nextRecord,
        leaveWhen(lessOrEqualF64(get(time), get(limit)), 0),
      ),
      storeF64(get(lane), LaneField.time, get(time)),
      store(get(lane), LaneField.dataAt, get(at)),
      store(get(lane), LaneField.dataBytes, get(bytes)),
      store(get(lane), LaneField.next, get(next)),
      sinkFirst(plan, laneCount, { lane, other, ...scratch }),
      leave(0),
    ),
    i32(0),
  );
  return moduleOf(locals, body);
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
function sinkFirst(
  plan: MemoryPlan,
  laneCount: Local,
  { lane, other, child, place, low }: Record<'lane' | 'other' | 'child' | 'place' | 'low', Local>,
): Code {
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
function writeRow(
  { columns }: MemoryPlan,
  {
    row,
    time,
    cpu,
    entry,
    at,
    other,
    low,
    high,
  }: Record<'row' | 'time' | 'cpu' | 'entry' | 'at' | 'other' | 'low' | 'high', Local>,
): Code {
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

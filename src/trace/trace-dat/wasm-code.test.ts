import { describe, expect, test } from 'vitest';
import {
  add,
  type Code,
  f64OfLong,
  get,
  i32,
  isZero,
  Locals,
  leave,
  lessSigned,
  load,
  loop,
  moduleOf,
  returns,
  sequence,
  set,
  store,
  storeF64,
  subtract,
  when,
} from './wasm-code.ts';

/** Assembles a function of two numbers and runs it on a memory of one page. */
function assemble(make: (locals: Locals) => Code) {
  const locals = new Locals();
  const body = make(locals);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(moduleOf(locals, body))), {
    env: { memory },
  });
  return { run: instance.exports.run as (one: number, two: number) => number, memory };
}

describe('the assembler', () => {
  test('computes with constants of every size and sign', () => {
    for (const constant of [0, 1, 63, 64, -1, -64, -65, 127, 128, 1 << 20, 0x7fffffff, -0x80000000]) {
      const { run } = assemble((locals) => {
        const one = locals.parameter();
        locals.parameter();
        return add(get(one), i32(constant));
      });
      expect(run(5, 0)).toBe((5 + constant) | 0);
    }
  });

  test('loops, branches and returns', () => {
    // The sum of one … two, by counting up.
    const { run } = assemble((locals) => {
      const one = locals.parameter();
      const two = locals.parameter();
      const sum = locals.i32();
      return sequence(
        when(lessSigned(get(two), get(one)), returns(i32(-1))),
        loop(
          set(sum, add(get(sum), get(one))),
          when(isZero(subtract(get(two), get(one))), returns(get(sum))),
          set(one, add(get(one), i32(1))),
          leave(0),
        ),
        i32(0),
      );
    });
    expect(run(1, 10)).toBe(55);
    expect(run(2, 1)).toBe(-1);
  });

  test('reads and writes the memory', () => {
    const { run, memory } = assemble((locals) => {
      const from = locals.parameter();
      const to = locals.parameter();
      return sequence(
        storeF64(get(to), 8, f64OfLong(get(from))),
        store(get(to), 0, load(get(from), 4)),
        i32(7),
      );
    });
    const view = new DataView(memory.buffer);
    view.setBigInt64(100, -123_456_789_012n, true);
    expect(run(100, 200)).toBe(7);
    expect(view.getFloat64(208, true)).toBe(-123_456_789_012);
    expect(view.getInt32(200, true)).toBe(view.getInt32(104, true));
  });
});

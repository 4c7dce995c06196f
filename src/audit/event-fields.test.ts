import { describe, expect, it } from 'vitest';
import { cpusOf } from './event-fields.ts';
import { FunctionNames, isDrainFunction } from './function-names.ts';

describe('a set of CPUs in a field', () => {
  it.each([
    ['a list, as trace.dat and libtraceevent give it', '2-3,5,7', false, [2, 3, 5, 7]],
    ['bytes, of tools that do not know the type', 'ARRAY[2c, 01]', false, [2, 3, 5, 8]],
    ['a mask, as the kernel prints it', '2c', true, [2, 3, 5]],
    ['a mask of more than 32 CPUs', '1,80000000', true, [31, 32]],
    ['a list in ftrace text, told by its ranges', '0-1', true, [0, 1]],
    ['a list in ftrace text, told by short groups', '0,2', true, [0, 2]],
    ['one CPU of a list', '3', false, [3]],
  ])('is %s', (_, text, isHex, cpus) => {
    expect(cpusOf(text, isHex)).toEqual(cpus);
  });

  it.each([['524320x'], [''], ['3-'], ['4294967295'], ['ARRAY[zz]'], ['0-99999999']])('is not %s', (text) => {
    expect(cpusOf(text, false)).toBeNull();
  });
});

describe('a function', () => {
  const names = new FunctionNames((address) => (address === 0xffffffff81000010n ? 'f+0x10' : ''));
  const nameOf = (value: number | bigint | string) => names.nameOf(names.numberOf(value));

  it('has one name, whatever prints it', () => {
    expect(nameOf(0xffffffff81000010n)).toBe('f+0x10');
    expect(nameOf('f+0x10/0x60')).toBe('f+0x10');
    expect(nameOf('f+0x0')).toBe('f');
    expect(nameOf('f+0x0/0x60 [kvm]')).toBe('f [kvm]');
    expect(nameOf('f+0x01')).toBe('f+0x01');
    for (const none of [0, '0x0', '(nil)', '(null)', '0000000000000000']) expect(nameOf(none)).toBe('');
  });

  it('without a symbol is its address', () => {
    expect(nameOf(0xffffffff81000099n)).toBe('0xffffffff81000099');
    expect(nameOf('0xffffffff81000099')).toBe('0xffffffff81000099');
  });

  it('drains page lists by its name', () => {
    expect(['drain_local_pages', 'drain_local_pages_wq', 'drain_pages.part.0'].every(isDrainFunction)).toBe(
      true,
    );
    expect(['lru_add_drain_per_cpu', 'drain_local_stock', 'drain_local_pagesx'].some(isDrainFunction)).toBe(
      false,
    );
  });
});

import { describe, expect, test } from 'vitest';
import { NotUnderstood } from './c-expression.ts';
import { parseEventFormat } from './event-format.ts';
import { PrintLine } from './print-line.ts';

const symbols = (address: bigint) =>
  address === 0x1010n ? 'wake_up+0x10' : address === 0x1000n ? 'wake_up' : '';

/** Prints one record: a u32 `small`, an s32 `signed`, a u64 `large`, `char comm[8]`, a cpumask of 8 bytes. */
function print(
  printLine: string,
  values: { small?: number; large?: bigint; comm?: string; mask?: number } = {},
): string {
  const text = [
    'name: x',
    'ID: 1',
    'format:',
    '\tfield:unsigned int small;\toffset:8;\tsize:4;\tsigned:0;',
    '\tfield:int negative;\toffset:12;\tsize:4;\tsigned:1;',
    '\tfield:u64 large;\toffset:16;\tsize:8;\tsigned:0;',
    '\tfield:char comm[8];\toffset:24;\tsize:8;\tsigned:0;',
    '\tfield:__data_loc cpumask_t mask;\toffset:32;\tsize:4;\tsigned:0;',
    '',
    `print fmt: ${printLine}`,
  ].join('\n');
  const format = parseEventFormat('test', new TextEncoder().encode(text), 8);
  if (format === null) throw new Error('the format was not parsed');
  const view = new DataView(new ArrayBuffer(48));
  view.setUint32(8, values.small ?? 0, true);
  view.setInt32(12, -5, true);
  view.setBigUint64(16, values.large ?? 0n, true);
  new Uint8Array(view.buffer).set(new TextEncoder().encode(values.comm ?? ''), 24);
  view.setUint32(32, 40 | (8 << 16), true);
  view.setUint8(40, values.mask ?? 0);
  return new PrintLine(format, 8, symbols).print({ view, at: 0, bytes: 48, littleEndian: true });
}

describe('a print line', () => {
  test('prints numbers as printf does', () => {
    expect(
      print(
        '"%d %u %x %#x %5u|%-5u|%05d", REC->negative, REC->small, REC->small, REC->small, REC->small, REC->small, REC->small',
        { small: 31 },
      ),
    ).toBe('-5 31 1f 0x1f    31|31   |00031');
    expect(
      print('"%lu %ld %llx %hhu %d%%", REC->large, REC->large, REC->large, REC->small, 7', {
        large: (1n << 64n) - 1n,
        small: 257,
      }),
    ).toBe('18446744073709551615 -1 ffffffffffffffff 1 7%');
  });

  test('prints text, its own pieces joined', () => {
    expect(print('"comm=%s " "%-4s|" "%.2s", REC->comm, "ab", "xyz"', { comm: 'init' })).toBe(
      'comm=init ab  |xy',
    );
  });

  test('computes as C does', () => {
    expect(print('"%d", 1 + 2 * 3 - 4 / 2')).toBe('5');
    expect(print('"%d %d", (1 << 4) | 3, 6 & ~2')).toBe('19 4');
    expect(print('"%d", 10 < 9 || 2 >= 2 && !0')).toBe('1');
    expect(print('"%s", REC->small != -1UL ? "yes" : "no"')).toBe('yes');
    expect(print('"%lu", REC->large != -1UL ? REC->large : 0', { large: (1n << 64n) - 1n })).toBe('0');
    expect(print('"%d %d", (unsigned char)(257), (int)sizeof(unsigned long)')).toBe('1 8');
    expect(print('"%d %d", 017, \'a\'')).toBe('15 97');
  });

  test('names flags in the order of the format, and what is left over in hexadecimal', () => {
    const flags =
      '"%s", (REC->small) ? __print_flags(REC->small, "|", {( unsigned long)((( gfp_t)0x3u) | (( gfp_t)0x4u)), "BOTH"}, {0x4, "FOUR"}, {0x8, "EIGHT"}) : "none"';
    expect(print(flags, { small: 7 })).toBe('BOTH');
    expect(print(flags, { small: 4 | 8 | 32 })).toBe('FOUR|EIGHT|0x20');
    expect(print(flags, { small: 0 })).toBe('none');
  });

  test('names values, and leaves unknown ones as numbers', () => {
    const zone = '"%-8s|", __print_symbolic(REC->small, {0, "DMA"}, {1, "DMA32"})';
    expect(print(zone, { small: 1 })).toBe('DMA32   |');
    expect(print(zone, { small: 9 })).toBe('0x9     |');
  });

  test('prints addresses, functions and CPU masks', () => {
    const line = '"%p %pS %ps %pS", REC->large, REC->large, REC->large, (void *)0x1000';
    expect(print(line, { large: 0x1010n })).toBe('0x1010 wake_up+0x10 wake_up wake_up+0x0');
    expect(print('"%s", __get_cpumask(mask)', { mask: 0b10110 })).toBe('1-2,4');
  });

  test('shows what the recording does not have as ?', () => {
    expect(
      print('"page=%p pfn=%lu", (((struct page *)vmemmap_base) + (REC->large)), REC->large', { large: 5n }),
    ).toBe('page=? pfn=5');
    expect(print('"%d %d", REC->gone, 1 / REC->small')).toBe('? ?');
  });

  test.each([
    '"%d", ({ int x; })',
    '"%d", (1',
    '"%d" 1',
    'REC->small',
    '',
    '"%d", @',
    `"%d", ${'('.repeat(5000)}1`,
    `"%d", 1${'+1'.repeat(5000)}`,
  ])('that is not understood is refused (%#)', (line) => {
    expect(() => print(line)).toThrow(NotUnderstood);
  });
});

/** Text that people wrote into a recording: trace_marker (ftrace:print) and trace_printk (ftrace:bprint, bputs). */

import type { AddressNames } from './address-names.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValue, type RecordBytes, text } from './field-value.ts';

/** The text without the line end that the kernel adds. */
export function markerText(record: RecordBytes, format: EventFormat, names: AddressNames): string {
  return rawText(record, format, names).replace(/\n$/, '');
}

function rawText(record: RecordBytes, format: EventFormat, names: AddressNames): string {
  const find = (name: string) => format.fields.find((field) => field.name === name);
  const pointer = find('fmt') ?? find('str');
  const buf = find('buf');
  if (pointer !== undefined) {
    const address = fieldValue(record, pointer);
    if (typeof address !== 'number' && typeof address !== 'bigint') return '';
    const stored = names.textAt(BigInt(address));
    if (stored === undefined) return `[text at 0x${address.toString(16)}]`;
    return buf === undefined ? stored : formatted(stored, record, buf.offset, pointer.size, names);
  }
  const value = buf === undefined ? undefined : fieldValue(record, buf);
  return typeof value === 'string' ? value : '';
}

const conversion = /%([-+ #0]*)(\d*|\*)(?:\.(\d+|\*))?(hh|h|ll|l|z|t|L)?([diouxXcsp%])([a-zA-Z]*)/g;

/** printf with arguments packed by the kernel's vbin_printf: numbers in 4 bytes or 8 at multiples of 4, strings in place. */
function formatted(
  layout: string,
  record: RecordBytes,
  bufAt: number,
  longBytes: number,
  names: AddressNames,
): string {
  let at = bufAt;
  const number = (bytes: number, signed: boolean): bigint => {
    at = (at + 3) & ~3;
    if (at + bytes > record.bytes) return 0n;
    const { view, littleEndian } = record;
    const place = record.at + at;
    at += bytes;
    if (bytes === 8)
      return signed ? view.getBigInt64(place, littleEndian) : view.getBigUint64(place, littleEndian);
    return BigInt(signed ? view.getInt32(place, littleEndian) : view.getUint32(place, littleEndian));
  };
  const string = (): string => {
    if (at >= record.bytes) return '';
    const value = text(record, record.at + at, record.bytes - at);
    at += new TextEncoder().encode(value).length + 1;
    return value;
  };
  return layout.replace(
    conversion,
    (whole, flags: string, width: string, precision, size, kind: string, tail: string) => {
      if (kind === '%') return `%${tail}`;
      const columns = width === '*' ? Number(number(4, true)) : Number(width);
      if (precision === '*') number(4, true);
      const bytes =
        kind === 'p' || size === 'l' || size === 'z' || size === 't'
          ? longBytes
          : size === 'll' || size === 'L'
            ? 8
            : 4;
      let value: string;
      switch (kind) {
        case 's':
          value = string();
          break;
        case 'c':
          value = String.fromCharCode(Number(number(4, false)) & 0xff);
          break;
        case 'p': {
          const address = number(bytes, false);
          const isFunction = /^[sSfFB]/.test(tail);
          value = (isFunction && names.functionAt(address)) || `0x${address.toString(16)}`;
          return padded(value, columns, flags) + (isFunction ? tail.slice(1) : tail);
        }
        case 'd':
        case 'i':
          value = number(bytes, true).toString();
          break;
        case 'u':
          value = number(bytes, false).toString();
          break;
        case 'o':
          value = number(bytes, false).toString(8);
          break;
        case 'x':
        case 'X':
          value = `${flags.includes('#') ? '0x' : ''}${number(bytes, false).toString(16)}`;
          if (kind === 'X') value = value.toUpperCase();
          break;
        default:
          return whole;
      }
      return padded(value, columns, flags) + tail;
    },
  );
}

/** No width of a made-up format may fill the memory. */
const columnsMax = 256;

function padded(value: string, columns: number, flags: string): string {
  const width = Math.min(columnsMax, Math.abs(columns));
  if (flags.includes('-') || columns < 0) return value.padEnd(width);
  return value.padStart(width, flags.includes('0') ? '0' : ' ');
}

/** Values of a record's fields by its format: for people and for comparing with other tools, not for the hot path. */

import { formatCpuList } from '../../base/cpu-list.ts';
import type { FieldValue } from '../trace-reader.ts';
import type { EventFormat, FormatField } from './event-format.ts';

/** The bytes of one record. */
export interface RecordBytes {
  readonly view: DataView;
  /** Where the record begins in the view, and its length. */
  readonly at: number;
  readonly bytes: number;
  readonly littleEndian: boolean;
}

const decoder = new TextDecoder();

/** All own fields of the event. Fields that lie outside of the record are left out. */
export function fieldValues(record: RecordBytes, format: EventFormat): Array<[string, FieldValue]> {
  const values: Array<[string, FieldValue]> = [];
  for (const field of format.fields) {
    const value = fieldValue(record, field);
    if (value !== undefined) values.push([field.name, value]);
  }
  return values;
}

/** undefined: the record ends before the field. */
export function fieldValue(record: RecordBytes, field: FormatField): FieldValue | undefined {
  if (field.dynamic !== 'no') return dynamicValue(record, field);
  if (field.offset + field.size > record.bytes) return undefined;
  // `char buf[]` at the end of a record: the rest of it.
  const open = field.size === 0;
  const bytes = open ? record.bytes - field.offset : field.size;
  if (bytes < 0) return undefined;
  if (field.arrayLength > 0 || open) return arrayValue(record, field, record.at + field.offset, bytes);
  return scalar(record, record.at + field.offset, field.size, field.signed);
}

function dynamicValue(record: RecordBytes, field: FormatField): FieldValue | undefined {
  if (field.offset + 4 > record.bytes) return undefined;
  const word = record.view.getUint32(record.at + field.offset, record.littleEndian);
  const bytes = word >>> 16;
  const from = (word & 0xffff) + (field.dynamic === 'rel' ? field.offset + 4 : 0);
  if (from + bytes > record.bytes) return undefined;
  return arrayValue(record, field, record.at + from, bytes);
}

function arrayValue(record: RecordBytes, field: FormatField, at: number, bytes: number): FieldValue {
  if (field.isText) return text(record, at, bytes);
  if (field.isCpuMask) return formatCpuList(maskBits(record, at, bytes, field.elementBytes));
  // A format that lies can say that an element has no bytes.
  const size = Math.max(1, field.elementBytes);
  const values: number[] = [];
  for (let i = 0; i + size <= bytes; i += size) {
    values.push(Number(scalar(record, at + i, size, field.signed)));
  }
  return values;
}

/** Text up to its zero byte. */
export function text(record: RecordBytes, at: number, bytes: number): string {
  const all = new Uint8Array(record.view.buffer, record.view.byteOffset + at, bytes);
  const end = all.indexOf(0);
  return decoder.decode(end < 0 ? all : all.subarray(0, end));
}

/** A whole number of 1, 2, 4 or 8 bytes; other sizes give the list of bytes. */
export function scalar(record: RecordBytes, at: number, size: number, signed: boolean): FieldValue {
  const { view, littleEndian } = record;
  switch (size) {
    case 1:
      return signed ? view.getInt8(at) : view.getUint8(at);
    case 2:
      return signed ? view.getInt16(at, littleEndian) : view.getUint16(at, littleEndian);
    case 4:
      return signed ? view.getInt32(at, littleEndian) : view.getUint32(at, littleEndian);
    case 8: {
      const value = signed ? view.getBigInt64(at, littleEndian) : view.getBigUint64(at, littleEndian);
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
    default:
      return Array.from(new Uint8Array(view.buffer, view.byteOffset + at, size));
  }
}

/** Members of a bitmap of `long`s. */
export function maskBits(record: RecordBytes, at: number, bytes: number, longBytes: number): number[] {
  const cpus: number[] = [];
  if (longBytes < 1) return cpus;
  for (let long = 0; long + longBytes <= bytes; long += longBytes) {
    for (let byte = 0; byte < longBytes; byte++) {
      // Bytes of a long are in the machine's order; bits count from its least significant byte.
      const place = record.littleEndian ? byte : longBytes - 1 - byte;
      const bits = record.view.getUint8(at + long + place);
      for (let bit = 0; bit < 8; bit++) if ((bits & (1 << bit)) !== 0) cpus.push((long + byte) * 8 + bit);
    }
  }
  return cpus;
}

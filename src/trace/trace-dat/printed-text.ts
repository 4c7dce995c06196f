/** The fields of an event as a line for people. */

import type { FieldValue } from '../trace-reader.ts';
import type { Container } from './container.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValues, type RecordBytes } from './field-value.ts';

export function printedText(record: RecordBytes, format: EventFormat, _container: Container): string {
  return fieldValues(record, format)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(' ');
}

function valueText(value: FieldValue): string {
  return typeof value === 'object' ? `{${value.join(',')}}` : String(value);
}

/** An event as a line for people: by the print line of its format, or its fields one by one where that is not understood. */

import type { FieldValue } from '../trace-reader.ts';
import type { AddressNames } from './address-names.ts';
import { NotUnderstood } from './c-expression.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValues, type RecordBytes } from './field-value.ts';
import { markerText } from './marker-text.ts';
import { PrintLine } from './print-line.ts';

const markers: ReadonlySet<string> = new Set(['print', 'bprint', 'bputs']);

export class EventPrinter {
  readonly #longBytes: number;
  readonly #names: AddressNames;
  /** null: the print line is not understood. */
  readonly #lines: Map<EventFormat, PrintLine | null> = new Map();

  constructor(longBytes: number, names: AddressNames) {
    this.#longBytes = longBytes;
    this.#names = names;
  }

  printed(record: RecordBytes, format: EventFormat): string {
    if (format.system === 'ftrace' && markers.has(format.name))
      return markerText(record, format, this.#names);
    let line = this.#lines.get(format);
    if (line === undefined) {
      line = this.#lineOf(format);
      this.#lines.set(format, line);
    }
    if (line !== null) return line.print(record);
    return fieldValues(record, format)
      .map(([name, value]) => `${name}=${valueText(value)}`)
      .join(' ');
  }

  #lineOf(format: EventFormat): PrintLine | null {
    try {
      return new PrintLine(format, this.#longBytes, (address) => this.#names.functionAt(address));
    } catch (error) {
      if (error instanceof NotUnderstood) return null;
      throw error;
    }
  }
}

function valueText(value: FieldValue): string {
  return typeof value === 'object' ? `{${value.join(',')}}` : String(value);
}

/** Text that people wrote into a recording: trace_marker and trace_printk. */

import type { Container } from './container.ts';
import type { EventFormat } from './event-format.ts';
import { fieldValue, type RecordBytes } from './field-value.ts';

/** Text of an ftrace:print record, without the line end that the kernel adds. */
export function markerText(record: RecordBytes, format: EventFormat, _container: Container): string {
  const buf = format.fields.find(({ name }) => name === 'buf');
  const value = buf === undefined ? undefined : fieldValue(record, buf);
  return typeof value === 'string' ? value.replace(/\n$/, '') : '';
}

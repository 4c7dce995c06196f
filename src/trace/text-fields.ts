/**
 * The printed fields of one event as name and value, for people and for the listing of events: not the way by which rows
 * are made (text-columns.ts). Print lines are free text, so this understands what the kernel's own print lines use:
 * `name=value`, `name:value`, `(address)` and `(function <- caller)` of probes, `function NAME` of work items,
 * and values of several words up to the next name.
 */

import type { FieldValue } from './trace-reader.ts';

/** `name=` at the beginning of a word. */
const fieldStart = /(?:^|[\s,{(])([A-Za-z_][\w.-]*)=(?!=)/g;
/** A body longer than this is not searched for fields. */
const bodyMax = 16_384;

export function fieldsOfText(body: string): Array<[string, FieldValue]> {
  const fields: Array<[string, FieldValue]> = [];
  const text = body.slice(0, bodyMax).replace('[FAILED TO PARSE]', '');
  const probe = /^\(([^)<]*?)(?: <- ([^)]*))?\)\s*/.exec(text);
  if (probe !== null) {
    if (probe[2] === undefined) fields.push(['__probe_ip', probe[1]]);
    else fields.push(['__probe_func', probe[1]], ['__probe_ret_ip', probe[2]]);
  }
  const rest = probe === null ? text : text.slice(probe[0].length);
  const starts = [...rest.matchAll(fieldStart)];
  addWorkFields(fields, starts.length > 0 ? rest.slice(0, starts[0].index) : rest);
  starts.forEach((start, i) => {
    const from = start.index + start[0].length;
    const to = i + 1 < starts.length ? starts[i + 1].index : rest.length;
    fields.push([start[1], fieldValue(rest.slice(from, to))]);
  });
  if (fields.length === 0 && text.trim() !== '') fields.push(['text', text.trim()]);
  return fields;
}

/** `work struct 0xffff88801d0b0c28: function drain_local_pages_wq`. */
function addWorkFields(fields: Array<[string, FieldValue]>, text: string): void {
  const work = /^work struct (\S+?)(?:: function (\S+))?\s*$/.exec(text);
  if (work === null) return;
  fields.push(['work', fieldValue(work[1])]);
  if (work[2] !== undefined) fields.push(['function', work[2]]);
}

/** Numbers as numbers (as bigint from 2^53 on), all else as text. `0x10 (16)` of option `fields` is 16. */
function fieldValue(text: string): FieldValue {
  const value = withoutTail(text).replace(/^(0x[0-9a-f]+) \(-?\d+\)$/, '$1');
  if (!/^(?:-?\d{1,20}|0x[0-9a-fA-F]{1,16})$/.test(value)) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/** Cuts what stands between two fields and belongs to neither: blanks, commas, brackets, the arrow of sched_switch. */
function withoutTail(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t,})'.includes(text[end - 1])) end--;
  return text.endsWith('==>', end) ? text.slice(0, end - 3).trimEnd() : text.slice(0, end);
}

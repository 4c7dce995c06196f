/** Compares what drainlab reads from a trace.dat with the text that Debian's `trace-cmd report -R -t` prints of it. */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import type { FieldValue, TraceEvent } from '../../src/trace/index.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';

export interface OracleResult {
  events: number;
  fieldsCompared: number;
  /** Fields that the text gives as the name of a function (compared by its symbol) or that this trace-cmd cannot print. */
  fieldsUnprintable: number;
  /** The first few differences, in words. */
  differences: string[];
}

export function hasTraceCmd(): boolean {
  return spawnSync('trace-cmd', ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Runs trace-cmd with output into `target`; throws when it fails. */
export function traceCmd(args: string[], target: string): void {
  const out = openSync(target, 'w');
  const { status, stderr } = spawnSync('trace-cmd', args, { stdio: ['ignore', out, 'pipe'] });
  closeSync(out);
  if (status !== 0) throw new Error(`trace-cmd ${args.join(' ')}: ${stderr}`);
}

const reportLine = /^\s*(?:(\S+): )?\s*(.*)-(\d+)\s+\[(\d+)\]\s+(\d+)\.(\d{9}): ([^:]+):\s*(.*)$/;

/** Reads `recording` with drainlab and compares each event with the next line of `reportText`. */
export async function compareWithReport(recording: string, reportText: string): Promise<OracleResult> {
  const reader = await openTraceFile(recording);
  const lines = linesOf(reportText);
  const result: OracleResult = { events: 0, fieldsCompared: 0, fieldsUnprintable: 0, differences: [] };
  const differ = (text: string) => {
    if (result.differences.length < 5) result.differences.push(`event ${result.events}: ${text}`);
  };
  await reader.readEvents((event) => {
    let line = lines.next();
    while (line.done !== true && (/^cpus=\d+$/.test(line.value) || line.value === '')) line = lines.next();
    if (line.done === true) {
      differ('the report has no line for it');
      return false;
    }
    compareEvent(event, line.value, result, differ);
    result.events++;
    return result.differences.length < 5;
  });
  if (result.differences.length === 0 && lines.next().done !== true) differ('the report goes on');
  if (reader.diagnostics.events !== result.events) differ(`the reader counted ${reader.diagnostics.events}`);
  await reader.close();
  return result;
}

function compareEvent(
  event: TraceEvent,
  line: string,
  result: OracleResult,
  differ: (text: string) => void,
): void {
  const match = reportLine.exec(line);
  if (match === null) {
    differ(`a line that is no event: ${line}`);
    return;
  }
  const stamp = BigInt(match[5]) * 1_000_000_000n + BigInt(match[6]);
  const comm = event.comm === '' ? '<...>' : event.comm;
  if (match[2] !== comm) differ(`task ${match[2]}, read ${comm}`);
  if (Number(match[3]) !== event.pid) differ(`pid ${match[3]}, read ${event.pid}`);
  if (Number(match[4]) !== event.cpu) differ(`CPU ${match[4]}, read ${event.cpu}`);
  if (stamp !== event.stamp) differ(`stamp ${stamp}, read ${event.stamp}`);
  if (match[7] !== event.name) differ(`type ${match[7]}, read ${event.name}`);
  compareFields(event.fields(), match[8], result, differ);
}

/** The text is `name=value name=value`; a value may hold blanks, so each ends where the next name begins. */
function compareFields(
  fields: Array<[string, FieldValue]>,
  text: string,
  result: OracleResult,
  differ: (text: string) => void,
): void {
  let at = 0;
  fields.forEach(([name, value], i) => {
    const next = fields[i + 1]?.[0];
    const end = next === undefined ? text.length : text.indexOf(` ${next}=`, at);
    const part = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    if (!part.startsWith(`${name}=`)) {
      differ(`field ${name} is missing in "${text}"`);
      return;
    }
    const printed = part.slice(name.length + 1);
    const verdict = sameValue(value, printed);
    if (verdict === 'unprintable') result.fieldsUnprintable++;
    else result.fieldsCompared++;
    if (verdict === 'different') differ(`${name}=${printed}, read ${String(value)}`);
  });
}

function sameValue(value: FieldValue, printed: string): 'same' | 'different' | 'unprintable' {
  if (typeof value === 'string') {
    if (value.replace(/\n$/, '').trimEnd() === printed.trimEnd()) return 'same';
    // This trace-cmd prints the place of a cpumask, not its CPUs.
    return /^[\d,-]*$/.test(value) && /^\d+$/.test(printed) ? 'unprintable' : 'different';
  }
  if (typeof value === 'object') {
    const bytes = /^ARRAY\[(.*)\]$/.exec(printed);
    if (bytes === null) return 'unprintable';
    const listed = bytes[1].split(',').map((byte) => Number.parseInt(byte.trim(), 16));
    return listed.length === value.length && listed.every((byte, i) => byte === (value[i] & 0xff))
      ? 'same'
      : 'unprintable';
  }
  // Addresses of functions come out as names.
  if (/^[a-zA-Z_]/.test(printed) && !/^[0-9a-f]{8,16}$/.test(printed)) return 'unprintable';
  const own = BigInt.asUintN(64, BigInt(value));
  const forms = /^[0-9a-f]{16}$/.test(printed) ? [`0x${printed}`] : [printed, `0x${printed}`];
  for (const form of forms) {
    const other = parsed(form);
    if (other !== null && (other === own || BigInt.asUintN(32, own) === other)) return 'same';
  }
  return 'different';
}

function parsed(text: string): bigint | null {
  const negative = text.startsWith('-');
  const digits = negative ? text.slice(1) : text;
  if (!/^(?:0x[0-9a-f]+|\d+)$/i.test(digits)) return null;
  return BigInt.asUintN(64, negative ? -BigInt(digits) : BigInt(digits));
}

/** Lines of a file that may be larger than a string can be. */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(1 << 20);
  let rest = '';
  for (;;) {
    const count = readSync(file, bytes, 0, bytes.length, null);
    if (count === 0) break;
    const lines = (rest + bytes.toString('latin1', 0, count)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  closeSync(file);
  if (rest !== '') yield rest;
}

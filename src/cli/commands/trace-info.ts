/** What `drainlab trace info` says about a recording that was read to its end. */

import type { TraceReader } from '../../trace/index.ts';
import { readinessOf, readinessText } from './replay-readiness.ts';

interface Colours {
  bold(text: string): string;
  dim(text: string): string;
  yellow(text: string): string;
}

/** For people. */
export function traceInfoLines(name: string, reader: TraceReader, colours: Colours): string[] {
  const { info, diagnostics } = reader;
  const lines = [
    `${colours.bold(name)}: ${info.format}${info.compression === 'none' ? '' : `, ${info.compression}`}`,
    `  kernel   ${info.kernel === '' ? 'the recording does not say' : info.kernel}`,
  ];
  if (info.uname !== '') lines.push(`  machine  ${info.uname}`);
  lines.push(`  CPUs     ${Math.max(info.cpuCount, reader.cpuCount)}`);
  lines.push(`  clock    ${info.clock === '' ? 'not named' : info.clock}, in ${info.clockUnit}`);
  lines.push(`  span     ${spanText(reader)}`);
  if (info.buffers.length > 1)
    lines.push(`  buffers  ${info.buffers.map((buffer) => buffer || 'top').join(', ')}`);
  lines.push(`  events   ${grouped(diagnostics.events)} of ${diagnostics.eventsByType.size} types`);
  lines.push(`  lost     ${lostText(reader)}`);
  lines.push(`  replay   ${readinessText(readinessOf(reader))}`);
  lines.push(...oddLines(reader).map((line) => `  ${colours.yellow(line)}`));
  lines.push('');
  for (const [type, count] of byCount(diagnostics.eventsByType)) {
    lines.push(`${grouped(count).padStart(15)}  ${type}`);
  }
  return lines;
}

/** The same as one object, for programs. */
export function traceInfoObject(name: string, reader: TraceReader): object {
  const { info, diagnostics } = reader;
  return {
    schema: 'drainlab.trace-info/1',
    name,
    ...info,
    startStamp: String(info.startStamp),
    cpuCount: Math.max(info.cpuCount, reader.cpuCount),
    events: diagnostics.events,
    firstNs: diagnostics.firstNs,
    lastNs: diagnostics.lastNs,
    eventsByType: Object.fromEntries(byCount(diagnostics.eventsByType)),
    lostByCpu: Object.fromEntries(diagnostics.lostByCpu),
    unknownLosses: diagnostics.unknownLosses,
    unknownTypes: Object.fromEntries(diagnostics.unknownTypes),
    unreadableLines: diagnostics.unreadableLines,
    outOfOrder: diagnostics.outOfOrder ?? 0,
    stoppedAt: diagnostics.stoppedAt,
    replay: readinessOf(reader),
  };
}

function spanText({ info, diagnostics }: TraceReader): string {
  const { firstNs, lastNs, events } = diagnostics;
  if (events === 0) return 'no events';
  const first = info.startStamp + BigInt(Math.round(firstNs));
  if (info.clockUnit !== 'ns') return `${grouped(lastNs - firstNs)} ${info.clockUnit} from ${first}`;
  const seconds = String(first).padStart(10, '0');
  const start = `${seconds.slice(0, -9)}.${seconds.slice(-9)}`;
  return `${((lastNs - firstNs) / 1e9).toFixed(6)} s from ${start}`;
}

function lostText({ diagnostics }: TraceReader): string {
  const parts = [...diagnostics.lostByCpu]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a - b)
    .map(([cpu, count]) => `${grouped(count)} on ${cpu < 0 ? 'a CPU that is not told' : `CPU ${cpu}`}`);
  if (diagnostics.unknownLosses > 0) parts.push(`an unknown number ${diagnostics.unknownLosses} times`);
  return parts.length === 0 ? 'none, as far as the recording tells' : parts.join(', ');
}

function oddLines({ diagnostics }: TraceReader): string[] {
  const lines: string[] = [];
  const unknown = [...diagnostics.unknownTypes].sort(([a], [b]) => a - b);
  const total = unknown.reduce((sum, [, count]) => sum + count, 0);
  if (total > 0) {
    const ids = unknown.slice(0, 8).map(([id]) => id);
    lines.push(`unknown  ${grouped(total)} events of types without a format (ids ${ids.join(', ')})`);
  }
  if (diagnostics.unreadableLines > 0) {
    lines.push(`unread   ${grouped(diagnostics.unreadableLines)} lines that are no events`);
  }
  const outOfOrder = diagnostics.outOfOrder ?? 0;
  if (outOfOrder > 0) lines.push(`order    ${grouped(outOfOrder)} lines older than one before them`);
  if (diagnostics.stoppedAt !== '') lines.push(`stopped  ${diagnostics.stoppedAt}`);
  return lines;
}

function byCount(types: ReadonlyMap<string, number>): Array<[string, number]> {
  return [...types].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** 1234567 → `1,234,567`. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `audit`: one pass over a recording → who disturbed whom. Memory is bounded whatever the size of the recording. */

import { withoutControls } from '../base/printable.ts';
import type { TraceReader } from '../trace/trace-reader.ts';
import type { AuditReport } from './audit-report.ts';
import { Collector } from './collector.ts';
import { FunctionNames } from './function-names.ts';
import type { InterruptTables } from './interrupt-deltas.ts';
import { makeReport } from './make-report.ts';
import { auditedEvents } from './recorded-events.ts';
import { Tally } from './tally.ts';

export interface AuditOptions {
  /** Name of the recording in the report. */
  readonly name: string;
  /** Release of the recorded kernel, or ''. */
  readonly kernel: string;
  readonly isolated: readonly number[];
  /** Where `isolated` is from; '' when nothing tells it. */
  readonly isolatedFrom: string;
  /** Names of events that were on, even if none came (`ipi_send_cpu`). */
  readonly recorded?: readonly string[];
  /** /proc/interrupts before and after. */
  readonly interruptTables?: InterruptTables | null;
  /** In ns since the first event of the recording. */
  readonly fromNs?: number;
  readonly toNs?: number;
  readonly partial?: boolean;
  readonly onProgress?: (bytesRead: number, bytesTotal: number | null) => void;
  readonly signal?: AbortSignal;
}

/** Reads `reader` to its end and does not close it. */
export async function audit(reader: TraceReader, options: AuditOptions): Promise<AuditReport> {
  const { fromNs, toNs } = options;
  const isDat = reader.info.format.startsWith('trace.dat');
  const functions = new FunctionNames((address) => reader.functionAt?.(address) ?? '');
  const isolated = new Set(options.isolated);
  const tally = new Tally(isolated, fromNs ?? 0);
  const collector = new Collector(tally, {
    name: options.name,
    functions,
    hexMasks: reader.info.format === 'ftrace text',
    hexBitmasks: !isDat,
  });
  await reader.readEvents((event) => collector.take(event), {
    partial: options.partial,
    onProgress: options.onProgress,
    signal: options.signal,
    filter: { names: auditedEvents, fromNs, toNs },
  });
  collector.finish();
  const { diagnostics, info } = reader;
  const startNs = Math.max(0, fromNs ?? 0);
  const lastNs = Math.max(startNs, Math.min(diagnostics.lastNs, toNs ?? diagnostics.lastNs));
  return makeReport({
    source: {
      name: withoutControls(options.name),
      format: info.format,
      kernel: withoutControls(options.kernel),
      cpus: reader.cpuCount,
      seconds: info.clockUnit === 'ns' ? (lastNs - startNs) / 1e9 : null,
      events: diagnostics.events,
      lostEvents: sum(diagnostics.lostByCpu.values()),
      unknownLosses: diagnostics.unknownLosses,
      unreadable: sum(diagnostics.unknownTypes.values()) + diagnostics.unreadableLines,
      clock: withoutControls(info.clock),
      clockUnit: info.clockUnit,
      buffers: info.buffers.length,
      stoppedAt: diagnostics.stoppedAt,
    },
    isolated,
    isolatedFrom: options.isolatedFrom,
    known: new Set((options.recorded ?? []).map((name) => name.replace(/^.*:/, ''))),
    startNs,
    lastNs,
    tally,
    collector,
    functions,
    interruptTables: options.interruptTables ?? null,
  });
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

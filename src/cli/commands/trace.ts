/** `drainlab trace info` and `drainlab trace dump`: what is in a recording. */

import type { Command } from 'commander';
import pc from 'picocolors';
import { parseCpuList } from '../../base/cpu-list.ts';
import type { EventFilter, FieldValue, TraceEvent, TraceReader } from '../../trace/index.ts';
import { openTraceFile } from '../../trace/node-source.ts';
import { LineOutput } from '../terminal/line-output.ts';
import { type Moment, momentNs, parseMoment } from './moment.ts';
import { traceInfoLines, traceInfoObject } from './trace-info.ts';

interface InfoOptions {
  json?: true;
  partial?: true;
}

interface DumpOptions extends InfoOptions {
  event?: string[];
  cpu?: string;
  from?: Moment;
  to?: Moment;
}

export function registerTrace(program: Command): void {
  const trace = program.command('trace').description('look into a recording');
  trace
    .command('info')
    .description('what a recording holds: kernel, CPUs, clock, span, events by type, losses')
    .argument(
      '<file>',
      'trace.dat, ftrace text or perf script text (also .gz, .xz, .zst); - is standard input',
    )
    .option('--json', 'print one JSON object')
    .option('--partial', 'report what could be read of a damaged recording')
    .addHelpText('after', '\nExample:\n  drainlab trace info recordings/5.10-workers/trace.dat')
    .action(info);
  trace
    .command('dump')
    .description('print the events of a recording, one a line, in order of time')
    .argument(
      '<file>',
      'trace.dat, ftrace text or perf script text (also .gz, .xz, .zst); - is standard input',
    )
    .option(
      '--event <name>',
      'only this event (mm_page_alloc or kmem:mm_page_alloc); may be repeated',
      collect,
    )
    .option('--cpu <list>', 'only these CPUs: 0-3,8')
    .option(
      '--from <time>',
      'from this second of the recording’s clock; +1.5 counts from its first event',
      parseMoment,
    )
    .option('--to <time>', 'to this second, likewise', parseMoment)
    .option('--json', 'print one JSON object a line')
    .option('--partial', 'print what can be read of a damaged recording')
    .addHelpText(
      'after',
      '\nExamples:\n  drainlab trace dump recordings/5.10-workers/trace.dat --event drain_all_pages --from +1 --to +2' +
        '\n  trace-cmd report trace.dat | drainlab trace dump - --json --cpu 0-3',
    )
    .action(dump);
}

async function info(file: string, options: InfoOptions): Promise<void> {
  const reader = await openTraceFile(file);
  const output = new LineOutput();
  try {
    await reader.readEvents(() => true, { partial: options.partial === true });
    // Before the file is closed: whether a symbol exists is looked up in it.
    if (options.json === true) output.line(JSON.stringify(traceInfoObject(file, reader), null, 2));
    else for (const line of traceInfoLines(file, reader, pc)) output.line(line);
  } finally {
    await reader.close();
  }
  output.flush();
}

async function dump(file: string, options: DumpOptions): Promise<void> {
  const cpus = options.cpu === undefined ? undefined : new Set(parseCpuList(options.cpu, '--cpu'));
  const reader = await openTraceFile(file);
  const output = new LineOutput();
  const write = options.json === true ? jsonLine : textLine;
  const isCount = reader.info.clockUnit !== 'ns';
  try {
    const filter: EventFilter = {
      names: options.event && new Set(options.event),
      cpus,
      fromNs: options.from && momentNs(options.from, reader),
      toNs: options.to && momentNs(options.to, reader),
    };
    await reader.readEvents((event) => output.line(write(event, isCount)), {
      partial: options.partial === true,
      filter,
    });
  } finally {
    output.flush();
    await reader.close();
  }
  const { stoppedAt } = reader.diagnostics;
  if (stoppedAt !== '') process.stderr.write(`drainlab: stopped early: ${stoppedAt}\n`);
  checkNames(options.event, reader);
}

/** A name that no event has is most often a slip: say so, and what there is. */
function checkNames(names: readonly string[] | undefined, reader: TraceReader): void {
  const known = [...reader.diagnostics.eventsByType.keys()];
  for (const name of names ?? []) {
    if (known.some((type) => type === name || type.endsWith(`:${name}`) || name.endsWith(`:${type}`)))
      continue;
    process.stderr.write(
      `drainlab: no event is called ${name}; \`drainlab trace info\` lists those there are\n`,
    );
  }
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(',').filter((name) => name !== '')];
}

function textLine(event: TraceEvent, isCount: boolean): string {
  const task = `${event.comm === '' ? '<...>' : event.comm}-${event.pid}`;
  const name = event.system === '' ? event.name : `${event.system}:${event.name}`;
  const buffer = event.buffer === '' ? '' : `${event.buffer}: `;
  const cpu = String(event.cpu).padStart(3, '0');
  return `${buffer}${task.padStart(22)} [${cpu}] ${stampText(event.stamp, isCount)}: ${name}: ${event.printed()}`;
}

function jsonLine(event: TraceEvent, isCount: boolean): string {
  const { cpu, pid, comm, system, name, buffer, timeNs } = event;
  const fields: Record<string, FieldValue> = Object.create(null);
  for (const [field, value] of event.fields())
    fields[field] = typeof value === 'bigint' ? String(value) : value;
  const stamp = stampText(event.stamp, isCount);
  return JSON.stringify({ stamp, timeNs, cpu, pid, comm, system, name, buffer, fields });
}

/** `9.222855745`; counts as they are. */
function stampText(stamp: bigint, isCount: boolean): string {
  const digits = String(stamp);
  if (isCount) return digits;
  const padded = digits.padStart(10, '0');
  return `${padded.slice(0, -9)}.${padded.slice(-9)}`;
}

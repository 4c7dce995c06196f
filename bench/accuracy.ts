/**
 * How often drainlab agrees with the kernel, one line a recording:
 * `npx tsx bench/accuracy.ts [FOLDER…]` (folders with a trace.dat; default: all large recordings, else the shipped ones).
 * `--differences` lists every drain that differs, `--notes` what was odd; `--without=KIND,KIND` acts as if events of
 * these kinds (names of `Kind`) had not been recorded, to see what each is worth.
 */

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatCpuList } from '../src/base/cpu-list.ts';
import { loadRecordingFolder } from '../src/cli/recording-folder.ts';
import type { DrainOutcome, DrainRequest } from '../src/engine/input/drain-request.ts';
import { EventBlock, type EventLogSource, Kind } from '../src/engine/input/event-log.ts';
import { makeRebuild } from '../src/engine/model/rebuild.ts';
import { openTraceFile } from '../src/trace/node-source.ts';
import { largeRecordings, shippedRecordings } from '../test/recordings.ts';

const flags = new Set(process.argv.slice(2).filter((word) => word.startsWith('--')));
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const without = new Set(
  [...flags]
    .filter((flag) => flag.startsWith('--without='))
    .flatMap((flag) => flag.slice('--without='.length).split(','))
    .map((name) => {
      if (!(name in Kind)) throw new Error(`no kind ${name}; see Kind in src/engine/input/event-log.ts`);
      return Kind[name as keyof typeof Kind];
    }),
);
const root = largeRecordings ?? shippedRecordings;
const folders =
  named.length > 0 ? named.map((name) => (existsSync(name) ? name : join(root, name))) : allFolders(root);

for (const folder of folders) console.log(await accuracyOf(folder));

function allFolders(parent: string): string[] {
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((folder) => existsSync(join(folder, 'trace.dat')));
}

async function accuracyOf(folder: string): Promise<string> {
  const trace = join(folder, 'trace.dat');
  const reader = await openTraceFile(trace);
  const { machine, snapshots } = loadRecordingFolder(trace, reader.cpuCount);
  const lines: string[] = [];
  let asked: { request: DrainRequest; pages: Int32Array } | null = null;
  const started = performance.now();
  const rebuild = makeRebuild(sourceWithout(reader), machine, snapshots, {
    drainRequested(request) {
      asked = { request: { ...request }, pages: request.pages.slice() };
    },
    drainEnded(outcome) {
      if (asked !== null && flags.has('--differences'))
        lines.push(...differenceOf(asked.request, asked.pages, outcome));
    },
  });
  const kept = new EventBlock();
  await reader.readRows((block) => rebuild.feed(without.size === 0 ? block : rowsWithout(block, kept)));
  const report = rebuild.finish();
  await reader.close();
  if (flags.has('--differences')) {
    for (const { snapshot, list, kernel, rebuilt, changing } of rebuild.listDifferences) {
      const zone = machine.zones[list % machine.zones.length].name;
      const cpu = Math.floor(list / machine.zones.length);
      lines.push(
        `  snapshot ${snapshot} CPU ${cpu} ${zone}: kernel ${kernel}, rebuilt ${rebuilt}${changing ? ', changing' : ''}`,
      );
    }
  }
  if (flags.has('--notes')) for (const [name, times] of report.notes) lines.push(`  ${times} × ${name}`);
  return [
    `${basename(folder).padEnd(18)} drains ${share(report.drainsEqual, report.drainsCompared)}  ` +
      `holders ${share(report.holdersEqual, report.holdersCompared)}  lists ${share(report.listsEqual, report.listsCompared)}  ` +
      `${classes({ ...report.drainDifferences, ...report.holderDifferences })}| ${classes(report.listDifferences)}` +
      `${Math.round(performance.now() - started)} ms`,
    ...lines,
  ].join('\n');
}

function sourceWithout(reader: EventLogSource): EventLogSource {
  const { features } = reader;
  return {
    cpuCount: reader.cpuCount,
    kernel: reader.kernel,
    commOf: (pid) => reader.commOf(pid),
    features: {
      has: (kind) => !without.has(kind) && features.has(kind),
      hasFormat: (system, name) => features.hasFormat(system, name),
      hasField: (system, name, field) => features.hasField(system, name, field),
      formatText: (system, name) => features.formatText(system, name),
      symbolExists: (name) => features.symbolExists(name),
    },
  };
}

/** The rows of `block` that are not left out, in `kept`, which is reused. */
function rowsWithout(block: EventBlock, kept: EventBlock): EventBlock {
  kept.clear();
  for (let from = 0; from < block.length; from++) {
    if (without.has(block.kind[from] as Kind)) continue;
    const to = kept.length++;
    for (const column of ['timeNs', 'cpu', 'kind', 'pid', 'pfn', 'order', 'a', 'b', 'c', 'd'] as const) {
      kept[column][to] = block[column][from];
    }
    const set = block.cpuSets.get(from);
    if (set !== undefined) kept.cpuSets.set(to, set);
    const text = block.texts.get(from);
    if (text !== undefined) kept.texts.set(to, text);
  }
  return kept;
}

function differenceOf(request: DrainRequest, pages: Int32Array, outcome: DrainOutcome): string[] {
  const truth = outcome.kernelHolders ?? (request.forced ? null : outcome.targets);
  if (truth === null || truth.equals(outcome.rebuiltHolders)) return [];
  const only = (a: Iterable<number>, b: { has(cpu: number): boolean }) =>
    formatCpuList([...a].filter((cpu) => !b.has(cpu)));
  return [
    `  #${request.number} ${request.timeNs} ns CPU ${request.cpu} task ${request.pid} ${request.cause} zone ${request.zone} ` +
      `kernel only [${only(truth, outcome.rebuiltHolders)}] drainlab only [${only(outcome.rebuiltHolders, truth)}] ` +
      `pages ${pages.length > 16 ? '…' : pages.join(' ')}`,
  ];
}

function share(equal: number, compared: number): string {
  const percent = compared === 0 ? '' : ` ${((100 * equal) / compared).toFixed(2)} %`;
  return `${equal}/${compared}${percent}`.padEnd(17);
}

function classes(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, times]) => `${name} ${times}, `)
    .join('');
}

/**
 * The rebuilt lists against the kernel's own word, on recordings of real kernels: whom each drain disturbed (works
 * queued, lists walked), who held pages (`holders_mask` of the patched kernel), and the counts that zoneinfo printed.
 *
 * Two large recordings run by default; with DRAINLAB_ORACLE=all, all of them. Where they are not on this machine the
 * tests say that they were skipped. The shipped recordings always run.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCpuList } from '../../src/base/cpu-list.ts';
import { loadRecordingFolder } from '../../src/cli/recording-folder.ts';
import type { RebuildReport } from '../../src/engine/model/rebuild.ts';
import { makeRebuild } from '../../src/engine/model/rebuild.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { recordingPath, shippedRecordings } from '../recordings.ts';

interface Bar {
  readonly recording: string;
  /** Share of drains with exactly the kernel's set of CPUs: works queued or lists walked. */
  readonly drains?: number;
  /** Share of drains with exactly the kernel's own holders. */
  readonly holders?: number;
  /** Share of (CPU, zone) counts equal to zoneinfo's. */
  readonly lists: number;
}

const large: readonly Bar[] = [
  { recording: '5.10-oom', drains: 0.99, lists: 0.99 },
  { recording: 'patched-two-pass', holders: 0.98, lists: 0.97 },
  { recording: '5.10-stream', drains: 0.99, lists: 0.97 },
  { recording: '5.10-isolated', drains: 0.99, lists: 0.99 },
  { recording: '5.10-offline', drains: 0.99, lists: 0.99 },
  { recording: 'patched-everyone', holders: 0.99, lists: 0.97 },
  { recording: 'patched-selective', holders: 0.98, lists: 0.97 },
  { recording: '6.1-oom', drains: 0.98, lists: 0.95 },
  { recording: '6.12-oom', drains: 0.99, lists: 0.97 },
  { recording: '6.12-isolated', drains: 0.99, lists: 0.98 },
  { recording: '6.12-offline', drains: 0.99, lists: 0.99 },
  { recording: '7.2-oom', drains: 0.975, lists: 0.94 },
  { recording: '7.2-offline', lists: 0.99 },
];
const inShort = 2;

const shipped: readonly Bar[] = [
  { recording: '5.10-workers', drains: 0.99, lists: 0.97 },
  { recording: '6.12-remote', drains: 0.97, lists: 0.9 },
  { recording: '7.2-remote', drains: 0.97, lists: 0.8 },
  { recording: 'patched-everyone', holders: 0.99, lists: 0.9 },
  { recording: 'patched-selective', holders: 0.97, lists: 0.9 },
  { recording: 'patched-two-pass', holders: 0.97, lists: 0.9 },
];

interface Told {
  /** CPUs that each drain disturbed or, patched, that held pages; in order of the requests. null: not told. */
  readonly kernel: Array<number[] | null>;
  readonly forced: boolean[];
  readonly report: RebuildReport;
}

async function rebuilt(folder: string): Promise<Told> {
  const trace = join(folder, 'trace.dat');
  const reader = await openTraceFile(trace);
  const { machine, snapshots } = loadRecordingFolder(trace, reader.cpuCount);
  const kernel: Array<number[] | null> = [];
  const forced: boolean[] = [];
  const rebuild = makeRebuild(reader, machine, snapshots, {
    drainRequested: (request) => forced.push(request.forced),
    drainEnded({ number, kernelHolders, targets }) {
      const set = kernelHolders ?? targets;
      kernel[number] = set === null ? null : [...set];
    },
  });
  await reader.readRows((block) => rebuild.feed(block));
  const report = rebuild.finish();
  await reader.close();
  return { kernel, forced, report };
}

function expectBar({ report }: Told, bar: Bar): void {
  expect(report.anchor).toBe('snapshot');
  expect(report.listsEqual / report.listsCompared).toBeGreaterThanOrEqual(bar.lists);
  if (bar.drains !== undefined)
    expect(report.drainsEqual / report.drainsCompared).toBeGreaterThanOrEqual(bar.drains);
  if (bar.holders !== undefined) {
    expect(report.holdersEqual / report.holdersCompared).toBeGreaterThanOrEqual(bar.holders);
  }
  const sum = (classes: Record<string, number>) => Object.values(classes).reduce((a, b) => a + b, 0);
  expect(sum(report.listDifferences)).toBe(report.listsCompared - report.listsEqual);
  expect(sum(report.drainDifferences)).toBe(report.drainsCompared - report.drainsEqual);
  expect(sum(report.holderDifferences)).toBe(report.holdersCompared - report.holdersEqual);
}

/** Cells of a line of drains.csv; a list of CPUs may be quoted. */
const cellsOf = (line: string) =>
  [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((cell) => cell[1] ?? cell[2]);

/** Sets of CPUs by another reader's word (reference.json, drains.csv), as sorted texts: `0,1,5`. */
function otherWord(folder: string): { sets: string[]; patched: boolean } | null {
  const reference = join(folder, 'reference.json');
  if (existsSync(reference)) {
    const { drains } = JSON.parse(readFileSync(reference, 'utf8')) as {
      drains: Array<{ kernelCpus: number[] }>;
    };
    return {
      sets: drains.map(({ kernelCpus }) => kernelCpus.join()).filter((set) => set !== ''),
      patched: false,
    };
  }
  const csv = join(folder, 'drains.csv');
  if (!existsSync(csv)) return null;
  const [head, ...lines] = readFileSync(csv, 'utf8').trim().split('\n').map(cellsOf);
  const column = head.indexOf('holders_list');
  return { sets: lines.map((cells) => parseCpuList(cells[column]).join()), patched: true };
}

describe('shipped recordings', () => {
  it.each(shipped)('$recording agrees with the kernel', async (bar) => {
    expectBar(await rebuilt(join(shippedRecordings, bar.recording)), bar);
  });
});

describe('large recordings', () => {
  const chosen = process.env.DRAINLAB_ORACLE === 'all' ? large : large.slice(0, inShort);
  for (const bar of chosen) {
    const folder = recordingPath(bar.recording);
    it.skipIf(folder === null)(
      `${bar.recording} agrees with the kernel${folder === null ? ': skipped, the recording is not on this machine' : ''}`,
      async () => {
        const told = await rebuilt(folder as string);
        expectBar(told, bar);
        const other = otherWord(folder as string);
        if (other === null) return;
        // What the kernel said is read from the recording by drainlab and by another reader: the same drains.
        const own = told.kernel.filter(
          (set) => set !== null && (other.patched || set.length > 0),
        ) as number[][];
        expect(own.map((set) => set.join()).sort()).toEqual(other.sets.toSorted());
      },
      60_000,
    );
  }
});

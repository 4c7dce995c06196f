/** The same recording as trace.dat and as text must give the same rows. */

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EventBlock, Kind } from '../../src/engine/input/event-log.ts';
import { bytesSource, openTrace, type TraceReader } from '../../src/trace/index.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { seedFolder } from '../fuzz/seeds.ts';
import { recordingPath } from '../recordings.ts';

type Column = 'pfn' | 'order' | 'a' | 'b' | 'c' | 'd';

/** What each kind must agree in. gfp_flags (b of pageAlloc) is left out: text prints its names, not its value. */
const columns: Partial<Record<Kind, readonly Column[]>> = {
  [Kind.pageAlloc]: ['pfn', 'order', 'a'],
  [Kind.pageAllocZoneLocked]: ['pfn', 'order', 'a', 'b'],
  [Kind.pageAllocExtfrag]: ['pfn', 'order', 'a', 'b', 'c', 'd'],
  [Kind.pageFree]: ['pfn', 'order'],
  [Kind.pageFreeBatched]: ['pfn'],
  [Kind.pagePcpuDrain]: ['pfn', 'order', 'a'],
  [Kind.freePcppagesBulk]: ['b'],
  [Kind.freeOnePage]: ['pfn', 'order'],
  [Kind.drainPages]: ['a'],
  [Kind.drainPagesZone]: ['a'],
  [Kind.drainWorkQueued]: ['a'],
  [Kind.offlinePages]: ['pfn', 'a'],
  [Kind.directReclaimEnd]: ['a'],
  [Kind.pcpDrainBegin]: ['a', 'b', 'c', 'd'],
  [Kind.pcpDrainEnd]: ['a', 'b', 'c', 'd'],
  [Kind.pcpDrainIpi]: ['a', 'b'],
};
/** Pointers are numbered in order of appearance, so they must agree up to their names. */
const pointers: Partial<Record<Kind, readonly Column[]>> = {
  [Kind.freePcppagesBulk]: ['a', 'c'],
  [Kind.freeOnePage]: ['a'],
  [Kind.drainAllPages]: ['a'],
  [Kind.drainAllPagesInner]: ['a'],
  [Kind.drainPagesZone]: ['b'],
};

interface Rows {
  readonly lines: string[];
  readonly pointers: number[];
}

async function rowsOf(reader: TraceReader): Promise<Rows> {
  const rows: Rows = { lines: [], pointers: [] };
  await reader.readRows((block: EventBlock) => {
    for (let row = 0; row < block.length; row++) {
      const kind = block.kind[row] as Kind;
      const values = (columns[kind] ?? []).map((column) => block[column][row]);
      const set = block.cpuSets.get(row);
      const parts = [
        block.timeNs[row],
        block.cpu[row],
        block.pid[row],
        kind,
        ...values,
        block.texts.get(row) ?? '',
      ];
      rows.lines.push(`${parts.join(' ')} ${set === undefined ? '' : set.join(',')}`);
      for (const column of pointers[kind] ?? []) rows.pointers.push(block[column][row]);
    }
  });
  await reader.close();
  return rows;
}

function expectSame(text: Rows, binary: Rows): void {
  const differing = text.lines.findIndex((line, row) => line !== binary.lines[row]);
  expect(differing < 0 ? [] : [text.lines[differing], binary.lines[differing]]).toEqual([]);
  const names = new Map<number, number>();
  const wrong = text.pointers.filter((pointer, i) => {
    const name = names.get(pointer) ?? binary.pointers[i];
    names.set(pointer, name);
    return name !== binary.pointers[i];
  });
  expect(wrong).toEqual([]);
  expect(new Set(names.values()).size).toBe(names.size);
}

describe('text and trace.dat of one recording', () => {
  test('give the same rows for the first 119 events of the small recording', async () => {
    const open = (name: string) =>
      openTrace(bytesSource(name, new Uint8Array(readFileSync(join(seedFolder, name)))));
    const text = await rowsOf(await open('report.txt'));
    const binary = await rowsOf(await open('v6.dat'));
    expect(text.lines.length).toBe(119);
    binary.lines.length = text.lines.length;
    binary.pointers.length = text.pointers.length;
    expectSame(text, binary);
  });

  const hasTraceCmd = spawnSync('trace-cmd', ['--version']).error === undefined;

  for (const name of ['5.10-offline', '7.2-offline']) {
    const folder = recordingPath(name);
    test.skipIf(folder === null || !hasTraceCmd)(`give the same rows for all events of ${name}`, async () => {
      const file = join(folder ?? '', 'trace.dat');
      const report = spawn('trace-cmd', ['report', '-t', '-i', file], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const text = await rowsOf(await openTrace({ name: 'report', size: null, chunks: () => report.stdout }));
      const binary = await rowsOf(await openTraceFile(file));
      expect(text.lines.length).toBe(binary.lines.length);
      expectSame(text, binary);
    });
  }
});

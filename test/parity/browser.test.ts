/**
 * What the product promises of a page: the reader and the engine run without Node, and give the same bytes. Both doors are
 * bundled for a browser and run in a context that has web globals and nothing of Node.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { loadRecordingFolder } from '../../src/cli/recording-folder.ts';
import { replay } from '../../src/engine/replay.ts';
import { writeJson } from '../../src/engine/report/write-json.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { shippedRecordings } from '../recordings.ts';

const source = join(import.meta.dirname, '../../src');

/** The page: takes bytes and texts, answers with the JSON that the command line prints. */
const page = `
  import { machineFrom, parseZoneinfo, replay, snapshotFrom, writeJson } from '${source}/engine/index.ts';
  import { bytesSource, openTrace } from '${source}/trace/index.ts';
  globalThis.answer = async (bytes, start, snapshots) => {
    const reader = await openTrace(bytesSource('dropped file', bytes));
    const machine = machineFrom(parseZoneinfo(start, 'start'), { cpuCount: reader.cpuCount });
    const parsed = snapshots.map(({ number, label, text }) =>
      snapshotFrom(parseZoneinfo(text, label), machine, number, label));
    return writeJson(await replay(reader, machine, parsed, { name: 'same' }));
  };
`;

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: source, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Globals of the web platform that Node happens to have too; no process, no Buffer, no require. */
const webGlobals = {
  atob,
  Blob,
  DecompressionStream,
  fetch,
  performance,
  ReadableStream,
  Response,
  setTimeout,
  TextDecoder,
  TextEncoder,
  TransformStream,
  WebAssembly,
};

describe('in a browser', () => {
  it('a recording gives the same JSON, byte for byte, as in Node', async () => {
    const folder = join(shippedRecordings, '6.12-remote');
    const path = join(folder, 'trace.dat');
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    const snapshots = ['008-load', '009-load'].map((label) => ({
      number: Number(label.slice(0, 3)),
      label: 'load',
      text: text(`zoneinfo/zoneinfo-snap-${label}.txt`),
    }));

    const reader = await openTraceFile(path);
    const beside = loadRecordingFolder(path, reader.cpuCount);
    const inNode = writeJson(await replay(reader, beside.machine, beside.snapshots, { name: 'same' }));
    await reader.close();

    const context = createContext({ ...webGlobals, Uint8Array });
    runInContext(await bundled(), context);
    const answer = context.answer as (...values: unknown[]) => Promise<string>;
    const inPage = await answer(new Uint8Array(readFileSync(path)), text('proc-start/zoneinfo'), snapshots);
    expect(inPage).toBe(inNode);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { bytesSource, openTrace } from '../../src/trace/index.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { type Crash, fuzz, makeInput } from './fuzz.ts';
import { Random } from './random.ts';
import { readSeeds } from './seeds.ts';
import { tryInput } from './try-input.ts';

const seeds = readSeeds();
const folder = mkdtempSync(join(tmpdir(), 'drainlab-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fuzzMs = 6000;

/** What went wrong with which input, to be run again. */
function story(seed: number, crashes: readonly Crash[]): string[] {
  return crashes.map(
    ({ number, seedName, error }) => `${seedName}, --seed ${seed} --only ${number}: ${String(error)}`,
  );
}

describe('a damaged recording', () => {
  test('of any form is read or refused with one clear error, in bounded time', async () => {
    const crashes: Crash[] = [];
    const end = Date.now() + fuzzMs;
    const report = await fuzz({
      seed: 1,
      goesOn: () => Date.now() < end,
      onCrash: (crash) => crashes.push(crash),
    });
    expect(story(1, crashes)).toEqual([]);
    expect(report.inputs).toBeGreaterThan(100);
    expect([...report.outcomes.keys()].length).toBeGreaterThan(10);
  });

  test.each(seeds.map(({ name }) => name))('%s cut at many places is read or refused', async (name) => {
    const seed = seeds.find((candidate) => candidate.name === name);
    const bytes = seed?.bytes ?? new Uint8Array(0);
    const step = Math.max(1, Math.floor(bytes.length / 150));
    for (let length = 0; length < bytes.length; length += length < 50 ? 1 : step) {
      await tryInput(name, bytes.subarray(0, length), new Random(length));
    }
  });

  test('undamaged is read', async () => {
    for (const { name, bytes } of seeds) {
      if (name.endsWith('.zz')) continue;
      for (let chance = 0; chance < 6; chance++) {
        const outcome = await tryInput(name, bytes, new Random(chance));
        // A trace.dat cannot come through a pipe.
        expect([name, outcome]).toEqual([
          name,
          expect.stringMatching(/\.dat$/.test(name) ? /^read$|NEEDS_FILE/ : /^read$/),
        ]);
      }
    }
  });
});

describe('what is no recording', () => {
  test.each([
    ['an empty file', new Uint8Array(0), 'E_TRACE_EMPTY'],
    ['a text', new TextEncoder().encode('Dear Mel,\nno list here.\n'), 'E_TRACE_UNKNOWN_FORMAT'],
    ['zeros', new Uint8Array(100_000), 'E_TRACE_UNKNOWN_FORMAT'],
    ['a compressed text', new Uint8Array(gzipSync('Dear Mel,\n')), 'E_TRACE_UNKNOWN_FORMAT'],
    ['a compressed nothing', new Uint8Array(gzipSync('')), 'E_TRACE_EMPTY'],
    ['a trace.dat inside gzip', new Uint8Array(gzipSync(datSeed())), 'E_TRACE_COMPRESSION'],
  ])('%s', async (_, bytes, code) => {
    await expect(openTrace(bytesSource('x', bytes))).rejects.toMatchObject({ name: 'DrainlabError', code });
  });

  test('a directory, a missing file', async () => {
    await expect(openTraceFile(folder)).rejects.toMatchObject({
      name: 'DrainlabError',
      code: 'E_TRACE_NOT_A_FILE',
    });
    await expect(openTraceFile(join(folder, 'none'))).rejects.toMatchObject({
      name: 'DrainlabError',
      exitCode: 4,
    });
  });
});

describe('a compression bomb', () => {
  const line = '            task-7     [000]     1.000000: x: y=1\n';

  test('of lines is read through in bounded memory', async () => {
    const path = join(folder, 'bomb.txt.gz');
    // 128 MB of text in some 300 KB.
    writeFileSync(path, gzipSync(line.repeat(Math.floor((128 << 20) / line.length))));
    const before = process.memoryUsage().rss;
    const reader = await openTraceFile(path);
    await reader.readRows(() => undefined);
    expect(reader.diagnostics.events).toBe(Math.floor((128 << 20) / line.length));
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
    await reader.close();
  });

  test('that is one endless line is passed over', async () => {
    const path = join(folder, 'endless.gz');
    writeFileSync(path, gzipSync(Buffer.concat([Buffer.from(line), Buffer.alloc(64 << 20)])));
    const reader = await openTraceFile(path);
    await reader.readRows(() => undefined);
    expect(reader.diagnostics).toMatchObject({ events: 1, unreadableLines: 1 });
    await reader.close();
  });
});

describe('the fuzzer', () => {
  test('makes the same input from the same seed and number, and others from others', () => {
    const same = [makeInput(5, 77, seeds), makeInput(5, 77, seeds)];
    expect(same[0].bytes).toEqual(same[1].bytes);
    const texts = new Set([0, 1, 2, 3, 4, 5].map((number) => String(makeInput(5, number, seeds).bytes)));
    expect(texts.size).toBeGreaterThan(4);
  });

  test('catches a reader that crashes', async () => {
    const crashes: Crash[] = [];
    const broken = async () => {
      throw new TypeError('undefined is not a function');
    };
    const report = await fuzz({
      seed: 1,
      goesOn: (n) => n < 3,
      onCrash: (crash) => crashes.push(crash),
      tryInput: broken,
    });
    expect(report).toMatchObject({ inputs: 3, crashes: 3 });
    expect(String(crashes[0].error)).toContain('not a function');
  });
});

function datSeed(): Uint8Array {
  return seeds.find(({ name }) => name === 'v7.dat')?.bytes ?? new Uint8Array(0);
}

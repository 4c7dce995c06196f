/** `drainlab trace info` and `trace dump` on the command line. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { seedFolder } from '../fuzz/seeds.ts';
import { compiledMain } from './compiled.ts';

const main = compiledMain();
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dat = join(seedFolder, 'v7-zstd.dat');
const report = join(seedFolder, 'report.txt');
const perf = join(seedFolder, 'perf-script.txt');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function trace(args: readonly string[], input = '', readFirst = Number.POSITIVE_INFINITY): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'trace', ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    ended.out += bytes;
    if (ended.out.length > readFirst) child.stdout.destroy();
  });
  child.stderr.on('data', (bytes) => {
    ended.err += bytes;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

describe('drainlab trace info', () => {
  test('says what is in a trace.dat', async () => {
    const { code, out } = await trace(['info', dat]);
    expect(code).toBe(0);
    expect(out).toMatch(/v7-zstd\.dat: trace\.dat v7, zstd\n/);
    expect(out).toMatch(/CPUs {5}8\n/);
    expect(out).toMatch(/events {3}300 of 9 types\n/);
    expect(out).toMatch(/ 1 {2}kprobes:drain_all_pages\n/);
    expect(out).toMatch(/replay {3}no: it has no mm_page_pcpu_drain\n/);
  });

  test('says the same as one object', async () => {
    const { out } = await trace(['info', dat, '--json']);
    const info = JSON.parse(out);
    expect(info).toMatchObject({
      schema: 'drainlab.trace-info/1',
      format: 'trace.dat v7',
      events: 300,
      cpuCount: 8,
    });
    expect(Object.values(info.eventsByType as Record<string, number>).reduce((sum, n) => sum + n, 0)).toBe(
      300,
    );
  });

  test('reads text from standard input', async () => {
    const { out } = await trace(['info', '-'], readFileSync(perf, 'utf8'));
    expect(out).toMatch(/^-: perf script text\n {2}kernel {3}6\.18\.44/);
    // Nobody asked perf for the events of refills and drains.
    expect(out).toMatch(/replay {3}no: it has no .*mm_page_alloc_zone_locked/);
  });

  test('says in one message what is wrong with a cut file, and with --partial what was read', async () => {
    const cut = join(folder, 'cut.dat');
    const whole = readFileSync(join(seedFolder, 'v6.dat'));
    writeFileSync(cut, whole.subarray(0, whole.length - 5000));
    const refused = await trace(['info', cut]);
    expect(refused).toMatchObject({ code: 3, out: '' });
    expect(refused.err).toMatch(/^drainlab: .*cut\.dat, byte \d+: .* \[E_TRACE_TRUNCATED\]\n {2}.*--partial/);
    expect(refused.err).not.toMatch(/at .*\.ts:/);
    const partial = await trace(['info', cut, '--partial']);
    expect(partial.code).toBe(0);
    expect(partial.out).toMatch(/stopped {2}.*byte \d+/);
  });
});

describe('drainlab trace dump', () => {
  test('prints one event a line, filtered by name, CPU and time', async () => {
    const all = await trace(['dump', dat]);
    expect(all.out.trimEnd().split('\n')).toHaveLength(300);
    const drains = await trace(['dump', dat, '--event', 'drain_all_pages,unreserve_highatomic']);
    expect(drains.out).toMatch(/kprobes:drain_all_pages: .*zone=(0x)?0\n/);
    const some = await trace(['dump', report, '--cpu', '0', '--from', '+0', '--to', '+0.0002']);
    const lines = some.out.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.length).toBeLessThan(119);
    for (const line of lines) expect(line).toContain('[000] 18.980');
  });

  test('prints the same events from text and from trace.dat', async () => {
    const stamps = (text: string) => text.split('\n').map((line) => /\[\d+\] [\d.]+/.exec(line)?.[0]);
    const fromText = stamps((await trace(['dump', report])).out.trimEnd());
    expect(fromText).toEqual(stamps((await trace(['dump', dat])).out).slice(0, fromText.length));
  });

  test('prints one object a line with --json', async () => {
    const { out } = await trace(['dump', dat, '--json', '--event', 'kmem:mm_page_free']);
    const event = JSON.parse(out.slice(0, out.indexOf('\n')));
    expect(event).toMatchObject({
      system: 'kmem',
      name: 'mm_page_free',
      fields: { order: expect.any(Number) },
    });
    expect(event.stamp).toMatch(/^18\.98\d{7}$/);
  });

  test('tells that a name is unknown', async () => {
    const { code, out, err } = await trace(['dump', dat, '--event', 'mm_page_fre']);
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(/no event is called mm_page_fre/);
  });

  test('ends quietly when the reader goes away', async () => {
    const long = readFileSync(report, 'utf8').replace('cpus=8\n', '').repeat(200);
    const { code, err } = await trace(['dump', '-'], long, 1000);
    expect([code, err]).toEqual([0, '']);
  });

  test.each([
    [['dump', dat, '--from', 'yesterday'], 2, /Write seconds/],
    [['dump', dat, '--cpu', 'x'], 2, /E_CPU_LIST/],
    [['dump', join(seedFolder, 'trace-tsc.txt'), '--from', '+1'], 2, /E_TRACE_NO_SECONDS/],
    [['dump', join(folder, 'none.dat')], 4, /E_TRACE_NO_FILE/],
    [['info', folder], 3, /E_TRACE_NOT_A_FILE/],
    [['info'], 2, /missing required argument/],
  ])('%j ends with %d', async (args, expected, message) => {
    const { code, err } = await trace(args);
    expect(code).toBe(expected);
    expect(err).toMatch(message);
  });
});

/**
 * `drainlab record` on the kernel that runs the tests: as root and with tracefs, else skipped. Oracles: trace-cmd, perf, the
 * kernel's own counts in /proc/interrupts, and the tracing files, which must be as before.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { RecordFlags } from '../../src/cli/commands/record.ts';
import { runRecord } from '../../src/cli/commands/record-run.ts';
import type { RecordingMeta } from '../../src/host/record/recording-meta.ts';
import { rightsOfThisHost } from '../../src/host/record/rights.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';

const rights = rightsOfThisHost();
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-live-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = (...args: string[]) => ['--import', tsx, main, 'record', ...args];
const load = ['--', 'sh', '-c', 'ls -R /usr/share > /dev/null; exit 3'];

function record(...args: string[]) {
  const { status, stderr, stdout } = spawnSync(process.execPath, words(...args), { encoding: 'utf8' });
  return { status, stderr, stdout };
}

function metaOf(name: string): RecordingMeta {
  return JSON.parse(readFileSync(join(folder, name, 'meta.json'), 'utf8'));
}

/** Settings of the tracer that a recording changes. */
function settings(): string[] {
  const names = [
    'tracing_on',
    'trace_clock',
    'buffer_size_kb',
    'set_event',
    'options/record-cmd',
    'kprobe_events',
  ];
  return names.map(
    (name) =>
      `${name}: ${existsSync(join(rights.tracefs, name)) ? readFileSync(join(rights.tracefs, name), 'utf8') : ''}`,
  );
}

const instanceOf = (pid: number | undefined) => join(rights.tracefs, 'instances', `drainlab-${pid}`);

/** Counts of a row of /proc/interrupts, over all CPUs. */
function interrupts(name: string, when: string, row: string): number {
  const text = readFileSync(join(folder, name, when, 'interrupts'), 'utf8');
  const line = text.split('\n').find((each) => each.trim().startsWith(`${row}:`)) ?? '';
  return line.split(/\s+/).reduce((sum, word) => sum + (/^\d+$/.test(word) ? Number(word) : 0), 0);
}

async function countsOf(path: string): Promise<Map<string, number>> {
  const reader = await openTraceFile(path);
  await reader.readEvents(() => true);
  await reader.close();
  return new Map(
    [...reader.diagnostics.eventsByType].map(([type, events]) => [type.replace(/^.*:/, ''), events]),
  );
}

describe.skipIf(!rights.tracefsIsOpen)(
  'drainlab record on this kernel (skipped without root and tracefs)',
  () => {
    test('through tracefs: as many events as trace-cmd reads, and as many interrupts as the kernel counts', async () => {
      const before = settings();
      const { status, stderr } = record('--backend', 'tracefs', '--output', join(folder, 'a'), ...load);
      expect(stderr).toContain('The command ended with 3.');
      expect(status).toBe(0);
      expect(settings()).toEqual(before);
      const meta = metaOf('a');
      expect(meta).toMatchObject({ commandEnd: 3, lost: { events: 0 }, snapshots: 2, notUndone: [] });
      const counts = await countsOf(join(folder, 'a/trace.dat'));
      expect([...counts.values()].reduce((sum, events) => sum + events, 0)).toBe(meta.events);
      expect(counts.get('mm_page_alloc')).toBeGreaterThan(100);
      if (rights.hasTraceCmd) expect(counts).toEqual(countsByTraceCmd(join(folder, 'a/trace.dat')));
      // Saved just outside of the recording: a few interrupts more at most.
      const handled =
        (counts.get('call_function_single_entry') ?? 0) + (counts.get('call_function_entry') ?? 0);
      if (counts.has('call_function_single_entry')) {
        const counted = interrupts('a', 'proc-end', 'CAL') - interrupts('a', 'proc-start', 'CAL');
        expect(counted - handled).toBeGreaterThanOrEqual(0);
        expect(counted - handled).toBeLessThan(20 + counted / 10);
      }
    }, 60_000);

    test('a buffer that is too small: lost events are counted, the exit code says so', async () => {
      const tiny = ['--buffer-size', '8KiB', '--backend', 'tracefs', '--for', 'replay'];
      const { status, stderr } = record(...tiny, '--output', join(folder, 'b'), ...load);
      expect(stderr).toMatch(/events were lost \(CPU \d/);
      expect(status).toBe(1);
      const reader = await openTraceFile(join(folder, 'b/trace.dat'));
      await reader.readEvents(() => true);
      const marked = [...reader.diagnostics.lostByCpu.values()].reduce((sum, events) => sum + events, 0);
      await reader.close();
      // The kernel's counters say what its marks in the data say, and know of losses behind the last mark too.
      expect(metaOf('b').lost.events).toBeGreaterThanOrEqual(marked);
    }, 60_000);

    test('ended with SIGINT the recording is kept, killed with SIGKILL nothing stays on', async () => {
      for (const signal of ['SIGINT', 'SIGKILL'] as const) {
        const child = spawn(process.execPath, words('--output', join(folder, signal)), { stdio: 'ignore' });
        const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
        const snapshot = join(folder, signal, 'zoneinfo/zoneinfo-snap-000-start.txt');
        await until(() => existsSync(snapshot));
        expect(existsSync(instanceOf(child.pid))).toBe(true);
        child.kill(signal);
        const code = await ended;
        await until(() => !existsSync(instanceOf(child.pid)));
        expect(code).toBe(signal === 'SIGINT' ? 0 : null);
      }
      expect(metaOf('SIGINT')).toMatchObject({ endedBy: 'SIGINT', commandEnd: null, snapshots: 2 });
      expect(existsSync(join(folder, 'SIGINT/trace.dat'))).toBe(true);
    }, 60_000);

    test.skipIf(!rights.hasPerf)(
      'through perf: a text with the snapshots marked (skipped without perf)',
      async () => {
        const { status, stderr } = record(
          '--backend',
          'perf',
          '--allow-lost',
          '--output',
          join(folder, 'p'),
          ...load,
        );
        expect(stderr).toMatch(/perf turns \d+ events on/);
        const counts = await countsOf(join(folder, 'p/trace.txt.gz'));
        expect(counts.get('print')).toBe(4);
        const meta = metaOf('p');
        expect([...counts.values()].reduce((sum, events) => sum + events, 0)).toBe(meta.events + 4);
        expect(status).toBe(0);
        expect(readdirSync(join(folder, 'p'))).toEqual(
          expect.arrayContaining(['kallsyms', 'set_event', 'events']),
        );
      },
      60_000,
    );
  },
);

const flags = (more: Partial<RecordFlags>): RecordFlags => ({
  ...{ backend: 'tracefs', cpus: 4, memory: 512, numa: 1, accel: 'auto', timeout: 600, progress: false },
  ...more,
});

test('--dry-run needs no rights and changes nothing', async () => {
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  const output = join(folder, 'none');
  const code = await runRecord(['true'], flags({ dryRun: true, output })).finally(() => write.mockRestore());
  expect(code).toBe(0);
  expect(printed).toMatch(/^mkdir .*instances\/drainlab-\d+$/m);
  expect(printed).toMatch(/^rmdir .*instances\/drainlab-\d+$/m);
  expect(existsSync(output)).toBe(false);
});

test.skipIf(!rights.tracefsIsOpen)(
  'a missing program, a folder that is taken: said before anything is done',
  async () => {
    const missing = runRecord(['no-such-program-drainlab'], flags({ output: join(folder, 'm') }));
    await expect(missing).rejects.toMatchObject({ code: 'E_RECORD_COMMAND', exitCode: 2 });
    expect(existsSync(join(folder, 'm'))).toBe(false);
    const taken = runRecord(['true'], flags({ output: fileURLToPath(new URL('.', import.meta.url)) }));
    await expect(taken).rejects.toMatchObject({ code: 'E_RECORD_FOLDER', exitCode: 2 });
  },
);

function countsByTraceCmd(path: string): Map<string, number> {
  const { stdout } = spawnSync('trace-cmd', ['report', path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const counts = new Map<string, number>();
  for (const line of stdout.split('\n')) {
    const name = /^.*?-\d+\s+\[\d+\]\s+\S+:\s+(\w+):/.exec(line)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

async function until(isSo: () => boolean): Promise<void> {
  const late = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > late) throw new Error('it did not come to pass in 20 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

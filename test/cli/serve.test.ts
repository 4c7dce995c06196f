/** `drainlab exporter`, `drainlab serve` and `census --prometheus` as they are typed: what they print, how they end. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, test } from 'vitest';
import { parseInterval, parsePort } from '../../src/cli/commands/option-values.ts';
import { shippedRecordings } from '../recordings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = ['--import', 'tsx', join(root, 'src/cli/main.ts')];
const options = { cwd: root, env: { PATH: process.env.PATH, LANG: 'C.UTF-8' } };
const workers = join(shippedRecordings, '5.10-workers', 'proc-start');
const folder = mkdtempSync(join(tmpdir(), 'drainlab-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));

function drainlab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], {
    ...options,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts it; resolves with its first line. */
async function start(...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [...command, ...args], options);
  started.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes) => resolve(String(bytes).trim()));
    child.on('close', (code) => reject(new Error(`ended with ${code}`)));
  });
  return { child, line };
}

async function ended(
  child: ChildProcess,
  signal: NodeJS.Signals,
): Promise<[code: number | null, ms: number]> {
  const startMs = performance.now();
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill(signal);
  return [await code, performance.now() - startMs];
}

describe.skipIf(process.platform !== 'linux')('a server on this host', () => {
  it('prints where it is, answers, and ends at once with Ctrl-C, though somebody looks on', async () => {
    const { child, line } = await start('serve', '--port', '0', '--every', '50ms');
    const [, url, token] =
      /^drainlab serve: (http:\/\/127\.0\.0\.1:\d+)\/\?token=([\w-]{32})$/.exec(line) ?? [];
    expect((await fetch(`${url}/api/census`)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    const census = (await (await fetch(`${url}/api/census`, { headers })).json()) as { source: object };
    expect(census.source).toMatchObject({ kind: 'host' });
    const live = await fetch(`${url}/api/live`, { headers });
    const reader = live.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('retry: 2000');
    const [code, ms] = await ended(child, 'SIGINT');
    expect([code, ms < 1000]).toEqual([0, true]);
    await reader?.cancel().catch(() => {});
  });

  it('gives metrics, and ends at once with SIGTERM', async () => {
    const { child, line } = await start('exporter', '--port', '0', '--per-cpu');
    const [, url] = /^drainlab exporter: (http:\/\/127\.0\.0\.1:\d+\/metrics)$/.exec(line) ?? [];
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toMatch(/^drainlab_cpu_pages\{cpu="0",isolated="(true|false)"\} \d+$/m);
    const [code, ms] = await ended(child, 'SIGTERM');
    expect([code, ms < 1000]).toEqual([0, true]);
  });

  it('says in one message that its port is taken, and ends with 4', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { code, out, err } = drainlab('exporter', '--port', String(port));
    taken.close();
    expect([code, out]).toEqual([4, '']);
    expect(err).toBe(
      `drainlab: 127.0.0.1, port ${port}: another program listens there already [E_LISTEN]\n  Name another port, or --port 0 for one that is free.\n`,
    );
  });
});

describe('census --prometheus', () => {
  it('writes a file of its metrics, the same that it prints', () => {
    const file = join(folder, 'host.prom');
    expect(drainlab('census', workers, '--prometheus', file)).toEqual({ code: 0, out: '', err: '' });
    const figures = (text: string) =>
      text.split('\n').filter((line) => !/^drainlab_(observer|read)_/.test(line));
    const { out } = drainlab('census', workers, '--prometheus', '-');
    expect(figures(readFileSync(file, 'utf8'))).toEqual(figures(out));
    // By eye from proc-start/zoneinfo: 149 + 145 + 171 + 151 + 152 + 158 + 159 + 179 pages on 8 CPUs.
    expect(out).toContain(`\ndrainlab_parked_bytes ${1264 * 4096}\n`);
    expect(out).toContain('\ndrainlab_cpu_list_pages_bucket{le="256",isolated="false"} 8\n');
    expect(out).not.toContain('drainlab_observer_cpu_seconds_total');
  });

  it('takes the CPUs that are named for the isolated ones', () => {
    const { out } = drainlab('census', workers, '--prometheus', '--isolated', '2-7');
    expect(out).toContain('\ndrainlab_online_cpus{isolated="true"} 6\n');
    expect(out).toContain('\ndrainlab_cpu_list_pages_count{isolated="true"} 6\n');
    expect(out).toContain('\ndrainlab_drain_isolated_cpus{policy="everyone",basis="exact",bound="most"} 6\n');
  });

  it.skipIf(process.platform !== 'linux' || spawnSync('strace', ['-V']).status !== 0)(
    'opens nothing of the kernel for writing (looked at with strace; skipped where there is none)',
    () => {
      const trace = join(folder, 'trace');
      const traced = [
        '-f',
        '-e',
        'trace=open,openat,openat2,creat',
        '-o',
        trace,
        process.execPath,
        ...command,
      ];
      const { status } = spawnSync('strace', [...traced, 'census', '--prometheus'], options);
      const opened = readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => /"\/(proc|sys)\//.test(line));
      expect([status, opened.some((line) => line.includes('"/proc/zoneinfo"'))]).toEqual([0, true]);
      expect(opened.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(line))).toEqual([]);
    },
  );

  it('leaves the old file and says why when it cannot write', () => {
    const file = join(folder, 'old');
    writeFileSync(file, 'old');
    const { code, err } = drainlab('census', workers, '--prometheus', join(file, 'new.prom'));
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/new\.prom: it cannot be written: .*\[E_OUTPUT\]/),
    ]);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
});

test('several hosts, or samples, as metrics are wrong use', () => {
  const several = drainlab('census', workers, workers, '--prometheus');
  expect([several.code, several.err]).toEqual([2, expect.stringContaining('[E_PROMETHEUS_HOSTS]')]);
  const samples = drainlab('census', '--prometheus', '--samples', '3');
  expect([samples.code, samples.err]).toEqual([
    2,
    expect.stringMatching(
      /option '--(samples|prometheus).* cannot be used with option '--(samples|prometheus)/,
    ),
  ]);
});

test('ports and intervals are checked before anything listens', () => {
  expect([parsePort('0'), parsePort('65535'), parseInterval('250ms'), parseInterval('0.5s')]).toEqual([
    0, 65535, 250, 500,
  ]);
  for (const wrong of ['65536', '-1', '1e3', '', '80 '])
    expect(() => parsePort(wrong)).toThrow('from 0 to 65535');
  for (const wrong of ['5', '0', '0.5ms', '2h', 's', '-1s'])
    expect(() => parseInterval(wrong)).toThrow('from 1ms to 1h');
});

/** `drainlab census` on folders of hosts, as a user runs it: threads, cache, Ctrl-C, hosts that cannot be read. */

import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { madeFiles, madeHost, sosMembers, tarOf } from '../made-sosreports.ts';
import { compiledMain } from './compiled.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-census-fleet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const main = compiledMain();
const hasXz = spawnSync('xz', ['--version']).status === 0;
const hosts = 12;
const fleet = join(folder, 'fleet');

function put(path: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

async function archive(number: number): Promise<Buffer> {
  return gzipSync(await tarOf(sosMembers(madeHost(number), number)));
}

beforeAll(async () => {
  for (let number = 0; number < hosts - 1; number++) {
    put(
      join(fleet, number % 2 ? 'a' : 'b/c', `sosreport-${number}-obfuscated.tar.gz`),
      await archive(number),
    );
  }
  // The last one is unpacked.
  for (const [path, text] of madeFiles(madeHost(hosts - 1), hosts - 1))
    put(join(fleet, 'unpacked', path), text);
  put(join(fleet, 'a/sosreport-1-obfuscated.tar.gz.sha256'), 'aaaa');
  put(join(fleet, 'a/notes.txt'), 'x');
  put(join(fleet, 'a/sosreport-9.tar.xz.gpg'), 'x');
}, 120_000);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function census(args: readonly string[], onStart: (pid: number) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'census', ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH },
  });
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    ended.out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    ended.err += bytes;
  });
  if (child.pid !== undefined) onStart(child.pid);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

test('every host is a row, in the order of names, whatever the number of threads', async () => {
  const [one, four] = await Promise.all([
    census(['fleet', '--csv', '--jobs', '1']),
    census(['fleet', '--csv', '--jobs', '4']),
  ]);
  expect(one).toMatchObject({ code: 0, err: '' });
  expect(four.out).toBe(one.out);
  const rows = one.out.trim().split('\n').slice(1);
  expect(rows.map((row) => row.split(',')[0])).toEqual(
    Array.from({ length: hosts }, (_, i) => madeHost(i).name),
  );
  // cpus, cpus_empty: as each host was made.
  expect(rows.map((row) => row.split(',').slice(6, 8).map(Number))).toEqual(
    Array.from({ length: hosts }, (_, i) => [madeHost(i).cpus, madeHost(i).empty.length]),
  );
});

test('text, JSON, HTML and Parquet come from one survey', async () => {
  const { out, code } = await census([
    'fleet',
    'fleet/a',
    '--json',
    '--html',
    'r.html',
    '--parquet',
    'r.parquet',
  ]);
  const survey = JSON.parse(out);
  const half = Array.from({ length: hosts }, (_, i) => madeHost(i)).filter(
    (host) => 2 * host.empty.length >= host.cpus,
  );
  expect(survey).toMatchObject({
    schema: 'drainlab.fleet/1',
    // fleet/a lies in fleet: no host counts twice.
    source: { hosts, failed: 0, ignored: { 'checksum or signature': 1, encrypted: 1, 'other file': 1 } },
    halfEmpty: { hosts: half.length, of: hosts },
  });
  expect(code).toBe(0);
  expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain(`<h1>Who holds pages: ${hosts} hosts</h1>`);
  expect(readFileSync(join(folder, 'r.parquet')).subarray(0, 4).toString()).toBe('PAR1');
  const text = (await census(['fleet'])).out;
  expect(text).toContain(`hold no page on ${half.length} (`);
  expect(text).toContain('Passed over: checksum or signature (1), encrypted (1), other file (1).');
});

test('a single archive is shown like a single host', async () => {
  const path = join(fleet, 'b/c/sosreport-2-obfuscated.tar.gz');
  const { out } = await census([path, '--json']);
  expect(JSON.parse(out)).toMatchObject({
    schema: 'drainlab.census/1',
    source: { kind: 'sosreport', name: 'host0002', path },
  });
});

test('with --cache a second survey reads nothing again but what is new, and says the same', async () => {
  const copy = join(folder, 'cached');
  for (const number of [0, 1, 2]) put(join(copy, `${number}.tar.gz`), await archive(number));
  put(join(copy, 'cut.tar.gz'), (await archive(3)).subarray(0, 100));
  const first = await census(['cached', '--csv', '--cache', 'kept']);
  expect(readdirSync(join(folder, 'kept'))).toHaveLength(4);
  // Nobody can read it now; its size and time are as before.
  const time = new Date(1.7e12);
  for (const number of [0, 1, 2]) utimesSync(join(copy, `${number}.tar.gz`), time, time);
  const second = await census(['cached', '--csv', '--cache', 'kept']);
  expect(second.out).toBe(first.out);
  expect(readdirSync(join(folder, 'kept'))).toHaveLength(7);
  const size = readFileSync(join(copy, '0.tar.gz')).length;
  put(join(copy, '0.tar.gz'), Buffer.alloc(size));
  utimesSync(join(copy, '0.tar.gz'), time, time);
  expect((await census(['cached', '--csv', '--cache', 'kept'])).out).toBe(first.out);
  // Another question, other entries.
  const isolated = await census(['cached', '--csv', '--cache', 'kept', '--isolated', '0']);
  expect(isolated.out).toContain('0.tar.gz,,');
  for (const name of readdirSync(join(folder, 'kept'))) put(join(folder, 'kept', name), '{"key":');
  expect((await census(['cached', '--csv', '--cache', 'kept'])).out).toContain('E_ARCHIVE_');
});

test('hosts that cannot be read are told each, and cost the others nothing', async () => {
  const bad = join(folder, 'bad');
  put(join(bad, 'cut.tar.gz'), (await archive(1)).subarray(0, 200));
  put(join(bad, 'empty.tar'), '');
  put(join(bad, 'no-tar.tar.xz'), 'Node 0, zone Normal');
  put(join(bad, 'old.tar.bz2'), 'BZh91AY&SY');
  put(join(bad, 'odd.tar'), await tarOf([{ name: 'x/proc/zoneinfo', text: 'this is no zoneinfo\n' }]));
  put(join(bad, 'bomb.tar.gz'), gzipSync(Buffer.alloc(50 << 20)));
  put(join(bad, 'evil/proc/zoneinfo'), 'x');
  symlinkSync('/etc/passwd', join(bad, 'evil/proc/vmstat'));
  symlinkSync('nowhere', join(bad, 'gone.tar'));
  symlinkSync('..', join(bad, 'loop'));
  put(join(bad, 'good.tar.gz'), await archive(5));
  const { code, out } = await census(['bad', '--json']);
  const survey = JSON.parse(out);
  expect(code).toBe(0);
  expect(survey.hosts.map(({ name }: { name: string }) => name)).toEqual(['host0005']);
  expect(survey.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`)).toEqual([
    'bad/bomb.tar.gz E_ARCHIVE_NO_HOST',
    'bad/cut.tar.gz E_ARCHIVE_TRUNCATED',
    'bad/empty.tar E_ARCHIVE_TRUNCATED',
    'bad/evil E_CENSUS_NO_LISTS',
    'bad/no-tar.tar.xz E_ARCHIVE_FORMAT',
    'bad/odd.tar E_CENSUS_NO_LISTS',
    'bad/old.tar.bz2 E_ARCHIVE_FORMAT',
  ]);
  expect(survey.source.ignored).toEqual({ 'link that leads nowhere, or no file': 1, 'other file': 1 });
  // Nothing but bad hosts: the exit code says so.
  rmSync(join(bad, 'good.tar.gz'));
  expect((await census(['bad'])).code).toBe(3);
});

test('no such path, no host, a cache that cannot be', async () => {
  expect(await census(['absent', '--csv'])).toMatchObject({
    code: 4,
    err: expect.stringContaining('[E_CENSUS_PATH]'),
  });
  mkdirSync(join(folder, 'nothing'));
  expect(await census(['nothing'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('there is no host'),
  });
  put(join(folder, 'file'), '');
  expect(await census(['fleet', '--cache', 'file/x'])).toMatchObject({
    code: 4,
    err: expect.stringContaining('[E_CENSUS_CACHE]'),
  });
});

/** Programs that work for drainlab in `folder`. */
function unpackers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^xz\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1')) &&
        readlinkSync(`/proc/${pid}/cwd`) === folder
      );
    } catch {
      return false;
    }
  });
}

test.skipIf(!existsSync('/proc/self') || !hasXz)(
  'Ctrl-C gives what is there, says that it is a part, and leaves no process',
  async () => {
    const many = join(folder, 'many');
    const log = { name: 'h/var/log/messages', text: Buffer.alloc(60 << 20) };
    const bytes = await tarOf([...sosMembers(madeHost(1), 1), log]);
    const packed = spawnSync('xz', ['-0', '-c'], { input: bytes, maxBuffer: 1 << 28 }).stdout;
    for (let i = 0; i < 60; i++) put(join(many, `${i}.tar.xz`), packed);
    const { code, out } = await census(['many', '--json', '--cache', 'many-kept'], (pid) => {
      const timer = setInterval(() => {
        const kept = join(folder, 'many-kept');
        if (!existsSync(kept) || readdirSync(kept).length < 3) return;
        clearInterval(timer);
        process.kill(pid, 'SIGINT');
      }, 10);
    });
    const survey = JSON.parse(out);
    expect(code).toBe(130);
    expect(survey.source.hosts).toBeGreaterThanOrEqual(3);
    expect(survey.source.hosts + survey.source.notRead).toBe(60);
    expect(survey.errors).toEqual([]);
    expect(survey.warnings[0]).toMatch(/^Stopped: \d+ hosts not looked at\./);
    await expect.poll(unpackers, { timeout: 5000 }).toEqual([]);
  },
);

test('a host that is too large for its thread costs itself and nothing else', async () => {
  const { surveyHosts } = await import(join(dirname(main), '../host/fleet/survey.js'));
  const { findHosts } = await import(join(dirname(main), '../host/fleet/find-hosts.js'));
  const tight = join(folder, 'tight');
  const text = madeFiles(madeHost(1), 1).get('proc/zoneinfo') ?? '';
  // As many zones as fit into the limit of a text.
  put(join(tight, 'b-huge/proc/zoneinfo'), text.repeat(Math.floor((63 << 20) / text.length)));
  for (const name of ['a', 'c', 'd']) put(join(tight, name, 'proc/zoneinfo'), text);
  const surveyed = await surveyHosts({
    ...findHosts([tight]),
    question: {},
    jobs: 1,
    cache: null,
    onHost: () => undefined,
    signal: new AbortController().signal,
    threadMegabytes: 10,
  });
  expect(surveyed.hosts.map(({ path }: { path: string }) => path.slice(-1))).toEqual(['a', 'c', 'd']);
  expect(surveyed.errors).toEqual([
    { path: join(tight, 'b-huge'), code: 'E_CENSUS_HOST', message: expect.stringMatching(/memory/) },
  ]);
});

test.skipIf(!hasXz)('the benchmark runs, small', () => {
  const bench = join(root, 'bench/census-fleet.ts');
  const ended = spawnSync(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      bench,
      '--hosts',
      '4',
      '--log-bytes',
      '30000',
      '--rounds',
      '1',
      '--main',
      main,
    ],
    { encoding: 'utf8' },
  );
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(
    /^4 sosreports, \d+ MB unpacked[\s\S]*\nratio {17}\d+\.\d\d[\s\S]*\nsurvey {16}[0-9a-f]{12}\n$/,
  );
});

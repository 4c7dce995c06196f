import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, test } from 'vitest';
import { largeRecordings, shippedRecordings } from '../../test/recordings.ts';
import { censusOf } from '../census/census-of.ts';
import { isHostFolder, readHostFiles, readThisHost } from './this-host.ts';

const root = mkdtempSync(join(tmpdir(), 'drainlab-host-'));
afterAll(() => rmSync(root, { recursive: true }));

const zoneinfo = readFileSync('test/fixtures/zoneinfo/5.15.txt', 'utf8');
let folders = 0;

function folderOf(files: Record<string, string | Buffer>): string {
  const folder = join(root, String(++folders));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const config = 'CONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_NR_CPUS=320\nCONFIG_SLUB=y\n';

describe('layouts of a folder', () => {
  test('proc/… and sys/… below it, with the configuration of the running kernel', () => {
    const folder = folderOf({
      'proc/zoneinfo': zoneinfo,
      'proc/sys/kernel/osrelease': '5.15.148\n',
      'sys/devices/system/cpu/online': '0,2-3\n',
      'sys/devices/system/node/node1/cpulist': '2-3\n',
      'boot/config-5.15.148': config,
      'boot/config-5.10.1': 'damage',
      'etc/passwd': 'not read',
    });
    const { reading, snapshot } = readThisHost(`${folder}/`);
    expect([reading.kind, reading.path, snapshot.name]).toEqual(['snapshot', `${folder}/`, folder]);
    expect([...reading.files.keys()].sort()).toEqual([
      'boot/config-5.10.1',
      'boot/config-5.15.148',
      'proc/sys/kernel/osrelease',
      'proc/zoneinfo',
      'sys/devices/system/cpu/online',
      'sys/devices/system/node/node1/cpulist',
    ]);
    expect([snapshot.cpus.nrCpus, snapshot.configFrom, snapshot.problems]).toEqual([
      320,
      'boot/config-5.15.148',
      [],
    ]);
  });

  test('a folder with sos_commands is a sosreport; its links are followed within it', () => {
    const folder = folderOf({
      'proc/zoneinfo': zoneinfo,
      'sos_commands/host/hostname': 'db03\n',
      'sos_commands/kernel/uname_-a':
        'Linux db03 5.14.0-70.el9.x86_64 #1 SMP x86_64 x86_64 x86_64 GNU/Linux\n',
    });
    symlinkSync('sos_commands/host/hostname', join(folder, 'hostname'));
    const { reading, snapshot } = readThisHost(folder);
    expect([reading.kind, snapshot.name, snapshot.kernel]).toEqual([
      'sosreport',
      'db03',
      '5.14.0-70.el9.x86_64',
    ]);
  });

  test('a folder that is itself a copy of /proc, with a packed configuration', () => {
    const folder = folderOf({
      zoneinfo,
      cpu_isolated: '3\n',
      cpu_nohz_full: '(absent)\n',
      'config.gz': gzipSync(config),
    });
    const { snapshot } = readThisHost(folder);
    expect([[...snapshot.cpus.isolated], snapshot.cpus.nrCpus, snapshot.configFrom]).toEqual([
      [3],
      320,
      'proc/config.gz',
    ]);
    expect(snapshot.cpus.from.nohzFull).toBe('not known: taken as none');
  });

  it.skipIf(!existsSync('/proc/zoneinfo'))('/proc is this host, /sys and all', () => {
    expect(readHostFiles('/proc/')).toMatchObject({ kind: 'host', path: '' });
  });

  test('another folder is none, and the error says what is one', () => {
    const folder = folderOf({ 'var/log/messages': '' });
    expect(isHostFolder(folder)).toBe(false);
    expect(isHostFolder(join(root, 'nowhere'))).toBe(false);
    expect(() => readHostFiles(folder)).toThrow('there is no zoneinfo of a host');
  });
});

describe('odd files', () => {
  test('a link that leads out of the folder is not followed, and said', () => {
    const secret = join(folderOf({ secret: 'CPU0\n' }), 'secret');
    const folder = folderOf({ 'proc/zoneinfo': zoneinfo });
    symlinkSync(secret, join(folder, 'proc/interrupts'));
    const { files, problems } = readHostFiles(folder);
    expect(files.has('proc/interrupts')).toBe(false);
    expect(problems).toEqual(['proc/interrupts is a link that leads out of the folder; it is left out.']);
  });

  test('folders, pipes and devices in the place of files are left alone', () => {
    const folder = folderOf({ 'proc/zoneinfo': zoneinfo, 'proc/vmstat/x': '' });
    spawnSync('mkfifo', [join(folder, 'proc/interrupts')]);
    expect([...readHostFiles(folder).files.keys()]).toEqual(['proc/zoneinfo']);
  });

  test('a file that is far too large is cut and said', () => {
    const folder = folderOf({ 'proc/zoneinfo': zoneinfo, 'proc/vmstat': 'x 1\n'.repeat(1_100_000) });
    const { files, problems } = readHostFiles(folder);
    expect(files.get('proc/vmstat')).toHaveLength(4 << 20);
    expect(problems).toEqual(['proc/vmstat is larger than 4 MB; the rest is left out.']);
  });

  test('a configuration that unpacks without end is stopped and said', () => {
    const folder = folderOf({
      'proc/zoneinfo': zoneinfo,
      'proc/config.gz': gzipSync(Buffer.alloc(64 << 20, 10)),
    });
    const { files, problems } = readHostFiles(folder);
    expect(files.has('proc/config.gz')).toBe(false);
    expect(problems).toEqual(['proc/config.gz cannot be read: ERR_BUFFER_TOO_LARGE.']);
  });
});

/** Of each zone the lists, those that are empty and the pages on them: counted by awk. Last: CPUs, CPUs without a page. */
const awkProgram = `
  /^Node/ { zone = $2 $4; cpu = "" }
  $1 == "cpu:" { cpu = $2; if (!(cpu in held)) held[cpu] = 0 }
  $1 == "count:" { lists[zone]++; sum[zone] += $2; if ($2 == 0) empty[zone]++; held[cpu] += $2 }
  END {
    for (zone in lists) printf "%s %d %d %d\\n", zone, lists[zone], empty[zone], sum[zone]
    for (cpu in held) { cpus++; if (held[cpu] == 0) none++ }
    printf "all %d %d\\n", cpus, none
  }`;

function byAwk(zoneinfoText: string): string[] {
  const { stdout } = spawnSync('awk', [awkProgram], { input: zoneinfoText, encoding: 'utf8' });
  return stdout.trim().split('\n').sort();
}

function byCensus(folder: string | undefined): { lines: string[]; text: string } {
  const { reading, snapshot } = readThisHost(folder);
  const { zones, holders } = censusOf(snapshot);
  const lines = zones.map(
    ({ node, name, lists, empty, parkedPages }) => `${node},${name} ${lists} ${empty} ${parkedPages}`,
  );
  return {
    lines: [...lines, `all ${holders.online} ${holders.empty}`].sort(),
    text: reading.files.get('proc/zoneinfo') ?? '',
  };
}

const recordings = [shippedRecordings, ...(largeRecordings === null ? [] : [largeRecordings])].flatMap(
  (folder) =>
    readdirSync(folder).flatMap((name) =>
      ['proc-start', 'proc-end', 'proc-load0'].map((part) => join(folder, name, part)),
    ),
);
const hasAwk = spawnSync('awk', ['BEGIN{}']).status === 0;

describe.skipIf(!hasAwk)('the same counts as awk', () => {
  it.each(recordings.filter((folder) => existsSync(join(folder, 'zoneinfo'))))('%s', (folder) => {
    const { lines, text } = byCensus(folder);
    expect(lines).toEqual(byAwk(text));
  });

  it.skipIf(!existsSync('/proc/zoneinfo'))('on the host that runs this test', () => {
    const { lines, text } = byCensus(undefined);
    expect(lines).toEqual(byAwk(text));
  });

  it.each(readdirSync('test/fixtures/zoneinfo'))('on the form of %s', (file) => {
    const text = readFileSync(join('test/fixtures/zoneinfo', file), 'utf8');
    expect(byCensus(folderOf({ zoneinfo: text })).lines).toEqual(byAwk(text));
  });
});

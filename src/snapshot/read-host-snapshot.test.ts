import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readHostSnapshot } from './read-host-snapshot.ts';

const zoneinfo = (kernel: string) => readFileSync(`test/fixtures/zoneinfo/${kernel}.txt`, 'utf8');

/** The host of the fixtures: CPUs 0, 2 and 3 are online, 4 are possible. */
function filesOf(more: Record<string, string> = {}, kernel = '6.13'): Map<string, string> {
  return new Map(
    Object.entries({
      'proc/zoneinfo': zoneinfo(kernel),
      'sys/devices/system/cpu/possible': '0-3\n',
      'sys/devices/system/cpu/online': '0,2-3\n',
      'sys/devices/system/cpu/isolated': '3\n',
      'sys/devices/system/cpu/nohz_full': '  (null)\n',
      'sys/devices/system/cpu/kernel_max': '8191\n',
      'sys/devices/system/node/node0/cpulist': '0-1\n',
      'sys/devices/system/node/node1/cpulist': '2-3\n',
      uname: 'Linux web01 6.13.7-200.fc41.x86_64 #1 SMP PREEMPT_DYNAMIC Thu Mar 13 x86_64 GNU/Linux\n',
      ...more,
    }),
  );
}

describe('one host', () => {
  const host = readHostSnapshot(filesOf(), 'folder');

  test('is named by its files', () => {
    expect([host.name, host.kernel, host.architecture]).toEqual([
      'web01',
      '6.13.7-200.fc41.x86_64',
      'x86_64',
    ]);
    expect(host.problems).toEqual([]);
  });

  test('has sets of CPUs, each with its file', () => {
    const { cpus } = host;
    expect([[...cpus.possible], [...cpus.online], [...cpus.isolated], [...cpus.nohzFull]]).toEqual([
      [0, 1, 2, 3],
      [0, 2, 3],
      [3],
      [],
    ]);
    expect([...cpus.nodeOfCpu]).toEqual([0, 0, 1, 1]);
    expect([cpus.nrCpus, cpus.from.nrCpus]).toEqual([8192, 'sys/devices/system/cpu/kernel_max']);
    expect(cpus.from.nohzFull).toBe('sys/devices/system/cpu/nohz_full');
  });

  test('has lists of online CPUs in populated zones only: a missing list is -1, not 0', () => {
    expect(host.machine.zones.map(({ node, name }) => `${node} ${name}`)).toEqual([
      '0 DMA',
      '0 Normal',
      '1 Normal',
    ]);
    expect([...host.counts.pages]).toEqual([0, 173, 7, -1, -1, -1, 0, 0, 0, 0, 73, 0]);
  });
});

describe('what the files do not tell', () => {
  test('isolated CPUs come from the command line where /sys was not saved', () => {
    const files = filesOf({ 'proc/cmdline': 'ro isolcpus=domain,managed_irq,2 nohz_full=2-3\n' });
    for (const name of ['isolated', 'nohz_full', 'possible', 'online'])
      files.delete(`sys/devices/system/cpu/${name}`);
    const { cpus } = readHostSnapshot(files, 'x');
    expect([[...cpus.isolated], [...cpus.nohzFull], [...cpus.online]]).toEqual([[2], [2, 3], [0, 2, 3]]);
    expect(cpus.from).toMatchObject({
      isolated: 'proc/cmdline',
      nohzFull: 'proc/cmdline',
      online: 'zoneinfo',
    });
    expect(cpus.from.possible).toMatch(/^inferred/);
  });

  test('a command line that isolates more CPUs than there are makes no CPUs', () => {
    const files = filesOf({ 'proc/cmdline': 'isolcpus=2-1023 nohz_full=3-N\n' });
    for (const name of ['isolated', 'nohz_full']) files.delete(`sys/devices/system/cpu/${name}`);
    const { cpus } = readHostSnapshot(files, 'x');
    expect([cpus.possible.size, [...cpus.isolated], [...cpus.nohzFull]]).toEqual([4, [2, 3], [3]]);
  });

  test('no host has to have anything but zoneinfo', () => {
    const host = readHostSnapshot(new Map([['proc/zoneinfo', zoneinfo('3.0')]]), 'x');
    expect(host).toMatchObject({ name: 'x', kernel: '', architecture: '', vmstat: null, interrupts: null });
    expect(host).toMatchObject({
      config: null,
      pressure: null,
      loadAverage: null,
      pageBytes: -1,
      problems: [],
    });
    expect(host.cpus.from.isolated).toBe('not known: taken as none');
  });

  test('without zoneinfo there are no zones, and the host says so', () => {
    const files = filesOf();
    files.delete('proc/zoneinfo');
    const host = readHostSnapshot(files, 'x');
    expect([host.zones, host.counts.pages.every((pages) => pages === -1)]).toEqual([[], true]);
    expect(host.problems).toEqual(['proc/zoneinfo is missing: nothing is known of the lists.']);
  });
});

describe('files that do not fit together', () => {
  const problemsOf = (more: Record<string, string>) => readHostSnapshot(filesOf(more), 'x').problems;

  test('a CPU that went offline between the files is counted, and said', () => {
    const host = readHostSnapshot(filesOf({ 'sys/devices/system/cpu/online': '0,2\n' }), 'x');
    expect([...host.cpus.online]).toEqual([0, 2, 3]);
    expect(host.problems).toEqual([
      expect.stringMatching(/^zoneinfo has lists of 1 CPU that the file online does not name/),
    ]);
  });

  test('a CPU that is online and has no list is said', () => {
    expect(problemsOf({ 'sys/devices/system/cpu/online': '0-3\n' })).toEqual([
      '1 CPU is online by the file online and has no list in zoneinfo: it is not known what it holds.',
    ]);
  });

  test('a configuration of another kernel is said, and kernel_max counts', () => {
    const files = filesOf({
      'boot/config-6.13.7-200.fc41.x86_64':
        'CONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_NR_CPUS=64\nCONFIG_SLUB=y\n',
    });
    const host = readHostSnapshot(files, 'x');
    expect([host.cpus.nrCpus, host.config?.nrCpus]).toEqual([8192, 64]);
    expect(host.problems).toEqual([expect.stringMatching(/^The configuration says 64 CPUs, .* 8192: /)]);
  });

  test('a configuration of a release that does not run here is left alone', () => {
    const files = filesOf({ 'boot/config-6.12.1': 'CONFIG_NR_CPUS=64\n' });
    expect(readHostSnapshot(files, 'x').config).toBeNull();
  });

  test.each([
    ['proc/interrupts', 'nothing of the kind\n'],
    ['proc/pressure/memory', 'some avg10=x\n'],
    ['proc/loadavg', 'up\n'],
  ])('%s of another form is left out and said', (path, text) => {
    expect(problemsOf({ [path]: text })).toEqual([
      `${path} has not the form that the kernel prints; it is left out.`,
    ]);
  });

  test('an empty file online was left by a reader that failed', () => {
    const host = readHostSnapshot(filesOf({ 'sys/devices/system/cpu/online': '\n' }), 'x');
    expect([...host.cpus.online]).toEqual([0, 2, 3]);
    expect(host.problems).toEqual(['sys/devices/system/cpu/online is empty; zoneinfo is taken.']);
  });
});

describe('zoneinfo that was cut', () => {
  const cutAt = (place: string, from = 0) => {
    const text = zoneinfo('6.13');
    const line = text.lastIndexOf('\n', text.indexOf(place, from)) + 1;
    return readHostSnapshot(filesOf({ 'proc/zoneinfo': text.slice(0, line) }), 'x');
  };

  test('inside a number: the line is left out, 1 of 173 pages is no count', () => {
    const text = zoneinfo('6.13');
    const cut = text.slice(0, text.indexOf('count:    173') + 'count:    1'.length);
    const host = readHostSnapshot(filesOf({ 'proc/zoneinfo': cut }), 'x');
    expect([...host.counts.pages]).toEqual([0, -1, -1, -1, 0, -1, 0, -1]);
    expect(host.problems[0]).toBe(
      'proc/zoneinfo ends inside a line: the text was cut, and that line is left out.',
    );
    const interrupts = '  CPU0 CPU2\n CAL: 12 34 Function call interrupts\n TLB: 5 6';
    const rows = readHostSnapshot(filesOf({ 'proc/interrupts': interrupts }), 'x').interrupts?.rows;
    expect(rows?.map(({ label }) => label)).toEqual(['CAL']);
  });

  test('by a tool that takes the last line feed away: nothing is amiss', () => {
    const { problems } = readHostSnapshot(filesOf({ 'proc/zoneinfo': zoneinfo('6.13').trimEnd() }), 'x');
    expect(problems).toEqual([]);
  });

  test('in the middle of a list: what came before is kept, the rest is not known', () => {
    const host = cutAt('count:    73');
    expect([...host.counts.pages]).toEqual([0, 173, -1, -1, 0, 0, 0, -1]);
    expect(host.problems).toEqual([
      'proc/zoneinfo, node 0, zone Normal: the lists of 1 CPU have no count: the text was cut.',
      'proc/zoneinfo, node 0, zone Normal: its last lines are missing: the text was cut.',
    ]);
  });

  test('in the first lines of a zone', () => {
    expect(cutAt('        protection', zoneinfo('6.13').indexOf('Movable')).problems).toEqual([
      'proc/zoneinfo, node 0, zone Movable: ends before the line protection: the text was cut.',
    ]);
  });

  test('a text that is none at all', () => {
    expect(readHostSnapshot(filesOf({ 'proc/zoneinfo': '<html>\n' }), 'x').problems).toEqual([
      'proc/zoneinfo:1: this is no /proc/zoneinfo: no line "Node N, zone NAME".',
    ]);
  });
});

describe('the size of a page', () => {
  const arm = { uname: 'Linux arm01 5.14.0-503.el9.aarch64+64k #1 SMP aarch64 GNU/Linux\n' };
  const of = (more: Record<string, string>, kernel = '6.13') => {
    const { pageBytes, pageBytesFrom } = readHostSnapshot(filesOf({ ...arm, ...more }, kernel), 'x');
    return [pageBytes, pageBytesFrom];
  };

  test('of arm64 comes from meminfo: its total over the managed pages', () => {
    // 3,840 + 511,744 + 511,744 = 1,027,328 pages are managed.
    expect(of({ 'proc/meminfo': `MemTotal:       ${1027328 * 64 - 512} kB\nMemFree: 1 kB\n` })).toEqual([
      65536,
      'MemTotal against managed pages',
    ]);
    expect(of({ 'proc/meminfo': `MemTotal:       ${1027328 * 16} kB\n` })[0]).toBe(16384);
  });

  test('or from the free pages where managed ones are not printed', () => {
    const vmstat = { 'proc/vmstat': 'nr_free_pages 1000\n' };
    expect(of({ ...vmstat, 'proc/meminfo': 'MemTotal: 99 kB\nMemFree: 4100 kB\n' }, '3.0')).toEqual([
      4096,
      'MemFree against free pages',
    ]);
  });

  test('is not known without meminfo, and x86-64 has one only', () => {
    expect(of({})).toEqual([-1, 'not known']);
    expect(of({ uname: 'Linux a 6.1.0 x86_64 GNU/Linux' })).toEqual([4096, 'x86_64']);
  });
});

test('settings come from proc/sys or from what sysctl printed', () => {
  const sysctl = (more: Record<string, string>) =>
    Object.fromEntries(readHostSnapshot(filesOf(more), 'x').sysctl);
  expect(sysctl({ 'proc/sys/vm/min_free_kbytes': '67584\n' })).toEqual({ min_free_kbytes: 67584 });
  expect(
    sysctl({ 'sos_commands/kernel/sysctl_-a': 'vm.nr_hugepages = 0\nvm.min_free_kbytes = 90112\n' }),
  ).toEqual({
    min_free_kbytes: 90112,
  });
});

test('pressure and load', () => {
  const host = readHostSnapshot(
    filesOf({
      'proc/pressure/memory':
        'some avg10=1.50 avg60=0.25 avg300=0.00 total=123456\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=7\n',
      'proc/loadavg': '0.87 0.94 0.91 2/345 6789\n',
      'proc/vmstat': 'allocstall_dma 1\nallocstall_normal 41\n',
    }),
    'x',
  );
  expect(host.pressure?.some).toEqual({ avg10: 1.5, avg60: 0.25, avg300: 0, totalUs: 123456 });
  expect(host.pressure?.full.totalUs).toBe(7);
  expect(host.loadAverage).toEqual([0.87, 0.94, 0.91]);
  expect(host.vmstat?.get('allocstall_normal')).toBe(41);
});

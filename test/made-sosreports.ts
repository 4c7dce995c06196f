/**
 * Sosreports made for tests and benchmarks: hosts of several kernels and sizes with what a census reads of them, and members that
 * it passes over, of a size and order as sos packs them. The same number gives the same host.
 */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack as packTar } from 'tar-stream';
import { Random } from './fuzz/random.ts';

export interface MadeHost {
  readonly name: string;
  readonly kernel: string;
  readonly cpus: number;
  /** CPUs without a page on any list. */
  readonly empty: readonly number[];
  /** CPUs 1 to `isolated`. */
  readonly isolated: number;
}

const kernels = [
  '3.10.0-1160.el7.x86_64',
  '4.18.0-553.el8.x86_64',
  '5.14.0-427.el9.x86_64',
  '6.1.0-37-amd64',
  '6.12.63',
];
const sizes = [2, 4, 8, 16, 64, 128];

export function madeHost(number: number): MadeHost {
  const random = new Random(number + 1);
  const cpus = sizes[random.below(sizes.length)];
  const isolated = random.below(4) === 0 ? cpus >> 1 : 0;
  // Busy hosts hold pages nearly everywhere; isolated CPUs are empty more often than the others.
  const emptyPerMille = random.below(700);
  const empty: number[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    const isIsolated = cpu >= 1 && cpu <= isolated;
    if (random.below(1000) < (isIsolated ? 800 : emptyPerMille)) empty.push(cpu);
  }
  return {
    name: `host${String(number).padStart(4, '0')}`,
    kernel: kernels[random.below(kernels.length)],
    cpus,
    empty,
    isolated,
  };
}

/** Texts by path below the root of the host. */
export function madeFiles(host: MadeHost, number = 0): Map<string, string> {
  const random = new Random(number + 77);
  const { name, kernel, cpus } = host;
  const online = cpus === 1 ? '0' : `0-${cpus - 1}`;
  const isolated = host.isolated === 0 ? '' : host.isolated === 1 ? '1' : `1-${host.isolated}`;
  return new Map([
    [
      'proc/cmdline',
      `BOOT_IMAGE=/vmlinuz-${kernel} root=/dev/vda1 ro${isolated && ` isolcpus=${isolated}`}\n`,
    ],
    ['proc/meminfo', `MemTotal:       ${cpus * 4_000_000} kB\nMemFree:        ${cpus * 900_000} kB\n`],
    ['proc/vmstat', `nr_free_pages ${cpus * 225_000}\nallocstall_normal ${random.below(1000)}\n`],
    ['proc/zoneinfo', zoneinfo(host, (most) => random.below(most))],
    ['sos_commands/host/hostname', `${name}\n`],
    ['sos_commands/kernel/uname_-a', `Linux ${name} ${kernel} #1 SMP x86_64 GNU/Linux\n`],
    ['sys/devices/system/cpu/isolated', `${isolated}\n`],
    ['sys/devices/system/cpu/kernel_max', '8191\n'],
    ['sys/devices/system/cpu/online', `${online}\n`],
    ['sys/devices/system/cpu/possible', `${online}\n`],
    ['sys/devices/system/node/node0/cpulist', `${online}\n`],
  ]);
}

function zoneinfo({ cpus, empty }: MadeHost, below: (most: number) => number): string {
  const zones = [
    { name: 'DMA', pages: 3840, batch: 1, high: 0 },
    { name: 'Normal', pages: cpus * 1_000_000, batch: 63, high: 378 },
  ];
  return zones
    .map(({ name, pages, batch, high }) => {
      const head = [
        `Node 0, zone ${name.padStart(8)}`,
        `  pages free     ${pages >> 2}`,
        `        min      ${pages >> 9}`,
        `        low      ${(pages >> 9) + (pages >> 11)}`,
        `        high     ${(pages >> 9) + (pages >> 10)}`,
        `        spanned  ${pages}`,
        `        present  ${pages}`,
        `        managed  ${pages}`,
        '  pagesets',
      ];
      for (let cpu = 0; cpu < cpus; cpu++) {
        const count = name === 'DMA' || empty.includes(cpu) ? 0 : 1 + below(high);
        head.push(
          `    cpu: ${cpu}`,
          `              count: ${count}`,
          `              high:  ${high}`,
          `              batch: ${batch}`,
        );
        head.push('  vm stats threshold: 48');
      }
      return `${head.join('\n')}\n  node_unreclaimable:  0\n  start_pfn:           ${name === 'DMA' ? 1 : 4096}\n`;
    })
    .join('');
}

/** A member of a tar as its header says it; `size` may lie. */
export interface MadeMember {
  readonly name: string;
  readonly text?: string | Uint8Array;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'fifo';
  readonly linkname?: string;
}

/** A tar as a stream of bytes, members in the given order. */
export async function tarOf(members: readonly MadeMember[]): Promise<Buffer> {
  const pack = packTar();
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of pack) if (chunk instanceof Uint8Array) chunks.push(chunk);
  })();
  for (const { name, text = '', type = 'file', linkname } of members) {
    const mtime = new Date(1.7e12);
    await new Promise<void>((resolve, reject) => {
      pack.entry(
        { name, type, mtime, ...(linkname === undefined ? {} : { linkname }) },
        Buffer.from(text),
        (error) => (error ? reject(error) : resolve()),
      );
    });
  }
  pack.finalize();
  await reading;
  return Buffer.concat(chunks);
}

/** The members of a sosreport of the host, sorted as sos packs them, with `ballast` among them. */
export function sosMembers(host: MadeHost, number = 0, ballast: readonly MadeMember[] = []): MadeMember[] {
  const root = `sosreport-${host.name}-2026-11-23-abcdefg`;
  const members: MadeMember[] = [...madeFiles(host, number)].map(([path, text]) => ({
    name: `${root}/${path}`,
    text,
  }));
  for (const member of ballast) members.push({ ...member, name: `${root}/${member.name}` });
  members.push(
    { name: `${root}/hostname`, type: 'symlink', linkname: 'sos_commands/host/hostname' },
    { name: `${root}/uname`, type: 'symlink', linkname: 'sos_commands/kernel/uname_-a' },
    { name: `${root}/version.txt`, text: 'sosreport: 4.0\n' },
  );
  return members.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What sos collects besides: small files of sysfs and logs of some megabytes; as text it packs like the real ones. */
export function ballast(number: number, logBytes: number): MadeMember[] {
  const random = new Random(number + 4711);
  const members: MadeMember[] = [];
  for (let irq = 0; irq < 300; irq++) {
    members.push({ name: `proc/irq/${irq}/smp_affinity_list`, text: `${random.below(128)}\n` });
    members.push({
      name: `sys/module/m${irq}/parameters/p${random.below(9)}`,
      text: `${random.below(1 << 30)}\n`,
    });
  }
  const words = [
    'kernel:',
    'systemd[1]:',
    'Started',
    'session',
    'of',
    'user',
    'eth0:',
    'link',
    'up',
    'audit:',
    'pid=',
  ];
  for (const name of [
    'var/log/messages',
    'sos_commands/logs/journalctl_--no-pager',
    'sos_commands/process/ps_auxwww',
  ]) {
    const lines: string[] = [];
    for (let bytes = 0; bytes < logBytes / 3; ) {
      const said = Array.from({ length: 8 }, () => random.pick(words)).join(' ');
      const line = `Nov 23 0${random.below(10)}:${random.below(60)}:${random.below(60)} host ${said} ${random.below(1 << 30)}`;
      lines.push(line);
      bytes += line.length + 1;
    }
    members.push({ name, text: lines.join('\n') });
  }
  return members;
}

/** A tar without its end mark, so that another may follow. */
async function openTar(members: readonly MadeMember[]): Promise<Buffer> {
  return (await tarOf(members)).subarray(0, -1024);
}

const ballastKinds = 8;

/**
 * Writes `hosts` sosreports (.tar.xz) into `folder`. Each is two xz streams, its own files and ballast that several share: packing
 * thousands of megabytes anew would take an hour.
 */
export async function makeFleet(folder: string, hosts: number, logBytes: number): Promise<void> {
  const shared: Buffer[] = [];
  for (let kind = 0; kind < Math.min(ballastKinds, hosts); kind++) {
    const members = ballast(kind, logBytes).map((member) => ({
      ...member,
      name: `sosreport-ballast/${member.name}`,
    }));
    shared.push(xzPacked(await tarOf(members), '-6'));
  }
  for (let number = 0; number < hosts; number++) {
    const host = madeHost(number);
    const own = await openTar(sosMembers(host, number));
    const packed = shared[number % shared.length];
    writeFileSync(
      join(folder, `sosreport-${host.name}-2026-11-23-abcdefg.tar.xz`),
      Buffer.concat([xzPacked(own, '-6'), packed]),
    );
  }
}

function xzPacked(bytes: Uint8Array, level: string): Buffer {
  const { status, stdout } = spawnSync('xz', ['-c', '-T1', level], { input: bytes, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error('xz is needed to make sosreports');
  return stdout;
}

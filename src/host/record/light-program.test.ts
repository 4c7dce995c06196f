import { describe, expect, it } from 'vitest';
import { readHostSnapshot } from '../../snapshot/read-host-snapshot.ts';
import { type LightKernel, lightKernelOf } from './light-kernel.ts';
import { lightProgram } from './light-program.ts';

/** Symbols as /proc/kallsyms of Debian's kernels has them. */
const symbols = {
  '5.10': ['T drain_all_pages', 't drain_local_pages_wq', 'd pcpu_drain_mutex', 'b cpus_with_pcps.12'],
  '6.12': [
    't drain_pages_zone',
    't __drain_all_pages',
    't __pfx_drain_all_pages',
    'T drain_all_pages',
    'd pcpu_drain_mutex',
    'b cpus_with_pcps.6',
  ],
  '7.2': [
    't drain_pages_zone',
    't __drain_all_pages.part.0',
    'T drain_all_pages',
    'b cpus_with_pcps.9',
    'b pcpu_drain_mutex',
  ],
};

const zoneinfo = `Node 0, zone      DMA
  pages free     3000
        min      10
        low      12
        high     14
        spanned  4095
        present  3998
        managed  3840
  pagesets
    cpu: 0
              count: 0
              high:  0
              batch: 1
  start_pfn:           1
`;

function kernelOf(
  names: readonly string[],
  possible = '0-3',
  knowsTypes = true,
  machine = 'x86_64',
): LightKernel {
  const host = readHostSnapshot(
    new Map([
      ['proc/zoneinfo', zoneinfo],
      ['uname', `Linux host 6.12.0 #1 SMP Debian ${machine} GNU/Linux\n`],
      ['sys/devices/system/cpu/possible', `${possible}\n`],
      ['sys/devices/system/cpu/online', '0-3\n'],
      ['sys/devices/system/cpu/isolated', '3\n'],
    ]),
    'host',
  );
  const kallsyms = names.map((name) => `ffffffff81234560 ${name}\n`).join('');
  return lightKernelOf(host, `${kallsyms}ffffffffc0001000 t drain_all_pages\t[other]\n`, knowsTypes);
}

describe('the kernel by its symbols', () => {
  it('4.11–5.19 without __drain_all_pages: workers drain, every call is seen', () => {
    expect(kernelOf(symbols['5.10'])).toMatchObject({
      drain: 'drain_all_pages',
      seenFrom: 'call',
      tellsForce: false,
      visit: 'drain_local_pages_wq',
      visitedBy: 'worker',
      mask: 'cpus_with_pcps.12',
    });
  });

  it('6.0 on: the requester drains', () => {
    expect(kernelOf(symbols['6.12'])).toMatchObject({
      drain: '__drain_all_pages',
      seenFrom: 'call',
      tellsForce: true,
      visit: 'drain_pages_zone',
      visitedBy: 'requester',
    });
  });

  it('a function that gcc split is seen from its turn on', () => {
    expect(kernelOf(symbols['7.2'])).toMatchObject({ drain: '__drain_all_pages.part.0', seenFrom: 'turn' });
  });

  it.each([
    ['no kernel.kptr rights: no symbols', [], 'names none of its drain functions'],
    ['no CONFIG_KALLSYMS_ALL', ['T drain_all_pages', 't drain_pages_zone'], 'no symbol cpus_with_pcps'],
    [
      'before 4.11',
      ['T drain_all_pages', 'b cpus_with_pcps.1', 'd pcpu_drain_mutex'],
      'neither drain_pages_zone nor drain_local_pages_wq',
    ],
    [
      'arguments changed by the compiler',
      ['t __drain_all_pages.constprop.0', 't drain_pages_zone', 'b cpus_with_pcps.1', 'd pcpu_drain_mutex'],
      'changed the arguments',
    ],
  ])('%s: refused with the reason', (_, names, reason) => {
    const kallsyms = names.map((name) => `ffffffff81234560 ${name}\n`).join('');
    const host = readHostSnapshot(
      new Map([
        ['proc/zoneinfo', zoneinfo],
        ['uname', 'Linux host 4.9.0 #1 SMP x86_64 GNU/Linux\n'],
      ]),
      'host',
    );
    expect(() => lightKernelOf(host, kallsyms, true)).toThrow(reason);
  });
});

describe('the program', () => {
  it('has probes on the functions of a drain only', () => {
    for (const names of Object.values(symbols)) {
      const kernel = kernelOf(names);
      const probes = [...lightProgram(kernel).matchAll(/^(\w+:\S+|BEGIN|END)(?= |\{)/gm)].map(
        ([probe]) => probe,
      );
      expect(probes).toEqual([
        'BEGIN',
        `kprobe:${kernel.drain}`,
        `kprobe:${kernel.visit}`,
        `kretprobe:${kernel.drain}`,
        'END',
      ]);
    }
  });

  it('reads and prints as many words of the mask as the machine has CPUs, the last one first', () => {
    const program = lightProgram(kernelOf(symbols['6.12'], '0-129'));
    expect(program.match(/kaddr\("cpus_with_pcps\.6"\) \+ \d+/g)).toEqual(
      [0, 8, 16].map((offset) => `kaddr("cpus_with_pcps.6") + ${offset}`),
    );
    expect(program).toContain('mask=0x%016lx%016lx%016lx ');
    expect(program).toMatch(
      /@mask\[\$requester, 2\], @mask\[\$requester, 1\], @mask\[\$requester, 0\], nsecs/,
    );
  });

  it('tells in its header the machine that the reader needs', () => {
    const program = lightProgram(kernelOf(symbols['6.12']));
    for (const line of ['CPUs possible: 0-3', 'CPUs online: 0-3', 'CPUs isolated: 3', 'zones: 0/DMA'])
      expect(program).toContain(`printf("# ${line}\\n");`);
  });

  it('uses types of the kernel only where bpftrace can read them', () => {
    expect(lightProgram(kernelOf(symbols['6.12'], '0-3', true))).toContain('(struct zone *)');
    expect(lightProgram(kernelOf(symbols['5.10'], '0-3', false))).not.toContain('struct');
  });

  it('finds the caller in this machine’s register or stack', () => {
    expect(lightProgram(kernelOf(symbols['6.12']))).toContain('*(uint64 *)reg("sp")');
    expect(lightProgram(kernelOf(symbols['6.12'], '0-3', true, 'aarch64'))).toContain('reg("r30")');
  });
});

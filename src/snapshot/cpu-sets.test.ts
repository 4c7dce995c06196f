import { describe, expect, test } from 'vitest';
import { commandLineCpus, cpuSetOf } from './cpu-sets.ts';

describe('a file with a list of CPUs', () => {
  test.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['\n', []],
    ['(null)\n', []],
    // 4.x to 6.x print the empty nohz_full through a field width.
    ['  (null)\n', []],
    ['                                                          (null)\n', []],
  ])('%j', (text, cpus) => {
    const problems: string[] = [];
    expect(cpuSetOf(text, 'nohz_full', problems)).toEqual(cpus);
    expect(problems).toEqual([]);
  });

  test('that the kernel does not have is not known, which is not none', () => {
    expect(cpuSetOf('(absent)\n', 'nohz_full', [])).toBeNull();
  });

  test('that is damaged is not known and said', () => {
    const problems: string[] = [];
    expect(cpuSetOf('0-3,x', 'online', problems)).toBeNull();
    expect(problems).toEqual(['online holds no list of CPUs: "0-3,x".']);
  });

  test('that names ranges without end is refused in no time', () => {
    const problems: string[] = [];
    expect(cpuSetOf(`${'0-65535,'.repeat(100_000)}1`, 'online', problems)).toBeNull();
    expect(problems).toHaveLength(1);
  });
});

describe('isolcpus= and nohz_full=', () => {
  const of = (line: string) => commandLineCpus(line, 8, []);

  test.each([
    ['quiet isolcpus=2-4 nohz_full=3,4', [2, 3, 4], [3, 4]],
    // The flag domain is what isolcpus means without flags; managed_irq isolates nothing.
    ['isolcpus=domain,managed_irq,2-3', [2, 3], null],
    ['isolcpus=managed_irq,2-3', null, null],
    // nohz is nohz_full; alone it leaves the scheduler's domains as they are.
    ['isolcpus=nohz,domain,5', [5], [5]],
    ['isolcpus=nohz,5', null, [5]],
    ['isolcpus=6-N nohz_full=all', [6, 7], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['isolcpus=0-7:1/4', [0, 4], null],
    ['isolcpus=1 isolcpus=2', [1], null],
    ['myisolcpus=1 nohz=off', null, null],
    ['', null, null],
  ])('%j', (line, isolated, nohzFull) => {
    expect(of(line)).toEqual({ isolated, nohzFull });
  });

  test('a list that is damaged is not known and said', () => {
    const problems: string[] = [];
    expect(commandLineCpus('isolcpus=domain,2-x', 8, problems).isolated).toBeNull();
    expect(problems).toHaveLength(1);
  });
});

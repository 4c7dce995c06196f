import { describe, expect, test } from 'vitest';
import { hostOf } from '../../test/host-texts.ts';
import { maskCensus } from './mask-census.ts';

const max = 'sys/devices/system/cpu/kernel_max';
const possible = 'sys/devices/system/cpu/possible';

function maskOf(more: Record<string, string>) {
  return maskCensus(hostOf([{ pages: [0, 0] }], more));
}

const uname = (release: string, machine = 'x86_64') => ({
  uname: `Linux a ${release} #1 SMP ${machine} GNU/Linux\n`,
});
const config = (release: string, lines: string) => ({
  ...uname(release),
  [`boot/config-${release}`]: `# Linux/x86 ${release} Kernel Configuration\nCONFIG_X86_64=y\nCONFIG_SMP=y\n${lines}\n`,
});

describe('by the configuration of the kernel', () => {
  test('NR_CPUS 4096 on 3.0 asks for 512 bytes on any machine', () => {
    const lines = 'CONFIG_MAXSMP=y\nCONFIG_CPUMASK_OFFSTACK=y\nCONFIG_NR_CPUS=4096\nCONFIG_SLAB=y';
    expect(maskOf({ ...config('3.0.101', lines), [possible]: '0-127\n' })).toMatchObject({
      nrCpus: 4096,
      bytes: 512,
      where: 'heap',
      cacheBytes: 512,
      staticBytes: 512,
    });
  });

  test('from 4.1 on the possible CPUs count: 128 of 8192 ask for 16 bytes, of SLAB a 32-byte object', () => {
    const lines = 'CONFIG_CPUMASK_OFFSTACK=y\nCONFIG_NR_CPUS=8192\n';
    const files = { [possible]: '0-127\n' };
    expect(maskOf({ ...config('5.10.1', `${lines}CONFIG_SLUB=y`), ...files })).toMatchObject({
      bytes: 16,
      cacheBytes: 16,
      staticBytes: 1024,
    });
    expect(maskOf({ ...config('5.10.1', `${lines}CONFIG_SLAB=y`), ...files }).cacheBytes).toBe(32);
  });

  test('without CPUMASK_OFFSTACK it lives on the stack', () => {
    const lines = '# CONFIG_CPUMASK_OFFSTACK is not set\nCONFIG_NR_CPUS=512\nCONFIG_SLUB=y';
    expect(maskOf(config('4.19.0', lines))).toMatchObject({ bytes: 64, where: 'stack', cacheBytes: 0 });
  });
});

describe('by kernel_max, which every distribution has', () => {
  test('8191 on x86 means MAXSMP, so the heap', () => {
    const mask = maskOf({ ...uname('6.1.0-37-amd64'), [max]: '8191\n', [possible]: '0-255\n' });
    expect(mask).toMatchObject({ nrCpus: 8192, bytes: 32, where: 'heap', staticBytes: 1024 });
    // Of SLAB or SLUB, either: 32 is the least object of the one and a size of the other.
    expect(mask.cacheBytes).toBe(32);
    expect(mask.from).toBe(
      'sys/devices/system/cpu/kernel_max; x86 offers more than 512 CPUs only with CONFIG_CPUMASK_OFFSTACK; ' +
        'sized by 256 possible CPUs',
    );
  });

  test('whether SLAB or SLUB serves 8 bytes is not known before 6.8', () => {
    const of = (release: string) =>
      maskOf({ ...uname(release), [max]: '8191\n', [possible]: '0-1\n' }).cacheBytes;
    expect([of('6.1.0'), of('6.8.0')]).toEqual([null, 8]);
  });

  test('511 on x86 is on the stack', () => {
    expect(maskOf({ [max]: '511\n' })).toMatchObject({ where: 'stack', bytes: 64 });
  });

  test('arm64 selects it above 256 CPUs in 6.10; what it did before needs its configuration', () => {
    const of = (release: string, kernelMax: string) =>
      maskOf({ ...uname(release, 'aarch64'), [max]: kernelMax }).where;
    expect([of('6.12.0', '511'), of('6.12.0', '255'), of('5.14.0', '4095')]).toEqual([
      'heap',
      'stack',
      'not-known',
    ]);
  });
});

test('nothing is claimed where nothing is told', () => {
  expect(maskOf({})).toEqual({
    nrCpus: null,
    bytes: null,
    where: 'not-known',
    cacheBytes: null,
    staticBytes: null,
    from: 'no file tells NR_CPUS: neither kernel_max nor a configuration of the kernel',
  });
  expect(maskOf({ uname: '', [max]: '8191\n' })).toMatchObject({ bytes: null, staticBytes: 1024 });
});

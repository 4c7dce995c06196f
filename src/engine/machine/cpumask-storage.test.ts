import { describe, expect, test } from 'vitest';
import type { KernelSpec } from '../input/scenario.ts';
import { kmallocBytes, maskStorage, maskTypeBytes } from './cpumask-storage.ts';
import { distributions } from './distributions.ts';
import { kernelRules } from './kernel-rules.ts';

function storage(
  version: string,
  nrCpus: number,
  offstack: boolean,
  cpus: number,
  more: Partial<KernelSpec> = {},
) {
  const kernel = { version, nrCpus, offstack, slab: 'slub', maskBytes: -1, ...more } as KernelSpec;
  return maskStorage(kernel, kernelRules(version), cpus);
}

describe('size of a mask', () => {
  // Words of 64 bits: 320 CPUs are 5 words, 40 bytes.
  test.each([
    [8, 8],
    [64, 8],
    [65, 16],
    [128, 16],
    [256, 32],
    [320, 40],
    [512, 64],
    [1024, 128],
    [4096, 512],
    [5120, 640],
    [8192, 1024],
  ])('%d CPUs are %d bytes', (cpus, bytes) => {
    expect(maskTypeBytes(cpus)).toBe(bytes);
  });
});

describe('where a mask lives', () => {
  test('without OFFSTACK it is part of the stack frame, of the full size', () => {
    expect(storage('3.0', 512, false, 8)).toEqual({
      where: 'stack',
      bytes: 64,
      cacheBytes: 0,
      stackBytes: 64,
    });
    expect(storage('6.12', 320, false, 8)).toMatchObject({ where: 'stack', bytes: 40, stackBytes: 40 });
  });

  test('up to 4.0 an off-stack mask has the size of NR_CPUS on any machine', () => {
    expect(storage('3.0', 4096, true, 8, { slab: 'slab' })).toEqual({
      where: 'heap',
      bytes: 512,
      cacheBytes: 512,
      stackBytes: 8,
    });
    expect(storage('3.10', 5120, true, 8)).toMatchObject({ bytes: 640, cacheBytes: 1024 });
  });

  test('from 4.1 it has the size of the possible CPUs', () => {
    expect(storage('4.9', 8192, true, 128)).toMatchObject({ bytes: 16, cacheBytes: 16 });
    expect(storage('6.12', 8192, true, 8)).toMatchObject({ bytes: 8, cacheBytes: 8 });
    expect(storage('6.12', 8192, true, 4096)).toMatchObject({ bytes: 512, cacheBytes: 512 });
  });

  test('from 6.3 NR_CPUS counts again where it is 256 or less', () => {
    expect(storage('6.1', 256, true, 8)).toMatchObject({ bytes: 8 });
    expect(storage('6.3', 256, true, 8)).toMatchObject({ bytes: 32, cacheBytes: 32 });
    expect(storage('6.3', 257, true, 8)).toMatchObject({ bytes: 8 });
  });

  test('a static mask is of full size and takes no stack', () => {
    const kernel = {
      version: '3.4',
      nrCpus: 8192,
      offstack: true,
      slab: 'slub',
      maskBytes: -1,
    } as KernelSpec;
    expect(maskStorage(kernel, kernelRules('3.4'), 8, 'static')).toEqual({
      where: 'static',
      bytes: 1024,
      cacheBytes: 0,
      stackBytes: 0,
    });
    expect(maskStorage(kernel, kernelRules('3.4'), 8, 'none').where).toBe('none');
  });

  test('a size that was set stands above the rules', () => {
    expect(storage('6.12', 8192, true, 8, { maskBytes: 512 })).toMatchObject({ bytes: 512, cacheBytes: 512 });
  });

  test('kmalloc sizes: 96 and 192 lie between the powers of two, SLAB begins at 32', () => {
    const [old, newer] = [kernelRules('3.0'), kernelRules('4.9')];
    // 768 CPUs are 96 bytes, 1536 are 192.
    expect(kmallocBytes(96, 'slub', newer)).toBe(96);
    expect(kmallocBytes(96, 'slab', old)).toBe(128);
    expect(kmallocBytes(192, 'slab', old)).toBe(192);
    expect(kmallocBytes(8, 'slab', newer)).toBe(32);
    expect(kmallocBytes(200, 'slub', newer)).toBe(256);
  });
});

describe('distributions', () => {
  const onMachine = (name: keyof typeof distributions, cpus: number) => {
    const { version, nrCpus, offstack, slab } = distributions[name];
    return storage(version, nrCpus, offstack, cpus, { slab });
  };

  test('the mask of the thread: 512 bytes of SLAB on SLES of 2011, 64 bytes of stack on Debian', () => {
    expect(onMachine('sles-2011', 8)).toMatchObject({ where: 'heap', cacheBytes: 512 });
    expect(onMachine('debian-2011', 8)).toMatchObject({ where: 'stack', stackBytes: 64 });
    // RHEL 7: 5120 / 8 = 640 bytes, from the cache of 1024.
    expect(onMachine('rhel-7', 8)).toMatchObject({ where: 'heap', bytes: 640, cacheBytes: 1024 });
  });

  test('the mask of today: 8 bytes up to 64 CPUs wherever it is off the stack, 40 bytes of stack on Arch', () => {
    for (const name of ['sles', 'rhel', 'debian', 'fedora', 'ubuntu-24.04', 'talos'] as const)
      expect(onMachine(name, 64)).toMatchObject({ where: 'heap', bytes: 8 });
    expect(onMachine('arch', 64)).toMatchObject({ where: 'stack', bytes: 40 });
  });

  test('no distribution contradicts Kconfig', () => {
    for (const { name, nrCpus, offstack, maxsmp, slab, version } of Object.values(distributions)) {
      expect(maxsmp && !offstack, name).toBe(false);
      expect(!offstack && nrCpus > 512, name).toBe(false);
      expect(slab === 'slab' && Number(version.split('.')[0]) > 5, name).toBe(false);
      expect(() => kernelRules(version)).not.toThrow();
    }
  });

  test('RHEL does not double its refills, Fedora does', () => {
    expect(distributions.rhel.batchScaleMax).toBe(0);
    expect(distributions.fedora.batchScaleMax).toBe(5);
    expect(distributions.rhel.basis.batchScaleMax).toBe('read');
  });
});

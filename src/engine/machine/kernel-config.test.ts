import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrainlabError } from '../../base/errors.ts';
import { kernelConfig } from './kernel-config.ts';

const headline =
  '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.12.63 Kernel Configuration\n#\n';
const small = `${headline}CONFIG_X86_64=y\nCONFIG_SMP=y\nCONFIG_NR_CPUS=512\n# CONFIG_MAXSMP is not set\nCONFIG_SLUB=y\n`;

function refused(text: string): DrainlabError {
  try {
    kernelConfig(text, 'config-x');
  } catch (error) {
    expect(error).toBeInstanceOf(DrainlabError);
    return error as DrainlabError;
  }
  throw new Error('was taken');
}

describe('a kernel configuration', () => {
  test('gives what decides about masks and lists', () => {
    const text = `${headline}CONFIG_X86_64=y
CONFIG_SMP=y
CONFIG_MAXSMP=y
CONFIG_NR_CPUS=8192
CONFIG_CPUMASK_OFFSTACK=y
CONFIG_SLUB=y
CONFIG_SLUB_CPU_PARTIAL=y
CONFIG_PCP_BATCH_SCALE_MAX=0
CONFIG_TRANSPARENT_HUGEPAGE=y
CONFIG_HZ=1000
# CONFIG_FAULT_INJECTION is not set
CONFIG_LOCALVERSION="-a=b # c"
`;
    expect(kernelConfig(text)).toEqual({
      version: '6.12',
      nrCpus: 8192,
      offstack: true,
      slab: 'slub',
      batchScaleMax: 0,
      thp: true,
      maskBytes: -1,
      maxsmp: true,
      forceNrCpus: false,
      faultInjection: false,
      failslab: false,
      failPageAlloc: false,
      hz: 1000,
      nohzFull: false,
      contradictions: [],
      notModelled: [],
    });
  });

  test('of 2011, with Windows line ends', () => {
    const text =
      '# Linux/x86_64 3.0.101 Kernel Configuration\r\nCONFIG_SMP=y\r\nCONFIG_NR_CPUS=512\r\nCONFIG_SLAB=y\r\n';
    expect(kernelConfig(text)).toMatchObject({
      version: '3.0',
      slab: 'slab',
      offstack: false,
      batchScaleMax: 5,
    });
  });

  test('FORCE_NR_CPUS makes masks as large as NR_CPUS', () => {
    expect(kernelConfig(`${small}CONFIG_FORCE_NR_CPUS=y\n`).maskBytes).toBe(64);
  });

  test('a kernel for one CPU says so', () => {
    expect(kernelConfig('# CONFIG_SMP is not set\nCONFIG_SLUB=y\n').nrCpus).toBe(1);
  });
});

describe('contradictions are said with their line', () => {
  test('MAXSMP without OFFSTACK: taken as set', () => {
    const config = kernelConfig('CONFIG_SMP=y\nCONFIG_MAXSMP=y\nCONFIG_NR_CPUS=8192\n');
    expect(config.offstack).toBe(true);
    expect(config.contradictions).toEqual([
      { line: 2, message: expect.stringContaining('selects CONFIG_CPUMASK_OFFSTACK') },
    ]);
  });

  test('too many CPUs for the stack on x86, too few for MAXSMP, two allocators, two values', () => {
    const lines = (text: string) => kernelConfig(text).contradictions.map(({ line }) => line);
    expect(lines('CONFIG_X86=y\nCONFIG_NR_CPUS=8192\n')).toEqual([2]);
    expect(lines('CONFIG_MAXSMP=y\nCONFIG_CPUMASK_OFFSTACK=y\nCONFIG_NR_CPUS=64\n')).toEqual([3]);
    expect(lines('CONFIG_NR_CPUS=8\nCONFIG_SLAB=y\nCONFIG_SLUB=y\n')).toEqual([2]);
    expect(lines('CONFIG_NR_CPUS=8\nCONFIG_NR_CPUS=16\n')).toEqual([2]);
    expect(kernelConfig('CONFIG_NR_CPUS=8\nCONFIG_NR_CPUS=16\n').nrCpus).toBe(16);
  });

  test('what the model does not follow is said', () => {
    const { notModelled } = kernelConfig(
      'CONFIG_NR_CPUS=8\nCONFIG_SLUB_TINY=y\n# CONFIG_SLUB_CPU_PARTIAL is not set\n',
    );
    expect(notModelled.map(({ line }) => line)).toEqual([2, 3]);
  });
});

describe('foreign text gives one error with its line', () => {
  test.each([
    ['', 'config-x', 'no line sets'],
    ['hello\n', 'config-x:1', 'expected CONFIG_NAME=value'],
    [`${small}CONFIG_NR_CPUS=-3\n`, 'config-x:10', 'is "-3"'],
    [`${small}CONFIG_NR_CPUS=99999999999999\n`, 'config-x:10', 'expected a number from 1 to 65536'],
    [`${small}CONFIG_NR_CPUS=0\n`, 'config-x:10', 'expected a number'],
    [`${small}CONFIG_PCP_BATCH_SCALE_MAX=7\n`, 'config-x:10', 'from 0 to 6'],
    ['CONFIG_SMP=y\n', 'config-x', 'CONFIG_NR_CPUS is not said'],
    ['\u001f\u008b\u0000\u0007 packed', 'config-x:1', 'found "???? packed"'],
    [`CONFIG_A=y\n${'x'.repeat(100_000)}\n`, 'config-x:2', 'expected'],
  ])('%#', (text, where, message) => {
    const error = refused(text);
    expect(error.code).toBe('E_KERNEL_CONFIG');
    expect(error.where).toBe(where);
    expect(error.message).toContain(message);
    expect(error.message.length).toBeLessThan(200);
  });

  test('five million characters are refused at once', () => {
    expect(refused('CONFIG_A=y\n'.repeat(500_000)).message).toContain('million characters');
  });

  test('no text at all makes anything but a configuration or this error', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'CONFIG_',
        'NR_CPUS=',
        'CONFIG_NR_CPUS=8',
        '\n',
        '# ',
        ' is not set',
        'y',
        '=',
        'CONFIG_SMP=y\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        try {
          expect(kernelConfig(parts.join('')).nrCpus).toBeGreaterThan(0);
        } catch (error) {
          expect((error as DrainlabError).code).toBe('E_KERNEL_CONFIG');
        }
      }),
      { numRuns: 300 },
    );
  });
});

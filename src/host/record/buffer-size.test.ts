import { describe, expect, test } from 'vitest';
import { availableBytes, bufferSize } from './buffer-size.ts';

const gibibyte = 2 ** 30;

describe('buffers of a recording', () => {
  test('are 16 MiB a CPU where memory is plenty', () => {
    expect(bufferSize(2, 24 * gibibyte)).toEqual({
      kilobytesPerCpu: 16384,
      // 32 MiB of 24,576 MiB.
      said: 'Buffers: 16.0 MiB for each of 2 CPUs, 0.1 % of the memory that is available now.',
    });
  });

  test('take at most a fiftieth of what is available', () => {
    // 2 % of 400 MiB among 8 CPUs: 1 MiB each.
    expect(bufferSize(8, 400 * 2 ** 20).kilobytesPerCpu).toBe(1024);
  });

  test('of many CPUs with little memory are small but usable, and the share is said to be large', () => {
    // 256 KiB × 512 = 128 MiB of 1 GiB: 12.5 %.
    const { kilobytesPerCpu, said } = bufferSize(512, gibibyte);
    expect(kilobytesPerCpu).toBe(256);
    expect(said).toBe(
      'Buffers: 256 KiB for each of 512 CPUs, 12.5 % of the memory that is available now; so large a share changes what is being observed.',
    );
  });

  test('are what the user says', () => {
    expect(bufferSize(4, gibibyte, 65536).kilobytesPerCpu).toBe(65536);
  });
});

test('memory available: MemAvailable, before 3.14 MemFree', () => {
  expect(availableBytes('MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable:   20 kB\n')).toBe(20 * 1024);
  expect(availableBytes('MemTotal: 100 kB\nMemFree: 10 kB\n')).toBe(10 * 1024);
});

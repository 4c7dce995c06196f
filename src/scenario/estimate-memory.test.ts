import { expect, test } from 'vitest';
import { builtInScenario } from './by-name.ts';
import { estimatedBytes } from './estimate-memory.ts';
import { parseSet } from './set-values.ts';

const estimated = (...sets: string[]) => estimatedBytes(builtInScenario('deep-idle', sets.map(parseSet)));

test('the estimate grows by 17 bytes a page and by the lists of a CPU', () => {
  // 1 GiB more: 262,144 pages. Zones stay two.
  expect(estimated('machine.memory=3 GiB') - estimated('machine.memory=2 GiB')).toBe(17 * 262_144);
  // Linux 3.0: three lists of 16 bytes and 48 bytes in each of two zones.
  expect(estimated('machine.cpus=65') - estimated()).toBe(2 * (48 + 3 * 16));
  // Linux 6.12: order 0-3 of three types, and two lists of huge pages.
  const modern = (cpus: number) =>
    estimated(`machine.cpus=${cpus}`, 'kernel.version=6.12', 'kernel.slab=slub');
  expect(modern(65) - modern(64)).toBe(2 * (48 + 14 * 16));
});

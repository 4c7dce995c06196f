/** Each rule turns in the release that docs/model.md names: the last version with the old rule, the first with the new. */

import { expect, test } from 'vitest';
import { type KernelRules, kernelAtLeast, kernelRules } from './kernel-rules.ts';

type Turn = { [Name in keyof KernelRules]: [Name, string, KernelRules[Name], string, KernelRules[Name]] };

const turns: Turn[keyof Turn][] = [
  ['batchRule', '4.18', '512K', '4.19', '1M'],
  ['batchRule', '6.18', '1M', '6.19', '6.19'],
  ['highRule', '5.13', 'six-batches', '5.14', 'low-watermark'],
  ['highRule', '6.6', 'low-watermark', '6.7', 'auto'],
  ['listOrders', '5.13', 0, '5.14', 3],
  ['hugeLists', '5.13', 0, '5.14', 3],
  ['hugeLists', '5.19', 3, '6.0', 1],
  ['hugeLists', '6.9', 1, '6.10', 2],
  ['giveBack', '5.17', 'next-type', '5.18', 'same-list'],
  ['highOrderFlush', '5.17', false, '5.18', true],
  ['highOrderFlush', '6.6', true, '6.7', false],
  ['listLock', '5.19', false, '6.0', true],
  ['drainInChunks', '6.9', false, '6.10', true],
  ['ownPolicy', '3.3', 'everyone', '3.4', 'static-mask'],
  ['ownPolicy', '4.10', 'static-mask', '4.11', 'worker'],
  ['ownPolicy', '5.19', 'worker', '6.0', 'remote'],
  ['zoneHonoured', '3.18', false, '3.19', true],
  ['zoneHonoured', '4.10', true, '4.11', false],
  ['zoneHonoured', '5.3', false, '5.4', true],
  ['forcedOffline', '5.10', false, '5.11', true],
  ['gapRule', '4.5', 'quarter', '4.6', 'scaled'],
  ['minFreeKbytesMax', '5.4', 65536, '5.5', 262144],
  ['watermarkExtra', '3.3', 1, '3.4', 0],
  ['watermarkByBlocks', '4.3', false, '4.4', true],
  ['highatomic', '4.3', false, '4.4', true],
  ['oomVictim', '4.13', 'all', '4.14', 'half'],
  ['maskSizedBy', '4.0', 'NR_CPUS', '4.1', 'nr_cpu_ids'],
  ['sendAllocatesMask', '4.19', true, '5.4', false],
  ['callPath', '3.8', 'global-queue', '3.9', 'per-target'],
  ['callPath', '5.3', 'per-target', '5.4', 'coalescing'],
  ['ownPartOverlaps', '5.11', false, '5.12', true],
  ['shorthand', '5.3', false, '5.4', true],
  ['faultOrder', '5.19', '3.0', '6.0', '6.x'],
  ['slubPartial', '3.1', 'none', '3.2', 'up-to-5.15'],
  ['slubPartial', '5.15', 'up-to-5.15', '5.16', '5.16'],
  ['slubPartial', '6.19', '5.16', '7.0', 'sheaves'],
  ['movable', '3.18', 2, '4.4', 1],
  ['retryRounds', '4.5', Number.POSITIVE_INFINITY, '4.6', 16],
  ['throttle', '3.5', false, '3.6', true],
  ['decay', '6.6', false, '6.7', true],
];

test.each(turns)('%s: %s has %s, %s has %s', (name, before, old, after, young) => {
  expect(kernelRules(before)[name]).toBe(old);
  expect(kernelRules(after)[name]).toBe(young);
});

test('every rule has its turn in this table, but for the version itself', () => {
  const named = new Set<string>(turns.map(([name]) => name));
  expect(Object.keys(kernelRules('6.12')).filter((name) => !named.has(name))).toEqual(['version']);
});

test('3.10 comes after 3.4 and 3.9, and a distribution may add to its version', () => {
  expect(kernelAtLeast('3.10', '3.9')).toBe(true);
  expect(kernelAtLeast('3.4', '3.10')).toBe(false);
  expect(kernelAtLeast('5.10.0-30-amd64', '5.10')).toBe(true);
  expect(kernelRules('4.19-rc3').batchRule).toBe('1M');
});

test.each(['2.6', '2.6.32', '', 'six', '6', '-1.0', '1e9.0'])('version "%s" is refused', (version) => {
  expect(() => kernelRules(version)).toThrow(`the rules of kernel ${version} are not known`);
});

/**
 * The light recording shipped here, against sums over its lines that were made without drainlab: of each line that is not
 * `turned-away?` the CPUs in `mask` without the requester's own (static-mask), three (everyone: four CPUs), and for two-pass the first
 * where the mask has at most two CPUs, else the second; forced drains send three under each.
 */

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openRecording } from '../../src/cli/recording.ts';
import { replay } from '../../src/engine/replay.ts';
import { shippedRecordings } from '../recordings.ts';

it('light-6.12 has 120 calls of which 18 were turned away, and the kernel’s own holders', async () => {
  const { reader, machine, snapshots, name } = await openRecording(join(shippedRecordings, 'light-6.12'));
  const verdict = await replay(reader, machine, snapshots, { name });
  await reader.close();
  const interrupts = (policy: string) => verdict.policies.find((one) => one.name === policy)?.interrupts;
  expect(verdict.source).toMatchObject({ events: 120, lostEvents: 0, cpus: 4, isolated: '3' });
  expect(verdict.drains).toMatchObject({ requested: 120, carriedOut: 102, turnedAway: 18, forced: 2 });
  expect(verdict.drains.byCause).toMatchObject({ 'direct-reclaim': 114, compaction: 4, 'memory-offline': 2 });
  expect(verdict.drains.holders).toEqual([1, 33, 36, 30, 0]);
  expect(verdict.kernel).toMatchObject([{ policy: 'remote', drains: 102, turnedAway: 18, cpusDrained: 203 }]);
  expect(interrupts('everyone')).toBe(306);
  expect([interrupts('selective'), interrupts('static-mask')]).toEqual([103, 103]);
  expect(interrupts('two-pass')).toBe(133);
  const staticMask = verdict.policies.find((one) => one.name === 'static-mask');
  expect([staticMask?.isolatedInterrupts, staticMask?.pagesBack]).toEqual([2, null]);
  expect(verdict.selfCheck).toMatchObject({ drainsCompared: 0, listsCompared: 0, notes: {} });
});

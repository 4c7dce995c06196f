/**
 * A recording of one policy predicts what the others send. Linux 5.10 was built with the policies of the thread
 * and ran the same load under each (unseeded: real runs of one policy differ among themselves). From the
 * recording of each policy alone, replay says what the other two send a drain; their real runs say what they sent.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../src/cli/recording.ts';
import { replay } from '../../src/engine/replay.ts';
import type { Verdict } from '../../src/engine/report/verdict.ts';
import { largeRecordings, recordingPath } from '../recordings.ts';

/** Name of the policy and its number in the patched kernel. */
const policies = [
  ['everyone', 1],
  ['selective', 2],
  ['two-pass', 3],
] as const;

/** The bar. */
const errorMax = 0.15;

interface Real {
  readonly drains: number;
  readonly interrupts: number;
}

const runs = largeRecordings === null ? '' : join(largeRecordings, 'patched-runs');
const here = existsSync(runs) && policies.every(([name]) => recordingPath(`patched-${name}`) !== null);

/** What the runs of one policy sent, from the kernel's own events: those whose mask allocations were not made to fail. */
function realRuns(policyNumber: number): Real {
  const files = readdirSync(runs).filter(
    (name) =>
      name.includes(`-p${policyNumber}-`) && name.endsWith('.drains.csv') && !name.includes('failslab'),
  );
  const lines = files.flatMap((file) => readFileSync(join(runs, file), 'utf8').trim().split('\n').slice(1));
  // A quoted list of CPUs has commas of its own; `ipis` is the column behind the second one.
  const interrupts = lines.map((line) => Number(line.replaceAll(/"[^"]*"/g, 'list').split(',')[16]));
  return { drains: lines.length, interrupts: interrupts.reduce((sum, sent) => sum + sent, 0) };
}

const verdicts = new Map<string, Promise<Verdict>>();

function verdictOf(name: string): Promise<Verdict> {
  const before = verdicts.get(name);
  if (before) return before;
  const verdict = (async () => {
    const recording = await openRecording(recordingPath(`patched-${name}`) ?? '');
    try {
      return await replay(recording.reader, recording.machine, recording.snapshots, { name });
    } finally {
      await recording.reader.close();
    }
  })();
  verdicts.set(name, verdict);
  return verdict;
}

describe.skipIf(!here)('a recording of one policy predicts the interrupts a drain of the others', () => {
  for (const [recorded] of policies) {
    for (const [predicted, number] of policies) {
      if (recorded === predicted) continue;
      test(`${recorded} → ${predicted}, within 15 % of its real runs`, async () => {
        const real = realRuns(number);
        const sent = real.interrupts / real.drains;
        const verdict = await verdictOf(recorded);
        const says = verdict.policies.find(({ name }) => name === predicted)?.interruptsPerDrain ?? 0;
        expect(real.drains).toBeGreaterThan(1000);
        expect(Math.abs(says - sent) / sent, `says ${says}, real ${sent}`).toBeLessThan(errorMax);
      });
    }
  }

  for (const [recorded, holdersMin] of [
    ['everyone', 99],
    ['selective', 97],
    ['two-pass', 97],
  ] as const) {
    test(`${recorded}: the rebuilt holders are the kernel's own in at least ${holdersMin} % of drains`, async () => {
      const { selfCheck, drains } = await verdictOf(recorded);
      expect(selfCheck?.holdersCompared).toBe(drains.carriedOut);
      expect(selfCheck?.holdersEqualPercent).toBeGreaterThanOrEqual(holdersMin);
    });

    test(`${recorded}: what drainlab says for the kernel's own policy is within 1 % of what the kernel sent`, async () => {
      const [own] = (await verdictOf(recorded)).kernel;
      expect(own.policy).toBe(recorded);
      const { interrupts, predictedInterrupts } = own;
      expect(Math.abs((predictedInterrupts ?? 0) / (interrupts ?? 1) - 1)).toBeLessThan(0.01);
    });

    test(`${recorded}: the counters of the kernel stand in its drains.csv`, async () => {
      const folder = recordingPath(`patched-${recorded}`) ?? '';
      const lines = readFileSync(join(folder, 'drains.csv'), 'utf8').trim().split('\n').slice(1);
      const [own] = (await verdictOf(recorded)).kernel;
      expect(own.drains).toBe(lines.length);
      expect(own.interrupts).toBe(
        lines.reduce((sum, line) => sum + Number(line.replaceAll(/"[^"]*"/g, 'list').split(',')[16]), 0),
      );
    });
  }
});

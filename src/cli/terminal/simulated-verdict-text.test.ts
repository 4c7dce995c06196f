import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { runOf, scenarioOf } from '../../../test/hand-made-runs.ts';
import { DrainResult, MaskSource, Retry } from '../../engine/accounting/run.ts';
import { everyone, selective, worker } from '../../engine/policy/built-in.ts';
import { simulatedVerdict } from '../../engine/report/simulated-verdict.ts';
import type { SimulationFigures } from '../../engine/report/simulation-figures.ts';
import { simulatedVerdictText } from './simulated-verdict-text.ts';

const screen = (width: number) => ({ width, colours: picocolors.createColors(false), unicode: true });

/** Two drains by everyone, 14 interrupts; three by selective with 2, 2 and, after a failed mask, 7. */
const runs = [
  runOf({
    policy: everyone,
    drains: [0, 1].map(() => ({
      holders: 3,
      requesterHeld: 1,
      targets: 8,
      interrupts: 7,
      useless: 5,
      retry: Retry.got,
    })),
    counters: { disturbedNs: 14_000 },
  }),
  runOf({
    policy: selective,
    drains: [
      {
        holders: 3,
        requesterHeld: 1,
        targets: 3,
        interrupts: 2,
        maskSource: MaskSource.cpuCache,
        maskNs: 60,
        scanNs: 480,
      },
      {
        holders: 3,
        requesterHeld: 1,
        targets: 3,
        interrupts: 2,
        maskSource: MaskSource.reserve,
        maskNs: 2500,
        maskPages: 1,
        scanNs: 480,
      },
      {
        holders: 3,
        requesterHeld: 1,
        targets: 8,
        interrupts: 7,
        useless: 5,
        maskSource: MaskSource.failed,
        maskNs: 2500,
        scanNs: 480,
        result: DrainResult.fellBack,
      },
    ],
    counters: { disturbedNs: 9000 },
  }),
];

test('the answer, the tables and the ledger', () => {
  const verdict = simulatedVerdict(runs, scenarioOf());
  const text = simulatedVerdictText(verdict, verdict.simulation as SimulationFigures, screen(100));
  expect(text).toContain(
    `selective sends 47.6 % fewer interrupts a drain than everyone: 3.67 against 7.00, over 3 and 2
drains of 1 seed; in all 21.4 % fewer (11 against 14).
One seed: nothing tells how far another would differ. --seeds 5 gives intervals.
`,
  );
  // Of 14 and 11 that were disturbed 10 and 5 held nothing.
  expect(text).toMatch(/\neveryone +up to 3.3 +2 +7.00 +– +– +71.4 % +100.0 %\n/);
  expect(text).toMatch(/\nselective +patch v4, 2011 +3 +3.67 +47.6 % +21.4 % +45.5 % +–\n/);
  // 14 µs · 3/2 - 9 µs of others' time, 3 µs - (3 - 6.5) µs of waiting; masks and looks cost 6.5 µs.
  expect(text).toContain(`
  selective: 3 masks of 512 bytes asked for at 3 drains: 1 from the CPU's own objects, 1 from the
    reserve below the min watermark, 1 failed, and 1 drain fell back to everyone.
    cost: 5.06 µs for the masks (1.69 µs each), 1.44 µs of looking at lists, 1 page taken from the
      page allocator.
    saved against everyone, at as many drains: 10 interrupts (3.33 a drain), 12.0 µs of other CPUs'
      time, 6.50 µs of the callers' waiting.
    balance: 12.0 µs saved (4.00 µs a drain): each µs spent on masks and looks brought 2.8 µs back.
`);
});

test.each([40, 60, 80, 120, 200])('no line is longer than %i columns', (width) => {
  const drains = [{ holders: 3, requesterHeld: 1, targets: 3, workers: 3 }, { result: DrainResult.busy }];
  const verdict = simulatedVerdict(
    [...runs, runOf({ policy: worker, drains })],
    scenarioOf({ isolated: [3] }),
    {
      asked: ['selective', 'worker'],
    },
  );
  const text = simulatedVerdictText(verdict, verdict.simulation as SimulationFigures, screen(width));
  expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
});

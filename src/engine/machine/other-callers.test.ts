import { expect, test } from 'vitest';
import { simulationWith } from '../../../test/machines.ts';
import type { RunObserver } from '../input/run-observer.ts';
import { staticMask } from '../policy/built-in.ts';
import type { Simulation } from '../simulation.ts';

/** `high` of CPU 1's list at each call of the drain, and after the run. */
function highsOf(version: string): { during: number[]; after: number } {
  const during: number[] = [];
  let simulation: Simulation | null = null;
  const observer: RunObserver = {
    drainRequested: () => during.push(simulation?.high(1, 0) ?? -1),
  };
  simulation = simulationWith(
    { version, calls: [{ cause: 'memory-offline', startNs: 1000 }] },
    staticMask,
    observer,
  );
  simulation.runUntil(1e9);
  return { during, after: simulation.high(1, 0) };
}

test('from 5.11 the lists of the zone keep nothing while memory goes offline, and then work again', () => {
  // 5.13: six batches of 15, as before (zone_pcp_disable sets high 0, batch 1; zone_pcp_enable takes it back).
  expect(highsOf('5.13')).toEqual({ during: [0], after: 90 });
});

test('before 5.11 the lists stay as they are, and the drain comes twice', () => {
  expect(highsOf('5.10')).toEqual({ during: [90, 90], after: 90 });
});

import { describe, expect, test } from 'vitest';
import { machineOf, outcomeOf, requestOf } from '../../../test/hand-made.ts';
import { BitSet } from '../../base/bit-set.ts';
import { builtInPolicies } from '../policy/built-in.ts';
import { policyByName } from '../policy/by-name.ts';
import { definePolicy } from '../policy/policy.ts';
import { Ledger } from './ledger.ts';
import { Cell } from './measure.ts';

/** A cell of each policy, by name. */
function cells(
  ledger: Ledger,
  cell: Cell,
  of: 'low' | 'high' | 'turnedAwayHigh' = 'high',
): Record<string, number> {
  return Object.fromEntries(ledger.policies.map((sums) => [sums.policy.name, sums[of][cell]]));
}

/**
 * Two drains on 8 CPUs with two zones.
 *   first:  CPU 1 asks;  CPU 1 holds 5 pages, CPU 3 holds 3, the others none
 *   second: CPU 7 asks;  CPUs 0-4 hold 1 page each, CPUs 5-7 none
 */
function twoDrains(isolated: number[] = []): Ledger {
  const ledger = new Ledger(machineOf(8, { zones: ['DMA32', 'Normal'], isolated }), builtInPolicies);
  const requests = [
    requestOf({ number: 0, cpu: 1, timeNs: 0, pages: [0, 5, 0, 3, 0, 0, 0, 0], isolated }),
    requestOf({ number: 1, cpu: 7, timeNs: 100, pages: [1, 1, 1, 1, 1, 0, 0, 0], isolated }),
  ];
  for (const request of requests) {
    ledger.drainRequested(request);
    ledger.drainEnded(outcomeOf(request.number, { endNs: request.timeNs + 50 }));
  }
  ledger.finish();
  return ledger;
}

describe('two drains on 8 CPUs, by hand', () => {
  const ledger = twoDrains();

  test('interrupts: the requester is never one of them', () => {
    // everyone 7 + 7. holders without the requester: {3} = 1, {0-4} = 5.
    // two-pass: 6 of 8 empty → holders, 1; 3 of 8 empty → everyone, 7.
    expect(cells(ledger, Cell.interrupts)).toEqual({
      everyone: 14,
      selective: 6,
      'two-pass': 8,
      'static-mask': 6,
      worker: 0,
      remote: 0,
      'skip-isolated': 0,
      none: 0,
    });
  });

  test('useless: CPUs that held nothing', () => {
    // everyone: 7 - {3} = 6, 7 - {0-4} = 2. two-pass: 0, then 2.
    expect(cells(ledger, Cell.useless)).toMatchObject({
      everyone: 8,
      'two-pass': 2,
      'static-mask': 0,
      worker: 0,
    });
  });

  test('broadcasts reach every other CPU', () => {
    expect(cells(ledger, Cell.broadcasts)).toMatchObject({ everyone: 2, 'two-pass': 1, 'static-mask': 0 });
  });

  test('works are queued on the own CPU too; lists are locked in each zone of other CPUs', () => {
    // Works: {1, 3} = 2, {0-4} = 5. Lists: {3} × 2 zones, {0-4} × 2 zones.
    expect(cells(ledger, Cell.workers)).toMatchObject({ worker: 7, 'skip-isolated': 7, remote: 0 });
    expect(cells(ledger, Cell.locked)).toMatchObject({ remote: 12, worker: 0 });
  });

  test('the counters of the thread', () => {
    // Saved iff the mask has fewer than 8 / 2 = 4 CPUs: {1, 3} yes, {0-4} no. Masks: selective at each drain.
    expect(cells(ledger, Cell.saved)).toMatchObject({ everyone: 0, selective: 1, 'two-pass': 1, none: 0 });
    expect(cells(ledger, Cell.maskAllocations)).toMatchObject({
      selective: 2,
      'two-pass': 1,
      'static-mask': 0,
    });
  });

  test('who selects looks at every CPU', () => {
    expect(cells(ledger, Cell.scanned)).toMatchObject({
      everyone: 0,
      selective: 16,
      'two-pass': 16,
      remote: 16,
      none: 0,
    });
  });

  test('pages go back or stay', () => {
    expect(cells(ledger, Cell.pagesBack)).toMatchObject({ everyone: 13, worker: 13, none: 0 });
    expect(cells(ledger, Cell.pagesStranded)).toMatchObject({ everyone: 0, none: 13 });
  });

  test('drains by number of CPUs that held pages', () => {
    expect([...ledger.drains.holders]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 0]);
    expect([...ledger.drains.heldByCpu]).toEqual([1, 2, 1, 2, 1, 0, 0, 0]);
    expect(ledger.drains).toMatchObject({ requested: 2, carriedOut: 2, halfEmpty: 1, requesterHeld: 1 });
  });

  test('the same drains have the same hash, others have not', () => {
    expect(twoDrains().runHash()).toBe(ledger.runHash());
    expect(twoDrains([3]).runHash()).not.toBe(ledger.runHash());
  });
});

test('isolated CPUs are counted apart, and skip-isolated leaves their pages', () => {
  const ledger = twoDrains([3, 6]);
  // everyone: {3, 6} twice. static-mask: {3}, {3}. worker disturbs the same without an interrupt.
  expect(cells(ledger, Cell.isolatedInterrupts)).toMatchObject({ everyone: 4, 'static-mask': 2, worker: 0 });
  expect(cells(ledger, Cell.isolatedDisturbed)).toMatchObject({ worker: 2, remote: 2, 'skip-isolated': 0 });
  // CPU 3 holds 3 pages, then 1.
  expect(cells(ledger, Cell.pagesStranded)).toMatchObject({ 'skip-isolated': 4, worker: 0 });
});

test('an isolated requester does not disturb itself', () => {
  const ledger = new Ledger(machineOf(4, { isolated: [2] }), builtInPolicies);
  ledger.drainRequested(requestOf({ cpu: 2, pages: [1, 0, 5, 0], isolated: [2] }));
  ledger.finish();
  expect(cells(ledger, Cell.isolatedInterrupts)).toMatchObject({ everyone: 0, 'static-mask': 0 });
});

test('a drain of one zone locks one list of each CPU', () => {
  const ledger = new Ledger(machineOf(4, { zones: ['DMA', 'DMA32', 'Normal'] }), builtInPolicies);
  ledger.drainRequested(requestOf({ cpu: 0, zone: 1, pages: [9, 2, 2, 0] }));
  ledger.finish();
  expect(cells(ledger, Cell.locked).remote).toBe(2);
});

test('an x2APIC sends once for each cluster of 16 CPUs', () => {
  const ledger = new Ledger(machineOf(64), [policyByName('everyone'), policyByName('static-mask')]);
  const pages = Array.from({ length: 64 }, (_, cpu) =>
    cpu === 0 || cpu === 17 || cpu === 18 || cpu === 63 ? 1 : 0,
  );
  ledger.drainRequested(requestOf({ cpu: 0, pages }));
  ledger.finish();
  // everyone: 4 clusters. Holders without CPU 0: 17 and 18 share a cluster, 63 has another.
  expect(cells(ledger, Cell.sends)).toEqual({ everyone: 4, 'static-mask': 2 });
});

describe('CPUs of which it is not known whether they hold pages', () => {
  test('are counted both ways', () => {
    const ledger = new Ledger(machineOf(4), builtInPolicies);
    ledger.drainRequested(requestOf({ cpu: 0, pages: [5, '?', 0, 0] }));
    ledger.finish();
    expect(cells(ledger, Cell.interrupts, 'low')).toMatchObject({
      everyone: 3,
      'static-mask': 0,
      'two-pass': 0,
    });
    expect(cells(ledger, Cell.interrupts, 'high')).toMatchObject({
      everyone: 3,
      'static-mask': 1,
      'two-pass': 1,
    });
    expect(ledger.drains).toMatchObject({ holdersNotKnown: 1, halfEmpty: 0 });
    expect([...ledger.drains.holders]).toEqual([0, 0, 0, 0, 0]);
  });

  test('can turn two-pass to everyone', () => {
    const ledger = new Ledger(machineOf(4), builtInPolicies);
    ledger.drainRequested(requestOf({ cpu: 0, pages: [5, 1, '?', 0] }));
    ledger.finish();
    // Empty: 2 and 3 → holders, 1. With CPU 2 holding, only one is empty → everyone, 3.
    expect(cells(ledger, Cell.interrupts, 'low')['two-pass']).toBe(1);
    expect(cells(ledger, Cell.interrupts, 'high')['two-pass']).toBe(3);
  });
});

describe('several at once', () => {
  const drain = (ledger: Ledger, number: number, timeNs: number, endNs: number, told = {}, zone = -1) => {
    ledger.drainRequested(requestOf({ number, timeNs, zone, cpu: 0, pages: [1, 1, 0, 0] }));
    ledger.drainEnded(outcomeOf(number, { endNs, cpuCount: 4, ...told }));
  };
  const returned = (ledger: Ledger) =>
    Object.fromEntries(ledger.policies.map((sums) => [sums.policy.name, sums.returned]));

  test('worker lets the second return, and the one that names a zone wait', () => {
    const ledger = new Ledger(machineOf(4), builtInPolicies);
    drain(ledger, 0, 0, 100);
    drain(ledger, 1, 50, 150);
    drain(ledger, 2, 90, 120, {}, 0);
    // The third waits until 100 and takes 30: the next at 125 still meets it, the one at 130 does not.
    drain(ledger, 3, 125, 126);
    drain(ledger, 4, 130, 140);
    ledger.finish();
    expect(returned(ledger)).toMatchObject({ everyone: 0, worker: 2, remote: 2, none: 0 });
    // 5 drains of CPUs 0 and 1; two of them are not made by worker.
    expect(cells(ledger, Cell.workers).worker).toBe(6);
    expect(cells(ledger, Cell.interrupts)['static-mask']).toBe(5);
    // Recorded ends: 50, 90, 125 and 130 lie before 100, 150, 150 and 150.
    expect(ledger.drains.overlapping).toBe(4);
  });

  test('under a kernel with the same turn, its own word counts', () => {
    const ledger = new Ledger(machineOf(4), builtInPolicies);
    const told = { kernelPolicy: 'worker', turnedAway: false };
    drain(ledger, 0, 0, 100, told);
    drain(ledger, 1, 99, 150, told);
    drain(ledger, 2, 120, 121, { kernelPolicy: 'worker', turnedAway: true });
    ledger.finish();
    expect(returned(ledger)).toMatchObject({ worker: 0, remote: 0 });
    expect(ledger.policies.find((sums) => sums.policy.name === 'worker')?.returnedIsKernels).toBe(true);
    expect(ledger.drains).toMatchObject({ requested: 3, carriedOut: 2, turnedAway: 1 });
    expect(cells(ledger, Cell.interrupts)['static-mask']).toBe(2);
    expect(cells(ledger, Cell.interrupts, 'turnedAwayHigh')).toMatchObject({
      everyone: 3,
      'static-mask': 1,
      worker: 0,
    });
  });
});

describe('where the recording does not tell whether a call was turned away', () => {
  const statusOf = (told: object, tells: boolean, zone = -1) => {
    const ledger = new Ledger(machineOf(4), builtInPolicies, () => tells);
    ledger.drainRequested(requestOf({ pages: [1, 0, 0, 0], zone }));
    ledger.drainEnded(outcomeOf(0, { cpuCount: 4, ...told }));
    ledger.finish();
    return ledger.drains.turnedAway === 1 ? 'turned away' : 'carried out';
  };
  const somebody = BitSet.of(4, [1]);

  test.each([
    [
      'nobody drained, somebody held pages',
      { targets: new BitSet(4), rebuiltHolders: somebody },
      'turned away',
    ],
    ['nobody drained, nobody held pages', { targets: new BitSet(4) }, 'carried out'],
    ['somebody drained', { targets: somebody, rebuiltHolders: somebody }, 'carried out'],
  ])('%s', (_, told, expected) => {
    expect(statusOf(told, false)).toBe(expected);
  });

  test('no word of targets means none only where the recording has words of targets', () => {
    expect(statusOf({ rebuiltHolders: somebody }, false)).toBe('carried out');
    expect(statusOf({ rebuiltHolders: somebody }, true)).toBe('turned away');
  });

  test('who names a zone waits and is never turned away', () => {
    expect(statusOf({ rebuiltHolders: somebody }, true, 0)).toBe('carried out');
  });
});

test('outcomes that never come are drains all the same', () => {
  const ledger = new Ledger(machineOf(4), builtInPolicies);
  ledger.drainRequested(requestOf({ number: 0, pages: [1, 1, 0, 0] }));
  ledger.drainRequested(requestOf({ number: 1, pages: [1, 1, 0, 0], timeNs: 5 }));
  ledger.drainEnded(outcomeOf(1, { endNs: 9 }));
  ledger.finish();
  expect(ledger.drains.carriedOut).toBe(2);
  expect(cells(ledger, Cell.interrupts)['static-mask']).toBe(2);
});

test("the kernel's own interrupts stand beside what drainlab says for its policy", () => {
  const ledger = new Ledger(machineOf(4), builtInPolicies);
  ledger.drainRequested(requestOf({ number: 0, cpu: 0, pages: [1, 1, 1, 0] }));
  ledger.drainEnded(outcomeOf(0, { kernelPolicy: 'selective', interruptsSent: 3, endNs: 40 }));
  ledger.finish();
  const own = ledger.kernel.byPolicy.get('selective');
  expect(own).toMatchObject({ interrupts: 3, predictedInterrupts: 2, durationsNs: [40] });
});

test("a user's policy that disturbs with its own rule is counted like the others", () => {
  const odd = definePolicy({
    name: 'odd',
    select: {
      who: 'custom',
      choose: ({ online }, targets) => {
        for (const cpu of online) if (cpu % 2 === 1) targets.add(cpu);
      },
    },
  });
  const ledger = new Ledger(machineOf(4), [odd]);
  ledger.drainRequested(requestOf({ cpu: 0, pages: [7, 2, 4, 0] }));
  ledger.finish();
  // Disturbs 1 and 3, of which 3 is empty; leaves 7 + 4 pages.
  expect(cells(ledger, Cell.interrupts).odd).toBe(2);
  expect(cells(ledger, Cell.useless).odd).toBe(1);
  expect(cells(ledger, Cell.pagesStranded).odd).toBe(11);
});

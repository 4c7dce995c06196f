/** What must hold between the policies at any drain, whatever the machine. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { machineOf, requestOf } from '../../../test/hand-made.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import { builtInPolicies } from '../policy/built-in.ts';
import { Ledger } from './ledger.ts';
import { Cell } from './measure.ts';

/** Requests on 1 to 70 CPUs (more than two words of a set); some pages are not known, some CPUs offline or isolated. */
const requests = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.integer({ min: 1, max: 500 }),
      fc.constant('?' as const),
    ),
    {
      minLength: 1,
      maxLength: 70,
    },
  )
  .chain((pages) =>
    fc
      .record({
        cpu: fc.nat({ max: pages.length - 1 }),
        offline: fc.uniqueArray(fc.nat({ max: pages.length - 1 })),
        isolated: fc.uniqueArray(fc.nat({ max: pages.length - 1 })),
        zone: fc.constantFrom(-1, 0),
        forced: fc.boolean(),
      })
      .map(({ cpu, offline, isolated, zone, forced }) => {
        const online = pages.map((_, i) => i).filter((i) => i === cpu || !offline.includes(i));
        const known = pages.map((held, i) => (online.includes(i) ? held : 0));
        return { pages: known, cpu, online, isolated, zone, forced };
      }),
  );

function sumsOf(request: DrainRequest) {
  const ledger = new Ledger(machineOf(request.online.size), builtInPolicies);
  ledger.drainRequested(request);
  ledger.finish();
  return (name: string, of: 'low' | 'high', cell: number) =>
    ledger.policies.find((sums) => sums.policy.name === name)?.[of][cell] ?? Number.NaN;
}

const check = (property: (of: ReturnType<typeof sumsOf>, request: DrainRequest) => void) =>
  fc.assert(
    fc.property(requests, (by) => property(sumsOf(requestOf(by)), requestOf(by))),
    { seed: 2011, numRuns: 300 },
  );

describe('at every drain', () => {
  test('none ≤ static-mask = selective ≤ two-pass ≤ everyone = online without the requester', () => {
    check((of, request) => {
      for (const bound of ['low', 'high'] as const) {
        const [none, fixed, selective, twoPass, everyone] = [
          'none',
          'static-mask',
          'selective',
          'two-pass',
          'everyone',
        ].map((name) => of(name, bound, Cell.interrupts));
        expect(none).toBe(0);
        expect(fixed).toBe(selective);
        expect(fixed).toBeLessThanOrEqual(twoPass);
        expect(twoPass).toBeLessThanOrEqual(everyone);
        expect(everyone).toBe(request.online.count - 1);
      }
    });
  });

  test('worker, remote and static-mask disturb the same CPUs', () => {
    check((of) => {
      for (const cell of [Cell.disturbed, Cell.useless, Cell.isolatedDisturbed, Cell.pagesBack]) {
        expect(of('worker', 'high', cell)).toBe(of('static-mask', 'high', cell));
        expect(of('remote', 'high', cell)).toBe(of('static-mask', 'high', cell));
      }
    });
  });

  test('pages that are known go back or stay, and none is lost', () => {
    check((of, request) => {
      const pages = request.pages.reduce((sum, held) => sum + held, 0);
      for (const { name } of builtInPolicies) {
        expect(of(name, 'high', Cell.pagesBack) + of(name, 'high', Cell.pagesStranded), name).toBe(pages);
      }
    });
  });

  test('skip-isolated leaves every isolated CPU alone, unless the drain is forced', () => {
    check((of, request) => {
      if (!request.forced) expect(of('skip-isolated', 'high', Cell.isolatedDisturbed)).toBe(0);
    });
  });

  test('the truth about CPUs that are not known lies between the bounds', () => {
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat({ max: 3 })), (by, truth) => {
        const bounds = sumsOf(requestOf(by));
        const pages = by.pages.map((held) => (held === '?' ? (truth.next().value as number) : held));
        const known = sumsOf(requestOf({ ...by, pages }));
        for (const { name } of builtInPolicies) {
          const interrupts = known(name, 'high', Cell.interrupts);
          expect(interrupts).toBeGreaterThanOrEqual(bounds(name, 'low', Cell.interrupts));
          expect(interrupts).toBeLessThanOrEqual(bounds(name, 'high', Cell.interrupts));
        }
      }),
      { seed: 2011, numRuns: 300 },
    );
  });
});

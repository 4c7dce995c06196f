import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostOf } from '../../test/host-texts.ts';
import { Cell, cellCount, measure } from '../engine/accounting/measure.ts';
import { builtInPolicies, twoPass } from '../engine/policy/built-in.ts';
import { Decision, decide } from '../engine/policy/decide.ts';
import { definePolicy } from '../engine/policy/policy.ts';
import { censusOf } from './census-of.ts';
import { cpuPagesOf, requestNow } from './cpu-pages.ts';
import { policyCensus } from './policy-census.ts';

const pages = fc.array(fc.constantFrom(0, 0, 1, 90), { minLength: 1, maxLength: 40 });

test('the bounds are those over every CPU that could ask, counted one by one', () => {
  fc.assert(
    fc.property(pages, fc.nat(40), (held, isolatedFrom) => {
      const last = held.length - 1;
      const isolated = isolatedFrom > last ? '' : `${isolatedFrom}-${last}`;
      const host = hostOf([{ pages: held }], { 'sys/devices/system/cpu/isolated': `${isolated}\n` });
      const lists = cpuPagesOf(host, host.machine.isolated);
      for (const policy of builtInPolicies) {
        const rows = held.map((_, cpu) => {
          const row = new Float64Array(cellCount);
          const decision = new Decision(held.length);
          const request = requestNow(lists, cpu, false);
          decide(policy, request, decision);
          measure(policy, request, decision, 1, row, 0);
          return row;
        });
        const over = (cell: Cell) => [
          Math.min(...rows.map((row) => row[cell])),
          Math.max(...rows.map((row) => row[cell])),
        ];
        expect(policyCensus(policy, lists, 1, '')).toMatchObject({
          interrupts: over(Cell.interrupts),
          disturbed: over(Cell.disturbed),
          useless: over(Cell.useless),
          isolatedDisturbed: over(Cell.isolatedDisturbed),
          workers: over(Cell.workers),
          locked: over(Cell.locked),
          strandedPages: over(Cell.pagesStranded),
        });
      }
    }),
    { numRuns: 60 },
  );
});

test('as many CPUs as the margin turn the decision of two-pass, one fewer does not', () => {
  fc.assert(
    fc.property(pages, fc.constantFrom(0.25, 0.5, 0.75, 1), (held, share) => {
      const policy = { ...twoPass, select: { who: 'holders-if-empty' as const, share } };
      const of = (counts: number[]) => censusOf(hostOf([{ pages: counts }]), { policies: [policy] }).twoPass;
      const { decision, marginCpus } = of(held);
      if (marginCpus === null) return;
      const turned = (cpus: number) => {
        let left = cpus;
        return held.map((count) => {
          if ((count === 0) !== (decision === 'mask') || left === 0) return count;
          left--;
          return count === 0 ? 1 : 0;
        });
      };
      expect(of(turned(marginCpus)).decision).not.toBe(decision);
      expect(of(turned(marginCpus - 1)).decision).toBe(decision);
    }),
    { numRuns: 60 },
  );
});

test("a user's own rule may look at who asks: every CPU is asked", () => {
  const neighbour = definePolicy({
    name: 'neighbour',
    select: {
      who: 'custom',
      choose: ({ cpu, online }, targets) => online.has(cpu + 1) && targets.add(cpu + 1),
    },
  });
  const { policies } = censusOf(hostOf([{ pages: [1, 1, 0] }]), { policies: [neighbour] });
  expect(policies[0]).toMatchObject({ name: 'neighbour', interrupts: [0, 1], useless: [0, 1] });
});

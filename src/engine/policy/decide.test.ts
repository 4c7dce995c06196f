import { describe, expect, test } from 'vitest';
import { requestOf } from '../../../test/hand-made.ts';
import { formatCpuList } from '../../base/cpu-list.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import { builtInPolicies } from './built-in.ts';
import { policyByName } from './by-name.ts';
import { Decision, decide } from './decide.ts';
import { definePolicy, type Policy } from './policy.ts';

function answer(policy: Policy, request: DrainRequest): string {
  const decision = new Decision(request.online.size);
  decide(policy, request, decision);
  return `${formatCpuList(decision.targets) || 'nobody'}${decision.maskAllocated ? ', mask' : ''}`;
}

const answers = (request: DrainRequest) =>
  Object.fromEntries(builtInPolicies.map((policy) => [policy.name, answer(policy, request)]));

describe('what each policy does with one request', () => {
  test('CPUs 1 and 3 of 8 hold pages, 3 is isolated', () => {
    const request = requestOf({ pages: [0, 5, 0, 7, 0, 0, 0, 0], isolated: [3] });
    expect(answers(request)).toEqual({
      everyone: '0-7',
      selective: '1,3, mask',
      'two-pass': '1,3, mask',
      'static-mask': '1,3',
      worker: '1,3',
      remote: '1,3',
      'skip-isolated': '1',
      none: 'nobody',
    });
  });

  test('a forced drain reaches every online CPU, isolated ones too, and needs no mask', () => {
    const request = requestOf({ pages: [0, 5, 0, 7], isolated: [3], online: [0, 1, 3], forced: true });
    const { none, ...others } = answers(request);
    expect(none).toBe('nobody');
    expect(new Set(Object.values(others))).toEqual(new Set(['0-1,3']));
  });

  test('CPUs that are offline are left alone', () => {
    const request = requestOf({ pages: [0, 5, 9, 7], online: [0, 1] });
    expect(answer(policyByName('everyone'), request)).toBe('0-1');
    expect(answer(policyByName('static-mask'), request)).toBe('1');
  });

  test('selective allocates its mask even when nobody holds a page', () => {
    expect(answer(policyByName('selective'), requestOf({ pages: [0, 0] }))).toBe('nobody, mask');
  });
});

describe('two-pass uses a mask iff at least half of the online CPUs are empty', () => {
  test.each([
    [[1, 1, 1, 1, 0, 0, 0, 0], '0-3, mask', '4 of 8 empty: exactly half'],
    [[1, 1, 1, 1, 1, 0, 0, 0], '0-7', '3 of 8 empty: fewer'],
    [[1, 1, 0], '0-2', '1 of 3 empty: 2 × 1 < 3'],
    [[1, 0, 0], '0, mask', '2 of 3 empty'],
  ])('%j → %s (%s)', (pages, expected) => {
    expect(answer(policyByName('two-pass'), requestOf({ pages }))).toBe(expected);
  });

  test('the share can be set: 30 % of 10 are 3', () => {
    const three = requestOf({ pages: [1, 1, 1, 1, 1, 1, 1, 0, 0, 0] });
    const two = requestOf({ pages: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0] });
    expect(answer(policyByName('two-pass:share=0.3'), three)).toBe('0-6, mask');
    expect(answer(policyByName('two-pass:share=0.3'), two)).toBe('0-9');
  });
});

describe("a user's own rule", () => {
  const own = (choose: (request: DrainRequest, targets: { add(cpu: number): void }) => void) =>
    definePolicy({ name: 'mine', select: { who: 'custom', choose } });

  test('chooses from what the request tells', () => {
    const large = own((request, targets) => {
      for (const cpu of request.holders) if (request.pages[cpu] >= 10) targets.add(cpu);
    });
    expect(answer(large, requestOf({ pages: [3, 10, 0, 40] }))).toBe('1,3');
  });

  test('that chooses an offline CPU is told so', () => {
    const wrong = own((_, targets) => targets.add(2));
    expect(() => answer(wrong, requestOf({ pages: [1, 1, 1], online: [0, 1] }))).toThrow(
      'policy "mine" fails at drain 0: CPU 2 is not online',
    );
    const around = definePolicy({
      name: 'mine',
      select: { who: 'custom', choose: (request, targets) => targets.copyFrom(request.holders) },
    });
    expect(() => answer(around, requestOf({ pages: [1, 1, 1], online: [0, 1] }))).toThrow(
      'CPU 2 is not online',
    );
  });

  test('that throws is named with its drain', () => {
    const broken = own(() => {
      throw new Error('oops');
    });
    expect(() => answer(broken, requestOf({ pages: [1], number: 12 }))).toThrow(
      'policy "mine" fails at drain 12: oops',
    );
  });
});

describe('names', () => {
  test('a mistyped name gets the nearest one', () => {
    expect(() => policyByName('twopass')).toThrow('there is no policy "twopass"');
    try {
      policyByName('twopass');
    } catch (error) {
      expect((error as { hint: string }).hint).toMatch(/^Did you mean two-pass\?/);
    }
  });

  test.each([
    'two-pass:share=2',
    'two-pass:share=',
    'two-pass:shar=0.5',
    'everyone:share=0.5',
    'two-pass:share=-1',
  ])('%s is refused', (typed) => {
    expect(() => policyByName(typed)).toThrow(`policy "${typed}"`);
  });
});

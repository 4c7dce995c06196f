import { describe, expect, test } from 'vitest';
import type { FaultSpec } from '../input/scenario.ts';
import { type FaultCall, FaultPoint, failsPageAlloc, failsSlab, faultDefaults } from './fault-injection.ts';

const orders = ['3.0', '6.x'] as const;
const always = { probability: 100, times: -1 };

function point(order: (typeof orders)[number], spec: Partial<FaultSpec>): FaultPoint {
  return new FaultPoint({ ...faultDefaults, ...spec }, order, 7);
}

/** Answers of the next calls: `x` fails, `.` does not. */
function answers(fault: FaultPoint, calls: number, size = 1, call?: FaultCall): string {
  let text = '';
  for (let i = 0; i < calls; i++) text += fault.shouldFail(size, call) ? 'x' : '.';
  return text;
}

describe.each(orders)('fault attributes, order of tests of %s', (order) => {
  test('nothing fails before somebody sets a probability', () => {
    expect(answers(point(order, {}), 5)).toBe('.....');
  });

  test('interval 2 fails each second call, times 3 ends it', () => {
    expect(answers(point(order, { probability: 100, interval: 2, times: 3 }), 10)).toBe('.x.x.x....');
  });

  test('times 1 is the default: one failure', () => {
    expect(answers(point(order, { probability: 100 }), 4)).toBe('x...');
  });

  test('space is paid first: 1000 bytes let calls of 300 pass while more is left than a call takes', () => {
    // 1000 > 300: 700 left; 700 > 300: 400; 400 > 300: 100; 100 > 300 no: the fourth call is the first candidate.
    expect(answers(point(order, { ...always, space: 1000 }), 6, 300)).toBe('...xxx');
    // 900: 600, 300; 300 > 300 no. What is left equals the call: it is a candidate already.
    expect(answers(point(order, { ...always, space: 900 }), 4, 300)).toBe('..xx');
  });

  test('a call that space lets pass does not advance the interval', () => {
    // Calls 1 and 2 use up 900 of space (300 left), 3 and 4 are candidates 1 and 2.
    expect(answers(point(order, { ...always, space: 900, interval: 2 }), 6, 300)).toBe('...x.x');
  });

  test('a filter for tasks needs a marked task, and no interrupt', () => {
    const fault = point(order, { ...always, taskFilter: true });
    expect(fault.shouldFail(1, { taskMarked: true })).toBe(true);
    expect(fault.shouldFail(1, { taskMarked: false })).toBe(false);
    expect(fault.shouldFail(1, { taskMarked: true, inInterrupt: true })).toBe(false);
  });

  test('a refused task pays neither space nor interval', () => {
    const fault = point(order, { ...always, taskFilter: true, interval: 2, space: 5 });
    expect(answers(fault, 9, 1, { taskMarked: false })).toBe('.........');
    expect(fault.space).toBe(5);
    // Space 5 pays for 4 calls of 1 (5, 4, 3, 2 are more than 1), then every second fails.
    expect(answers(fault, 8, 1, { taskMarked: true })).toBe('.....x.x');
  });

  test('30 % fail about 30 of 100 calls, the same ones for the same seed', () => {
    const first = answers(point(order, { probability: 30, times: -1 }), 10_000);
    expect(first).toBe(answers(point(order, { probability: 30, times: -1 }), 10_000));
    // Standard deviation sqrt(10000 × 0.3 × 0.7) = 45.8; five of them.
    expect(Math.abs(first.split('x').length - 1 - 3000)).toBeLessThan(230);
  });
});

describe('what changed between 3.0 and 6.x', () => {
  const outside = { outsideStack: true };

  test('3.0: calls outside the stack range use up the interval', () => {
    const fault = point('3.0', { ...always, interval: 2 });
    expect(answers(fault, 1, 1, outside)).toBe('.');
    expect(answers(fault, 1)).toBe('x');
  });

  test('6.x: they do not', () => {
    const fault = point('6.x', { ...always, interval: 2 });
    expect(answers(fault, 1, 1, outside)).toBe('.');
    expect(answers(fault, 2)).toBe('.x');
  });

  test('3.0: they use up space; 6.x: they do not', () => {
    for (const [order, left] of [
      ['3.0', 400],
      ['6.x', 1000],
    ] as const) {
      const fault = point(order, { ...always, space: 1000 });
      answers(fault, 2, 300, outside);
      expect(fault.space).toBe(left);
    }
  });

  test('3.0 pays space and interval with probability 0, 6.x looks at nothing', () => {
    const old = point('3.0', { space: 1000, times: -1 });
    const newer = point('6.x', { space: 1000, times: -1 });
    answers(old, 1, 300);
    answers(newer, 1, 300);
    expect([old.space, newer.space]).toEqual([700, 1000]);
  });

  test('fail-nth of a task fails its third call and asks for nothing else; 3.0 does not know it', () => {
    const newer = point('6.x', { probability: 0, times: 0, space: 99, taskFilter: true });
    newer.failNth.set(4, 3);
    expect(answers(newer, 5, 1, { task: 4 })).toBe('..x..');
    const old = point('3.0', { probability: 0 });
    old.failNth.set(4, 1);
    expect(answers(old, 3, 1, { task: 4 })).toBe('...');
  });

  test('fail-nth: a call in an interrupt, of another task or outside the stack range does not count', () => {
    const fault = point('6.x', {});
    fault.failNth.set(4, 2);
    expect(answers(fault, 3, 1, { task: 4, inInterrupt: true })).toBe('...');
    expect(answers(fault, 3, 1, { task: 5 })).toBe('...');
    expect(answers(fault, 3, 1, { task: 4, outsideStack: true })).toBe('...');
    expect(answers(fault, 2, 1, { task: 4 })).toBe('.x');
  });
});

describe('failslab', () => {
  test('lets pass what must not fail and, by default, what may sleep', () => {
    const fault = point('6.x', always);
    expect(failsSlab(fault, 512, {})).toBe(true);
    expect(failsSlab(fault, 512, { noFail: true })).toBe(false);
    expect(failsSlab(fault, 512, { mayWait: true })).toBe(false);
    expect(failsSlab(point('6.x', { ...always, ignoreGfpWait: false }), 512, { mayWait: true })).toBe(true);
  });

  test('with the filter for caches only flagged ones fail', () => {
    const fault = point('6.x', { ...always, cacheFilter: true });
    expect(failsSlab(fault, 512, {})).toBe(false);
    expect(failsSlab(fault, 512, { cacheFlagged: true })).toBe(true);
  });

  test('space counts the bytes of objects', () => {
    const fault = point('3.0', { ...always, space: 1025 });
    // 1025 > 512: 513 left; 513 > 512: 1 left; then it fails.
    expect([1, 2, 3].map(() => failsSlab(fault, 512, {}))).toEqual([false, false, true]);
  });

  test('calls that are let pass are not asked: they use up nothing', () => {
    const fault = point('3.0', { ...always, interval: 2 });
    failsSlab(fault, 512, { mayWait: true });
    expect(fault.calls).toBe(0);
  });
});

describe('fail_page_alloc', () => {
  test('by default single pages never fail, nor what may sleep or lies high', () => {
    const fault = point('6.x', always);
    expect(failsPageAlloc(fault, 0, {})).toBe(false);
    expect(failsPageAlloc(fault, 1, {})).toBe(true);
    expect(failsPageAlloc(fault, 1, { mayWait: true })).toBe(false);
    expect(failsPageAlloc(fault, 1, { highmem: true })).toBe(false);
    expect(failsPageAlloc(fault, 1, { noFail: true })).toBe(false);
    expect(failsPageAlloc(point('6.x', { ...always, minOrder: 0 }), 0, {})).toBe(true);
  });

  test('space counts pages: order 2 takes four', () => {
    const fault = point('6.x', { ...always, space: 9 });
    // 9 > 4: 5; 5 > 4: 1; 1 > 4 no.
    expect([1, 2, 3].map(() => failsPageAlloc(fault, 2, {}))).toEqual([false, false, true]);
  });
});

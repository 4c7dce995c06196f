import { describe, expect, test } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { exactPercent, Score, unfoundedPercent } from './score.ts';

describe('the score', () => {
  const make = () => new Score(machineOf(4, { zones: ['DMA', 'Normal'] }));

  test('exact, of the wrong size, missed and unfounded add up to what was observed and predicted', () => {
    const score = make();
    score.compare('refills', 1, 31, 31);
    score.compare('refills', 1, 31, 30, 'short');
    score.compare('refills', 1, 0, 31);
    score.compare('refills', 1, 31, 0);
    const { refills } = score.zones[1];
    expect(refills).toEqual({
      observed: 3,
      predicted: 3,
      exact: 1,
      wrongSize: 1,
      missed: 1,
      unfounded: 1,
      pagesOff: 1 + 31 + 31,
    });
    expect(exactPercent(refills)).toBeCloseTo(100 / 3);
    expect(unfoundedPercent(refills)).toBeCloseTo(100 / 3);
    expect(score.deviations()).toEqual([
      { of: 'refills', zone: 'Normal', class: 'unexplained', times: 2 },
      { of: 'refills', zone: 'Normal', class: 'short', times: 1 },
    ]);
  });

  test('a drain may be right about nothing, and is never missed', () => {
    const score = make();
    score.compare('drains', 0, 0, 0);
    score.compare('drains', 0, 0, 5);
    expect(score.zones[0].drains).toMatchObject({
      observed: 2,
      predicted: 2,
      exact: 1,
      wrongSize: 1,
      missed: 0,
    });
  });

  test('zones stay apart, and together they are summed', () => {
    const score = make();
    score.compare('giveBacks', 0, 1, 1);
    score.compare('giveBacks', 1, 31, 0);
    score.types(0, 0);
    score.types(1, 2);
    score.snapshot(1, 10, 12);
    expect(score.total('giveBacks')).toMatchObject({ observed: 1, predicted: 2, exact: 1, unfounded: 1 });
    expect(score.total('giveBacks', (zone) => zone === 1)).toMatchObject({ observed: 0, exact: 0 });
    expect(score.total('types')).toMatchObject({ observed: 2, exact: 1, pagesOff: 2 });
    expect(score.total('snapshots')).toMatchObject({ observed: 1, exact: 0, pagesOff: 2 });
  });

  test('nothing observed is no failure', () => {
    expect(exactPercent(make().total('refills'))).toBe(100);
    expect(unfoundedPercent(make().total('refills'))).toBe(0);
  });
});

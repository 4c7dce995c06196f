import { describe, expect, it } from 'vitest';
import { machineOf, outcomeOf, requestOf } from '../../../test/hand-made.ts';
import { drawnRows, drawnSource } from '../../../test/text-fixtures.ts';
import { BitSet } from '../../base/bit-set.ts';
import { makeRebuild } from '../model/rebuild.ts';
import { everyone, skipIsolated, twoPass } from '../policy/built-in.ts';
import { Timeline } from './timeline.ts';

describe('a timeline', () => {
  it('follows the pages of each CPU while a recording is read', () => {
    const machine = machineOf(2);
    const rows = drawnRows(`
      100 cpu0 t1 pageFree 11
      200 cpu0 t1 pageFree 12
      300 cpu1 t2 pageFree 13
      400 cpu0 t1 pageAlloc 12
    `);
    const source = drawnSource('5.10', 2, rows.kind.subarray(0, rows.length));
    const timeline = new Timeline(machine);
    const rebuild = makeRebuild(source, machine, [], timeline, timeline);
    rebuild.feed(rows);
    rebuild.finish();
    expect([99, 100, 250, 450].map((timeNs) => timeline.pages.at(0, timeNs))).toEqual([0, 1, 2, 1]);
    expect([299, 300].map((timeNs) => timeline.pages.at(1, timeNs))).toEqual([0, 1]);
  });

  it('keeps of each drain who held pages, and answers for any policy whom it disturbs', () => {
    const timeline = new Timeline(machineOf(4, { isolated: [3] }));
    timeline.drainRequested(requestOf({ pages: [7, 0, '?', 5], timeNs: 1000, isolated: [3] }));
    timeline.drainEnded(outcomeOf(0, { endNs: 3000, targets: BitSet.of(4, [0, 3]) }));
    expect(timeline.drains.at(0)).toMatchObject({
      timeNs: 1000,
      endNs: 3000,
      holders: [0, 3],
      pages: [7, 5],
      unknown: [2],
      targets: [0, 3],
    });
    expect(timeline.drains.targetsOf(everyone, 0)).toEqual([0, 1, 2, 3]);
    // CPUs 1 and 2 hold nothing as far as is known: half of four, so a mask is used.
    expect(timeline.drains.targetsOf(twoPass, 0)).toEqual([0, 3]);
    expect(timeline.drains.targetsOf(skipIsolated, 0)).toEqual([0]);
  });
});

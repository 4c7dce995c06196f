import { describe, expect, it } from 'vitest';
import { machineOf } from '../../../test/hand-made.ts';
import { PageLists } from './page-lists.ts';

// machineOf: zone z spans frames 4096 z … 4096 z + 4095. List = CPU × zones + zone.
describe('PageLists', () => {
  it('counts base pages by list and by CPU, and knows who holds any', () => {
    const lists = new PageLists(machineOf(4, { zones: ['DMA32', 'Normal'] }));
    lists.enter(10, 2, 0, 0);
    lists.enter(5000, 3, 3, 1);
    expect([...lists.counts]).toEqual([0, 0, 1, 8, 0, 0, 0, 0]);
    expect(lists.cpuPages[1]).toBe(9);
    expect([...lists.holders]).toEqual([1]);
    lists.leave(lists.find(10));
    lists.leave(lists.find(5000));
    expect(lists.holders.count).toBe(0);
  });

  it('finds the zone of a frame, and none outside of all', () => {
    const lists = new PageLists(machineOf(1, { zones: ['DMA32', 'Normal'] }));
    expect([4095, 4096, 0, 8192].map((pfn) => lists.zoneOf(pfn))).toEqual([0, 1, 0, -1]);
  });

  it('takes the missing pages of an anchored list as unseen', () => {
    const lists = new PageLists(machineOf(2));
    lists.enter(10, 0, 0, 0);
    expect([...lists.unanchored]).toEqual([0, 1]);
    lists.anchorAt(0, 31);
    expect([lists.counts[0], lists.unseen[0], [...lists.unanchored]]).toEqual([31, 30, [1]]);
  });

  it('after a full drain holds only what came since it began, and forgets the rest', () => {
    const lists = new PageLists(machineOf(1));
    lists.anchorAt(0, 5);
    lists.enter(10, 0, 0, 1);
    lists.beginEmptying(0, 2);
    lists.enter(11, 0, 0, 3);
    // 5 unseen pages and frame 10 were believed there without an event of their leaving: 6 too many.
    expect(lists.endEmptying(0)).toBe(6);
    expect(lists.counts[0]).toBe(1);
    expect(lists.find(10)).toBe(-1);
    expect(lists.find(11)).toBeGreaterThanOrEqual(0);
  });

  it('a drain of a list that was never anchored anchors it, and proves nothing wrong', () => {
    const lists = new PageLists(machineOf(1));
    lists.enter(10, 0, 0, 1);
    expect(lists.emptiedAt(0, 2)).toBe(0);
    expect([lists.counts[0], lists.unanchored.count]).toEqual([0, 0]);
  });
});

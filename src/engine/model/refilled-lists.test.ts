import { describe, expect, it } from 'vitest';
import { RefilledLists } from './refilled-lists.ts';

const unmovable = 0;
const movable = 1;

/** Two CPUs, four lists. Pages stay where they entered unless `left` has them. */
function refilledLists(): { lists: RefilledLists; left: Set<number> } {
  const left = new Set<number>();
  return { lists: new RefilledLists(2, 4, (pfn) => !left.has(pfn)), left };
}

describe('a refill', () => {
  it('finds the pages of its list, order and type that nobody saw leave', () => {
    const { lists, left } = refilledLists();
    lists.entered(100, 1, 0, unmovable, 10);
    lists.entered(101, 1, 0, unmovable, 11);
    lists.entered(102, 1, 0, movable, 12);
    lists.entered(104, 1, 2, unmovable, 13);
    lists.entered(108, 2, 0, unmovable, 14);
    left.add(100);
    expect(lists.emptied(1, 0, unmovable)).toEqual([101, 11]);
    expect(lists.emptied(1, 0, unmovable)).toEqual([]);
    expect(lists.emptied(1, 2, unmovable)).toEqual([104, 13]);
  });

  it('is told by the probe: only the first page after it begins one', () => {
    const { lists } = refilledLists();
    expect(lists.isFirst(0)).toBe(false);
    lists.begins(0);
    expect([lists.isFirst(1), lists.isFirst(0), lists.isFirst(0)]).toEqual([false, true, false]);
  });
});

describe('a freed page', () => {
  it('is of the type that its block was last told with, and of none before', () => {
    const { lists } = refilledLists();
    lists.freed(1000, 1, 0, 10);
    lists.sawType(1023, movable);
    lists.freed(1001, 1, 0, 11);
    lists.freed(1024, 1, 0, 12);
    expect(lists.emptied(1, 0, unmovable)).toEqual([]);
    expect(lists.emptied(1, 0, movable)).toEqual([1001, 11]);
  });

  it('is of the new type after its block has changed the owner, and so are the blocks beside it', () => {
    const { lists } = refilledLists();
    lists.blocksTaken(2048, 10, unmovable);
    lists.freed(2048, 1, 0, 10);
    lists.freed(2048 + 1023, 1, 0, 11);
    lists.freed(2048 + 1024, 1, 0, 12);
    expect(lists.emptied(1, 0, unmovable)).toEqual([2048, 10, 3071, 11]);
  });

  it('of a type without a list of its own is kept with movable pages', () => {
    const { lists } = refilledLists();
    lists.sawType(512, 4);
    lists.freed(512, 1, 0, 10);
    expect(lists.emptied(1, 0, movable)).toEqual([512, 10]);
  });

  it('stays a candidate however many others come and go', () => {
    const { lists, left } = refilledLists();
    lists.entered(1, 1, 0, movable, 10);
    for (let pfn = 2; pfn < 100_000; pfn++) {
      lists.entered(pfn, 1, 0, movable, pfn);
      left.add(pfn);
    }
    expect(lists.emptied(1, 0, movable)).toEqual([1, 10]);
  });
});

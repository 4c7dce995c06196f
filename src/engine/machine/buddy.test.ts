import { describe, expect, it } from 'vitest';
import type { ZoneSpec } from '../input/scenario.ts';
import { BlockType, Buddy, maxOrder, orderCount } from './buddy.ts';
import { kernelRules } from './kernel-rules.ts';
import { PageLinks } from './page-chains.ts';

const { unmovable, movable, reclaimable, highatomic } = BlockType;

function buddyOf(zones: readonly Partial<ZoneSpec>[], version = '5.10'): Buddy {
  const specs = zones.map(
    (zone) => ({ name: 'Normal', node: 0, startPfn: 0, pages: 4096, ...zone }) as ZoneSpec,
  );
  const end = Math.max(...specs.map((zone) => zone.startPfn + zone.pages));
  return new Buddy(new PageLinks(end), specs, kernelRules(version));
}

function blocks(buddy: Buddy, zone = 0): string {
  const text: string[] = [];
  for (let type = 0; type < 5; type++)
    for (let order = 0; order < orderCount; order++) {
      const length = buddy.listLength(zone, order, type);
      if (length > 0) text.push(`${type}:${order}x${length}`);
    }
  return text.join(' ');
}

describe('free lists', () => {
  it('all memory is free in the largest movable blocks at boot', () => {
    const buddy = buddyOf([{ startPfn: 0, pages: 4096 }]);
    expect(buddy.free[0]).toBe(4096);
    expect(blocks(buddy)).toBe('1:10x4');
    expect(buddy.freeBlocks[maxOrder]).toBe(4);
  });

  it('a zone that begins at page 1 is cut into aligned blocks', () => {
    // 1, 2-3, 4-7, … 512-1023 are one block of each order 0…9; 1024-3071 two of order 10; 3072-3840 is 769 = 512+256+1.
    const buddy = buddyOf([{ name: 'DMA', startPfn: 1, pages: 3840 }]);
    expect(buddy.free[0]).toBe(3840);
    expect(blocks(buddy)).toBe('1:0x2 1:1x1 1:2x1 1:3x1 1:4x1 1:5x1 1:6x1 1:7x1 1:8x2 1:9x2 1:10x2');
  });

  it('a page costs one block of each smaller order, and all join again when it comes back', () => {
    const buddy = buddyOf([{}]);
    const pfn = buddy.take(0, 0, movable);
    expect(pfn).toBe(0);
    expect(buddy.links.order[pfn]).toBe(0);
    expect(buddy.free[0]).toBe(4095);
    expect(blocks(buddy)).toBe('1:0x1 1:1x1 1:2x1 1:3x1 1:4x1 1:5x1 1:6x1 1:7x1 1:8x1 1:9x1 1:10x3');
    buddy.give(0, pfn, 0);
    expect(blocks(buddy)).toBe('1:10x4');
    expect(buddy.free[0]).toBe(4096);
  });

  it('the smallest block that is large enough is taken', () => {
    const buddy = buddyOf([{}]);
    buddy.take(0, 3, movable);
    // Left: orders 3 … 9 once. Order 2 comes from the block of order 3 at page 8.
    expect(buddy.take(0, 2, movable)).toBe(8);
    expect(buddy.take(0, 2, movable)).toBe(12);
    expect(buddy.take(0, 5, movable)).toBe(32);
  });

  it('runs out and says so', () => {
    const buddy = buddyOf([{ pages: 1024 }]);
    for (let i = 0; i < 1024; i++) expect(buddy.take(0, 0, movable)).toBe(i);
    expect(buddy.take(0, 0, movable)).toBe(-1);
    expect(buddy.free[0]).toBe(0);
    expect(blocks(buddy)).toBe('');
  });

  it('blocks of two zones never join', () => {
    const buddy = buddyOf([
      { startPfn: 0, pages: 1536 },
      { startPfn: 1536, pages: 1536 },
    ]);
    // 1024-1535 and 1536-2047 are buddies of order 9 in different zones.
    expect(blocks(buddy, 0)).toBe('1:9x1 1:10x1');
    expect(blocks(buddy, 1)).toBe('1:9x1 1:10x1');
    const pfn = buddy.take(1, 9, movable);
    expect(pfn).toBe(1536);
    buddy.give(1, pfn, 9);
    expect(blocks(buddy, 1)).toBe('1:9x1 1:10x1');
  });

  it('a page that is free already is refused', () => {
    const buddy = buddyOf([{}]);
    expect(() => buddy.give(0, 0, 0)).toThrow('page 0');
    const pfn = buddy.take(0, 0, movable);
    buddy.give(0, pfn, 0);
    expect(() => buddy.give(0, pfn, 0)).toThrow('is free');
  });
});

describe('another type', () => {
  it('takes the largest block with its page blocks when there is one', () => {
    const buddy = buddyOf([{}]);
    const pfn = buddy.take(0, 0, unmovable);
    expect(pfn).toBe(0);
    expect(buddy.lastFallback).toEqual({
      happened: true,
      pfn: 0,
      order: 10,
      type: movable,
      changedOwnership: true,
    });
    expect(buddy.blockType(0)).toBe(unmovable);
    expect(buddy.blockType(1023)).toBe(unmovable);
    expect(buddy.blockType(1024)).toBe(movable);
    expect(blocks(buddy)).toBe('0:0x1 0:1x1 0:2x1 0:3x1 0:4x1 0:5x1 0:6x1 0:7x1 0:8x1 0:9x1 1:10x3');
    buddy.take(0, 0, unmovable);
    expect(buddy.lastFallback.happened).toBe(false);
  });

  /** One zone of two page blocks: block 0 and 1 movable, of block 0 the pages 0 … used-1 are taken, block 1 all. */
  function nearlyFull(used: number, version: string): Buddy {
    const buddy = buddyOf([{ pages: 1024 }], version);
    for (let i = 0; i < 1024; i++) buddy.take(0, 0, movable);
    for (let i = used; i < 512; i++) buddy.give(0, i, 0);
    return buddy;
  }

  it('a page block changes its owner when at least half of it is free', () => {
    // Free: 256-511 is one block of order 8, exactly half.
    const half = nearlyFull(256, '5.10');
    expect(half.take(0, 0, reclaimable)).toBe(256);
    expect(half.lastFallback).toMatchObject({ order: 8, type: movable, changedOwnership: true });
    expect(half.blockType(0)).toBe(reclaimable);
    // Free: 257-511, less than half: the free pages move, the block stays movable.
    const less = nearlyFull(257, '5.10');
    less.take(0, 0, reclaimable);
    expect(less.lastFallback).toMatchObject({ order: 7, type: movable, changedOwnership: false });
    expect(less.blockType(0)).toBe(movable);
    expect(blocks(less)).toBe('2:1x1 2:2x1 2:3x1 2:4x1 2:5x1 2:6x1 2:7x1');
  });

  it('from 4.12 the page comes from the smallest block that moved, in 3.0 from the block that was found', () => {
    // Free: 257 | 258-259 | 260-263 | … | 384-511: the block found is 384, the smallest 257.
    expect(nearlyFull(257, '5.10').take(0, 0, reclaimable)).toBe(257);
    expect(nearlyFull(257, '3.0').take(0, 0, reclaimable)).toBe(384);
  });

  it('from 6.10 a page block of which less than half is free keeps its pages', () => {
    const largest = nearlyFull(257, '6.10');
    expect(largest.take(0, 0, unmovable)).toBe(384);
    expect(largest.blockType(0)).toBe(movable);
    // 384-511 split: 385, 386, 388, … stay movable.
    expect(blocks(largest)).toBe('1:0x2 1:1x2 1:2x2 1:3x2 1:4x2 1:5x2 1:6x2');
    const smallest = nearlyFull(257, '6.12');
    expect(smallest.take(0, 0, unmovable)).toBe(257);
    expect(smallest.lastFallback).toMatchObject({ order: 0, type: movable, changedOwnership: false });
  });

  it('in 3.0 an unmovable request below half the order of a page block takes one block only', () => {
    // Free: 508-511, one block of order 2; half the order of a page block is 4.
    const buddy = nearlyFull(508, '3.0');
    expect(buddy.take(0, 0, unmovable)).toBe(508);
    expect(blocks(buddy)).toBe('1:0x1 1:1x1');
    const newer = nearlyFull(508, '5.10');
    newer.take(0, 0, unmovable);
    expect(blocks(newer)).toBe('0:0x1 0:1x1');
  });

  it('a movable request that takes no page block along takes the smallest block from 4.12', () => {
    const full = (version: string) => {
      const buddy = buddyOf([{ pages: 1024 }], version);
      buddy.setBlockType(0, 0, unmovable);
      buddy.setBlockType(0, 512, unmovable);
      for (let i = 0; i < 1024; i++) buddy.take(0, 0, unmovable);
      for (const pfn of [7, 100, 101, 102, 103]) buddy.give(0, pfn, 0);
      return buddy;
    };
    expect(full('5.10').take(0, 0, movable)).toBe(7);
    expect(full('4.9').take(0, 0, movable)).toBe(100);
  });

  it('takes the free pages of the page block along from order 4 on', () => {
    const full = (order: number) => {
      const buddy = buddyOf([{ pages: 1024 }], '5.10');
      buddy.setBlockType(0, 0, unmovable);
      buddy.setBlockType(0, 512, unmovable);
      for (let i = 0; i < 1024; i++) buddy.take(0, 0, unmovable);
      buddy.give(0, 7, 0);
      for (let i = 0; i < 1 << order; i++) buddy.give(0, 96 + i, 0);
      expect(buddy.take(0, 0, movable)).toBe(7);
      return blocks(buddy);
    };
    expect(full(4)).toBe('1:4x1');
    expect(full(3)).toBe('0:3x1');
  });

  it('the reserve for atomic requests is never a fallback', () => {
    const buddy = buddyOf([{ pages: 1024 }]);
    buddy.setBlockType(0, 0, highatomic);
    expect(buddy.free[0]).toBe(1024);
    expect(blocks(buddy)).toBe('1:9x1 3:9x1');
    for (let i = 0; i < 512; i++) expect(buddy.take(0, 0, movable)).toBe(512 + i);
    expect(buddy.take(0, 0, unmovable)).toBe(-1);
    expect(buddy.takeOwn(0, 0, highatomic)).toBe(0);
    expect(buddy.reserveBlocks[8]).toBe(1);
  });
});

describe('isolated page blocks', () => {
  it('free pages of isolated blocks leave the counter, and come back joined', () => {
    const buddy = buddyOf([{}]);
    expect(buddy.isolate(0, 1024, 512)).toBe(512);
    expect(buddy.free[0]).toBe(3584);
    expect(buddy.isolatedFree[0]).toBe(512);
    expect(blocks(buddy)).toBe('1:9x1 1:10x3 4:9x1');
    expect(buddy.undoIsolate(0, 1024, 512)).toBe(512);
    expect(buddy.free[0]).toBe(4096);
    expect(buddy.isolatedFree[0]).toBe(0);
    expect(blocks(buddy)).toBe('1:10x4');
  });

  it('a page freed into an isolated block is not counted as free', () => {
    const buddy = buddyOf([{ pages: 1024 }]);
    const pfn = buddy.take(0, 0, movable);
    buddy.isolate(0, 0, 1024);
    expect(buddy.free[0]).toBe(0);
    expect(buddy.isolatedFree[0]).toBe(1023);
    buddy.give(0, pfn, 0);
    expect(buddy.free[0]).toBe(0);
    expect(blocks(buddy)).toBe('4:10x1');
    expect(buddy.take(0, 0, movable)).toBe(-1);
  });

  it('takes what is free in a range, even parts of larger blocks, and takes it back', () => {
    const buddy = buddyOf([{}]);
    expect(buddy.takeRange(0, 1000, 100)).toBe(100);
    expect(buddy.free[0]).toBe(3996);
    // 1000-1007, 1008-1023 | 1024-1087, 1088-1095, 1096-1099.
    expect(buddy.takenBlocks).toEqual([
      [1000, 3],
      [1008, 4],
      [1024, 6],
      [1088, 3],
      [1096, 2],
    ]);
    expect(buddy.isFree(0, 999)).toBe(true);
    expect(buddy.isFree(0, 1000)).toBe(false);
    expect(buddy.isFree(0, 1100)).toBe(true);
    buddy.giveRange(0, 1000, 100);
    expect(blocks(buddy)).toBe('1:10x4');
  });
});

it('a machine of 256 GiB is built without linking every block', () => {
  const pages = 64 * 1024 * 1024;
  const buddy = buddyOf([{ pages }]);
  expect(buddy.free[0]).toBe(pages);
  expect(buddy.untouched(0)).toBe(65536 - 1);
  for (let i = 0; i < 3000; i++) expect(buddy.take(0, 0, movable)).toBe(i);
  // 3000 pages are in three blocks of order 10; the fourth is linked as the next one.
  expect(buddy.untouched(0)).toBe(65536 - 4);
  expect(buddy.listLength(0, 10, movable)).toBe(65536 - 3);
});

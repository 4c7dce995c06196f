import { describe, expect, it } from 'vitest';
import type { ZoneSpec } from '../input/scenario.ts';
import { BlockType, Buddy } from './buddy.ts';
import { HighatomicReserve } from './highatomic-reserve.ts';
import { kernelRules } from './kernel-rules.ts';
import { PageLinks } from './page-chains.ts';
import { Depth, Mark, Watermarks, ZoneClass } from './watermarks.ts';

function machineOf(pages: number, version: string) {
  const zones: readonly ZoneSpec[] = [{ name: 'Normal', node: 0, startPfn: 0, pages }];
  const rules = kernelRules(version);
  const buddy = new Buddy(new PageLinks(pages), zones, rules);
  const marks = new Watermarks(zones, rules, { minFreeKbytes: 4000, watermarkScaleFactor: 10, thp: false });
  return { buddy, marks, reserve: new HighatomicReserve(buddy, marks, zones, rules) };
}

describe('the highatomic reserve', () => {
  it.each([
    // 102400 pages: 1 % is 1024. Up to 6.7 blocks are added below 1024 + 512 = 1536 pages: 3.
    ['5.10', 102400, 3],
    ['6.12', 102400, 2],
    // 60000 pages: 600 + 512 = 1112: 3 blocks (0, 512, 1024 are below); from 6.8 600 is rounded up to 1024.
    ['5.10', 60416, 3],
    ['6.12', 60416, 2],
    // 1 % of 40960 is less than a page block.
    ['5.10', 40960, 2],
    ['6.12', 40960, 0],
    ['4.3', 102400, 0],
  ])('of %s in a zone of %i pages has at most %i page blocks', (version, pages, blocks) => {
    const { reserve } = machineOf(pages, version);
    for (let pfn = 0; pfn < 5 * 512; pfn += 512) reserve.reserve(0, pfn);
    expect(reserve.pages[0]).toBe(blocks * 512);
  });

  it('takes the page block of the page, and only atomic requests use what is free of it', () => {
    const { buddy, marks, reserve } = machineOf(102400, '5.10');
    expect(reserve.take(0, 1)).toBe(-1);
    const pfn = buddy.take(0, 1, BlockType.unmovable);
    reserve.reserve(0, pfn);
    reserve.reserve(0, pfn);
    expect(reserve.pages[0]).toBe(512);
    expect(buddy.blockType(pfn)).toBe(BlockType.highatomic);
    expect(buddy.free[0]).toBe(102398);
    // Min is 1000: others must leave the 512 pages, too.
    expect(marks.floor(0, Mark.min, Depth.normal, ZoneClass.Normal)).toBe(1512);
    expect(marks.floor(0, Mark.min, Depth.atomic, ZoneClass.Normal)).toBe(375);
    // Pages 0-1 are taken; 2-3 is the next pair of the block.
    expect(reserve.take(0, 1)).toBe(2);
  });

  it('gives up one block before a drain, but not the last one unless it must', () => {
    const { buddy, marks, reserve } = machineOf(102400, '5.10');
    reserve.reserve(0, 0);
    reserve.reserve(0, 512);
    expect(reserve.release([0], BlockType.unmovable)).toBe(true);
    expect(reserve.pages[0]).toBe(512);
    expect(reserve.release([0], BlockType.unmovable)).toBe(false);
    expect(reserve.release([0], BlockType.unmovable, true)).toBe(true);
    expect(reserve.pages[0]).toBe(0);
    expect([buddy.blockType(0), buddy.blockType(512)]).toEqual([BlockType.unmovable, BlockType.unmovable]);
    expect(marks.floor(0, Mark.min, Depth.normal, ZoneClass.Normal)).toBe(1000);
    expect(reserve.release([0], BlockType.unmovable, true)).toBe(false);
  });

  it('a block without a free page is not released', () => {
    const { buddy, reserve } = machineOf(102400, '5.10');
    reserve.reserve(0, 0);
    expect(reserve.take(0, 9)).toBe(0);
    expect(reserve.release([0], BlockType.movable, true)).toBe(false);
    buddy.give(0, 0, 9);
    expect(reserve.release([0], BlockType.movable, true)).toBe(true);
  });
});

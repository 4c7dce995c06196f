import { describe, expect, it } from 'vitest';
import { PageCache, type PageCacheOptions } from './page-cache.ts';
import { PageLinks } from './page-chains.ts';

/** Pages 0 … pages-1 were read in this order. */
function cacheOf(pages: number, options: PageCacheOptions = {}): PageCache {
  const cache = new PageCache(new PageLinks(Math.max(pages, 100)), 2, options);
  for (let pfn = 0; pfn < pages; pfn++) cache.add(0, pfn, pfn * 1000);
  return cache;
}

function reclaimed(cache: PageCache, target: number, nowNs = 1e9): number[] {
  const pfns: number[] = [];
  cache.reclaim([0, 1], target, nowNs, (pfn) => pfns.push(pfn));
  return pfns;
}

describe('reclaim', () => {
  it('takes the pages that were read first', () => {
    // 100 >> 6 = 1, then 99 >> 5 = 3: a pass of less than 32 is done as a whole.
    expect(reclaimed(cacheOf(100), 3)).toEqual([0, 1, 2, 3]);
  });

  it('scans the 4096th part of the list first, and twice as much at each further pass', () => {
    // 70000 >> 12 = 17, then (70000 - 17) >> 11 = 34: 51 pages, more than the 32 that were wanted.
    const cache = cacheOf(70000);
    const freed: number[] = [];
    const done = { ...cache.reclaim([0], 32, 1e9, (pfn) => freed.push(pfn)) };
    // The second pass stops as soon as it has its 15: after one cluster of 32.
    expect(done).toEqual({ scanned: 17 + 32, deactivated: 0, reclaimed: 49, busy: 0 });
    expect(freed.length).toBe(49);
    expect(cache.pages(0)).toBe(70000 - 49);
  });

  it('a direct reclaimer scans its share of the first pass to the end, kswapd stops', () => {
    // 1 << 20 pages: 256 at priority 12.
    expect(cacheOf(1 << 20).shrink(0, 32, 12, 2e9, () => {}, true).reclaimed).toBe(256);
    expect(cacheOf(1 << 20).shrink(0, 32, 12, 2e9, () => {}, false).reclaimed).toBe(32);
    expect(cacheOf(1 << 20).shrink(0, 32, 11, 2e9, () => {}, true).reclaimed).toBe(32);
  });

  it('few pages are found at the last passes', () => {
    // 5 pages: 0 at priorities 12 … 3, 1 at 2 (5 >> 2), (4 >> 1) 2 at 1, 2 at 0.
    const cache = cacheOf(5);
    expect(reclaimed(cache, 32)).toEqual([0, 1, 2, 3, 4]);
    expect(cache.pages(0)).toBe(0);
    expect(reclaimed(cache, 32)).toEqual([]);
  });

  it('passes over pages that are being read, and brings them to the head', () => {
    // Read at 0 … 99 µs, each takes 50 µs; at 100 µs the pages 0 … 50 can go.
    const cache = cacheOf(100, { ioNs: 50_000 });
    const freed: number[] = [];
    const done = { ...cache.shrink(0, 100, 0, 100_000, (pfn) => freed.push(pfn)) };
    expect(freed).toEqual(Array.from({ length: 51 }, (_, i) => i));
    expect(done).toEqual({ scanned: 100, deactivated: 0, reclaimed: 51, busy: 49 });
    expect(cache.oldest(0)).toBe(51);
    // All busy: no progress.
    const young = cacheOf(10, { ioNs: 1e6 });
    expect(young.reclaim([0], 32, 20_000, () => {}).reclaimed).toBe(0);
  });

  it('the time of reading is right across 2^32 µs, 71 minutes', () => {
    const cache = cacheOf(0, { ioNs: 50_000 });
    const turn = 2 ** 32 * 1000;
    cache.add(0, 50, turn - 10_000);
    expect(cache.shrink(0, 1, 0, turn + 39_000, () => {}).busy).toBe(1);
    expect(cache.holds(50)).toBe(true);
    expect(cache.shrink(0, 1, 0, turn + 40_000, () => {}).reclaimed).toBe(1);
    expect(cache.holds(50)).toBe(false);
  });

  it('goes through all nodes of a pass', () => {
    const cache = cacheOf(32);
    for (let pfn = 40; pfn < 72; pfn++) cache.add(1, pfn, 0);
    // 32 >> 5 = 1 at priority 5, … each pass takes from both.
    expect(reclaimed(cache, 2)).toEqual([0, 40]);
  });
});

describe('the active list', () => {
  it('a page that is read twice after it came is active and stays', () => {
    const cache = cacheOf(10);
    cache.touch(0);
    expect([cache.inactivePages(0), cache.activePages(0)]).toEqual([10, 0]);
    cache.touch(0);
    cache.touch(0);
    expect([cache.inactivePages(0), cache.activePages(0)]).toEqual([9, 1]);
    expect(reclaimed(cache, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Now the active list is longer than the inactive one: it comes back, and goes.
    expect(reclaimed(cache, 1)).toEqual([0]);
  });

  it('is left alone while the inactive list is as long', () => {
    const cache = cacheOf(64);
    for (let pfn = 0; pfn < 32; pfn++) for (let i = 0; i < 2; i++) cache.touch(pfn);
    expect([cache.inactivePages(0), cache.activePages(0)]).toEqual([32, 32]);
    // At priority 1, 16 of each: the inactive 32 … 47 go, then 16 < 32, and 16 active ones come over.
    const done = { ...cache.shrink(0, 100, 1, 1e9, () => {}) };
    expect(done).toEqual({ scanned: 32, deactivated: 16, reclaimed: 16, busy: 0 });
    expect([cache.inactivePages(0), cache.activePages(0)]).toEqual([32, 16]);
  });

  it('from 4.7 may be three times as long on a node of 1 GiB', () => {
    // 263144 pages, 71000 of them inactive: sqrt(10) = 3, 71000 * 3 > 192144: not low; one to one it is.
    const fill = (options: PageCacheOptions) => {
      const cache = cacheOf(263144, options);
      for (let pfn = 0; pfn < 192144; pfn++) for (let i = 0; i < 2; i++) cache.touch(pfn);
      return cache.shrink(0, 1, 12, 1e9, () => {}).deactivated;
    };
    expect(fill({})).toBe(0);
    // 192144 >> 12 = 46.
    expect(fill({ inactiveRatio: 'one' })).toBe(46);
  });

  it('a page can be taken out of either list', () => {
    const cache = cacheOf(3);
    for (let i = 0; i < 2; i++) cache.touch(1);
    cache.remove(1);
    cache.remove(2);
    expect([cache.inactivePages(0), cache.activePages(0)]).toEqual([1, 0]);
    expect(cache.holds(1)).toBe(false);
    expect(reclaimed(cache, 5)).toEqual([0]);
  });
});

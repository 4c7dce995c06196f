import { describe, expect, test } from 'vitest';
import { PageStock } from '../../../test/slab-page-stock.ts';
import { MaskSource } from '../accounting/run.ts';
import { kernelRules } from './kernel-rules.ts';
import { createSlabCache, type SlabSpec } from './slab.ts';
import type { SlabArray } from './slab-array.ts';

/** A SLAB cache on one node, or with `nodes` nodes of equal size. */
function makeCache(version: string, objectBytes: number, cpus: number, nodes = 1) {
  const stock = new PageStock();
  const nodeOfCpu = Int32Array.from({ length: cpus }, (_, cpu) => Math.floor((cpu * nodes) / cpus));
  const spec: SlabSpec = { objectBytes, cpus, nodes, nodeOfCpu };
  const cache = createSlabCache({ slab: 'slab' }, kernelRules(version), spec, stock) as SlabArray;
  return { cache, stock };
}

describe('sizes of SLAB', () => {
  test('kmalloc-512: arrays of 54, batches of 27, 8 batches shared, 8 objects in a page', () => {
    const { cache } = makeCache('3.0', 512, 8);
    expect(cache).toMatchObject({ limit: 54, batch: 27, sharedLimit: 216, order: 0, objectsPerSlab: 8 });
  });

  // With a head of 48 bytes and 4 more an object inside the slab, as /proc/slabinfo of 3.0 shows them.
  test.each([
    [32, 112, 120],
    [64, 59, 120],
    [128, 30, 120],
    [192, 20, 120],
    [256, 15, 120],
    [512, 8, 54],
    [1024, 4, 54],
    [2048, 2, 24],
  ])('3.0: %d bytes, %d in a page, arrays of %d', (bytes, objects, limit) => {
    expect(makeCache('3.0', bytes, 8).cache).toMatchObject({ objectsPerSlab: objects, limit });
  });

  test('one CPU shares nothing', () => {
    expect(makeCache('3.0', 512, 1).cache.sharedLimit).toBe(0);
  });
});

describe('how often a burst of masks reaches the page allocator', () => {
  test('k masks on one CPU take ceil(k / 8) pages', () => {
    for (let k = 1; k <= 40; k++) {
      const { cache, stock } = makeCache('4.9', 512, 8);
      for (let i = 0; i < k; i++) expect(cache.allocate(0)).toBeGreaterThanOrEqual(0);
      expect(stock.pagesOut).toBe(Math.ceil(k / 8));
    }
  });

  test('k masks on k CPUs with cold arrays take k pages: each CPU draws a whole slab into its array', () => {
    const { cache, stock } = makeCache('4.9', 512, 8);
    for (let cpu = 0; cpu < 8; cpu++) cache.allocate(cpu);
    expect(stock.pagesOut).toBe(8);
  });

  test('masks that were freed stay: the next burst takes no page', () => {
    const { cache, stock } = makeCache('4.9', 512, 8);
    const masks = [0, 1, 2, 3].map((cpu) => cache.allocate(cpu));
    for (const [cpu, mask] of masks.entries()) cache.free(cpu, mask);
    for (let cpu = 0; cpu < 4; cpu++) {
      cache.allocate(cpu);
      expect(cache.lastSource).toBe(MaskSource.cpuCache);
      expect(cache.lastPages).toBe(0);
    }
    expect(stock.takes).toBe(4);
  });

  test('up to 3.12 the first slab needs a page for slab heads too, and each 30 slabs after it', () => {
    const { cache, stock } = makeCache('3.0', 512, 8);
    const pagesOf: number[] = [];
    // A head is 48 + 8 × 4 = 80 bytes, from the cache of 128 bytes with 30 objects a page. 31 slabs are 248 masks.
    for (let i = 0; i < 248; i++) {
      cache.allocate(0);
      if (cache.lastPages > 0) pagesOf.push(cache.lastPages);
    }
    expect(pagesOf).toEqual([2, ...Array(29).fill(1), 2]);
    expect(stock.pagesOut).toBe(33);
    expect(cache.pagesHeld).toBe(33);
  });

  test('a head that cannot be had gives the page back and fails the request', () => {
    const { cache, stock } = makeCache('3.0', 512, 8);
    stock.left = 1;
    expect(cache.allocate(0)).toBe(-1);
    expect(cache.lastSource).toBe(MaskSource.failed);
    expect(stock.pagesOut).toBe(0);
  });

  test('pages below the min watermark are told apart', () => {
    const { cache, stock } = makeCache('4.9', 512, 8);
    cache.allocate(0);
    expect([cache.lastSource, cache.lastPages]).toEqual([MaskSource.pageAllocator, 1]);
    stock.tookReserve = true;
    cache.allocate(1);
    expect(cache.lastSource).toBe(MaskSource.reserve);
  });

  test('competing users of the same size empty the cache under the mask', () => {
    const { cache } = makeCache('4.9', 512, 8);
    cache.free(0, cache.allocate(0));
    // One slab of 8 lies in the array of CPU 0; the user takes all of it and keeps it.
    for (let i = 0; i < 8; i++) cache.allocate(0);
    cache.allocate(0);
    expect(cache.lastSource).toBe(MaskSource.pageAllocator);
    expect(cache.objectsHeld).toBe(9);
  });
});

describe('objects move between CPUs', () => {
  test('through the shared array: the 55th free gives the 27 oldest to the node', () => {
    const { cache, stock } = makeCache('4.9', 512, 2);
    const held = Array.from({ length: 55 }, () => cache.allocate(0));
    // 7 slabs are 56 objects; one is left in the array, which is full after 53 frees.
    for (const object of held.slice(0, 53)) cache.free(0, object);
    expect(stock.takes).toBe(7);
    const other = () => {
      cache.allocate(1);
      return cache.lastSource;
    };
    cache.free(0, held[53]);
    expect(other()).toBe(MaskSource.nodeCache);
    // A cold array draws 16 at once: 15 more from the CPU, then 11 of 27 are left in the shared array.
    for (let i = 0; i < 15; i++) expect(other()).toBe(MaskSource.cpuCache);
    expect(other()).toBe(MaskSource.nodeCache);
    for (let i = 0; i < 10; i++) expect(other()).toBe(MaskSource.cpuCache);
    expect(other()).toBe(MaskSource.pageAllocator);
  });

  test('an object of another node goes back to its node', () => {
    const { cache, stock } = makeCache('4.9', 512, 2, 2);
    const object = cache.allocate(0);
    cache.free(1, object);
    cache.allocate(1);
    expect(cache.lastSource).toBe(MaskSource.pageAllocator);
    expect(stock.takes).toBe(2);
  });

  test('without pages the other node helps out', () => {
    const { cache, stock } = makeCache('4.9', 512, 2, 2);
    const held = Array.from({ length: 8 }, () => cache.allocate(0));
    cache.free(1, held[0]);
    stock.left = 0;
    const object = cache.allocate(1);
    expect(object).toBe(held[0]);
    expect(cache.lastSource).toBe(MaskSource.nodeCache);
    expect(cache.allocate(1)).toBe(-1);
  });
});

describe('the timer', () => {
  test('gives an array up by fifths and halves, then the slab', () => {
    const { cache, stock } = makeCache('4.9', 512, 2);
    cache.free(0, cache.allocate(0));
    // A fifth of 54, (54+4)/5 = 11, is more than the 8 that are there: so half, rounded up.
    // 2 s: only forgets that the array was used. 4 s: 4 of 8. 6 s: 2 of 4. 8 s: 1 of 2. 10 s: the last: slab free.
    // Node passes at 4 s (forgets that free slabs were looked for), 8 s (no slab is free yet), 12 s: page back.
    const out: number[] = [];
    for (let seconds = 2; seconds <= 12; seconds += 2) {
      cache.reap(0, seconds * 1e9);
      out.push(stock.pagesOut);
    }
    expect(out).toEqual([1, 1, 1, 1, 1, 0]);
    expect(cache.pagesHeld).toBe(0);
  });

  test('leaves a CPU alone that goes on using its array', () => {
    const { cache, stock } = makeCache('4.9', 512, 2);
    for (let seconds = 2; seconds <= 60; seconds += 2) {
      cache.free(0, cache.allocate(0));
      cache.reap(0, seconds * 1e9);
    }
    expect([stock.takes, stock.gives]).toEqual([1, 0]);
  });

  test('a CPU that goes offline leaves its objects to the node', () => {
    const { cache, stock } = makeCache('4.9', 512, 2);
    cache.free(0, cache.allocate(0));
    cache.flushCpu(0);
    cache.allocate(1);
    expect(cache.lastSource).toBe(MaskSource.nodeCache);
    expect(stock.takes).toBe(1);
  });
});

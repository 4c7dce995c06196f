import { describe, expect, test } from 'vitest';
import { PageStock } from '../../../test/slab-page-stock.ts';
import { MaskSource } from '../accounting/run.ts';
import { kernelRules } from './kernel-rules.ts';
import { createSlabCache, type SlabCache, type SlabSpec } from './slab.ts';
import { cpuPartialObjects, minPartial, sheafCapacity, slubOrder } from './slub-sizes.ts';

function makeCache(version: string, objectBytes: number, cpus: number, nodes = 1) {
  const stock = new PageStock();
  const nodeOfCpu = Int32Array.from({ length: cpus }, (_, cpu) => Math.floor((cpu * nodes) / cpus));
  const spec: SlabSpec = { objectBytes, cpus, nodes, nodeOfCpu };
  const cache = createSlabCache({ slab: 'slub' }, kernelRules(version), spec, stock) as SlabCache & {
    objectsPerSlab: number;
  };
  return { cache, stock };
}

describe('sizes of SLUB', () => {
  // Objects wanted 4 × (fls(CPUs) + 1): 4 CPUs 16, 8 CPUs 20, 64 CPUs 32, 128 CPUs 36, 4096 CPUs 56.
  test.each([
    [4, 1, 16],
    [8, 2, 32],
    [64, 2, 32],
    [128, 3, 64],
    [4096, 3, 64],
  ])('kmalloc-512 on %d CPUs: order %d, %d objects', (cpus, order, objects) => {
    expect(slubOrder(512, cpus)).toBe(order);
    expect(makeCache('5.10', 512, cpus).cache.objectsPerSlab).toBe(objects);
  });

  test('other sizes on 8 CPUs, as /proc/slabinfo of such a machine shows them', () => {
    // 20 objects wanted: 8 bytes 512 in a page; 64: 64; 192: 21; 256: 32 in two; 1024: 32 in eight; 4096: 8 in eight.
    expect([8, 64, 192, 256, 1024, 4096].map((bytes) => slubOrder(bytes, 8))).toEqual([0, 0, 0, 1, 3, 3]);
  });

  test('what CPUs and nodes keep', () => {
    expect([64, 256, 1024, 4096].map((bytes) => cpuPartialObjects(bytes, 'up-to-5.15'))).toEqual([
      30, 13, 6, 2,
    ]);
    expect([64, 256, 1024, 4096].map((bytes) => cpuPartialObjects(bytes, '5.16'))).toEqual([120, 52, 24, 6]);
    expect(cpuPartialObjects(64, 'none')).toBe(0);
    // ilog2(size) / 2 between 5 and 10: 512 → 4, 4096 → 6.
    expect([512, 4096].map(minPartial)).toEqual([5, 6]);
  });

  test('a sheaf fills the bucket that it is in', () => {
    // 32 + 8 × 60 = 512. 32 + 8 × 26 = 240, bucket 256: 28. 32 + 8 × 12 = 128. 32 + 8 × 4 = 64.
    expect([64, 512, 1024, 4096].map(sheafCapacity)).toEqual([60, 28, 12, 4]);
  });
});

describe('how often a burst of masks reaches the page allocator', () => {
  test('k masks on one CPU take ceil(k / 32) slabs of order 2', () => {
    for (const k of [1, 32, 33, 64, 65]) {
      const { cache, stock } = makeCache('5.10', 512, 8);
      for (let i = 0; i < k; i++) cache.allocate(0);
      expect(stock.takes).toBe(Math.ceil(k / 32));
      expect(cache.pagesHeld).toBe(4 * Math.ceil(k / 32));
    }
  });

  test('k masks on k cold CPUs take k slabs: each CPU has a slab of its own', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    for (let cpu = 0; cpu < 8; cpu++) cache.allocate(cpu);
    expect([stock.takes, stock.pagesOut]).toEqual([8, 32]);
  });

  test('masks that were freed stay', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    for (let round = 0; round < 5; round++) {
      const mask = cache.allocate(3);
      expect(cache.lastSource).toBe(round === 0 ? MaskSource.pageAllocator : MaskSource.cpuCache);
      cache.free(3, mask);
    }
    expect(stock.takes).toBe(1);
  });

  test('when order 2 is not to be had one page with 8 objects must do', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    stock.orderMax = 1;
    for (let i = 0; i < 8; i++) cache.allocate(0);
    expect(stock.asked).toEqual([2, 0]);
    expect(cache.pagesHeld).toBe(1);
    cache.allocate(0);
    expect(cache.lastPages).toBe(1);
    expect(stock.asked).toEqual([2, 0, 2, 0]);
  });

  test('without any page the request fails, and works again when there are pages', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    stock.left = 0;
    expect(cache.allocate(0)).toBe(-1);
    expect(cache.lastSource).toBe(MaskSource.failed);
    stock.left = 4;
    stock.tookReserve = true;
    expect(cache.allocate(0)).toBeGreaterThanOrEqual(0);
    expect([cache.lastSource, cache.lastPages]).toEqual([MaskSource.reserve, 4]);
  });

  test('competing users of the same size empty the cache under the mask', () => {
    const { cache } = makeCache('5.10', 512, 8);
    cache.free(0, cache.allocate(0));
    for (let i = 0; i < 32; i++) cache.allocate(0);
    expect(cache.lastPages).toBe(0);
    cache.allocate(0);
    expect(cache.lastSource).toBe(MaskSource.pageAllocator);
  });
});

describe('partial slabs', () => {
  /** CPU 0 fills 16 slabs of 32; then CPU 1 frees one object in each of `slabs` of them. Where does CPU 2 get one? */
  function sourceAfterFrees(version: string, slabs: number): number {
    const { cache } = makeCache(version, 512, 8);
    const held = Array.from({ length: 512 }, () => cache.allocate(0));
    for (let slab = 0; slab < slabs; slab++) cache.free(1, held[slab * 32]);
    cache.allocate(2);
    return cache.lastSource;
  }

  test('up to 5.15 a CPU keeps slabs until they had more than 13 objects, counted when they came', () => {
    expect(sourceAfterFrees('5.10', 14)).toBe(MaskSource.pageAllocator);
    expect(sourceAfterFrees('5.10', 15)).toBe(MaskSource.nodeCache);
  });

  test('from 5.16 it keeps ceil(2 × 52 / 32) = 4 slabs', () => {
    expect(sourceAfterFrees('6.1', 4)).toBe(MaskSource.pageAllocator);
    expect(sourceAfterFrees('6.1', 5)).toBe(MaskSource.nodeCache);
  });

  test('before 3.2 it keeps none: the first free is for all', () => {
    expect(sourceAfterFrees('3.0', 1)).toBe(MaskSource.nodeCache);
  });

  test('the CPU that keeps them takes them before the node', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    const held = Array.from({ length: 96 }, () => cache.allocate(0));
    cache.free(1, held[0]);
    cache.free(1, held[32]);
    expect([cache.allocate(1), cache.allocate(1)]).toEqual([held[32], held[0]]);
    expect(cache.lastSource).toBe(MaskSource.cpuCache);
    expect(stock.takes).toBe(3);
  });

  test('a slab that another CPU uses takes its objects back without moving', () => {
    const { cache, stock } = makeCache('5.10', 512, 8);
    const held = Array.from({ length: 32 }, () => cache.allocate(0));
    cache.free(1, held[7]);
    expect(cache.allocate(0)).toBe(held[7]);
    expect(stock.takes).toBe(1);
  });

  test('a node keeps 5 empty slabs, up to 3.15 one more', () => {
    for (const [version, kept] of [
      ['5.10', 5],
      ['3.10', 6],
    ] as const) {
      const { cache, stock } = makeCache(version, 512, 8);
      const held = Array.from({ length: 20 * 32 }, () => cache.allocate(0));
      for (const object of held) cache.free(1, object);
      cache.flushCpu(0);
      cache.flushCpu(1);
      expect(stock.pagesOut).toBe(kept * 4);
      expect(cache.pagesHeld).toBe(kept * 4);
    }
  });

  test('of another node only what it has to spare', () => {
    for (const [slabs, source] of [
      [5, MaskSource.pageAllocator],
      [6, MaskSource.nodeCache],
    ] as const) {
      const { cache } = makeCache('5.10', 512, 8, 2);
      const held = Array.from({ length: 8 * 32 }, () => cache.allocate(0));
      for (let slab = 0; slab < slabs; slab++) cache.free(0, held[slab * 32]);
      cache.flushCpu(0);
      cache.allocate(7);
      expect(cache.lastSource).toBe(source);
    }
  });
});

describe('sheaves, from 7.0', () => {
  test('a first request fills a sheaf of 28 from one slab; the 29th begins the next', () => {
    const { cache, stock } = makeCache('7.0', 512, 8);
    cache.allocate(0);
    expect([cache.lastSource, cache.lastPages]).toEqual([MaskSource.pageAllocator, 4]);
    for (let i = 1; i < 28; i++) {
      cache.allocate(0);
      expect(cache.lastSource).toBe(MaskSource.cpuCache);
    }
    // 4 objects are left in the slab, 24 come from a second one.
    cache.allocate(0);
    expect([cache.lastSource, stock.takes]).toEqual([MaskSource.pageAllocator, 2]);
  });

  test('a sheaf that cannot be filled wholly gives way to a single object', () => {
    const { cache, stock } = makeCache('7.0', 512, 8);
    stock.left = 1;
    const got = Array.from({ length: 8 }, () => cache.allocate(0));
    expect(got.every((object) => object >= 0)).toBe(true);
    expect(cache.allocate(0)).toBe(-1);
    expect(cache.lastSource).toBe(MaskSource.failed);
    expect(cache.objectsHeld).toBe(8);
  });

  test('two full sheaves of a CPU, then the barn of the node, which others use', () => {
    const { cache, stock } = makeCache('7.0', 512, 8);
    const held = Array.from({ length: 84 }, () => cache.allocate(0));
    // 84 = 3 × 28: the third sheaf is used up; 84 frees make two full ones and 28 for the barn.
    for (const object of held) cache.free(0, object);
    const { takes } = stock;
    cache.allocate(1);
    expect(cache.lastSource).toBe(MaskSource.nodeCache);
    for (let i = 1; i < 28; i++) cache.allocate(1);
    expect(cache.lastSource).toBe(MaskSource.cpuCache);
    expect(stock.takes).toBe(takes);
  });

  test('a barn holds 10 full sheaves; what is more goes back to the slabs', () => {
    const { cache, stock } = makeCache('7.0', 512, 8);
    const held = Array.from({ length: 28 * 40 }, () => cache.allocate(0));
    expect(stock.pagesOut).toBe(35 * 4);
    for (const object of held) cache.free(0, object);
    // Sheaf 0 is flushed first, since the barn is full with sheaves 1 to 10: objects 28 to 307, in slabs 0 to 9. Of
    // these 0 and 9 have free objects and stand on the node's list; 10 and 11 come to it as empty slabs 3 and 4;
    // from the fifth on they go back. 12 slabs of 4 pages are left.
    cache.flushCpu(0);
    expect(stock.pagesOut).toBe(48);
    expect(cache.pagesHeld).toBe(stock.pagesOut);
  });
});

import { expect, test } from 'vitest';
import { type MachineByHand, scenarioWith } from '../../../test/machines.ts';
import { MaskSource } from '../accounting/run.ts';
import type { Mask } from '../policy/policy.ts';
import { fillMemory } from './fill-memory.ts';
import { kernelRules } from './kernel-rules.ts';
import { MaskSupply } from './mask-supply.ts';
import { Memory } from './memory.ts';

/** Masks of 256 bytes from SLAB (15 in a page), min 1000 pages and low 1250; `free` pages are left. */
function supply(free: number, by: MachineByHand = {}, mask: Mask = 'allocated') {
  const scenario = scenarioWith({
    version: '3.4',
    kernel: { offstack: true, nrCpus: 2048, slab: 'slab', minFreeKbytes: 4000 },
    machine: { usedPages: 65_536 - free },
    ...by,
  });
  const rules = kernelRules(scenario.kernel.version);
  const memory = new Memory(scenario, rules, null);
  fillMemory(scenario.machine, memory);
  const woken: number[] = [];
  const masks = new MaskSupply(scenario, rules, mask, memory, 1, (cpu) => woken.push(cpu));
  expect(memory.buddy.free[0]).toBe(free);
  return { masks, memory, woken, take: () => ({ ...masks.take(0) }) };
}

test('on the stack, static or none: nothing is allocated and nothing can fail', () => {
  const always = { probability: 100, times: -1 };
  const stack = supply(5000, { kernel: { offstack: false, nrCpus: 512 }, failslab: always });
  // 512 bits are 8 words of 64.
  expect(stack.take()).toEqual({ object: -1, source: MaskSource.noAllocation, ns: 8, pages: 0 });
  expect(supply(5000, { failslab: always }, 'static').take()).toMatchObject({
    object: -1,
    source: MaskSource.noAllocation,
  });
  expect(supply(5000, {}, 'none').take()).toMatchObject({ object: -1, source: MaskSource.none, ns: 0 });
});

test('heap: the first from a page, the next from the array of the CPU', () => {
  const { masks, memory, take, woken } = supply(5000);
  const first = take();
  expect(masks.storage).toMatchObject({ where: 'heap', bytes: 256, cacheBytes: 256 });
  expect(first).toMatchObject({ source: MaskSource.pageAllocator, pages: 1 });
  expect(masks.pagesByZone[0]).toBe(1);
  expect(memory.buddy.free[0]).toBe(5000 - memory.lists.batch[0]);
  // 60 from the array, 32 words to clear.
  expect(take()).toMatchObject({ source: MaskSource.cpuCache, pages: 0, ns: 60 + 32 });
  expect(woken).toEqual([]);
  expect(memory.spentNs).toBe(0);
});

test('between low and min kswapd is woken, and the page is no reserve', () => {
  const { take, woken } = supply(1200);
  expect(take()).toMatchObject({ source: MaskSource.pageAllocator, pages: 1 });
  expect(woken).toEqual([0]);
});

test('below min the page comes from the reserve, down to 3/8 of min', () => {
  expect(supply(1000).take()).toMatchObject({ source: MaskSource.reserve, pages: 1 });
  // 1000 - 500 - 125 = 375: free must be more.
  expect(supply(376).take()).toMatchObject({ source: MaskSource.reserve, pages: 1 });
  const { take, masks, memory } = supply(375);
  expect(take()).toMatchObject({ object: -1, source: MaskSource.failed, pages: 0 });
  expect(masks.pagesByZone[0]).toBe(0);
  expect(memory.buddy.free[0]).toBe(375);
});

test('failslab at 100 % fails though objects are there, and gives nothing to give back', () => {
  const { masks, take } = supply(5000, { failslab: { probability: 100, times: -1, space: 256 * 3 + 1 } });
  // The budget pays for three calls of 256 bytes; the fourth would leave nothing and is drawn.
  const sources = [take(), take(), take(), take(), take()].map(({ source }) => source);
  expect(sources).toEqual([
    MaskSource.pageAllocator,
    MaskSource.cpuCache,
    MaskSource.cpuCache,
    MaskSource.failed,
    MaskSource.failed,
  ]);
  expect(masks.cache.objectsHeld).toBe(3);
  masks.give(0, -1);
  expect(masks.cache.objectsHeld).toBe(3);
});

test('fail_page_alloc spares order 0 unless min-order is 0', () => {
  const always = { probability: 100, times: -1 };
  expect(supply(5000, { failPageAlloc: always }).take().source).toBe(MaskSource.pageAllocator);
  expect(supply(5000, { failPageAlloc: { ...always, minOrder: 0 } }).take().source).toBe(MaskSource.failed);
});

test('masks of 512 bytes need a second page: the head of their slab lies outside', () => {
  const { take, masks } = supply(5000, {
    kernel: { offstack: true, nrCpus: 4096, slab: 'slab', minFreeKbytes: 4000 },
  });
  expect(take()).toMatchObject({ source: MaskSource.pageAllocator, pages: 2 });
  expect(masks.pagesByZone[0]).toBe(2);
});

test('what is given back serves the next', () => {
  const { masks, take } = supply(5000);
  const { object } = take();
  masks.give(0, object);
  expect(masks.cache.objectsHeld).toBe(0);
  expect(take()).toMatchObject({ object, source: MaskSource.cpuCache });
  masks.give(0, object);
  expect(masks.cache.pagesHeld).toBe(1);
});

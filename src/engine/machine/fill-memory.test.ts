import { expect, test } from 'vitest';
import { scenarioWith } from '../../../test/machines.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { checkConservation } from './conservation.ts';
import { fillMemory } from './fill-memory.ts';
import { kernelRules } from './kernel-rules.ts';
import { Memory } from './memory.ts';

const zones: ZoneSpec[] = [
  { name: 'DMA', node: 0, startPfn: 1, pages: 3977 },
  { name: 'DMA32', node: 0, startPfn: 4096, pages: 8192 },
  { name: 'Normal', node: 1, startPfn: 12_288, pages: 16_384 },
];

function filled(usedPages: number, cachePages: number) {
  const scenario = scenarioWith({ machine: { zones, nodes: 2, usedPages, cachePages } });
  const memory = new Memory(scenario, kernelRules('5.10'), null);
  return { memory, kernel: fillMemory(scenario.machine, memory) };
}

test('both are spread over the zones by size', () => {
  const { memory, kernel } = filled(10_000, 5000);
  // Of 28,553 pages: DMA 3977, DMA32 8192, Normal 16,384. 10,000 x 3977 / 28,553 = 1392.8; 2869.0; 5738.1. Half of it: 696.4; 1434.5; 2869.0.
  expect([...memory.buddy.free]).toEqual([3977 - 1392 - 696, 8192 - 2869 - 1434, 16_384 - 5738 - 2869]);
  expect([memory.cache.pages(0), memory.cache.pages(1)]).toEqual([696 + 1434, 2869]);
  let pages = 0;
  for (let pfn = kernel.head[0]; pfn >= 0; pfn = memory.links.next[pfn])
    pages += 1 << memory.links.order[pfn];
  expect(pages).toBe(1392 + 2869 + 5738);
});

test('every page is in one place', () => {
  const { memory, kernel } = filled(10_000, 5000);
  checkConservation({
    buddy: memory.buddy,
    lists: { counts: memory.lists, chains: memory.listChains },
    places: [
      { name: 'the page cache', chains: memory.cache.chains },
      { name: 'what the kernel holds', chains: kernel },
    ],
    outside: () => 0,
  });
});

test('nothing to fill leaves everything free', () => {
  const { memory } = filled(0, 0);
  expect([...memory.buddy.free]).toEqual([3977, 8192, 16_384]);
});

/** What is in memory when a run begins: pages that the kernel holds, and pages of files. Both spread over the zones by size. */

import type { Pages } from '../../base/units.ts';
import type { MachineSpec } from '../input/scenario.ts';
import { BlockType, maxOrder } from './buddy.ts';
import type { Memory } from './memory.ts';
import { Chains, noPage } from './page-chains.ts';

/** Takes `usedPages` and `cachePages` from the free lists. Returns the chain of what the kernel holds. */
export function fillMemory(machine: MachineSpec, memory: Memory): Chains {
  const kernel = new Chains(memory.links, 1);
  let total = 0;
  for (const zone of machine.zones) total += zone.pages;
  machine.zones.forEach(({ pages, node }, zone) => {
    const used = Math.floor((machine.usedPages * pages) / total);
    const cached = Math.floor((machine.cachePages * pages) / total);
    takeBlocks(memory, zone, used, BlockType.unmovable, (pfn) => kernel.pushTail(0, pfn));
    takeBlocks(memory, zone, cached, BlockType.movable, (pfn, order) => {
      // A block of the free lists becomes single pages of files.
      for (let page = pfn; page < pfn + (1 << order); page++) {
        memory.links.order[page] = 0;
        memory.cache.add(node, page, 0);
      }
    });
  });
  return kernel;
}

function takeBlocks(
  memory: Memory,
  zone: number,
  pages: Pages,
  type: number,
  taken: (pfn: number, order: number) => void,
): void {
  let left = pages;
  for (let order = maxOrder; order >= 0 && left > 0; order--) {
    while (left >= 1 << order) {
      const pfn = memory.buddy.take(zone, order, type);
      if (pfn === noPage) break;
      memory.links.order[pfn] = order;
      left -= 1 << order;
      taken(pfn, order);
    }
  }
}

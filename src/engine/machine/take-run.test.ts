import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ZoneSpec } from '../input/scenario.ts';
import { BlockType, Buddy, orderCount } from './buddy.ts';
import { kernelRules } from './kernel-rules.ts';
import { Chains, noPage, PageLinks } from './page-chains.ts';

/** A zone with its free lists and one list that takes blocks. */
function machine(version: string) {
  const zone: ZoneSpec = { name: 'Normal', node: 0, startPfn: 512, pages: 4096 };
  const buddy = new Buddy(new PageLinks(512 + 4096), [zone], kernelRules(version));
  return { buddy, taken: new Chains(buddy.links, 1) };
}

function members(chains: Chains): number[] {
  const all: number[] = [];
  for (let pfn = chains.head[0]; pfn !== noPage; pfn = chains.links.next[pfn]) all.push(pfn);
  return all;
}

/** Everything that can be seen of the free lists, block by block in their order. */
function state({ buddy, taken }: ReturnType<typeof machine>) {
  const free: string[] = [];
  buddy.forEachFree(0, (pfn, order, type) => free.push(`${type}:${order}@${pfn}`));
  const lengths: number[] = [];
  for (let type = 0; type < 3; type++)
    for (let order = 0; order < orderCount; order++) lengths.push(buddy.listLength(0, order, type));
  const on = members(taken);
  return [free, lengths, [...buddy.free], [...buddy.freeBlocks], on, on.map((pfn) => buddy.links.order[pfn])];
}

test.each(['3.0', '4.9', '5.10', '6.12', '6.19'])(
  'blocks that come in one run are those that come one by one (%s)',
  (version) => {
    const step = fc.record({
      order: fc.integer({ min: 0, max: 3 }),
      type: fc.constantFrom(BlockType.unmovable, BlockType.movable, BlockType.movable, BlockType.reclaimable),
      blocks: fc.integer({ min: 1, max: 300 }),
      giveBack: fc.integer({ min: 0, max: 200 }),
      seed: fc.integer({ min: 1, max: 9973 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const one = machine(version);
        const run = machine(version);
        for (const { order, type, blocks, giveBack, seed } of steps) {
          let came = 0;
          while (came < blocks) {
            const pfn = one.buddy.take(0, order, type);
            if (pfn === noPage) break;
            one.taken.pushTail(0, pfn);
            came++;
          }
          expect(run.buddy.takeRun(0, order, type, blocks, run.taken, 0)).toBe(came);
          expect(run.taken.length[0]).toBe(one.taken.length[0]);
          for (let i = 0; i < giveBack && one.taken.length[0] > 0; i++) {
            const all = members(one.taken);
            const pfn = all[(i * seed) % all.length];
            for (const { buddy, taken } of [one, run]) {
              taken.remove(0, pfn);
              buddy.give(0, pfn, buddy.links.order[pfn]);
            }
          }
          expect(state(run)).toEqual(state(one));
        }
      }),
      { numRuns: 25 },
    );
  },
);

test.each(['3.0', '5.10', '6.19'])(
  'pages that go back in one run leave the free lists as pages that go back one by one (%s)',
  (version) => {
    const step = fc.record({
      blocks: fc.integer({ min: 1, max: 1500 }),
      // Stretches of the list are turned round and moved to its head, so that it has runs of both directions.
      turns: fc.array(fc.tuple(fc.nat(4095), fc.integer({ min: 1, max: 40 }), fc.boolean()), {
        maxLength: 20,
      }),
      type: fc.constantFrom(BlockType.unmovable, BlockType.movable),
      givesBack: fc.integer({ min: 1, max: 1500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const one = machine(version);
        const run = machine(version);
        for (const { blocks, turns, type, givesBack } of steps) {
          for (const { buddy, taken } of [one, run]) {
            buddy.takeRun(0, 0, type, blocks, taken, 0);
            for (const [from, count, reverse] of turns) {
              const all = members(taken);
              const stretch = all.slice(from % (all.length + 1)).slice(0, count);
              for (const pfn of reverse ? stretch : stretch.reverse()) {
                taken.remove(0, pfn);
                taken.pushHead(0, pfn);
              }
            }
          }
          const count = Math.min(givesBack, one.taken.length[0]);
          for (let i = 0; i < count; i++) one.buddy.give(0, one.taken.popTail(0), 0);
          run.buddy.giveRun(0, count, run.taken, 0);
          expect(state(run)).toEqual(state(one));
        }
      }),
      { numRuns: 40 },
    );
  },
);

test('a run of three from a block of eight leaves one page and a block of four', () => {
  const { buddy, taken } = machine('5.10');
  const blocks: number[] = [];
  // Only one block of order 3 is left: all others go.
  buddy.takeRun(0, 3, BlockType.movable, 511, taken, 0);
  expect(buddy.takeRun(0, 0, BlockType.movable, 3, taken, 0)).toBe(3);
  buddy.forEachFree(0, (pfn, order) => blocks.push(pfn % 8, order));
  // Pages 0 to 2 of it are out; page 3 is alone, 4 to 7 are one block.
  expect(blocks).toEqual([3, 0, 4, 2]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineScenario } from '../../scenario/define-scenario.ts';
import { BlockType } from './buddy.ts';
import { kernelRules } from './kernel-rules.ts';
import { Memory } from './memory.ts';
import { Chains, noPage } from './page-chains.ts';
import { Depth, Mark } from './watermarks.ts';

const cpus = 3;

/** A small machine of two zones, with two tasks that hold pages. */
function machine(version: string) {
  const scenario = defineScenario({
    machine: { cpus, memory: '36 MiB' },
    kernel: { version, minFreeKbytes: 2000 },
    tasks: [{ kind: 'sleeper', sleep: '1 s' }],
  });
  const memory = new Memory(scenario, kernelRules(version), null);
  return { memory, held: new Chains(memory.links, 2) };
}

function members(chains: Chains, chain: number): number[] {
  const all: number[] = [];
  for (let pfn = chains.head[chain]; pfn !== noPage; pfn = chains.links.next[pfn]) all.push(pfn);
  const back: number[] = [];
  for (let pfn = chains.tail[chain]; pfn !== noPage; pfn = chains.links.prev[pfn]) back.push(pfn);
  expect(back.reverse()).toEqual(all);
  expect(chains.length[chain]).toBe(all.length);
  return all;
}

function state({ memory, held }: ReturnType<typeof machine>) {
  const { lists, buddy } = memory;
  return {
    lists: [lists.count, lists.length, lists.high, lists.allocFactor, lists.freeCount].map((each) => [
      ...each,
    ]),
    holders: lists.holders.map((set) => [...set.words]),
    flags: [...lists.zoneFlags],
    free: [...buddy.free],
    freeBlocks: [...buddy.freeBlocks],
    counters: [memory.spentNs, memory.refills, memory.giveBacks, memory.lockedOut],
    held: [members(held, 0), members(held, 1)],
    parked: Array.from(lists.length, (_, list) => members(memory.listChains, list)),
  };
}

test.each(['3.0', '4.9', '5.10', '5.15', '6.1', '6.12', '6.19'])(
  'pages that move in runs are those that move one by one, and leave the same machine (%s)',
  (version) => {
    const step = fc.record({
      what: fc.constantFrom('allocate', 'allocate', 'free', 'drain', 'flags'),
      cpu: fc.integer({ min: 0, max: cpus - 1 }),
      task: fc.integer({ min: 0, max: 1 }),
      order: fc.constantFrom(0, 0, 0, 0, 1, 3),
      type: fc.constantFrom(BlockType.unmovable, BlockType.movable, BlockType.movable, BlockType.reclaimable),
      count: fc.constantFrom(1, 7, 40, 300, 3000),
      oldest: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const one = machine(version);
        const run = machine(version);
        for (const { what, cpu, task, order, type, count, oldest } of steps) {
          const { memory, held } = one;
          let done = 0;
          if (what === 'allocate') {
            for (; done < count; done++) {
              const pfn = memory.allocate(cpu, order, type, Mark.low, Depth.normal);
              if (pfn === noPage) break;
              held.pushHead(task, pfn);
            }
            const got = run.memory.allocateRun(
              cpu,
              order,
              type,
              Mark.low,
              Depth.normal,
              count,
              run.held,
              task,
            );
            expect(got).toBe(done);
          } else if (what === 'free') {
            let pages = 0;
            for (; done < count; done++) {
              const pfn = oldest ? held.popTail(task) : held.popHead(task);
              if (pfn === noPage) break;
              pages += 1 << memory.links.order[pfn];
              memory.free(cpu, pfn);
            }
            expect(run.memory.freeRun(cpu, run.held, task, count, oldest)).toBe(done);
            expect(run.memory.freedPages).toBe(pages);
          } else {
            for (const each of [memory, run.memory]) {
              if (what === 'drain') each.drainLists(cpu, -1, cpu);
              else each.lists.zoneFlags.fill(count & 3);
            }
          }
          expect(state(run)).toEqual(state(one));
        }
      }),
      { numRuns: 30 },
    );
  },
);

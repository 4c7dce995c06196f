import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ZoneSpec } from '../input/scenario.ts';
import { Buddy } from './buddy.ts';
import { checkConservation } from './conservation.ts';
import { kernelRules } from './kernel-rules.ts';
import { Chains, PageLinks } from './page-chains.ts';

const zones: readonly ZoneSpec[] = [
  { name: 'DMA', node: 0, startPfn: 1, pages: 1500 },
  { name: 'Normal', node: 0, startPfn: 2048, pages: 5 * 1024 + 512 },
];

/** A machine whose taken blocks stand on chains of their own, one for each zone. */
class Machine {
  readonly links = new PageLinks(2048 + zones[1].pages);
  readonly buddy: Buddy;
  readonly held = new Chains(this.links, zones.length);
  readonly outside = [0, 0];

  constructor(version: string) {
    this.buddy = new Buddy(this.links, zones, kernelRules(version));
  }

  take(zone: number, order: number, type: number): number {
    const pfn = this.buddy.take(zone, order, type);
    if (pfn >= 0) this.held.pushTail(zone, pfn);
    return pfn;
  }

  /** Gives the block at a place of the chain back; nothing when the chain is empty. */
  give(zone: number, place: number): void {
    const length = this.held.length[zone];
    if (length === 0) return;
    let pfn = this.held.head[zone];
    for (let i = place % length; i > 0; i--) pfn = this.links.next[pfn];
    this.held.remove(zone, pfn);
    this.buddy.give(zone, pfn, this.links.order[pfn]);
  }

  check(): void {
    checkConservation({
      buddy: this.buddy,
      lists: null,
      places: [{ name: 'held', chains: this.held }],
      outside: (zone) => this.outside[zone],
    });
  }
}

describe('random takes and gives', () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        zone: fc.nat(1),
        order: fc.nat(10),
        type: fc.nat(2),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        zone: fc.nat(1),
        order: fc.nat(2),
        type: fc.nat(2),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('give' as const), zone: fc.nat(1), place: fc.nat() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('isolate' as const),
        pfn: fc.integer({ min: 2048, max: 7000 }),
        pages: fc.integer({ min: 1, max: 1500 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('undo' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('reserve' as const),
        pfn: fc.integer({ min: 2048, max: 7000 }),
        type: fc.nat(3),
      }),
    },
  );

  it.each(['3.0', '4.9', '5.10', '6.12', '6.19'])(
    'on %s lose no page, and all joins when all is given back',
    (version) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
          const machine = new Machine(version);
          const { buddy } = machine;
          const fresh = [0, 1].map((zone) =>
            Array.from({ length: 11 }, (_, order) => buddy.freeBlocks[zone * 11 + order]),
          );
          for (const each of steps) {
            if (each.do === 'take') machine.take(each.zone, each.order, each.type);
            else if (each.do === 'give') machine.give(each.zone, each.place);
            else if (each.do === 'isolate') buddy.isolate(1, each.pfn, Math.min(each.pages, 7680 - each.pfn));
            else if (each.do === 'reserve') {
              if (buddy.blockType(each.pfn) < 4) buddy.setBlockType(1, each.pfn, each.type);
            } else
              for (let pfn = 2048; pfn < 7680; pfn += 512)
                if (buddy.blockType(pfn) === 4) buddy.undoIsolate(1, pfn, 1);
          }
          machine.check();
          while (machine.held.length[0] > 0) machine.give(0, 0);
          while (machine.held.length[1] > 0) machine.give(1, 0);
          machine.check();
          // Page blocks of one type again: every block of the start is back.
          for (let pfn = 2048; pfn < 7680; pfn += 512) buddy.setBlockType(1, pfn, 1);
          machine.check();
          for (const zone of [0, 1])
            expect(Array.from({ length: 11 }, (_, order) => buddy.freeBlocks[zone * 11 + order])).toEqual(
              fresh[zone],
            );
        }),
        { numRuns: 40 },
      );
    },
  );

  it('a zone gives out each page once, whatever the types', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 3, maxLength: 9 }),
        fc.constantFrom('3.0', '5.10', '6.12', '6.15'),
        (types, version) => {
          const machine = new Machine(version);
          const seen = new Set<number>();
          for (let i = 0; i < 1500; i++) {
            const pfn = machine.take(0, 0, types[i % types.length]);
            expect(pfn).toBeGreaterThan(0);
            seen.add(pfn);
          }
          expect(machine.take(0, 0, 1)).toBe(-1);
          expect(seen.size).toBe(1500);
          machine.check();
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('the check finds', () => {
  it('a page that nobody holds', () => {
    const machine = new Machine('5.10');
    machine.buddy.take(1, 0, 1);
    expect(() => machine.check()).toThrow('zone 1 has 5632 pages, 5631 stand on lists and 0 outside');
    machine.outside[1] = 1;
    machine.check();
  });

  it('a page in two places', () => {
    const machine = new Machine('5.10');
    const pfn = machine.take(1, 3, 1);
    machine.buddy.give(1, pfn, 3);
    expect(() => machine.check()).toThrow('pages are not conserved');
    const other = new Machine('5.10');
    other.take(1, 3, 1);
    other.held.pushTail(0, other.buddy.take(1, 0, 1));
    other.links.order[other.held.head[0]] = 3;
    expect(() => other.check()).toThrow(/pages are not conserved: page \d+/);
  });

  it('a free counter that is wrong', () => {
    const machine = new Machine('5.10');
    machine.buddy.free[1]--;
    expect(() => machine.check()).toThrow('free pages of zone 1: the counter says 5631, the lists 5632');
  });

  it('a list whose counter is wrong', () => {
    const machine = new Machine('5.10');
    const chains = new Chains(machine.links, 2);
    const counts = {
      setCount: 2,
      listsPerSet: 1,
      zoneCount: 2,
      count: Int32Array.of(0, 2),
      length: Int32Array.of(0, 1),
      orderAt: Uint8Array.of(1),
    };
    const check = () =>
      checkConservation({ buddy: machine.buddy, lists: { counts, chains }, places: [], outside: () => 0 });
    chains.pushTail(1, machine.buddy.take(1, 1, 1));
    check();
    counts.count[1] = 1;
    expect(check).toThrow('count of set 1: the counter says 1, the lists 2');
    counts.count[1] = 2;
    counts.length[0] = -1;
    expect(check).toThrow('length of list 0 of set 0 is negative: -1');
  });
});

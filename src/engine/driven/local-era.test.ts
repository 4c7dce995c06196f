import { describe, expect, test } from 'vitest';
import { BitSet } from '../../base/bit-set.ts';
import { EventBlock, type EventLogSource, Kind } from '../input/event-log.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import { kernelRules } from '../machine/kernel-rules.ts';
import type { Knowledge } from './driven.ts';
import { localEra } from './local-era.ts';
import { Score } from './score.ts';

const unmovable = 0;
const movable = 1;

type Row = Partial<Record<'cpu' | 'pid' | 'pfn' | 'order' | 'a' | 'b' | 'c' | 'd' | 'timeNs', number>> & {
  kind: Kind;
  text?: string;
};

/** Two CPUs, one zone of 4096 pages (8 page blocks). */
const machine: Machine = {
  cpuCount: 2,
  online: BitSet.full(2),
  isolated: new BitSet(2),
  zones: [{ name: 'Normal', node: 0, startPfn: 0, endPfn: 4096 }],
};

/** Batch 4, high 6. */
function drive(
  rows: readonly Row[],
  { knowledge = 'hindsight' as Knowledge, snapshots = [] as ZoneinfoSnapshot[] } = {},
) {
  const block = new EventBlock();
  for (const [i, row] of rows.entries()) {
    block.kind[i] = row.kind;
    block.timeNs[i] = row.timeNs ?? 100 * i;
    for (const column of ['cpu', 'pid', 'pfn', 'order', 'a', 'b', 'c', 'd'] as const) {
      block[column][i] = row[column] ?? 0;
    }
    if (row.text !== undefined) block.texts.set(i, row.text);
  }
  block.length = rows.length;
  const score = new Score(machine);
  const setting = {
    source: {} as EventLogSource,
    machine,
    snapshots,
    rules: kernelRules('5.10'),
    limits: [{ batch: 4, high: 6, highMin: 6, highMax: 6 }],
    knowledge,
    roundRobinStart: 0,
  };
  for (const pass of localEra.makePasses(setting, score)) {
    pass.feed(block);
    pass.finish();
  }
  return { ...score.zones[0], deviations: score.deviations(), begun: [...score.begun] };
}

const alloc = (pfn: number, type: number = movable, cpu = 0): Row => ({
  kind: Kind.pageAlloc,
  pfn,
  a: type,
  cpu,
});
const free = (pfn: number, cpu = 0, pid = 1): Row => ({ kind: Kind.pageFree, pfn, cpu, pid });
const gone = (pfn: number, type: number = movable, cpu = 0): Row => ({
  kind: Kind.pagePcpuDrain,
  pfn,
  a: type,
  cpu,
  pid: 1,
});
const bulk = (cpu = 0): Row => ({ kind: Kind.freePcppagesBulk, a: 7, cpu, pid: 1 });
/** A worker drains CPU `cpu` of these pages. */
const drain = (pages: readonly Row[] = [], cpu = 0): Row[] => [
  { kind: Kind.drainLocalPagesWq, cpu, pid: 1 },
  ...(pages.length > 0 ? [bulk(cpu), ...pages] : []),
  { kind: Kind.drainWorkEnd, cpu, pid: 1 },
];
const refill = (pages: readonly number[], type: number = movable, cpu = 0): Row[] =>
  pages.map((pfn) => ({ kind: Kind.pageAllocZoneLocked, pfn, a: type, cpu }));

describe('driven by hand', () => {
  test('nothing is scored before the first drain of a CPU', () => {
    const { refills, drains, begun } = drive([
      ...refill([1, 2, 3, 4]),
      alloc(1),
      ...drain([gone(2), gone(3), gone(4)]),
    ]);
    expect([refills.observed, refills.predicted, drains.observed]).toEqual([0, 0, 0]);
    expect(begun).toEqual([1, 0]);
  });

  test('an allocation from an empty list makes a refill of a batch', () => {
    const { refills, deviations } = drive([
      ...drain(),
      ...refill([1, 2, 3, 4]),
      alloc(1),
      alloc(2),
      alloc(3),
      alloc(4),
    ]);
    expect(refills).toMatchObject({ observed: 1, predicted: 1, exact: 1 });
    expect(deviations).toEqual([]);
  });

  test('a refill that did not come is unfounded, one that was not predicted is missed', () => {
    expect(drive([...drain(), alloc(1)]).refills).toMatchObject({
      observed: 0,
      predicted: 1,
      unfounded: 1,
      pagesOff: 4,
    });
    const { refills } = drive([...drain(), free(9), ...refill([1, 2, 3, 4]), alloc(9)]);
    expect(refills).toMatchObject({ observed: 1, predicted: 0, missed: 1, pagesOff: 4 });
  });

  test('a refill that is smaller than a batch has the wrong size', () => {
    const { refills, deviations } = drive([...drain(), ...refill([1, 2, 3]), alloc(1)]);
    expect(refills).toMatchObject({ observed: 1, predicted: 1, exact: 0, wrongSize: 1, pagesOff: 1 });
    expect(deviations[0]).toMatchObject({ of: 'refills', class: 'short' });
  });

  test('the free that reaches high gives a batch back, from the lists in turn', () => {
    const frees = [10, 11, 12, 600, 601, 602].map((pfn) => free(pfn));
    // Pages 10–12 movable, 600–602 unmovable: movable, past reclaimable (take 2) unmovable 2, movable 1 = 4.
    const given = [gone(10), gone(600, unmovable), gone(601, unmovable), gone(11)];
    const rest = drain([gone(12), gone(602, unmovable)]);
    const { giveBacks, types, drains, deviations } = drive([...drain(), ...frees, bulk(), ...given, ...rest]);
    expect(giveBacks).toMatchObject({ observed: 1, predicted: 1, exact: 1 });
    expect(types).toMatchObject({ observed: 1, exact: 1 });
    expect(drains).toMatchObject({ observed: 1, exact: 1 });
    expect(deviations).toEqual([]);
  });

  test('a give-back from other lists than predicted is told, though its size is right', () => {
    const frees = [10, 11, 12, 600, 601, 602].map((pfn) => free(pfn));
    const given = [gone(10), gone(600, unmovable), gone(11), gone(12)];
    const rest = drain([gone(601, unmovable), gone(602, unmovable)]);
    const { giveBacks, types } = drive([...drain(), ...frees, bulk(), ...given, ...rest]);
    expect(giveBacks.exact).toBe(1);
    expect(types).toMatchObject({ observed: 1, exact: 0, wrongSize: 1, pagesOff: 1 });
  });

  test('a page of a list of pages enters when its turn comes, one past the lists never', () => {
    const three = [1, 2, 3];
    const later = three.map((pfn): Row => ({ kind: Kind.pageFreeBatched, pfn, pid: 1 }));
    // Told as freed, but the list is still empty: the allocation makes a refill. 3 pages of it and the 3 reach high.
    const between = [...refill([20, 21, 22, 23]), alloc(20)];
    const given = [21, 22, 23, 1].map((pfn) => gone(pfn));
    const rows = [...drain(), ...three.map((pfn) => free(pfn)), ...between, ...later, bulk(), ...given];
    const together = drive([...rows, ...drain([gone(2), gone(3)])]);
    expect(together.refills).toMatchObject({ observed: 1, predicted: 1, exact: 1 });
    expect(together.giveBacks).toMatchObject({ observed: 1, predicted: 1, exact: 1 });
    const past: Row = { kind: Kind.freeOnePage, pfn: 3 };
    const five = drive([...drain(), free(1), free(2), free(3), past, free(4), free(5), free(6), ...drain()]);
    expect(five.giveBacks).toMatchObject({ observed: 0, predicted: 0 });
    expect(five.drains.pagesOff).toBe(5);
  });

  test('a drain must find what was predicted', () => {
    const found = drive([...drain(), free(1), free(2), ...drain([gone(1), gone(2)])]);
    expect(found.drains).toMatchObject({ observed: 1, predicted: 1, exact: 1 });
    const less = drive([...drain(), free(1), free(2), ...drain([gone(1)])]);
    expect(less.drains).toMatchObject({ observed: 1, wrongSize: 1, pagesOff: 1 });
  });

  test('a page that leaves later although it was told as freed before the drain was on its way', () => {
    const { deviations } = drive([...drain(), free(1), free(2), ...drain([gone(1)]), alloc(2)]);
    expect(deviations.find(({ of }) => of === 'drains')).toMatchObject({ class: 'in flight', times: 1 });
  });

  test('the drain of a zone that is queued with its pointer drains that zone', () => {
    const asked: Row[] = [
      { kind: Kind.drainAllPages, a: 7, cpu: 1, pid: 5 },
      { kind: Kind.drainWorkQueued, a: 0, cpu: 1, pid: 5 },
    ];
    const learnt = [bulk(), gone(99)];
    const { drains } = drive([...learnt, ...drain(), free(1), ...asked, ...drain([gone(1)])]);
    expect(drains).toMatchObject({ observed: 1, exact: 1 });
  });

  test('the vmstat worker takes a batch from a list of another node', () => {
    const worker: Row[] = [
      { kind: Kind.drainZonePages, a: 7, pid: 1 },
      bulk(),
      ...[1, 2, 3, 4].map((pfn) => gone(pfn)),
    ];
    const learnt = [bulk(), gone(99)];
    const frees = [1, 2, 3, 4, 5].map((pfn) => free(pfn));
    const { drains, giveBacks } = drive([...learnt, ...drain(), ...frees, ...worker, ...drain([gone(5)])]);
    expect(drains).toMatchObject({ observed: 2, exact: 2 });
    expect(giveBacks.observed).toBe(0);
  });

  test('without the probe of the give-back its pages tell it', () => {
    const frees = [1, 2, 3, 4, 5, 6].map((pfn) => free(pfn));
    const given = [1, 2, 3, 4].map((pfn) => gone(pfn));
    const { giveBacks } = drive([...drain(), ...frees, ...given, ...drain([gone(5), gone(6)])]);
    expect(giveBacks).toMatchObject({ observed: 1, exact: 1 });
  });
});

describe('the type of a freed page', () => {
  // Page 600 is in a block that nobody has told of: unmovable, as its allocation shows.
  const rows = [...drain(), free(600), alloc(600, unmovable)];

  test('with hindsight is that with which it leaves', () => {
    expect(drive(rows).refills).toMatchObject({ observed: 0, predicted: 0 });
  });

  test('causally is movable until something tells otherwise', () => {
    const { refills, deviations } = drive(rows, { knowledge: 'causal' });
    expect(refills).toMatchObject({ predicted: 1, unfounded: 1 });
    expect(deviations).toEqual([{ of: 'refills', zone: 'Normal', class: 'block type', times: 1 }]);
  });

  test('causally is known once a page of the block has left', () => {
    const again = [...rows, ...drain(), free(601), alloc(601, unmovable)];
    expect(drive(again, { knowledge: 'causal' }).refills).toMatchObject({ predicted: 1, unfounded: 1 });
  });

  test('causally is known from the taking over of the block', () => {
    const taken: Row = {
      kind: Kind.pageAllocExtfrag,
      pfn: 512,
      order: 0,
      a: unmovable,
      b: movable,
      c: 9,
      d: 1,
    };
    expect(drive([taken, ...rows], { knowledge: 'causal' }).refills).toMatchObject({ predicted: 0 });
    const notTaken = { ...taken, d: 0 };
    expect(drive([notTaken, ...rows], { knowledge: 'causal' }).refills).toMatchObject({ predicted: 1 });
  });

  test('a page that was freed before its block was taken over tells nothing new', () => {
    const taken: Row = {
      kind: Kind.pageAllocExtfrag,
      pfn: 512,
      order: 0,
      a: unmovable,
      b: movable,
      c: 9,
      d: 1,
    };
    const old = [free(700, 1), taken, free(5, 1), gone(700, movable, 1)];
    expect(drive([...old, ...rows], { knowledge: 'causal' }).refills).toMatchObject({ predicted: 0 });
  });
});

describe('counts at a snapshot', () => {
  const snapshot = (pages: readonly number[]): ZoneinfoSnapshot => ({
    number: 3,
    label: 'by hand',
    pages: Int32Array.from(pages),
    printedAt: Float32Array.from([0.5, 0.5]),
  });
  const marker = (word: string, timeNs: number): Row => ({
    kind: Kind.marker,
    text: `snapshot 3 ${word} by hand`,
    timeNs,
  });

  test('are those of the moment at which the line was printed', () => {
    const rows = [
      ...drain(),
      free(1),
      marker('begin', 1000),
      { ...free(2), timeNs: 1100 },
      { ...free(3), timeNs: 1900 },
      marker('end', 2000),
    ];
    // The line stands in the middle of the text: 1500 ns.
    expect(drive(rows, { snapshots: [snapshot([2, -1])] }).snapshots).toMatchObject({
      observed: 1,
      exact: 1,
    });
    const { snapshots, deviations } = drive(rows, { snapshots: [snapshot([3, -1])] });
    expect(snapshots).toMatchObject({ observed: 1, exact: 0, wrongSize: 1, pagesOff: 1 });
    expect(deviations[0]).toMatchObject({ of: 'snapshots', class: 'while printed' });
  });

  test('lists that were never drained are left out', () => {
    const rows = [...drain(), marker('begin', 1000), marker('end', 2000)];
    expect(drive(rows, { snapshots: [snapshot([0, 55])] }).snapshots).toMatchObject({
      observed: 1,
      exact: 1,
    });
  });

  test('one page less than predicted is in flight when the next event tells of it', () => {
    const rows = [...drain(), free(1), free(2), marker('begin', 1000), marker('end', 2000)];
    const told = drive([...rows, { ...alloc(2), timeNs: 3000 }], { snapshots: [snapshot([1, -1])] });
    expect(told.deviations).toEqual([{ of: 'snapshots', zone: 'Normal', class: 'in flight', times: 1 }]);
    const untold = drive(rows, { snapshots: [snapshot([1, -1])] });
    expect(untold.deviations[0]).toMatchObject({ class: 'unexplained' });
  });
});

test('rows that no kernel writes neither throw nor hang', () => {
  let word = 1234567;
  const next = (below: number) => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 0) % below;
  };
  for (let run = 0; run < 20; run++) {
    const rows = Array.from(
      { length: 3000 },
      (_, i): Row => ({
        kind: next(51) as Kind,
        cpu: next(2),
        pid: next(4) - 1,
        pfn: [next(4096), -1, 2 ** 40, next(8)][next(4)],
        order: [0, 0, 0, next(12) - 1][next(4)],
        a: [0, 1, 2, 7, -1, 2 ** 50][next(6)],
        b: next(40) - 1,
        c: [9, 10, -1, next(60)][next(4)],
        d: next(3) - 1,
        timeNs: i,
        text: next(9) === 0 ? `snapshot 3 ${next(2) === 0 ? 'begin' : 'end'} x` : undefined,
      }),
    );
    const snapshots = [{ number: 3, label: 'x', pages: Int32Array.from([1, 2]) }];
    for (const knowledge of ['hindsight', 'causal'] as const) {
      const { drains, refills } = drive(rows, { knowledge, snapshots });
      expect(drains.observed).toBeGreaterThan(0);
      expect(refills.exact + refills.wrongSize + refills.missed).toBe(refills.observed);
    }
  }
});

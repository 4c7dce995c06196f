import { describe, expect, test } from 'vitest';
import { kernelAtLeast, kernelRules } from './kernel-rules.ts';
import { type ListLimits, ZoneFlag } from './list-supply.ts';
import { PcpLists, type PcpListsOptions } from './pcp-lists.ts';

const unmovable = 0;
const movable = 1;
const reclaimable = 2;

/** Lists of one kernel on two CPUs and one zone, with what they took and gave, in blocks. */
function makeLists(version: string, limits: Partial<ListLimits>, options: Partial<PcpListsOptions> = {}) {
  const taken: number[] = [];
  const given: Array<{ position: number; blocks: number }> = [];
  let stock = Number.POSITIVE_INFINITY;
  const lists = new PcpLists(
    kernelRules(version),
    { cpuCount: 2, zoneCount: 1, batchScaleMax: 5, thp: true, ...options },
    {
      take(_zone, _order, _type, blocks) {
        const came = Math.min(blocks, stock);
        stock -= came;
        taken.push(came);
        return came;
      },
      give(_zone, _order, blocks, list) {
        given.push({ position: list % lists.listsPerSet, blocks });
      },
    },
  );
  const high = limits.high ?? 0;
  for (const set of [0, 1]) lists.setLimits(set, { batch: 1, high, highMin: high, highMax: high, ...limits });
  const free = (times: number, order = 0, type: number = movable) => {
    for (let i = 0; i < times; i++) lists.freed(0, 0, order, type);
  };
  const allocate = (times: number, order = 0, type: number = movable) => {
    for (let i = 0; i < times; i++) lists.allocate(0, 0, order, type);
  };
  const sum = () => given.splice(0).reduce((pages, { blocks }) => pages + blocks, 0);
  return { lists, taken, given, free, allocate, sum, stockIs: (blocks: number) => (stock = blocks) };
}

describe('5.10: batch 31, high 186', () => {
  const limits = { batch: 31, high: 186 };

  test('a free that reaches high gives back a batch: 155 of 186 stay', () => {
    const { lists, free, sum } = makeLists('5.10', limits);
    free(185);
    expect(lists.count[0]).toBe(185);
    free(1);
    expect(lists.count[0]).toBe(155);
    expect(sum()).toBe(31);
    free(30);
    expect(sum()).toBe(0);
    free(1);
    expect(lists.count[0]).toBe(155);
  });

  test('an empty list is refilled with a batch, others are left alone', () => {
    const { lists, taken, free, allocate } = makeLists('5.10', limits);
    free(10, 0, unmovable);
    allocate(1);
    expect(taken).toEqual([31]);
    expect(lists.count[0]).toBe(10 + 30);
    allocate(30);
    expect(taken).toEqual([31]);
    allocate(1);
    expect(taken).toEqual([31, 31]);
  });

  test('the give-back goes round the types from the second on', () => {
    const { lists, free } = makeLists('5.10', limits);
    free(80, 0, unmovable);
    free(60, 0, reclaimable);
    free(46, 0, movable);
    // 31 pages one by one: movable, reclaimable, unmovable, …: 11, 10, 10.
    expect([...lists.length.subarray(0, 3)]).toEqual([70, 35, 50]);
  });

  test('each empty list that is passed makes the next take larger by one', () => {
    const { lists, free, given } = makeLists('5.10', limits);
    free(100, 0, reclaimable);
    free(86, 0, movable);
    // Movable 1, reclaimable 1, then past unmovable: movable 2, reclaimable 1, … : 1+1 + 9 * 3 + 2 = 31.
    expect([...lists.length.subarray(0, 3)]).toEqual([0, 86 - 21, 100 - 10]);
    expect(given.slice(0, 4)).toEqual([
      { position: 1, blocks: 1 },
      { position: 2, blocks: 1 },
      { position: 1, blocks: 2 },
      { position: 2, blocks: 1 },
    ]);
  });

  test('a list that is the only one gives all the rest at once', () => {
    const { free, given } = makeLists('5.10', limits);
    free(186);
    // One, then past two empty lists: the third in a row is known to be the only one.
    expect(given).toEqual([
      { position: 1, blocks: 1 },
      { position: 1, blocks: 30 },
    ]);
  });

  test('a take that its list cannot fill is carried on to the next list', () => {
    const { given, lists, free } = makeLists('5.10', limits);
    free(1, 0, movable);
    free(5, 0, reclaimable);
    lists.drain(0, 0, 4);
    // Movable 1; reclaimable 1; past unmovable and movable: 3 lists' worth, so all the rest: 2.
    expect(given).toEqual([
      { position: 1, blocks: 1 },
      { position: 2, blocks: 1 },
      { position: 2, blocks: 2 },
    ]);
    expect(lists.count[0]).toBe(2);
  });

  test('with high 0 (zone DMA) nothing stays', () => {
    const { lists, taken, free, allocate } = makeLists('5.10', { batch: 1, high: 0 });
    free(1);
    expect(lists.count[0]).toBe(0);
    allocate(1);
    expect(taken).toEqual([1]);
    expect(lists.count[0]).toBe(0);
  });

  test('refills of several types may lift the count over high: allocations check nothing', () => {
    const { lists, free, allocate } = makeLists('5.10', limits);
    free(185);
    allocate(1, 0, unmovable);
    allocate(1, 0, reclaimable);
    // 185 + 30 + 30 ≥ 186.
    expect(lists.count[0]).toBe(245);
    free(1);
    expect(lists.count[0]).toBe(215);
  });

  test('a refill may bring less, or nothing: then the zone has no page for this request', () => {
    const { lists, stockIs, allocate } = makeLists('5.10', limits);
    stockIs(5);
    expect(lists.allocate(0, 0, 0, movable)).toBe(1);
    expect(lists.count[0]).toBe(4);
    allocate(4);
    expect(lists.allocate(0, 0, 0, movable)).toBe(-1);
    expect(lists.count[0]).toBe(0);
  });

  test('orders above 0 are not on the lists', () => {
    const { lists } = makeLists('5.10', limits);
    expect([0, 1, 3, 9].map((order) => lists.onLists(order))).toEqual([true, false, false, false]);
    expect(lists.listsPerSet).toBe(3);
  });

  test('3.0 goes round unmovable, reclaimable, movable', () => {
    const { free, given } = makeLists('3.0', limits);
    free(93, 0, unmovable);
    free(92, 0, movable);
    free(1, 0, reclaimable);
    expect(given.slice(0, 4).map(({ position }) => position)).toEqual([1, 2, 0, 2]);
  });
});

describe('5.15: batch 63, high 774', () => {
  const limits = { batch: 63, high: 774 };

  test('give-backs double while nothing is allocated, and an allocation halves the factor', () => {
    const { lists, free, allocate, sum } = makeLists('5.15', limits);
    free(774);
    expect(sum()).toBe(63);
    free(63);
    expect(sum()).toBe(126);
    free(126);
    expect(sum()).toBe(252);
    free(252);
    expect(sum()).toBe(504);
    free(504);
    // 63 << 4 = 1008 is more than high - batch = 711; the factor stays 4.
    expect(sum()).toBe(711);
    expect(lists.freeCount[0]).toBe(4);
    allocate(1);
    expect(lists.freeCount[0]).toBe(2);
    free(774 - lists.count[0]);
    expect(sum()).toBe(63 << 2);
  });

  test('while reclaim is active four batches stay at most', () => {
    const { lists, free, sum } = makeLists('5.15', limits);
    free(400);
    lists.zoneFlags[0] = ZoneFlag.reclaimActive;
    free(1);
    // At least a batch, though 401 - 63 is still over 252.
    expect(sum()).toBe(63);
    free(1);
    // 63 << 1 = 126 of at most 252 - 63 = 189.
    expect(sum()).toBe(126);
    expect(lists.count[0]).toBe(402 - 63 - 126);
  });

  test('a block of order 3 counts eight pages, and a refill of it is an eighth of a batch', () => {
    const { lists, taken, free, allocate } = makeLists('5.15', limits);
    allocate(1, 3);
    // 63 >> 3 = 7 blocks.
    expect(taken).toEqual([7]);
    expect(lists.count[0]).toBe(48);
    free(1, 3);
    expect(lists.count[0]).toBe(56);
    expect(lists.length[lists.listOf(0, 3, movable)]).toBe(7);
    allocate(1, 9);
    // At least two: 63 >> 9 = 0.
    expect(taken).toEqual([7, 2]);
  });

  test('15 lists: orders 0 to 3 and huge pages, three types each', () => {
    const { lists } = makeLists('5.15', limits);
    expect(lists.listsPerSet).toBe(15);
    expect([0, 3, 4, 9].map((order) => lists.onLists(order))).toEqual([true, true, false, true]);
    expect(makeLists('5.15', limits, { thp: false }).lists.listsPerSet).toBe(12);
    expect(lists.listOf(1, 2, reclaimable)).toBe(15 + 8);
  });
});

describe('6.1: batch 63, high 774', () => {
  const limits = { batch: 63, high: 774 };

  test('gives back from the list just used, whole, then from the next', () => {
    const { lists, given, free } = makeLists('6.1', limits);
    free(30, 0, reclaimable);
    free(743, 0, unmovable);
    free(1, 0, reclaimable);
    expect(given).toEqual([
      { position: 2, blocks: 31 },
      { position: 0, blocks: 32 },
    ]);
    expect([...lists.length.subarray(0, 3)]).toEqual([711, 0, 0]);
  });

  test('a drain begins at the first list', () => {
    const { lists, given, free } = makeLists('6.1', limits);
    free(3, 0, reclaimable);
    free(2, 0, unmovable);
    expect(lists.drain(0, 0)).toBe(5);
    expect(given.map(({ position }) => position)).toEqual([0, 2]);
  });

  test('a freed block of order 1 to 3 empties the lists while the factor is raised', () => {
    const { lists, free, sum } = makeLists('6.1', limits);
    free(100, 1);
    expect(sum()).toBe(0);
    free(574);
    expect(lists.freeCount[0]).toBe(1);
    free(1, 2);
    expect(lists.count[0]).toBe(0);
    const same = makeLists('5.15', limits);
    same.free(774);
    same.free(1, 2);
    expect(same.lists.count[0]).toBe(715);
  });

  test('one list of huge pages; two from 6.10', () => {
    expect(makeLists('6.1', limits).lists.listsPerSet).toBe(13);
    const { lists } = makeLists('6.12', limits);
    expect(lists.listsPerSet).toBe(14);
    expect([unmovable, movable, reclaimable].map((type) => lists.listOf(0, 9, type))).toEqual([12, 13, 12]);
  });
});

describe('6.12: batch 63, high between 774 and 32768', () => {
  const limits = { batch: 63, high: 774, highMin: 774, highMax: 32768 };

  test('refills double up to 32 batches, and lift high by what they take', () => {
    const { lists, taken, allocate } = makeLists('6.12', limits);
    for (const blocks of [63, 126, 252, 504, 1008, 2016, 2016]) allocate(blocks);
    expect(taken).toEqual([63, 126, 252, 504, 1008, 2016, 2016]);
    expect(lists.high[0]).toBe(774 + 63 + 126 + 252 + 504 + 1008 + 2016 + 2016);
  });

  test('with SCALE_MAX 0 (RHEL) every refill is a batch', () => {
    const { lists, taken, allocate } = makeLists('6.12', limits, { batchScaleMax: 0 });
    allocate(4 * 63);
    expect(taken).toEqual([63, 63, 63, 63]);
    expect(lists.high[0]).toBe(774 + 4 * 63);
  });

  test('below the high watermark high stays, and a refill leaves room for a batch', () => {
    const { lists, taken, allocate } = makeLists('6.12', limits);
    lists.zoneFlags[0] = ZoneFlag.belowHigh;
    for (const blocks of [63, 126, 252, 504, 711, 711]) allocate(blocks);
    // 1008 is more than 774 - 63, so the factor stays as well.
    expect(taken).toEqual([63, 126, 252, 504, 711, 711]);
    expect(lists.allocFactor[0]).toBe(4);
    expect(lists.high[0]).toBe(774);
  });

  test('a free halves the refills to come', () => {
    const { lists, taken, free, allocate } = makeLists('6.12', limits);
    for (const blocks of [63, 126, 252, 504]) allocate(blocks);
    expect(lists.allocFactor[0]).toBe(4);
    free(1);
    allocate(2);
    expect(taken.at(-1)).toBe(63 << 2);
  });

  test('frees without an allocation give back more each time, and lift high', () => {
    const { lists, free, sum } = makeLists('6.12', limits);
    free(774);
    // 774 freed in a row, but a batch stays: 774 - 63. high: 774 + 63.
    expect(sum()).toBe(711);
    expect(lists.high[0]).toBe(837);
    free(774);
    // 63 + 774 = 837: 1548 in a row, at most 837 - 63; high 1548 + 63.
    expect(sum()).toBe(774);
    expect(lists.high[0]).toBe(1611);
    free(1548);
    // The row is counted up to 32 batches: 2016; at most 1611 - 63. high 2016 + 63.
    expect(sum()).toBe(1548);
    expect(lists.high[0]).toBe(2079);
    free(2016);
    expect(sum()).toBe(2016);
    expect(lists.high[0]).toBe(2079);
    expect(lists.count[0]).toBe(63);
  });

  test('while reclaim is active high falls to its least, and four batches stay', () => {
    const { lists, free, allocate, sum } = makeLists('6.12', limits);
    allocate(63 + 126 + 252);
    expect(lists.high[0]).toBe(774 + 441);
    free(300);
    lists.zoneFlags[0] = ZoneFlag.reclaimActive;
    free(1);
    // high 1215 - 301; acts on 4 * 63 = 252; at most 252 - 63 of 301 in a row.
    expect(lists.high[0]).toBe(914);
    expect(sum()).toBe(189);
    free(200);
    expect(lists.high[0]).toBe(774);
  });

  test('below the high watermark everything goes down to a batch', () => {
    const { lists, free, sum } = makeLists('6.12', limits);
    free(773);
    lists.zoneFlags[0] = ZoneFlag.belowHigh;
    free(1);
    // Acts on max(count, 774) = 774: clamp(774, 63, 774 - 63).
    expect(sum()).toBe(711);
    expect(lists.count[0]).toBe(63);
  });

  test('blocks of order 1 to 3 freed in a row go at once', () => {
    const { lists, free, sum } = makeLists('6.12', limits);
    free(20, 2);
    // 16 blocks make 64 pages; the 17th finds 64 ≥ 63 in a row, and all go. The next three are less than a batch.
    expect(sum()).toBe(17);
    expect(lists.count[0]).toBe(12);
    const small = makeLists('6.12', limits, { freeHighBatch: false });
    small.free(20, 2);
    expect(small.lists.count[0]).toBe(0);
  });

  test('a second of the worker lowers high by an eighth and frees what is over', () => {
    const { lists, free, allocate } = makeLists('6.12', limits);
    allocate(63 + 126 + 252 + 504);
    expect(lists.high[0]).toBe(774 + 945);
    free(1600);
    // 1719 - 214 = 1505, more than 1600 - 2016.
    expect(lists.decay(0, 0)).toBe(95);
    expect([lists.high[0], lists.count[0]]).toEqual([1505, 1505]);
    for (let second = 0; second < 20; second++) lists.decay(0, 0);
    expect([lists.high[0], lists.count[0]]).toEqual([774, 774]);
    expect(makeLists('6.1', { batch: 63, high: 774 }).lists.decay(0, 0)).toBe(0);
  });

  test('a decay takes no more than 32 batches at a time from high', () => {
    const { lists, stockIs, free } = makeLists('6.12', limits);
    stockIs(0);
    lists.high[0] = 30000;
    free(29999);
    // 30000 - 3750 = 26250 is less than 29999 - 2016.
    expect(lists.decay(0, 0)).toBe(2016);
  });

  test('6.19 gives back in pieces of a batch', () => {
    const { free, given } = makeLists('6.19', limits);
    free(774);
    expect(given.map(({ blocks }) => blocks)).toEqual([63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 18]);
  });

  test('6.19 decays in pieces of a batch, each of which ends with a whole block', () => {
    const decayed = (version: string) => {
      const { lists, free } = makeLists(version, limits);
      lists.high[0] = 3000;
      for (let i = 0; i < 300; i++) {
        free(1, 3);
        // Between two blocks of order 3, or they would be freed at once.
        free(1, 0, unmovable);
      }
      expect(lists.drain(0, 0, 300)).toBe(300);
      lists.high[0] = 2596;
      // 300 blocks are 2400 pages; high becomes 2596 - 324 = 2272: 128 are too many.
      return lists.decay(0, 0);
    };
    // 16 blocks at once; or 63 → 8 blocks, 63 → 8 blocks, 2 → 1 block.
    expect(decayed('6.12')).toBe(128);
    expect(decayed('6.19')).toBe(136);
  });

  test('new limits move a floating high when the list is used next', () => {
    const { lists, free } = makeLists('6.12', limits);
    lists.high[0] = 5000;
    lists.setLimits(0, { batch: 63, high: 500, highMin: 500, highMax: 2000 });
    expect(lists.high[0]).toBe(5000);
    free(1);
    expect(lists.high[0]).toBe(2000);
  });
});

describe('on every kernel', () => {
  const versions = ['3.0', '4.9', '5.10', '5.15', '6.1', '6.12', '6.19'];
  const limits = { batch: 31, high: 186 };

  test.each(versions)('%s: holders are the CPUs whose count is not 0', (version) => {
    const { lists, free, allocate } = makeLists(version, limits);
    expect([...lists.holders[0]]).toEqual([]);
    free(2);
    lists.freed(1, 0, 0, movable);
    expect([...lists.holders[0]]).toEqual([0, 1]);
    allocate(2);
    expect([...lists.holders[0]]).toEqual([1]);
    lists.drain(1, 0);
    expect([...lists.holders[0]]).toEqual([]);
    allocate(1, 0, unmovable);
    expect([...lists.holders[0]]).toEqual([0]);
    expect(lists.drain(0, 0)).toBe(30);
    expect(lists.drain(0, 0)).toBe(0);
    expect([...lists.holders[0]]).toEqual([]);
  });

  test.each(versions)('%s: a list that is switched off keeps no free and takes one page', (version) => {
    const { lists, taken, free, allocate } = makeLists(version, { batch: 1, high: 0 });
    free(5);
    expect(lists.count[0]).toBe(0);
    allocate(3);
    expect(taken).toEqual([1, 1, 1]);
    expect(lists.count[0]).toBe(0);
  });

  test.each(versions)('%s: a drain of at most so many pages leaves the rest', (version) => {
    const { lists, free } = makeLists(version, limits);
    free(100);
    expect(lists.drain(0, 0, 31)).toBe(31);
    expect(lists.count[0]).toBe(69);
  });

  test.each(versions)('%s: counts, lengths, taken and given agree after 100 000 operations', (version) => {
    const { lists, taken, given } = makeLists(version, {
      ...limits,
      highMax: kernelAtLeast(version, '6.7') ? 4000 : 186,
    });
    const pages = { in: 0, out: 0 };
    let word = 2463534242;
    for (let i = 0; i < 100_000; i++) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      const cpu = word & 1;
      const order = lists.onLists(1) && (word & 0x30) === 0 ? (word >>> 6) & 3 : 0;
      const type = ((word >>> 8) & 0xff) % 3;
      // Long runs in one direction, so that lists fill and empty.
      const frees = (i >> 9) & 1 ? (word & 0x700000) !== 0 : (word & 0x700000) === 0;
      if (i % 5000 === 4999) lists.drain(cpu, 0);
      else if (frees) {
        lists.freed(cpu, 0, order, type);
        pages.in += 1 << order;
      } else if (lists.allocate(cpu, 0, order, type) >= 0) {
        pages.in += taken.splice(0).reduce((sum, blocks) => sum + (blocks << order), 0);
        pages.out += 1 << order;
      }
      for (const { position, blocks } of given.splice(0)) pages.out += blocks << lists.orderAt[position];
      for (const set of [0, 1]) if (lists.count[set] < 0) throw new Error('negative count');
    }
    const held = [0, 1].map((set) => {
      const first = set * lists.listsPerSet;
      let sum = 0;
      for (let position = 0; position < lists.listsPerSet; position++) {
        expect(lists.length[first + position]).toBeGreaterThanOrEqual(0);
        sum += lists.length[first + position] << lists.orderAt[position];
      }
      expect(lists.count[set]).toBe(sum);
      expect(lists.holders[0].has(set)).toBe(sum > 0);
      return sum;
    });
    expect(pages.in - pages.out).toBe(held[0] + held[1]);
  });

  test.each(versions)('%s: runs of allocations and quiet frees are the same as one by one', (version) => {
    const tuned = kernelAtLeast(version, '6.7');
    const wide = { batch: 31, high: 186, highMax: tuned ? 4000 : 186 };
    const one = makeLists(version, wide);
    const runs = makeLists(version, wide);
    const state = ({ lists }: ReturnType<typeof makeLists>) => [
      [...lists.count],
      [...lists.length],
      [...lists.high],
      [...lists.freeCount],
      [...lists.allocFactor],
      [...lists.holders[0]],
    ];
    let word = 88675123;
    let quietMost = 0;
    for (let i = 0; i < 4000; i++) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      const type = ((word >>> 8) & 0xff) % 3;
      const pages = (word >>> 20) & 127;
      const list = runs.lists.listOf(0, 0, type);
      const flags = i % 16 === 15 ? ZoneFlag.reclaimActive : 0;
      for (const { lists } of [one, runs]) lists.zoneFlags[0] = tuned || version === '5.15' ? flags : 0;
      if (word & 1) {
        const run = Math.min(pages, runs.lists.length[list]);
        runs.lists.allocateRun(0, 0, 0, list, run);
        for (let page = 0; page < run; page++) one.lists.allocate(0, 0, 0, type);
      } else {
        const quiet = Math.min(pages, runs.lists.quietFrees(0, 0));
        quietMost = Math.max(quietMost, quiet);
        one.given.length = 0;
        if (quiet > 0) runs.lists.freedQuietly(0, 0, list, quiet);
        for (let page = 0; page < quiet; page++) one.lists.freed(0, 0, 0, type);
        expect(one.given).toEqual([]);
      }
      // Something that is neither, alike on both.
      for (const { lists } of [one, runs]) {
        if (i % 7 === 0) lists.freed(0, 0, 0, type);
        else if (i % 7 === 1) lists.allocate(0, 0, 0, type);
        else if (i % 211 === 2) lists.drain(0, 0);
      }
      expect(state(runs)).toEqual(state(one));
    }
    expect(quietMost).toBeGreaterThan(100);
  });
});

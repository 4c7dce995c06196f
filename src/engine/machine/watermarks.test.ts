import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { largeRecordings, shippedRecordings } from '../../../test/recordings.ts';
import type { ZoneSpec } from '../input/scenario.ts';
import { kernelRules } from './kernel-rules.ts';
import { Depth, defaultMinFreeKbytes, Mark, Watermarks, ZoneClass } from './watermarks.ts';

const GiB = 262144;

function zone(name: ZoneSpec['name'], pages: number, node = 0): ZoneSpec {
  return { name, node, startPfn: 0, pages };
}

function marksOf(zones: readonly ZoneSpec[], version: string, more = {}): Watermarks {
  return new Watermarks(zones, kernelRules(version), {
    minFreeKbytes: -1,
    watermarkScaleFactor: 10,
    thp: false,
    ...more,
  });
}

const lists = (free: number, blocks: number[] = [], reserve: number[] = []) => ({
  free: Int32Array.of(free),
  freeBlocks: Int32Array.from({ length: 11 }, (_, order) => blocks[order] ?? 0),
  reserveBlocks: Int32Array.from({ length: 11 }, (_, order) => reserve[order] ?? 0),
});

describe('min_free_kbytes', () => {
  it.each([
    // sqrt(16 * kbytes): 1 GiB = 2^20 KiB, sqrt(2^24) = 4096; four times the memory is twice as much.
    [GiB, '3.0', 4096],
    [4 * GiB, '3.0', 8192],
    [16 * GiB, '5.10', 16384],
    [64 * GiB, '5.10', 32768],
    [256 * GiB, '6.12', 65536],
    [1024 * GiB, '5.4', 65536],
    [1024 * GiB, '5.10', 131072],
    // 16384 GiB: 524288, above both bounds.
    [16384 * GiB, '6.12', 262144],
    // 256 KiB: sqrt(4096) = 64, below the bound of 128.
    [64, '6.12', 128],
  ])('of %i pages on %s is %i', (pages, version, kbytes) => {
    expect(defaultMinFreeKbytes([zone('Normal', pages)], kernelRules(version), false)).toBe(kbytes);
  });

  it('khugepaged raises it by 11 page blocks a zone, where memory is 512 MiB or more', () => {
    const rules = kernelRules('5.10');
    // 2 zones * 11 * 512 pages = 11264 pages = 45056 KiB; 5 % of 2 GiB would be 26214 pages.
    expect(defaultMinFreeKbytes([zone('DMA', 4096), zone('DMA32', 520192)], rules, true)).toBe(45056);
    // 1 GiB: 5 % is 13107 pages, above 5632 of one zone.
    expect(defaultMinFreeKbytes([zone('DMA32', GiB)], rules, true)).toBe(22528);
    // 131072 pages are 512 MiB: 5 % = 6553 pages > 5632. One page less: sqrt(64 * 131071) = 2896.
    expect(defaultMinFreeKbytes([zone('DMA32', 131072)], rules, true)).toBe(22528);
    expect(defaultMinFreeKbytes([zone('DMA32', 131071)], rules, true)).toBe(2896);
  });
});

describe('marks', () => {
  it.each([
    // RAM in GiB; min, low, high from 4.6 (gap = managed / 1000 when that is more than min / 4); low, high up to 4.5.
    [4, 2048, 3096, 4144, 2560, 3072],
    [16, 4096, 8290, 12484, 5120, 6144],
    [64, 8192, 24969, 41746, 10240, 12288],
    [256, 16384, 83492, 150600, 20480, 24576],
  ])('of one zone of %i GiB', (gib, min, low, high, oldLow, oldHigh) => {
    const scaled = marksOf([zone('Normal', gib * GiB)], '4.9');
    expect([scaled.min[0], scaled.low[0], scaled.high[0]]).toEqual([min, low, high]);
    expect(scaled.promo[0]).toBe(high + (high - low));
    const old = marksOf([zone('Normal', gib * GiB)], '4.4');
    expect([old.min[0], old.low[0], old.high[0]]).toEqual([min, oldLow, oldHigh]);
  });

  it('each zone has its share of min, rounded down', () => {
    // 496 MiB: 3977 + 105855 = 109832 pages; isqrt(64 * 109832) = 2651 KiB = 662 pages.
    // 662 * 3977 / 109832 = 23.97; 662 * 105855 / 109832 = 638.03.
    const marks = marksOf([zone('DMA', 3977), zone('DMA32', 105855)], '5.10');
    expect([...marks.min]).toEqual([23, 638]);
    expect([...marks.low]).toEqual([28, 797]);
    expect([...marks.high]).toEqual([33, 956]);
  });

  it('Movable has a share before 6.6, and between 32 and 128 pages after', () => {
    const zones = [zone('Normal', 4 * GiB), zone('Movable', 4 * GiB)];
    // 8192 KiB = 2048 pages over 8 GiB; Normal alone counts for min_free_kbytes.
    expect([...marksOf(zones, '5.10').min]).toEqual([1024, 1024]);
    const marks = marksOf(zones, '6.12');
    expect([...marks.min]).toEqual([2048, 128]);
    // The gap is not clamped: max(2048 / 4, 1048) = 1048.
    expect(marks.low[1]).toBe(128 + 1048);
  });
});

describe('pages that lower zones keep', () => {
  it('a 256th of what is above, a 32th between Normal and Movable', () => {
    const zones = [
      zone('DMA', 4096),
      zone('DMA32', 2560 * 256),
      zone('Normal', 25600 * 256),
      zone('Movable', 3200 * 32),
      zone('Normal', 999999, 1),
    ];
    const { reserve } = marksOf(zones, '6.12');
    expect([...reserve.slice(0, 4)]).toEqual([0, 2560, 28160, 28160 + 400]);
    expect([...reserve.slice(4, 8)]).toEqual([0, 0, 25600, 26000]);
    expect([...reserve.slice(8, 12)]).toEqual([0, 0, 0, 3200]);
    expect([...reserve.slice(12, 20)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('a kernel page from DMA32 must leave the reserve above the mark', () => {
    const zones = [zone('DMA32', 4 * GiB), { ...zone('Normal', 256000), startPfn: 4 * GiB }];
    const marks = marksOf(zones, '6.12', { minFreeKbytes: 4 * 1000 });
    const min = marks.min[0];
    expect(min).toBe(Math.floor((1000 * 4 * GiB) / (4 * GiB + 256000)));
    expect(marks.floor(0, Mark.min, Depth.normal, ZoneClass.Normal)).toBe(min + 1000);
    expect(marks.floor(0, Mark.min, Depth.normal, ZoneClass.DMA32)).toBe(min);
  });
});

describe('depth', () => {
  // min_free_kbytes 4000: min is 1000 pages in one zone.
  const floors = (version: string) => {
    const marks = marksOf([zone('Normal', 4 * GiB)], version, { minFreeKbytes: 4000 });
    return [Depth.normal, Depth.atomic, Depth.realTime, Depth.oomVictim, Depth.memalloc].map((depth) =>
      marks.floor(0, Mark.min, depth, ZoneClass.Normal),
    );
  };

  it.each([
    // Atomic: 1000 - 500 = 500, 500 - 125 = 375 = 3/8. 3.0 counts two pages more for every one but PF_MEMALLOC.
    ['3.0', [1002, 377, 752, -1, -1]],
    ['3.4', [1000, 375, 750, -1, -1]],
    ['4.9', [1000, 375, 750, -1, -1]],
    ['4.14', [1000, 375, 750, 500, -1]],
    ['5.10', [1000, 375, 750, 500, -1]],
    ['6.12', [1000, 375, 500, 500, -1]],
  ])('on %s', (version, expected) => {
    expect(floors(version)).toEqual(expected);
  });

  it('integer steps of an odd mark: 7 - 3 = 4, 4 - 1 = 3', () => {
    const marks = marksOf([zone('Normal', 4 * GiB)], '5.10', { minFreeKbytes: 28 });
    expect(marks.floor(0, Mark.min, Depth.atomic, ZoneClass.Normal)).toBe(3);
  });

  it('from 4.4 the highatomic reserve must be left by those who may not use it', () => {
    const marks = marksOf([zone('Normal', 4 * GiB)], '5.10', { minFreeKbytes: 4000 });
    marks.setHighatomicPages(0, 512);
    expect(marks.floor(0, Mark.min, Depth.normal, ZoneClass.Normal)).toBe(1512);
    expect(marks.floor(0, Mark.min, Depth.atomic, ZoneClass.Normal)).toBe(375);
    expect(marks.floor(0, Mark.min, Depth.oomVictim, ZoneClass.Normal)).toBe(500);
  });
});

describe('larger blocks', () => {
  const ok = (version: string, order: number, depth: Depth, counts: ReturnType<typeof lists>) => {
    const marks = marksOf([zone('Normal', 4 * GiB)], version, { minFreeKbytes: 4000 });
    return marks.ok(0, order, Mark.min, depth, ZoneClass.Normal, counts);
  };

  it('order 0 passes with one page more than the floor', () => {
    expect(ok('3.4', 0, Depth.normal, lists(1001))).toBe(true);
    expect(ok('3.4', 0, Depth.normal, lists(1000))).toBe(false);
    expect(ok('3.0', 0, Depth.normal, lists(1003))).toBe(true);
    expect(ok('3.0', 0, Depth.normal, lists(1002))).toBe(false);
  });

  it('up to 4.3 smaller blocks do not count, and half of the mark is asked for at each order', () => {
    // Order 1: 1200 - 1 = 1199 > 1000. Without 600 single pages 599 > 500; with 700 singles 499 is too few.
    expect(ok('3.4', 1, Depth.normal, lists(1200, [600, 300]))).toBe(true);
    expect(ok('3.4', 1, Depth.normal, lists(1200, [700, 250]))).toBe(false);
    // Order 2: 1199 … then 1200 - 3 - 600 = 597 > 500, 597 - 2 * 200 = 197 > 250 fails; with 100 pairs 397 > 250.
    expect(ok('3.4', 2, Depth.normal, lists(1200, [600, 200, 50]))).toBe(false);
    expect(ok('3.4', 2, Depth.normal, lists(1200, [600, 100, 100]))).toBe(true);
    // 3.0, order 1: 1200 - 3 = 1197; 1197 - 696 = 501 > 500; with 697 singles 500 is too few.
    expect(ok('3.0', 1, Depth.normal, lists(1200, [696, 252]))).toBe(true);
    expect(ok('3.0', 1, Depth.normal, lists(1200, [697, 251]))).toBe(false);
  });

  it('from 4.4 one block is enough, and one of the reserve only for those who may use it', () => {
    expect(ok('5.10', 2, Depth.normal, lists(1200, [1196, 0, 1]))).toBe(true);
    expect(ok('5.10', 2, Depth.normal, lists(1200, [600, 300]))).toBe(false);
    expect(ok('5.10', 2, Depth.normal, lists(1200, [600, 300], [0, 0, 0, 1]))).toBe(false);
    expect(ok('5.10', 2, Depth.atomic, lists(1200, [600, 300], [0, 0, 0, 1]))).toBe(true);
  });

  it('PF_MEMALLOC passes in any case', () => {
    expect(ok('5.10', 3, Depth.memalloc, lists(8, [8]))).toBe(true);
  });
});

/** Zones of a recorded /proc/zoneinfo that have pages, with what the kernel printed. */
function recorded(path: string) {
  return readFileSync(path, 'utf8')
    .split(/^Node \d+, zone +/m)
    .slice(1)
    .map((text) => {
      const number = (key: string) => Number(new RegExp(`^ +${key} +(\\d+)$`, 'm').exec(text)?.[1]);
      const protection = /protection: \(([^)]*)\)/.exec(text)?.[1].split(', ').map(Number) ?? [];
      return {
        name: text.slice(0, text.indexOf('\n')) as ZoneSpec['name'],
        managed: number('managed'),
        marks: [number('min'), number('low'), number('high')],
        protection,
      };
    })
    .filter(({ managed }) => managed > 0);
}

describe('what real kernels printed', () => {
  // Memory of the init ramdisk came after the marks were set, so `managed` is now larger. How much a zone had when
  // they were set is in the protection of the zone below, divided by 256: a range of 256 sizes. One must fit all figures.
  it.for([
    ['5.10-workers', '5.10'],
    ['5.10-oom', '5.10'],
    ['5.10-isolated', '5.10'],
    ['5.10-stream', '5.10'],
    ['5.10-offline', '5.10'],
    ['6.1-oom', '6.1'],
    ['6.12-remote', '6.12'],
    ['6.12-oom', '6.12'],
    ['6.12-isolated', '6.12'],
    ['6.12-offline', '6.12'],
    ['patched-everyone', '5.10'],
  ] as const)('%s: marks and protection', ([name, version], context) => {
    const path = [shippedRecordings, largeRecordings]
      .map((folder) => `${folder}/${name}/proc-start/zoneinfo`)
      .find((at) => existsSync(at));
    if (path === undefined) return context.skip('this recording is not here');
    const zones = recorded(path);
    expect(zones[0].name).toBe('DMA');
    const [dma, ...others] = zones;
    const top = dma.protection.length - 1;
    const rows = zones.map(({ marks, protection }) => [...marks, protection[2], protection[top]].join(' '));
    const tried = new Set<string>();
    for (let first = 0; first < 256; first += 3) {
      for (let second = 0; second < (others.length > 1 ? 256 : 1); second += 5) {
        const sizes = [dma.managed, dma.protection[1] * 256 + first];
        if (others.length > 1) sizes.push(others[0].protection[top] * 256 + second);
        const marks = marksOf(
          zones.map((each, i) => zone(each.name, sizes[i])),
          version,
          { thp: true },
        );
        const mine = zones.map((_, i) =>
          [
            marks.min[i],
            marks.low[i],
            marks.high[i],
            marks.reserve[i * 4 + 2],
            marks.reserve[i * 4 + 3],
          ].join(' '),
        );
        if (mine.join() === rows.join()) return;
        tried.add(mine.join(' | '));
      }
    }
    expect.fail(`the kernel printed ${rows.join(' | ')}; computed: ${[...tried].slice(0, 5).join('; ')}`);
  });
});

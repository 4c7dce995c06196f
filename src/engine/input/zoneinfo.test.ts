import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrainlabError } from '../../base/errors.ts';
import { machineFrom, parseZoneinfo, snapshotFrom, type ZoneinfoZone } from './zoneinfo.ts';

const listColumns = ['cpu', 'count', 'high', 'batch', 'highMin', 'highMax'] as const;

/** The lists of a zone, each as the values of these columns. */
function rowsOf(
  { lists }: ZoneinfoZone,
  ...columns: ReadonlyArray<(typeof listColumns)[number]>
): number[][] {
  return Array.from({ length: lists.length }, (_, row) => columns.map((column) => lists[column][row]));
}

/** Shortened /proc/zoneinfo: 3.0 (no managed, counters indented 4), 5.10, 6.13 (three columns further, high_min). */
const kernels = {
  '3.0': `Node 0, zone   Normal
  pages free     1000
        min      11
        low      13
        high     16
        scanned  0
        spanned  8192
        present  8000
    nr_free_pages 1000
        protection: (0, 0, 0, 0)
  pagesets
    cpu: 0
              count: 12
              high:  186
              batch: 31
  vm stats threshold: 8
    cpu: 2
              count: 0
              high:  186
              batch: 31
  vm stats threshold: 8
  all_unreclaimable: 0
  start_pfn:         4096
  inactive_ratio:    1
`,
  '5.10': `Node 0, zone   Normal
  per-node stats
      nr_inactive_anon 5
  pages free     1000
        min      11
        low      13
        high     16
        spanned  8192
        present  8000
        managed  7900
        protection: (0, 0, 0, 0)
      nr_free_pages 1000
  pagesets
    cpu: 0
              count: 12
              high:  186
              batch: 31
  vm stats threshold: 8
    cpu: 2
              count: 0
              high:  186
              batch: 31
  vm stats threshold: 8
  node_unreclaimable:  0
  start_pfn:           4096
Node 0, zone  Movable
  pages free     0
        min      0
        spanned  0
        present  0
        managed  0
        protection: (0, 0, 0, 0)
`,
  '6.13': `Node 0, zone   Normal
  pages free     1000
        boost    0
        min      11
        low      13
        high     16
        promo    20
        spanned  8192
        present  8000
        managed  7900
        cma      0
        protection: (0, 0, 0, 0)
  pagesets
    cpu: 0
              count:    12
              high:     186
              batch:    31
              high_min: 186
              high_max: 900
  vm stats threshold: 8
    cpu: 2
              count:    0
              high:     186
              batch:    31
              high_min: 186
              high_max: 900
  vm stats threshold: 8
  node_unreclaimable:  0
  start_pfn:           4096
  reserved_highatomic: 0
`,
};

describe('parseZoneinfo', () => {
  it.each(Object.entries(kernels))('reads the form of %s', (_kernel, text) => {
    const [zone] = parseZoneinfo(text);
    expect(zone).toMatchObject({
      node: 0,
      name: 'Normal',
      spanned: 8192,
      present: 8000,
      free: 1000,
      startPfn: 4096,
    });
    expect(rowsOf(zone, 'cpu', 'count', 'high', 'batch')).toEqual([
      [0, 12, 186, 31],
      [2, 0, 186, 31],
    ]);
    const [first, second] = zone.lists.place;
    expect(first).toBeLessThan(second);
  });

  it('says what is wrong with a text that is no zoneinfo', () => {
    expect(() => parseZoneinfo('MemTotal: 12 kB\n', 'meminfo')).toThrow(DrainlabError);
    expect(() => parseZoneinfo('', 'empty')).toThrow(/no line "Node N, zone NAME"/);
    expect(() => parseZoneinfo(kernels['5.10'].replace('count: 12', 'count: 99999999999'), 'bad')).toThrow(
      /the number 99999999999 is too large/,
    );
    expect(() => parseZoneinfo('Node 0, zone Normal\n  pagesets\n    cpu: 70000\n', 'bad')).toThrow(
      /bad|too large/,
    );
  });
});

/**
 * One file for each form that mm/vmstat.c had, after the order of lines read in these releases. The machine is the same: CPUs 0, 2 and 3
 * (1 is offline), node 0 with DMA and Normal, node 1 with Normal; from 4.19 on the empty zone Movable of node 0 is printed too.
 * Expected: taken from each file by eye, counts of node 0's Normal on CPUs 0, 2, 3; limit and batch; bounds of the limit; boost, promo.
 */
const generations: ReadonlyArray<
  [kernel: string, zones: number, counts: number[], list: number[], marks: number[]]
> = [
  ['3.0', 3, [130, 0, 30], [186, 31, -1, -1], [-1, -1]],
  ['3.18', 3, [148, 0, 48], [186, 31, -1, -1], [-1, -1]],
  ['4.9', 3, [149, 0, 49], [186, 31, -1, -1], [-1, -1]],
  ['4.19', 4, [159, 0, 59], [378, 63, -1, -1], [-1, -1]],
  ['5.4', 4, [154, 0, 54], [378, 63, -1, -1], [-1, -1]],
  ['5.11', 4, [161, 0, 61], [378, 63, -1, -1], [-1, -1]],
  ['5.15', 4, [165, 0, 65], [1902, 63, -1, -1], [-1, -1]],
  ['5.19', 4, [169, 0, 69], [1902, 63, -1, -1], [512, -1]],
  ['6.10', 4, [170, 0, 70], [1902, 63, -1, -1], [0, -1]],
  ['6.12', 4, [172, 0, 72], [1902, 63, -1, -1], [0, 7992]],
  ['6.13', 4, [173, 0, 73], [1911, 63, 1902, 21322], [0, 7992]],
  ['6.19', 4, [179, 0, 79], [1911, 63, 1902, 21322], [0, 7992]],
  ['7.0', 4, [170, 0, 70], [1911, 63, 1902, 21322], [0, 7992]],
];

describe('every form from 3.0 to 7.x', () => {
  it.each(generations)('%s', (kernel, zoneCount, counts, list, [boost, promo]) => {
    const zones = parseZoneinfo(readFileSync(`test/fixtures/zoneinfo/${kernel}.txt`, 'utf8'));
    expect(zones).toHaveLength(zoneCount);
    const [dma, normal] = zones;
    expect(normal).toMatchObject({ node: 0, name: 'Normal', free: 120331, spanned: 524288, present: 524288 });
    // `high     6850` is the watermark, `high:  186` the limit of a list.
    expect(normal).toMatchObject({ min: 4567, low: 5708, highMark: 6850, startPfn: 1048576, boost, promo });
    expect(normal.managed).toBe(kernel === '3.0' ? -1 : 511744);
    expect([dma.reserve, normal.reserve]).toEqual([16001, 0]);
    expect(rowsOf(normal, 'cpu', 'count')).toEqual([0, 2, 3].map((cpu, i) => [cpu, counts[i]]));
    for (const row of rowsOf(normal, 'high', 'batch', 'highMin', 'highMax')) expect(row).toEqual(list);
    expect([...dma.lists.column('count')]).toEqual([0, 0, 0]);
    const far = zones[zones.length - 1];
    expect([far.node, far.startPfn, ...far.lists.column('count')]).toEqual([1, 1572864, 7, 0, 0]);
  });

  it('an unpopulated zone ends after its protection and has no lists', () => {
    const [, , movable] = parseZoneinfo(readFileSync('test/fixtures/zoneinfo/4.19.txt', 'utf8'));
    expect(movable).toMatchObject({
      name: 'Movable',
      managed: 0,
      reserve: 0,
      startPfn: -1,
      lists: { length: 0 },
    });
  });

  it('a text with CR LF, tabs and blanks at the ends of lines reads the same', () => {
    const text = readFileSync('test/fixtures/zoneinfo/6.13.txt', 'utf8');
    const places = ({ lists, ...zone }: ReturnType<typeof parseZoneinfo>[number]) => ({
      ...zone,
      place: 0,
      end: 0,
      lists: listColumns.map((column) => [...lists.column(column)]),
    });
    const other = text.replace(/ {4}cpu/g, '\tcpu').replace(/\n/g, '  \r\n');
    expect(parseZoneinfo(other).map(places)).toEqual(parseZoneinfo(text).map(places));
  });

  it('a text that was cut in a list gives -1 for what is missing', () => {
    const text = kernels['5.10'];
    const [zone] = parseZoneinfo(text.slice(0, text.indexOf('count: 0')));
    expect(rowsOf(zone, 'cpu', 'count')).toEqual([
      [0, 12],
      [2, -1],
    ]);
    expect(zone.startPfn).toBe(-1);
  });

  it('a million lists and more are refused', () => {
    const text = `Node 0, zone Normal\n pagesets\n${' cpu: 1\n'.repeat(1_048_577)}`;
    expect(() => parseZoneinfo(text)).toThrow(/more than 1048576 lists/);
  });
});

describe('texts by accident', () => {
  it('are read or refused, never anything else', () => {
    const line = fc.constantFrom(
      'Node 0, zone Normal',
      'Node 99999999, zone X',
      '  pagesets',
      '    cpu: 3',
      '    cpu: 65535',
      '              count: 12',
      '              count: 999999999999999999999999',
      '        spanned  8192',
      '  start_pfn:         4096',
      'count: -1',
      '',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        try {
          machineFrom(parseZoneinfo(lines.join('\n')), { cpuCount: 2 });
        } catch (error) {
          expect(error).toBeInstanceOf(DrainlabError);
        }
      }),
    );
  });

  it('a machine that is too large to be true is refused before it takes memory', () => {
    const zones = Array.from(
      { length: 200 },
      (_, n) => `Node ${n}, zone Normal\n spanned 1\n cpu: 65535\n count: 1\n start_pfn: 1\n`,
    );
    expect(() => machineFrom(parseZoneinfo(zones.join('')), { cpuCount: 1 })).toThrow(
      /65536 CPUs and 200 zones/,
    );
  });
});

describe('machineFrom', () => {
  it('takes populated zones only, and the CPUs that have lists as online', () => {
    const machine = machineFrom(parseZoneinfo(kernels['5.10']), { cpuCount: 2, isolated: [2] });
    expect(machine.zones).toEqual([
      {
        name: 'Normal',
        node: 0,
        startPfn: 4096,
        endPfn: 12288,
        batch: 31,
        high: 186,
        managedPages: 7900,
        lowWatermark: 13,
        highWatermark: 16,
        reservePages: 0,
      },
    ]);
    expect([machine.cpuCount, [...machine.online], [...machine.isolated]]).toEqual([3, [0, 2], [2]]);
  });

  it('without zoneinfo is one zone that spans everything, with every CPU online', () => {
    const machine = machineFrom(null, { cpuCount: 4 });
    expect([machine.zones.length, machine.zones[0].name, machine.online.count]).toEqual([1, '', 4]);
  });
});

describe('snapshotFrom', () => {
  it('gives -1 where zoneinfo has no list: a missing list is not an empty one', () => {
    const machine = machineFrom(parseZoneinfo(kernels['5.10']), { cpuCount: 4 });
    expect([...snapshotFrom(parseZoneinfo(kernels['5.10']), machine, 3, 'load').pages]).toEqual([
      12, -1, 0, -1,
    ]);
  });
});

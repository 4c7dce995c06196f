import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrainlabError } from '../../base/errors.ts';
import { machineFrom, parseZoneinfo, snapshotFrom } from './zoneinfo.ts';

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
    expect(zone.lists.map(({ cpu, count, high, batch }) => [cpu, count, high, batch])).toEqual([
      [0, 12, 186, 31],
      [2, 0, 186, 31],
    ]);
    expect(zone.lists[0].place).toBeLessThan(zone.lists[1].place);
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

import { describe, expect, it } from 'vitest';
import type { HostJson, SampleJson } from '../snapshot/live-json.ts';
import { LiveRecord } from './live-record.ts';

const host: HostJson = {
  schema: 'drainlab.host/1',
  name: 'made up',
  kernel: '6.1',
  possible: '0-3',
  isolated: '1',
  nohzFull: '',
  nodeOfCpu: [1, 0, 0, 0],
  zones: [
    { node: 0, name: 'DMA', managedPages: 100 },
    { node: 0, name: 'Normal', managedPages: 1000 },
  ],
};

/** CPU 3 is offline; `lists` of CPUs 0 to 2 in Normal. */
function sampleOf(number: number, lists: readonly number[], rest: Partial<SampleJson> = {}): SampleJson {
  const zone = { node: 0, freePages: 10, minPages: 1, lowPages: 2, highPages: 3 };
  return {
    schema: 'drainlab.sample/1',
    number,
    timeMs: number * 1000,
    sinceMs: number === 1 ? 0 : 1000,
    readMs: 1,
    online: '0-2',
    cpus: { online: 3, empty: 1, isolatedOnline: 1, isolatedEmpty: 0, parkedPages: 0 },
    zones: [
      { ...zone, name: 'DMA', lists: [0, 1, 0] },
      { ...zone, name: 'Normal', lists },
    ],
    interrupts: null,
    load: { loadAverage: 0, runningTasks: 1, allocationStalls: null, pressure: null },
    drains: null,
    ...rest,
  };
}

describe('the record of the last minutes', () => {
  it('has a row a CPU, isolated ones last, others by their node, and adds up zones', () => {
    const record = new LiveRecord(host);
    expect(record.rows).toEqual([
      { cpus: [2], isIsolated: false },
      { cpus: [3], isIsolated: false },
      { cpus: [0], isIsolated: false },
      { cpus: [1], isIsolated: true },
    ]);
    record.add(sampleOf(1, [5, 6, 0]), 1000, false);
    expect([...record.pagesByCpu]).toEqual([5, 7, 0, -1]);
    expect(record.mostPages).toBe(7);
  });

  it('draws each sample until the next one, and nothing where something was missed', () => {
    const record = new LiveRecord(host);
    record.add(sampleOf(1, [5, 0, 0]), 1000, false);
    record.add(sampleOf(2, [9, 0, 0]), 3000, false);
    record.add(sampleOf(3, [2, 0, 0]), 8000, true);
    // Row 2 is CPU 0, row 1 the offline CPU 3; a column a second from 0 to 10 s.
    const strip = record.strip([2, 1], 0, 10_000, 10);
    expect([...strip.subarray(0, 10)]).toEqual([-1, 5, 5, 9, -1, -1, -1, -1, 2, -1]);
    expect([...strip.subarray(10)]).toEqual(new Array(10).fill(-1));
  });

  it('shows of several samples in one column the one with the most pages', () => {
    const record = new LiveRecord(host);
    for (const [i, pages] of [5, 90, 7].entries())
      record.add(sampleOf(i + 1, [pages, 0, 0]), 1000 + i, false);
    expect([...record.strip([2], 0, 10_000, 2)]).toEqual([90, -1]);
  });

  it('forgets the oldest, and keeps its size', () => {
    const record = new LiveRecord(host, 3);
    for (let i = 1; i <= 5; i++) record.add(sampleOf(i, [i, 0, 0]), i * 1000, false);
    expect([record.length, record.oldestMs, record.newestMs]).toEqual([3, 3000, 5000]);
    expect(record.times(0)).toEqual([3000, 4000, 5000]);
    expect(record.times(3500)).toEqual([4000, 5000]);
  });

  it('counts by the second, and breaks a line where a figure is not known', () => {
    const record = new LiveRecord(host);
    const counts = { all: 30, isolated: 4 };
    const interrupts = { timeMs: 0, sinceMs: 2000, byKind: { call: counts }, crossCpu: [], backwards: 0 };
    const load = { loadAverage: 0, runningTasks: 1, allocationStalls: 8, pressure: null };
    record.add(sampleOf(1, [0, 0, 0]), 1000, false);
    record.add(sampleOf(2, [0, 0, 0], { interrupts, load, sinceMs: 500 }), 1500, false);
    record.add(sampleOf(3, [0, 0, 0], { interrupts }), 9000, true);
    // 30 and 4 interrupts in 2 s; 8 reclaims in half a second. The first and the one after a gap break the line.
    expect(record.figure('all:call', 0)).toEqual([null, 15, null]);
    expect(record.figure('isolated:call', 0)).toEqual([null, 2, null]);
    expect(record.figure('reclaimsPerSecond', 0)).toEqual([null, 16, null]);
    expect(record.newest('all:call')).toBe(15);
    expect(record.newest('drainsPerSecond')).toBeNull();
    expect(record.figure('emptyPercent', 0)[0]).toBeCloseTo(100 / 3);
  });

  it('puts neighbours into one row on thousands of CPUs, none of them isolated with others', () => {
    const record = new LiveRecord({ ...host, possible: '0-4095', isolated: '1000-1999', nodeOfCpu: [] });
    expect(record.rows.length).toBeLessThanOrEqual(401);
    expect(record.rows.flatMap(({ cpus }) => cpus).length).toBe(4096);
    for (const { cpus, isIsolated } of record.rows)
      expect(cpus.every((cpu) => (cpu >= 1000 && cpu < 2000) === isIsolated)).toBe(true);
  });
});

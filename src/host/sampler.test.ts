import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeHost, interruptsText, zoneinfoText } from '../../test/fake-host.ts';
import { crossCpuInterrupts, hostJson, interruptsOfKind, sampleJson } from './host-sample.ts';
import { HostSampler } from './sampler.ts';

let host: FakeHost;
let clockMs = 0;
const now = () => clockMs;

beforeEach(() => {
  host = new FakeHost();
  clockMs = 5000;
  host.write('sys/devices/system/cpu/possible', '0-7\n');
  host.write('sys/devices/system/cpu/online', '0-3\n');
  host.write('sys/devices/system/cpu/isolated', '3\n');
  host.write('sys/devices/system/cpu/nohz_full', '(null)\n');
  host.write('proc/zoneinfo', zones([10, 0, 0, 0], [5, 0, 7, 0]));
});
afterEach(() => host.remove());

function zones(
  dma32: ReadonlyArray<number | null>,
  normal: ReadonlyArray<number | null>,
  free = 4000,
  newer = false,
): string {
  return zoneinfoText(
    [
      { node: 0, name: 'DMA', free: 9, counts: [] },
      { node: 0, name: 'DMA32', free, counts: dma32 },
      { node: 0, name: 'Normal', free: 7000, counts: normal },
    ],
    newer,
  );
}

describe('who holds pages', () => {
  test.each([false, true])('sums by CPU and over all, isolated CPUs apart (form of 6.13 on: %s)', (newer) => {
    host.write('proc/zoneinfo', zones([10, 0, 0, 0], [5, 0, 7, 0], 4000, newer));
    const sampler = new HostSampler({ root: host.root, now });
    const sample = sampler.sample();
    expect([...sample.pagesByCpu]).toEqual([15, 0, 7, 0, -1, -1, -1, -1]);
    expect(sample.cpus).toEqual({
      online: 4,
      empty: 2,
      isolatedOnline: 1,
      isolatedEmpty: 1,
      parkedPages: 22,
    });
    expect([...sample.zones.freePages]).toEqual([4000, 7000]);
    expect([...sample.zones.lowPages]).toEqual([200, 200]);
    sampler.close();
  });

  test('later samples see what has changed, and CPUs that go and come', () => {
    const sampler = new HostSampler({ root: host.root, now });
    const { host: first } = sampler.sample();
    host.write('proc/zoneinfo', zones([100000, 0, 0, 1], [5, 3, 7, 2], 3999));
    expect([...sampler.sample().pagesByCpu].slice(0, 4)).toEqual([100005, 3, 7, 3]);
    host.write('proc/zoneinfo', zones([1, null, 0, 0], [0, null, 7, 0]));
    const without = sampler.sample();
    expect([...without.online]).toEqual([0, 2, 3]);
    expect(without.cpus).toMatchObject({ online: 3, empty: 1, parkedPages: 8 });
    host.write('proc/zoneinfo', zones([1, 0, 0, 0, 4], [0, 0, 7, 0, 0]));
    const more = sampler.sample();
    expect(more.cpus).toMatchObject({ online: 5, empty: 2, parkedPages: 12 });
    expect(more.host).toBe(first);
    sampler.close();
  });

  test('memory that is added is read anew: another zone, another host object', () => {
    const sampler = new HostSampler({ root: host.root, now });
    const { host: first } = sampler.sample();
    host.write(
      'proc/zoneinfo',
      zoneinfoText([
        { node: 0, name: 'DMA', free: 9, counts: [1, 0, 0, 0] },
        { node: 0, name: 'DMA32', free: 4000, counts: [1, 0, 0, 0] },
        { node: 0, name: 'Normal', free: 7000, counts: [1, 0, 0, 0] },
        { node: 1, name: 'Normal', free: 8000, counts: [1, 0, 0, 2] },
      ]),
    );
    const sample = sampler.sample();
    expect(sample.host).not.toBe(first);
    expect(sample.host.machine.zones.map(({ node, name }) => `${node} ${name}`)).toEqual([
      '0 DMA',
      '0 DMA32',
      '0 Normal',
      '1 Normal',
    ]);
    expect([...sample.pagesByCpu].slice(0, 4)).toEqual([4, 0, 0, 2]);
    sampler.close();
  });

  test('a text that is cut between two samples is no sample of zeros', () => {
    const sampler = new HostSampler({ root: host.root, now });
    sampler.sample();
    host.write('proc/zoneinfo', zones([10, 0, 0, 0], [5, 0, 7, 0]).slice(0, 700));
    expect(() => sampler.sample()).toThrow(/cannot be followed/);
    sampler.close();
  });

  test('without zoneinfo there is nothing to sample', () => {
    host.remove('proc/zoneinfo');
    expect(() => new HostSampler({ root: host.root, now })).toThrow(
      expect.objectContaining({ code: 'E_CENSUS_PATH' }),
    );
  });
});

describe('interrupts', () => {
  const rows = (call: number[], reschedule: number[]) =>
    interruptsText([0, 1, 2, 3], {
      24: [100, 0, 0, 0],
      LOC: [9, 9, 9, 9],
      RES: reschedule,
      CAL: call,
    });

  test('are counted between two readings, which are rarer than samples', () => {
    host.write('proc/interrupts', rows([10, 20, 30, 40], [1, 1, 1, 1]));
    const sampler = new HostSampler({ root: host.root, now, interruptsEveryMs: 1000 });
    expect(sampler.sample().interrupts).toBeNull();
    host.write('proc/interrupts', rows([15, 20, 30, 43], [1, 2, 1, 4]));
    clockMs += 250;
    expect(sampler.sample().interrupts).toBeNull();
    clockMs += 750;
    const { interrupts, host: snapshot } = sampler.sample();
    expect(interrupts).toMatchObject({ sinceMs: 1000, timeMs: 1000, cpus: [0, 1, 2, 3], backwards: 0 });
    if (interrupts === null) throw new Error('none');
    expect(interruptsOfKind(interrupts, 'call', null)).toBe(8);
    expect(interruptsOfKind(interrupts, 'call', snapshot.machine.isolated)).toBe(3);
    expect([0, 1, 2, 3].map((column) => crossCpuInterrupts(interrupts, column))).toEqual([5, 1, 0, 6]);
    expect(interruptsOfKind(interrupts, 'timer', null)).toBe(0);
    sampler.close();
  });

  test('a counter that goes backwards counts nothing, and is counted', () => {
    host.write('proc/interrupts', rows([10, 20, 30, 40], [1, 1, 1, 1]));
    const sampler = new HostSampler({ root: host.root, now });
    sampler.sample();
    clockMs += 1000;
    host.write('proc/interrupts', rows([12, 0, 30, 40], [1, 1, 1, 1]));
    const { interrupts } = sampler.sample();
    expect(interrupts?.backwards).toBe(1);
    expect(interrupts && interruptsOfKind(interrupts, 'call', null)).toBe(2);
    sampler.close();
  });

  test('begin anew when a CPU goes: counts of other columns are never subtracted', () => {
    host.write('proc/interrupts', rows([10, 20, 30, 40], [1, 1, 1, 1]));
    const sampler = new HostSampler({ root: host.root, now });
    sampler.sample();
    clockMs += 1000;
    host.write('proc/interrupts', interruptsText([0, 2, 3], { CAL: [11, 31, 41], RES: [1, 1, 1] }));
    expect(sampler.sample().interrupts).toBeNull();
    clockMs += 1000;
    host.write('proc/interrupts', interruptsText([0, 2, 3], { CAL: [11, 33, 41], RES: [1, 1, 1] }));
    const { interrupts } = sampler.sample();
    expect(interrupts?.cpus).toEqual([0, 2, 3]);
    expect(interrupts && interruptsOfKind(interrupts, 'call', null)).toBe(2);
    sampler.close();
  });
});

describe('load', () => {
  test('is not known where the files are missing', () => {
    const sampler = new HostSampler({ root: host.root, now });
    const { load, interrupts } = sampler.sample();
    expect(load).toEqual({ loadAverage: null, runningTasks: null, allocationStalls: null, pressure: null });
    expect(interrupts).toBeNull();
    sampler.close();
  });

  test('stalls of all zones since the sample before, pressure, tasks', () => {
    const vmstat = (normal: number) =>
      `nr_free_pages 5\nallocstall_dma 1\nallocstall_normal ${normal}\nallocstall_movable 7\npgskip 3\n`;
    host.write('proc/vmstat', vmstat(10));
    host.write('proc/loadavg', '0.50 0.40 0.30 3/345 6789\n');
    host.write(
      'proc/pressure/memory',
      'some avg10=1.50 avg60=0.10 avg300=0.00 total=12345\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=99\n',
    );
    const sampler = new HostSampler({ root: host.root, now });
    expect(sampler.sample().load.allocationStalls).toBeNull();
    host.write('proc/vmstat', vmstat(14));
    const { load } = sampler.sample();
    expect(load).toMatchObject({ loadAverage: 0.5, runningTasks: 3, allocationStalls: 4 });
    expect(load.pressure?.some.avg10).toBe(1.5);
    host.write('proc/vmstat', vmstat(2));
    expect(sampler.sample().load.allocationStalls).toBeNull();
    sampler.close();
  });
});

test('as JSON: the host once, then samples with the lists of the online CPUs', () => {
  const sampler = new HostSampler({ root: host.root, now });
  host.write('proc/zoneinfo', zones([10, null, 0, 0], [5, null, 7, 0]));
  clockMs += 250;
  const sample = sampler.sample();
  expect(hostJson(sample.host)).toMatchObject({
    schema: 'drainlab.host/1',
    possible: '0-7',
    isolated: '3',
    nohzFull: '',
    zones: [
      { node: 0, name: 'DMA32', managedPages: 16000 },
      { node: 0, name: 'Normal', managedPages: 16000 },
    ],
  });
  expect(sampleJson(sample)).toMatchObject({
    schema: 'drainlab.sample/1',
    number: 1,
    timeMs: 250,
    online: '0,2-3',
    cpus: { online: 3, empty: 1 },
    zones: [
      { name: 'DMA32', freePages: 4000, lists: [10, 0, 0] },
      { name: 'Normal', freePages: 7000, lists: [5, 7, 0] },
    ],
    interrupts: null,
    drains: null,
  });
  sampler.close();
});

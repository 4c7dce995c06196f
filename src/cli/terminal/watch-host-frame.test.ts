import picocolors from 'picocolors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeHost, interruptsText, zoneinfoText } from '../../../test/fake-host.ts';
import { HostSampler } from '../../host/sampler.ts';
import type { Screen } from './screen.ts';
import { type WatchedRest, watchHostFrame } from './watch-host-frame.ts';
import { watchHostLine } from './watch-host-line.ts';
import { keysOf, RecentRate, WatchedHost } from './watched-host.ts';

const screen = (more: Partial<Screen> = {}): Screen => ({
  width: 80,
  colours: picocolors.createColors(false),
  unicode: true,
  ...more,
});
const rest: WatchedRest = {
  pace: {
    askedMs: 250,
    everyMs: 250,
    isStarting: false,
    cost: { cpuMs: 50, kernelMs: 10, elapsedMs: 5000, corePercent: 1, residentBytes: 88e6 },
  },
  runsOn: 'drainlab itself runs on CPU 0-2, off the isolated CPU 3.',
  drainFunction: null,
};

let host: FakeHost;
let clockMs = 0;

beforeEach(() => {
  host = new FakeHost();
  clockMs = 0;
});
afterEach(() => host.remove());

/** CPU 3 of four is isolated and is sent 5 function calls in the second between two samples. */
function fourCpus(): { sampler: HostSampler; watched: WatchedHost } {
  host.write('sys/devices/system/cpu/possible', '0-3\n');
  host.write('sys/devices/system/cpu/isolated', '3\n');
  host.write('sys/devices/system/node/node0/cpulist', '0-1\n');
  host.write('sys/devices/system/node/node1/cpulist', '2-3\n');
  host.write('proc/sys/kernel/hostname', 'box\n');
  host.write('proc/loadavg', '1.50 1.40 1.30 2/345 6789\n');
  host.write(
    'proc/pressure/memory',
    'some avg10=1.25 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=1\n',
  );
  host.write('proc/vmstat', 'allocstall_normal 100\n');
  host.write(
    'proc/zoneinfo',
    zoneinfoText([
      { node: 0, name: 'Normal', free: 150, counts: [1000, 0, 3, 0] },
      { node: 1, name: 'Normal', free: 9000, counts: [0, 0, 7, 0] },
    ]),
  );
  const calls = (to3: number) =>
    interruptsText([0, 1, 2, 3], { LOC: [9, 9, 9, 9], RES: [0, 0, 0, 0], CAL: [10, 20, 30, to3] });
  host.write('proc/interrupts', calls(40));
  const sampler = new HostSampler({ root: host.root, now: () => clockMs });
  const watched = new WatchedHost(sampler.host.machine.cpuCount);
  watched.take(sampler.sample());
  host.write('proc/interrupts', calls(45));
  host.write('proc/vmstat', 'allocstall_normal 112\n');
  clockMs = 1000;
  watched.take(sampler.sample());
  return { sampler, watched };
}

describe('the picture', () => {
  test('who holds pages, zones, interrupts to isolated CPUs, reclaim, own cost', () => {
    const { sampler, watched } = fourCpus();
    const text = watchHostFrame(watched, rest, screen(), 24).join('\n');
    expect(text).toContain('box · 4 CPUs online, isolated 3');
    expect(text).toContain('empty: 2 of 4 CPUs (50.0 %), of the isolated 1 of 1 · 1,010 pages on lists');
    // 1000 pages fill the scale; 3 + 7 pages: log 11 / log 1001 = 0.35 of 8 steps.
    expect(text).toContain('     CPU 0 █·▃·\n              !');
    expect(text).toMatch(/node 0 Normal +150 +200 +1,003 +2 of 4/);
    expect(text).toMatch(/all CPUs +5 +0/);
    expect(text).toMatch(/isolated +5 +0/);
    expect(text).toContain('direct reclaims 12/s, 12 so far · pressure some 1.25, full 0.50 %\n');
    expect(text).toContain('1.0 s · every 250 ms · load 1.50, 2 running\n');
    expect(text).toContain('own cost: 1.00 % of a core, 88 MB');
    expect(text).toContain('drains: not traced (--trace)');
    sampler.close();
  });

  test('keys: zone, group, scale, dots, pause, quit', () => {
    const { sampler, watched } = fourCpus();
    const strip = () => watchHostFrame(watched, rest, screen(), 24).slice(5, 10).join('\n');
    watched.key('z', 0);
    expect(strip()).toContain('lists of node 0 Normal, log to 1,000');
    watched.key('z', 0);
    expect(strip()).toContain('     CPU 0 ··▃·');
    watched.key('z', 0);
    watched.key('c', 0);
    expect(strip()).toContain('linear to 1,000');
    expect(strip()).toContain('     CPU 0 █·▁·');
    watched.key('g', 0);
    expect(strip()).toContain('    node 0 █·\n    node 1 ▁·');
    watched.key('g', 0);
    expect(strip()).toContain('    others █·▁\n  isolated ·');
    watched.key('g', 0);
    watched.key('d', 0);
    expect(strip()).toContain('a dot for each CPU that holds pages');
    watched.key(' ', 0);
    expect(watchHostFrame(watched, rest, screen(), 24)[1]).toContain('paused');
    expect(['q', '\x03', '+', '-', 'y'].map((key) => watched.key(key, 0))).toEqual([
      'quit',
      'quit',
      'faster',
      'slower',
      null,
    ]);
    sampler.close();
  });

  test('what is not known is said, and tracing that cannot see drains', () => {
    host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 150, counts: [1, 0] }]));
    const sampler = new HostSampler({ root: host.root, now: () => clockMs });
    const watched = new WatchedHost(2);
    expect(watchHostFrame(watched, rest, screen(), 24)).toEqual(['looking …']);
    watched.take(sampler.sample());
    const text = watchHostFrame(watched, { ...rest, drainFunction: '' }, screen({ width: 120 }), 30).join(
      '\n',
    );
    expect(text).toContain('direct reclaims not known · pressure not known');
    expect(text).toContain('interrupts: two readings, a second apart, are needed');
    expect(text).toContain('this kernel lets no function be traced');
    // One page on a scale to 64: log 2 / log 65 = 0.17 of 8 steps.
    expect(text).toContain('     CPU 0 ▂·');
    sampler.close();
  });
});

describe('4096 CPUs', () => {
  function large(): { sampler: HostSampler; watched: WatchedHost } {
    host.write('proc/sys/kernel/hostname', 'box\n');
    host.write('sys/devices/system/cpu/possible', '0-4095\n');
    host.write('sys/devices/system/cpu/isolated', '4000-4095\n');
    const counts = Array.from({ length: 4096 }, (_, cpu) => (cpu % 3) * 100);
    host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 9, counts }], true));
    const sampler = new HostSampler({ root: host.root, now: () => clockMs });
    const watched = new WatchedHost(4096);
    watched.take(sampler.sample());
    return { sampler, watched };
  }

  test.each([
    [40, 12],
    [80, 24],
    [200, 60],
  ])('fit into %i columns and %i rows, with help and in ASCII too', (width, rows) => {
    const { sampler, watched } = large();
    for (const keys of ['', 'd', 'g', '?', 'x']) {
      for (const key of keys) watched.key(key, 100);
      for (const unicode of [true, false]) {
        const lines = watchHostFrame(watched, rest, screen({ width, unicode }), rows);
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(lines.filter((line) => line.length > width)).toEqual([]);
        expect(lines[0]).toContain('4,096 CPUs online'.slice(0, width));
      }
    }
    sampler.close();
  });

  test('one cell a CPU on 200 columns and 60 rows', () => {
    const { sampler, watched } = large();
    const lines = watchHostFrame(watched, rest, screen({ width: 200 }), 60);
    expect(lines.find((line) => line.startsWith('lists'))).toContain('one cell a CPU');
    expect(lines.filter((line) => /^ +CPU /.test(line))).toHaveLength(Math.ceil(4096 / 188));
    sampler.close();
  });

  test('zoomed in, arrows move and stop at both ends', () => {
    const { sampler, watched } = large();
    watched.key('x', 0);
    const from = () =>
      /([\d,]+) to [\d,]+ of 4,096/.exec(watchHostFrame(watched, rest, screen(), 24).join())?.[1];
    expect(from()).toBe('1');
    watched.key('\x1b[B', 136);
    expect(from()).toBe('137');
    watched.key('\x1b[A', 136);
    watched.key('\x1b[A', 136);
    expect(from()).toBe('1');
    for (let i = 0; i < 100; i++) watched.key('\x1b[6~', 136);
    expect(from()).toBe('3,961');
    sampler.close();
  });
});

test('one line for pipes', () => {
  const { sampler, watched } = fourCpus();
  expect(watchHostLine(watched, rest.pace)).toBe(
    '1.0 s · empty 2 of 4 CPUs (isolated 1 of 1) · 1,010 pages on lists · a second: calls 5 (isolated 5), reschedules 0, reclaims 12 · pressure 1.25 % · load 1.50 · own cost 1.00 %',
  );
  sampler.close();
});

test('keys that came at once, and sequences of both modes', () => {
  expect(keysOf('q?')).toEqual(['q', '?']);
  expect(keysOf('a\x1b[A\x1b[6~b\x1bOB')).toEqual(['a', '\x1b[A', '\x1b[6~', 'b', '\x1b[B']);
  expect(keysOf('\x1b')).toEqual(['\x1b']);
});

test('a rate is over whole seconds, and the first part counts nothing', () => {
  const rate = new RecentRate();
  rate.add(50, 0);
  expect(rate.perSecond).toBeNull();
  for (const times of [1, 2, 3, 4, 5]) rate.add(times, 250);
  // 1 in the first 250 ms; then 2 + 3 + 4 + 5 in a second.
  expect(rate.perSecond).toBe(14);
  expect(rate.total).toBe(15);
});

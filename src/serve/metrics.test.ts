import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { FakeHost, interruptsText, zoneinfoText } from '../../test/fake-host.ts';
import { censusOf } from '../census/census-of.ts';
import { readThisHost } from '../host/this-host.ts';
import { HostReader } from './host-reader.ts';
import { metricsText } from './metrics.ts';

const hosts: FakeHost[] = [];
afterAll(() => {
  for (const host of hosts) host.remove();
});

/** `counts`: pages by CPU of DMA32 and of Normal. */
function fakeHost(counts: ReadonlyArray<readonly number[]>, isolated: string): FakeHost {
  const host = new FakeHost();
  hosts.push(host);
  const cpus = counts[0].map((_, cpu) => cpu);
  const [low, normal] = counts;
  host.write(
    'proc/zoneinfo',
    zoneinfoText([
      { node: 0, name: 'DMA32', free: 1000, counts: low },
      { node: 0, name: 'Normal', free: 5000, counts: normal },
    ]),
  );
  host.write(
    'proc/interrupts',
    interruptsText(cpus, {
      CAL: cpus.map((cpu) => 10 * (cpu + 1)),
      RES: cpus.map(() => 5),
    }),
  );
  host.write(
    'proc/vmstat',
    'nr_free_pages 6000\nallocstall_dma 0\nallocstall_dma32 4\nallocstall_normal 38\n',
  );
  host.write(
    'proc/pressure/memory',
    'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n',
  );
  host.write('proc/sys/kernel/osrelease', '5.10.0-30-amd64\n');
  const all = `0-${cpus.length - 1}\n`;
  for (const set of ['possible', 'online']) host.write(`sys/devices/system/cpu/${set}`, all);
  host.write('sys/devices/system/cpu/isolated', `${isolated}\n`);
  return host;
}

function textOf(host: FakeHost, options = {}): Promise<string> {
  const reader = new HostReader(() => {
    const { snapshot } = readThisHost(host.root);
    return { snapshot, census: censusOf(snapshot) };
  }, 1000);
  return reader.read().then((reading) => metricsText(reading, options));
}

/** Values by series without the prefix: `empty_cpus{isolated="true"}` → 1. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice('drainlab_'.length, at), Number(line.slice(at + 1))];
    }),
  );
}

/** CPUs 2 and 3 are isolated; 0 and 2 hold nothing, 1 holds 68 pages, 3 holds 2300. */
const four = [
  [0, 5, 0, 300],
  [0, 63, 0, 2000],
];

describe('metrics of a host', () => {
  it('are the sums that its files hold', async () => {
    const series = seriesOf(await textOf(fakeHost(four, '2-3')));
    const expected: Record<string, number> = {
      'host_info{kernel="5.10.0-30-amd64",architecture="x86_64",policy="worker"}': 1,
      'online_cpus{isolated="true"}': 2,
      'empty_cpus{isolated="true"}': 1,
      'empty_cpus{isolated="false"}': 1,
      parked_bytes: (68 + 2300) * 4096,
      'zone_lists{node="0",zone="DMA32"}': 4,
      'zone_empty_lists{node="0",zone="DMA32"}': 2,
      'zone_parked_bytes{node="0",zone="Normal"}': 2063 * 4096,
      'zone_free_bytes{node="0",zone="Normal"}': 5000 * 4096,
      'zone_watermark_bytes{node="0",zone="Normal",mark="low"}': 200 * 4096,
      allocstalls_total: 42,
      'memory_pressure_seconds_total{share="some"}': 2.5,
      'memory_pressure_seconds_total{share="full"}': 0.5,
      'interrupts_total{kind="call",isolated="false"}': 10 + 20,
      'interrupts_total{kind="call",isolated="true"}': 30 + 40,
      'interrupts_total{kind="reschedule",isolated="true"}': 10,
    };
    for (const [name, value] of Object.entries(expected))
      expect([name, series.get(name)]).toEqual([name, value]);
  });

  it('spread the CPUs over buckets, the empty ones apart, isolated ones apart', async () => {
    const series = seriesOf(await textOf(fakeHost(four, '2-3')));
    const bucket = (isolated: boolean, le: string) =>
      series.get(`cpu_list_pages_bucket{le="${le}",isolated="${isolated}"}`);
    expect(['0', '64', '256', '+Inf'].map((le) => bucket(false, le))).toEqual([1, 1, 2, 2]);
    expect(['0', '1024', '4096', '+Inf'].map((le) => bucket(true, le))).toEqual([1, 1, 2, 2]);
    expect(series.get('cpu_list_pages_sum{isolated="true"}')).toBe(2300);
    expect(series.get('zone_list_pages_bucket{le="64",node="0",zone="Normal",isolated="false"}')).toBe(2);
    expect(series.get('zone_list_pages_sum{node="0",zone="DMA32",isolated="true"}')).toBe(300);
  });

  it('say what a drain now would do under each policy, from the least to the most', async () => {
    const series = seriesOf(await textOf(fakeHost(four, '2-3')));
    const both = (name: string, policy: string) =>
      ['least', 'most'].map((bound) =>
        series.get(`drain_${name}{policy="${policy}",basis="exact",bound="${bound}"}`),
      );
    // Everyone: the three others, whoever asks. Selective: both holders, but for the one that asks.
    expect(both('interrupts', 'everyone')).toEqual([3, 3]);
    expect(both('interrupts', 'selective')).toEqual([1, 2]);
    expect(both('isolated_cpus', 'selective')).toEqual([0, 1]);
    expect(both('useless_cpus', 'everyone')).toEqual([1, 2]);
    expect(both('stranded_pages', 'none')).toEqual([2368, 2368]);
    expect(series.get('two_pass_mask')).toBe(1);
    expect(series.get('two_pass_needed_cpus')).toBe(2);
    expect(series.get('two_pass_margin_cpus')).toBe(1);
  });

  it('are as many for 4096 CPUs as for 4', async () => {
    const many = [0, 1].map(() => Array.from({ length: 4096 }, (_, cpu) => (cpu * 7) % 500));
    const [few, lots] = await Promise.all([textOf(fakeHost(four, '2-3')), textOf(fakeHost(many, '16-4095'))]);
    const names = (text: string) =>
      [...seriesOf(text).keys()].map((name) => name.replace(/kernel="[^"]*"/, ''));
    expect(names(lots)).toEqual(names(few));
    expect(seriesOf(lots).get('online_cpus{isolated="true"}')).toBe(4080);
  });

  it('have one more for each CPU only when asked', async () => {
    const host = fakeHost(four, '2-3');
    const plain = seriesOf(await textOf(host));
    const series = seriesOf(await textOf(host, { perCpu: true }));
    expect(series.size - plain.size).toBe(4);
    expect(series.get('cpu_pages{cpu="3",isolated="true"}')).toBe(2300);
  });

  it('leave out what is not known, and never say 0 for it', async () => {
    const host = fakeHost(four, '');
    for (const name of ['proc/vmstat', 'proc/pressure', 'proc/interrupts']) host.remove(name);
    const text = await textOf(host);
    expect(text).not.toMatch(/allocstalls|memory_pressure|interrupts_total/);
  });

  it('count what was odd in the files', async () => {
    const host = fakeHost(four, '2-3');
    host.write('proc/interrupts', 'CPU0 CPU1 CPU2 CPU3\nCAL: 1 2\nRES: 1 2 3 4 Rescheduling interrupts\n');
    expect(seriesOf(await textOf(host)).get('problems')).toBe(1);
  });

  it.skipIf(spawnSync('promtool', ['--version']).status !== 0)(
    'are sound to promtool check metrics (skipped where promtool is not installed)',
    async () => {
      const text = await textOf(fakeHost(four, '2-3'), { perCpu: true });
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text });
      expect([status, String(stdout), String(stderr)]).toEqual([0, '', '']);
    },
  );
});

describe('reading the host', () => {
  it('happens once in the interval, however many ask', async () => {
    const host = fakeHost(four, '2-3');
    let clockMs = 0;
    const reader = new HostReader(
      () => {
        const { snapshot } = readThisHost(host.root);
        return { snapshot, census: censusOf(snapshot) };
      },
      1000,
      () => clockMs,
    );
    const readings = await Promise.all(Array.from({ length: 50 }, () => reader.read()));
    expect(new Set(readings).size).toBe(1);
    clockMs = 999;
    await reader.read();
    expect(reader.readings).toBe(1);
    clockMs = 1000;
    await reader.read();
    expect(reader.readings).toBe(2);
  });

  it('that fails is told to who asks, and tried again after the interval', async () => {
    const host = fakeHost(four, '2-3');
    let clockMs = 0;
    let isGone = true;
    const reader = new HostReader(
      () => {
        if (isGone) throw new Error('gone');
        const { snapshot } = readThisHost(host.root);
        return { snapshot, census: censusOf(snapshot) };
      },
      1000,
      () => clockMs,
    );
    await expect(reader.read()).rejects.toThrow('gone');
    isGone = false;
    await expect(reader.read()).rejects.toThrow('gone');
    clockMs = 1000;
    expect((await reader.read()).census.holders.online).toBe(4);
  });
});

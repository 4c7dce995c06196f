/**
 * What `drainlab watch` costs at four looks a second, by the size of the machine: processor time for reading zoneinfo's lists, for
 * the interrupts (once a second) and for the picture, on files of made-up hosts. On a real host the kernel must make the texts too. For
 * zoneinfo, which is many lines of one kind, that is measured on this host's own file and scaled by the bytes; for interrupts it cannot
 * be scaled (its cost is that of rows, columns and lines of other CPUs). Prints a hash of what was counted and drawn.
 *
 * usage: npx tsx bench/watch.ts [--small]
 */

import { fileURLToPath } from 'node:url';
import picocolors from 'picocolors';
import { type WatchedRest, watchHostFrame } from '../src/cli/terminal/watch-host-frame.ts';
import { WatchedHost } from '../src/cli/terminal/watched-host.ts';
import { openProcFile } from '../src/host/proc-file.ts';
import { HostSampler } from '../src/host/sampler.ts';
import { FakeHost, interruptsText, zoneinfoText } from '../test/fake-host.ts';

const looksPerSecond = 4;

export interface WatchCost {
  readonly cpus: number;
  readonly zones: number;
  readonly zoneinfoBytes: number;
  /** Processor time, the best of some rounds. */
  readonly lookMs: number;
  readonly interruptsMs: number;
  readonly pictureMs: number;
  readonly hash: string;
}

/** Devices with interrupts: 2 for each CPU up to 128, as of disks and network queues. */
function textsOf(cpus: number, zones: number): { zoneinfo: string; interrupts: string } {
  const counts = Array.from({ length: cpus }, (_, cpu) => (cpu % 3 === 0 ? 0 : (cpu * 7919) % 900));
  const zoneinfo = zoneinfoText(
    Array.from({ length: zones }, (_, zone) => ({
      node: zone >> 1,
      name: zone % 2 === 0 ? 'DMA32' : 'Normal',
      free: 100_000 + zone,
      counts: counts.map((count, cpu) => (cpu % zones === zone ? count * 3 : count)),
    })),
    true,
  );
  const devices = Array.from({ length: 2 * Math.min(cpus, 128) }, (_, device) => String(24 + device));
  const numbers = Array.from({ length: cpus }, (_, cpu) => cpu);
  const rows = [...devices, 'LOC', 'RES', 'CAL', 'TLB'].map((label, row) => [
    label,
    numbers.map((cpu) => (row < devices.length ? (cpu % devices.length === row ? 12_345 : 0) : 1000 + cpu)),
  ]);
  return { zoneinfo, interrupts: interruptsText(numbers, Object.fromEntries(rows)) };
}

const rest: WatchedRest = {
  pace: { askedMs: 250, everyMs: 250, cost: null, isStarting: true },
  runsOn: '',
  drainFunction: null,
};
const screen = { width: 120, colours: picocolors.createColors(true), unicode: true };
const rows = 40;

export function watchCost(cpus: number, zones: number, looks: number, rounds: number): WatchCost {
  const { zoneinfo, interrupts } = textsOf(cpus, zones);
  const host = new FakeHost();
  try {
    host.write('proc/sys/kernel/hostname', 'bench\n');
    host.write('sys/devices/system/cpu/possible', `0-${cpus - 1}\n`);
    host.write('sys/devices/system/cpu/isolated', cpus > 4 ? `${cpus - 4}-${cpus - 1}\n` : '\n');
    host.write('proc/zoneinfo', zoneinfo);
    host.write('proc/interrupts', interrupts);
    const without = new HostSampler({ root: host.root, interruptsEveryMs: null, now: () => 0 });
    const withInterrupts = new HostSampler({ root: host.root, interruptsEveryMs: 0, now: () => 0 });
    const watched = new WatchedHost(cpus);
    watched.take(without.sample());
    const lookMs = best(rounds, looks, () => without.sample());
    const both = best(rounds, looks, () => withInterrupts.sample());
    const pictureMs = best(rounds, looks, () => watchHostFrame(watched, rest, screen, rows));
    const { pagesByCpu, cpus: counted } = withInterrupts.sample();
    const hash = hashOf([
      pagesByCpu.join(),
      JSON.stringify(counted),
      watchHostFrame(watched, rest, { ...screen, colours: picocolors.createColors(false) }, rows)
        .filter((line) => !line.includes('reading takes'))
        .join('\n'),
    ]);
    without.close();
    withInterrupts.close();
    return {
      cpus,
      zones,
      zoneinfoBytes: zoneinfo.length,
      lookMs,
      interruptsMs: Math.max(0, both - lookMs),
      pictureMs,
      hash,
    };
  } finally {
    host.remove();
  }
}

/** Processor time of one call, in ms: the least mean of some rounds. */
function best(rounds: number, times: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < times; i++) work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000 / times);
  }
  return least;
}

/** FNV-1a, 32 bits. */
function hashOf(texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts)
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Nanoseconds in which this host's kernel makes and copies one byte of the file; null: it has none. */
function kernelNsPerByte(path: string): number | null {
  const file = openProcFile(path);
  if (file === null) return null;
  const ms = best(5, 200, () => file.read());
  const { length } = file;
  file.close();
  return (ms * 1e6) / length;
}

function main(small: boolean): void {
  const zoneinfoNs = kernelNsPerByte('/proc/zoneinfo');
  const ns = zoneinfoNs === null ? 'not readable' : `${zoneinfoNs.toFixed(1)} ns a byte`;
  console.log(`zoneinfo in this host's kernel: ${ns}`);
  console.log(
    '  CPUs  zones  zoneinfo     look  interrupts  picture   at 4 a second   with zoneinfo in the kernel   hash',
  );
  const sizes = small
    ? [[64, 2]]
    : [
        [8, 3],
        [64, 3],
        [256, 5],
        [1024, 9],
        [4096, 3],
        [4096, 17],
      ];
  for (const [cpus, zones] of sizes) {
    const cost = watchCost(cpus, zones, small ? 5 : 20, small ? 2 : 5);
    const own = looksPerSecond * (cost.lookMs + cost.pictureMs) + cost.interruptsMs;
    const kernel = looksPerSecond * cost.zoneinfoBytes * (zoneinfoNs ?? 0);
    console.log(
      [
        String(cpus).padStart(6),
        String(zones).padStart(6),
        `${(cost.zoneinfoBytes / 1e6).toFixed(2)} MB`.padStart(9),
        `${cost.lookMs.toFixed(2)} ms`.padStart(8),
        `${cost.interruptsMs.toFixed(2)} ms`.padStart(11),
        `${cost.pictureMs.toFixed(2)} ms`.padStart(8),
        `${(own / 10).toFixed(2)} %`.padStart(15),
        `about ${((own + kernel / 1e6) / 10).toFixed(1)} %`.padStart(29),
        cost.hash.padStart(10),
      ].join(' '),
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--small'));

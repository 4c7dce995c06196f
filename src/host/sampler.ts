/**
 * Looks at a running host again and again: who holds pages, interrupts, reclaim, pressure. Files are opened once and read into
 * the same buffers; counts go into the same columns. Nothing is written anywhere.
 *
 * Reading is not free for the host: zoneinfo_show (mm/vmstat.c) prints a zone while it holds the zone's lock, with interrupts off on the
 * CPU that reads, so whoever refills a list from that zone waits as long. No CPU is interrupted by any of these reads.
 */

import { join } from 'node:path';
import { BitSet } from '../base/bit-set.ts';
import { DrainlabError } from '../base/errors.ts';
import { parseZoneinfo } from '../engine/input/zoneinfo.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import { parseInterrupts } from '../snapshot/interrupts.ts';
import { parsePressure } from '../snapshot/pressure.ts';
import type { DrainCounter } from './drain-counter.ts';
import type { HostSample, SampledCpus, SampledInterrupts, SampledLoad } from './host-sample.ts';
import { InterruptScanner } from './interrupt-scanner.ts';
import { openProcFile, ProcFile } from './proc-file.ts';
import { readThisHost } from './this-host.ts';
import { ZoneinfoScanner } from './zoneinfo-scanner.ts';

/** Looks once a second are a little less than a second apart now and then. */
const early = 0.9;

/** The interrupts of large machines are read less often: reading them takes at most a hundredth of the time. */
const interruptsRest = 100;

export interface SamplerOptions {
  /** Folder that holds proc/ and sys/. Default: `/`. */
  readonly root?: string;
  /** How often /proc/interrupts is read, at most; null: never. It costs the kernel more than all others together. Default: 1000. */
  readonly interruptsEveryMs?: number | null;
  readonly drains?: DrainCounter | null;
  /** CPUs that count as isolated. Default: isolcpus and nohz_full of the host. */
  readonly isolated?: readonly number[];
  /** Monotonic clock in ms. */
  readonly now?: () => number;
}

export class HostSampler {
  readonly #root: string;
  readonly #now: () => number;
  readonly #startMs: number;
  readonly #zoneinfo: ProcFile;
  readonly #interrupts: ProcFile | null;
  readonly #vmstat: ProcFile | null;
  readonly #pressure: ProcFile | null;
  readonly #loadAverage: ProcFile | null;
  readonly #interruptsEveryMs: number;
  readonly #drains: DrainCounter | null;
  readonly #isolated: readonly number[] | undefined;
  #host: HostSnapshot;
  #zones: ZoneinfoScanner;
  #online: BitSet;
  #pagesByCpu: Int32Array;
  #rows: InterruptScanner | null = null;
  #rowsMs = Number.NEGATIVE_INFINITY;
  /** What the newest reading took. */
  #rowsCostMs = 0;
  #rowsBefore: Float64Array | null = null;
  #newestInterrupts: SampledInterrupts | null = null;
  #stallsBefore: number | null = null;
  #number = 0;
  #sampleMs = 0;

  /** Throws E_CENSUS_PATH, E_CENSUS_READ (no zoneinfo), E_SAMPLE_FORM (a zoneinfo of a form that is not known). */
  constructor(options: SamplerOptions = {}) {
    this.#root = options.root ?? '/';
    this.#now = options.now ?? (() => performance.now());
    this.#interruptsEveryMs = options.interruptsEveryMs ?? 1000;
    const open = (name: string) => openProcFile(join(this.#root, 'proc', name));
    this.#drains = options.drains ?? null;
    this.#isolated = options.isolated;
    this.#host = this.#readHost();
    this.#zoneinfo = new ProcFile(join(this.#root, 'proc/zoneinfo'));
    this.#interrupts = options.interruptsEveryMs === null ? null : open('interrupts');
    this.#vmstat = open('vmstat');
    this.#pressure = open('pressure/memory');
    this.#loadAverage = open('loadavg');
    this.#online = new BitSet(0);
    this.#pagesByCpu = new Int32Array(0);
    this.#zones = this.#learnZones();
    this.#startMs = this.#now();
  }

  get host(): HostSnapshot {
    return this.#host;
  }

  /** Looks once. What it returns is overwritten by the next call. */
  sample(): HostSample {
    const startMs = this.#now();
    this.#readZones();
    const cpus = this.#countCpus();
    const load = this.#readLoad();
    this.#readInterrupts(startMs);
    const drains = this.#drains?.read() ?? null;
    const sample: HostSample = {
      number: ++this.#number,
      timeMs: startMs - this.#startMs,
      sinceMs: this.#number === 1 ? 0 : startMs - this.#sampleMs,
      readMs: this.#now() - startMs,
      host: this.#host,
      online: this.#online,
      pages: this.#zones.pages,
      pagesByCpu: this.#pagesByCpu,
      cpus,
      zones: this.#zones,
      interrupts: this.#newestInterrupts,
      load,
      drains,
    };
    this.#sampleMs = startMs;
    return sample;
  }

  close(): void {
    for (const file of [this.#zoneinfo, this.#interrupts, this.#vmstat, this.#pressure, this.#loadAverage])
      file?.close();
  }

  #readHost(): HostSnapshot {
    const { snapshot } = readThisHost(this.#root);
    const { machine } = snapshot;
    if (this.#isolated === undefined) return snapshot;
    const isolated = BitSet.of(
      machine.cpuCount,
      this.#isolated.filter((cpu) => cpu < machine.cpuCount),
    );
    return { ...snapshot, machine: { ...machine, isolated } };
  }

  #readZones(): void {
    this.#zoneinfo.read();
    if (this.#zones.scan(this.#zoneinfo.bytes, this.#zoneinfo.length)) return;
    // Another form: memory or CPUs have come or gone.
    this.#host = this.#readHost();
    this.#rows = null;
    this.#newestInterrupts = null;
    this.#zones = this.#learnZones();
  }

  #learnZones(): ZoneinfoScanner {
    this.#zoneinfo.read();
    const { bytes, length, path } = this.#zoneinfo;
    const zones = parseZoneinfo(this.#zoneinfo.text(), path);
    const scanner = new ZoneinfoScanner(this.#host.machine, zones, bytes, length);
    if (!scanner.scan(bytes, length)) {
      throw new DrainlabError('this text cannot be followed from one sample to the next', {
        code: 'E_SAMPLE_FORM',
        where: path,
        hint: 'Keep the file (cat /proc/zoneinfo) and report it; drainlab census without --samples may read it.',
      });
    }
    this.#online = new BitSet(this.#host.machine.cpuCount);
    this.#pagesByCpu = new Int32Array(this.#host.machine.cpuCount);
    return scanner;
  }

  #countCpus(): SampledCpus {
    const { machine } = this.#host;
    const zoneCount = machine.zones.length;
    const { pages } = this.#zones;
    const counts = { online: 0, empty: 0, isolatedOnline: 0, isolatedEmpty: 0, parkedPages: 0 };
    this.#online.clear();
    for (let cpu = 0; cpu < machine.cpuCount; cpu++) {
      let sum = -1;
      for (let list = cpu * zoneCount; list < (cpu + 1) * zoneCount; list++) {
        if (pages[list] >= 0) sum = Math.max(0, sum) + pages[list];
      }
      this.#pagesByCpu[cpu] = sum;
      if (sum < 0) continue;
      this.#online.add(cpu);
      counts.online++;
      counts.parkedPages += sum;
      if (sum === 0) counts.empty++;
      if (!machine.isolated.has(cpu)) continue;
      counts.isolatedOnline++;
      if (sum === 0) counts.isolatedEmpty++;
    }
    return counts;
  }

  #readLoad(): SampledLoad {
    const stalls = this.#vmstat === null ? null : allocationStallsOf(this.#vmstat);
    const before = this.#stallsBefore;
    this.#stallsBefore = stalls;
    this.#pressure?.read();
    this.#loadAverage?.read();
    const load = /^(\d+\.\d+) \S+ \S+ (\d+)\//.exec(this.#loadAverage?.text() ?? '');
    return {
      loadAverage: load === null ? null : Number(load[1]),
      runningTasks: load === null ? null : Number(load[2]),
      allocationStalls: stalls === null || before === null || stalls < before ? null : stalls - before,
      pressure: this.#pressure === null ? null : parsePressure(this.#pressure.text()),
    };
  }

  #readInterrupts(nowMs: number): void {
    const file = this.#interrupts;
    if (file === null) return;
    const everyMs = Math.max(early * this.#interruptsEveryMs, interruptsRest * this.#rowsCostMs);
    if (nowMs - this.#rowsMs < everyMs) return;
    const beginMs = this.#now();
    file.read();
    if (this.#rows?.scan(file.bytes, file.length) === true) {
      this.#newestInterrupts = this.#sinceReading(this.#rows, nowMs);
    } else {
      // The first reading, or CPUs or rows have come or gone: counting begins anew.
      this.#newestInterrupts = null;
      this.#rows = learnRows(file);
    }
    this.#rowsBefore = this.#rows?.counts.slice() ?? null;
    this.#rowsMs = nowMs;
    this.#rowsCostMs = this.#now() - beginMs;
  }

  #sinceReading({ counts, cpus }: InterruptScanner, nowMs: number): SampledInterrupts | null {
    const before = this.#rowsBefore;
    if (before === null) return null;
    const since = new Float64Array(counts.length);
    let backwards = 0;
    for (let i = 0; i < since.length; i++) {
      if (counts[i] >= before[i]) since[i] = counts[i] - before[i];
      else backwards++;
    }
    return {
      timeMs: nowMs - this.#startMs,
      sinceMs: nowMs - this.#rowsMs,
      cpus,
      counts: since,
      backwards,
    };
  }
}

/** null: the text is none of /proc/interrupts. */
function learnRows(file: ProcFile): InterruptScanner | null {
  const table = parseInterrupts(file.text(), []);
  if (table === null) return null;
  const rows = new InterruptScanner(table, file.bytes, file.length);
  return rows.scan(file.bytes, file.length) ? rows : null;
}

/** Sum of the lines `allocstall` (up to 4.8) or `allocstall_ZONE` of /proc/vmstat; null: there is none. */
function allocationStallsOf(file: ProcFile): number | null {
  file.read();
  let sum: number | null = null;
  const key = 'allocstall';
  for (
    let at = file.bytes.indexOf(key, 0, 'latin1');
    at >= 0 && at < file.length;
    at = file.bytes.indexOf(key, at + key.length, 'latin1')
  ) {
    const line = /^allocstall(?:_\w+)? (\d+)\n/.exec(
      file.bytes.toString('latin1', at, Math.min(file.length, at + 60)),
    );
    if (line !== null) sum = (sum ?? 0) + Number(line[1]);
  }
  return sum;
}

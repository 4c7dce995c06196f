/** Many looks at one running host, summed: how often are how many CPUs empty. */

import { BitSet } from '../base/bit-set.ts';
import { formatCpuList } from '../base/cpu-list.ts';
import type { MemoryPressure } from '../snapshot/host-snapshot.ts';
import {
  type CpuSamples,
  type EmptyRange,
  type HostSamples,
  type MeanShare,
  type SampleCpus,
  type SampleLoad,
  type SampleSelf,
  type SampleTiming,
  type Share,
  samplesSchema,
} from './host-samples.ts';
import { effectiveSamples, ShareIntervals } from './share-intervals.ts';

/** What one look tells; the arrays may be overwritten after `add`. */
export interface Moment {
  readonly timeMs: number;
  readonly readMs: number;
  readonly online: BitSet;
  /** Pages of each CPU in all zones; -1: not online. */
  readonly pagesByCpu: Int32Array;
  readonly cpus: MomentCpus;
  readonly load: MomentLoad;
}

export interface MomentCpus {
  readonly online: number;
  readonly empty: number;
  readonly isolatedOnline: number;
  readonly isolatedEmpty: number;
  readonly parkedPages: number;
}

export interface MomentLoad {
  readonly loadAverage: number | null;
  readonly runningTasks: number | null;
  /** Direct reclaims since the look before. */
  readonly allocationStalls: number | null;
  readonly pressure: MemoryPressure | null;
}

export interface SampleOrder {
  readonly name: string;
  readonly kernel: string;
  readonly asked: number;
  readonly everyMs: number;
  /** isolcpus and nohz_full. */
  readonly isolated: BitSet;
}

/** Takes moments, keeps one bit for each CPU and moment, and sums. */
export class SampleSeries {
  readonly #order: SampleOrder;
  readonly #timesMs: number[] = [];
  readonly #readsMs: number[] = [];
  readonly #cpus: MomentCpus[] = [];
  readonly #empty: BitSet[] = [];
  readonly #online: BitSet[] = [];
  readonly #loads: MomentLoad[] = [];
  /** By CPU; grows with the largest number seen. */
  #pageSums = new Float64Array(64);

  constructor(order: SampleOrder) {
    this.#order = order;
  }

  get length(): number {
    return this.#timesMs.length;
  }

  add({ timeMs, readMs, online, pagesByCpu, cpus, load }: Moment): void {
    const before = this.#online.at(-1);
    // The same set of CPUs is kept once.
    this.#online.push(before?.equals(online) ? before : online.clone());
    const empty = new BitSet(online.size);
    if (pagesByCpu.length > this.#pageSums.length) {
      const larger = new Float64Array(pagesByCpu.length);
      larger.set(this.#pageSums);
      this.#pageSums = larger;
    }
    for (let cpu = 0; cpu < pagesByCpu.length; cpu++) {
      if (pagesByCpu[cpu] === 0) empty.add(cpu);
      else if (pagesByCpu[cpu] > 0) this.#pageSums[cpu] += pagesByCpu[cpu];
    }
    this.#empty.push(empty);
    this.#timesMs.push(timeMs);
    this.#readsMs.push(readMs);
    this.#cpus.push({ ...cpus });
    this.#loads.push({ ...load });
  }

  /** Needs one moment at least. */
  result(self: SampleSelf): HostSamples {
    const intervals = new ShareIntervals(this.length);
    const empty = this.#emptyCounts();
    const half = Uint8Array.from(this.#cpus, ({ online, empty }) => (2 * empty >= online ? 1 : 0));
    const isolated = this.#part(intervals, true);
    return {
      schema: samplesSchema,
      source: { kind: 'host', name: this.#order.name, kernel: this.#order.kernel },
      answers: [],
      warnings: [],
      caveats: [],
      timing: this.#timing(),
      cpus: this.#onlineCpus(),
      empty,
      distribution: this.#distribution(intervals, empty.length - 1),
      halfEmpty: intervals.share(half),
      meanEmpty: intervals.mean(
        this.#cpus.map(({ empty }) => empty),
        this.#cpus.map(({ online }) => online),
      ),
      housekeeping: this.#part(intervals, false),
      isolated: this.#cpus.some(({ isolatedOnline }) => isolatedOnline > 0) ? isolated : null,
      byCpu: this.#byCpu(intervals),
      load: this.#load(),
      self,
    };
  }

  #emptyCounts(): number[] {
    const counts = new Array<number>(most(this.#cpus.map(({ online }) => online)) + 1).fill(0);
    for (const { empty } of this.#cpus) counts[empty]++;
    return counts;
  }

  #distribution(intervals: ShareIntervals, cpus: number): EmptyRange[] {
    return emptyRanges(cpus).map(([from, to]) => ({
      from,
      to,
      ...intervals.share(Uint8Array.from(this.#cpus, ({ empty }) => (empty >= from && empty <= to ? 1 : 0))),
    }));
  }

  /** Isolated CPUs, or all others. */
  #part(intervals: ShareIntervals, isolated: boolean): MeanShare & { allEmpty: Share } {
    const online = this.#cpus.map((cpus) =>
      isolated ? cpus.isolatedOnline : cpus.online - cpus.isolatedOnline,
    );
    const empty = this.#cpus.map((cpus) => (isolated ? cpus.isolatedEmpty : cpus.empty - cpus.isolatedEmpty));
    const all = Uint8Array.from(online, (cpus, i) => (cpus > 0 && empty[i] === cpus ? 1 : 0));
    return { ...intervals.mean(empty, online), allEmpty: intervals.share(all) };
  }

  #byCpu(intervals: ShareIntervals): CpuSamples[] {
    const length = this.length;
    const online = new Uint8Array(length);
    const empty = new Uint8Array(length);
    return [...this.#everOnline()].map((cpu) => {
      let onlineIn = 0;
      let emptyIn = 0;
      for (let i = 0; i < length; i++) {
        online[i] = this.#online[i].has(cpu) ? 1 : 0;
        empty[i] = this.#empty[i].has(cpu) ? 1 : 0;
        onlineIn += online[i];
        emptyIn += empty[i];
      }
      return {
        cpu,
        isolated: this.#order.isolated.has(cpu),
        online: onlineIn,
        empty: emptyIn,
        percent: (100 * emptyIn) / onlineIn,
        interval: intervals.ratio(empty, online, emptyIn, onlineIn),
        meanPages: this.#pageSums[cpu] / onlineIn,
      };
    });
  }

  #everOnline(): BitSet {
    const size = Math.max(...new Set(this.#online.map((set) => set.size)));
    const cpus = new BitSet(size);
    for (const set of new Set(this.#online)) for (const cpu of set) cpus.add(cpu);
    return cpus;
  }

  #timing(): SampleTiming {
    const times = this.#timesMs;
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    const shares = this.#cpus.map(({ online, empty }) => (online === 0 ? 0 : empty / online));
    return {
      samples: this.length,
      asked: this.#order.asked,
      everyMs: this.#order.everyMs,
      seconds: (times[times.length - 1] - times[0]) / 1000,
      gapMs: gaps.length === 0 ? null : { least: least(gaps), mean: mean(gaps), most: most(gaps) },
      readMs: { mean: mean(this.#readsMs), most: most(this.#readsMs) },
      effectiveSamples: effectiveSamples(shares),
    };
  }

  #onlineCpus(): SampleCpus {
    const counts = this.#cpus.map(({ online }) => online);
    return {
      online: formatCpuList(this.#everOnline()),
      onlineCount: { least: least(counts), most: most(counts) },
      changes: this.#online.filter((set, i) => i > 0 && set !== this.#online[i - 1]).length,
      isolated: formatCpuList(this.#order.isolated),
    };
  }

  #load(): SampleLoad {
    const averages = known(this.#loads.map(({ loadAverage }) => loadAverage));
    const running = known(this.#loads.map(({ runningTasks }) => runningTasks));
    const stalls = known(this.#loads.map(({ allocationStalls }) => allocationStalls));
    const seconds = (this.#timesMs[this.length - 1] - this.#timesMs[0]) / 1000;
    const total = stalls.reduce((sum, value) => sum + value, 0);
    return {
      loadAverage: averages.length === 0 ? null : { first: averages[0], last: averages[averages.length - 1] },
      runningTasks: running.length === 0 ? null : { mean: mean(running), most: most(running) },
      allocationStalls: stalls.length === 0 || seconds === 0 ? null : { total, perSecond: total / seconds },
      pressure: this.#pressure(seconds),
    };
  }

  #pressure(seconds: number): SampleLoad['pressure'] {
    const first = this.#loads[0].pressure;
    const last = this.#loads[this.length - 1].pressure;
    if (first === null || last === null || seconds === 0) return null;
    const percentOf = (us: number) => (100 * us) / (seconds * 1e6);
    return {
      somePercent: percentOf(last.some.totalUs - first.some.totalUs),
      fullPercent: percentOf(last.full.totalUs - first.full.totalUs),
    };
  }
}

const rangesMax = 17;

/** 0 … cpus in ranges of one size; the second half begins with the least number that is at least half of the CPUs. */
function emptyRanges(cpus: number): Array<[from: number, to: number]> {
  const step = Math.ceil((cpus + 1) / rangesMax);
  const half = Math.ceil(cpus / 2);
  const ranges: Array<[number, number]> = [];
  for (let from = 0; from < half; from += step) ranges.push([from, Math.min(half - 1, from + step - 1)]);
  for (let from = half; from <= cpus; from += step) ranges.push([from, Math.min(cpus, from + step - 1)]);
  return ranges;
}

function known(values: ReadonlyArray<number | null>): number[] {
  return values.filter((value) => value !== null);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}

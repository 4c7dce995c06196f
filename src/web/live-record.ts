/**
 * What was seen of a host in the last minutes: figures by sample, and the pages of every CPU, in typed arrays of a fixed size.
 * The oldest sample makes room for the newest.
 */

import { parseCpuList } from '../base/cpu-list.ts';
import { interruptKinds } from '../snapshot/interrupts.ts';
import type { HostJson, SampleJson } from '../snapshot/live-json.ts';

/** 20 minutes at a sample a second. */
export const samplesKept = 1200;

/** More rows than a screen shows: beyond, neighbours share one, and the CPU with the most pages is what is kept. */
const rowsMost = 400;

const plainFigures = [
  'emptyPercent',
  'parkedPages',
  'reclaimsPerSecond',
  'pressureSome',
  'pressureFull',
  'drainsPerSecond',
] as const;

export type FigureName =
  | (typeof plainFigures)[number]
  | `${'all' | 'isolated'}:${(typeof interruptKinds)[number]}`;

const figureNames: readonly FigureName[] = [
  ...plainFigures,
  ...interruptKinds.flatMap((kind): FigureName[] => [`all:${kind}`, `isolated:${kind}`]),
];

/** CPUs that share a row of the strip, all of them isolated or none. */
export interface CpuRow {
  readonly cpus: readonly number[];
  readonly isIsolated: boolean;
}

export class LiveRecord {
  readonly rows: readonly CpuRow[];
  /** Pages of each CPU in the newest sample; -1: offline. */
  readonly pagesByCpu: Int32Array;
  /** Most pages that any CPU held in the record. */
  mostPages = 0;
  readonly #capacity: number;
  /** Of each sample, ms by the clock of whoever looks. */
  readonly #times: Float64Array;
  /** 1: something was missed before this sample. */
  readonly #breaks: Uint8Array;
  readonly #figures: Float64Array;
  /** Most pages of a row's CPUs, by sample and row; -1: offline. */
  readonly #pages: Int32Array;
  #added = 0;

  constructor(host: HostJson, capacity: number = samplesKept) {
    const possible = parseCpuList(host.possible);
    const isolated = new Set([...parseCpuList(host.isolated), ...parseCpuList(host.nohzFull)]);
    this.rows = rowsOf(possible, isolated, host.nodeOfCpu);
    this.pagesByCpu = new Int32Array(1 + Math.max(-1, ...possible)).fill(-1);
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#breaks = new Uint8Array(capacity);
    this.#figures = new Float64Array(capacity * figureNames.length);
    this.#pages = new Int32Array(capacity * this.rows.length);
  }

  get length(): number {
    return Math.min(this.#added, this.#capacity);
  }

  /** Time of the oldest sample that is kept. */
  get oldestMs(): number {
    return this.#times[(this.#added - this.length) % this.#capacity];
  }

  /** Time of the newest sample. */
  get newestMs(): number {
    return this.#times[(this.#added - 1) % this.#capacity];
  }

  /** `afterGap`: the connection was lost, or somebody paused, before it. */
  add(sample: SampleJson, timeMs: number, afterGap: boolean): void {
    const at = this.#added++ % this.#capacity;
    this.#times[at] = timeMs;
    this.#breaks[at] = afterGap ? 1 : 0;
    const figures = this.#figures.subarray(at * figureNames.length, (at + 1) * figureNames.length);
    figureNames.forEach((name, i) => {
      figures[i] = figureOf(sample, name) ?? Number.NaN;
    });
    this.#addPages(sample, at);
  }

  #addPages({ online, zones }: SampleJson, at: number): void {
    const { pagesByCpu, rows } = this;
    pagesByCpu.fill(-1);
    parseCpuList(online).forEach((cpu, i) => {
      let pages = -1;
      for (const { lists } of zones) {
        const held = lists[i] ?? -1;
        if (held >= 0) pages = Math.max(0, pages) + held;
      }
      pagesByCpu[cpu] = pages;
    });
    for (let row = 0; row < rows.length; row++) {
      let most = -1;
      for (const cpu of rows[row].cpus) most = Math.max(most, pagesByCpu[cpu]);
      this.#pages[at * rows.length + row] = most;
      if (most > this.mostPages) this.mostPages = most;
    }
  }

  /** Times of the samples from `sinceMs` on, the oldest first. */
  times(sinceMs: number): number[] {
    return [...this.#positions(sinceMs)].map((at) => this.#times[at]);
  }

  /** A figure of the same samples; null: not known, so that a line ends and begins anew. */
  figure(name: FigureName, sinceMs: number): Array<number | null> {
    const index = figureNames.indexOf(name);
    return [...this.#positions(sinceMs)].map((at) => {
      const value = this.#figures[at * figureNames.length + index];
      return this.#breaks[at] === 1 || Number.isNaN(value) ? null : value;
    });
  }

  /** The newest value; null: not known. */
  newest(name: FigureName): number | null {
    if (this.#added === 0) return null;
    const at = (this.#added - 1) % this.#capacity;
    const value = this.#figures[at * figureNames.length + figureNames.indexOf(name)];
    return Number.isNaN(value) ? null : value;
  }

  /**
   * Most pages of each of `rows` in columns of equal time, `rows.length * columns`; a sample stands until the next one. -1: no
   * sample, or offline.
   */
  strip(rows: readonly number[], fromMs: number, toMs: number, columns: number): Int32Array {
    const most = new Int32Array(rows.length * columns).fill(-1);
    const perMs = columns / (toMs - fromMs);
    const columnOf = (timeMs: number) => Math.floor((timeMs - fromMs) * perMs);
    const positions = [...this.#positions(Number.NEGATIVE_INFINITY)];
    for (const [i, at] of positions.entries()) {
      const next = positions[i + 1];
      const isLast = next === undefined || this.#breaks[next] === 1;
      const first = columnOf(this.#times[at]);
      const end = Math.max(first + 1, isLast ? first + 1 : columnOf(this.#times[next]));
      for (let column = Math.max(0, first); column < Math.min(columns, end); column++) {
        for (const [place, row] of rows.entries()) {
          const pages = this.#pages[at * this.rows.length + row];
          if (pages > most[place * columns + column]) most[place * columns + column] = pages;
        }
      }
    }
    return most;
  }

  /** Positions of samples from `sinceMs` on, by age. */
  *#positions(sinceMs: number): Generator<number> {
    for (let i = this.#added - this.length; i < this.#added; i++) {
      const at = i % this.#capacity;
      if (this.#times[at] >= sinceMs) yield at;
    }
  }
}

/** Not isolated ones first, each group by node and number. */
function rowsOf(
  possible: readonly number[],
  isolated: ReadonlySet<number>,
  nodeOfCpu: readonly number[],
): CpuRow[] {
  const share = Math.ceil(possible.length / rowsMost);
  return [false, true].flatMap((isIsolated) => {
    const cpus = possible
      .filter((cpu) => isolated.has(cpu) === isIsolated)
      .sort((a, b) => (nodeOfCpu[a] ?? -1) - (nodeOfCpu[b] ?? -1) || a - b);
    return Array.from({ length: Math.ceil(cpus.length / share) }, (_, i) => ({
      cpus: cpus.slice(i * share, (i + 1) * share),
      isIsolated,
    }));
  });
}

function figureOf({ cpus, load, sinceMs, interrupts, drains }: SampleJson, name: FigureName): number | null {
  const perSecond = (count: number | null) =>
    count === null || sinceMs <= 0 ? null : (1000 * count) / sinceMs;
  switch (name) {
    case 'emptyPercent':
      return cpus.online === 0 ? null : (100 * cpus.empty) / cpus.online;
    case 'parkedPages':
      return cpus.parkedPages;
    case 'reclaimsPerSecond':
      return perSecond(load.allocationStalls);
    case 'pressureSome':
      return load.pressure?.some.avg10 ?? null;
    case 'pressureFull':
      return load.pressure?.full.avg10 ?? null;
    case 'drainsPerSecond':
      return perSecond(drains?.drains ?? null);
    default: {
      const kind = interruptKinds.find((each) => name.endsWith(`:${each}`));
      const counts = kind === undefined ? undefined : interrupts?.byKind[kind];
      if (!interrupts || counts === undefined || interrupts.sinceMs <= 0) return null;
      const events = name.startsWith('all:') ? counts.all : counts.isolated;
      return (1000 * events) / interrupts.sinceMs;
    }
  }
}

/** What drainlab itself costs the host while it looks: processor time of all its threads, kernel time included. */

import { waitFor } from './wait-for.ts';

export interface SelfCost {
  /** Processor time since the meter was made. */
  readonly cpuMs: number;
  /** Of that, inside the kernel. A kernel that counts whole ticks of its timer divides the sum by them: rough when they are few. */
  readonly kernelMs: number;
  readonly elapsedMs: number;
  /** Percent of one CPU. */
  readonly corePercent: number;
  /** Resident memory. */
  readonly residentBytes: number;
}

interface Clocks {
  /** µs of processor time of this process. */
  readonly cpuUsage: () => { user: number; system: number };
  /** ms, monotonic. */
  readonly now: () => number;
  readonly residentBytes: () => number;
}

const thisProcess: Clocks = {
  cpuUsage: () => process.cpuUsage(),
  now: () => performance.now(),
  residentBytes: () => process.memoryUsage.rss(),
};

export class SelfCostMeter {
  readonly #clocks: Clocks;
  #start: { user: number; system: number };
  #startMs: number;

  constructor(clocks: Clocks = thisProcess) {
    this.#clocks = clocks;
    this.#start = clocks.cpuUsage();
    this.#startMs = clocks.now();
  }

  /** Since the meter was made or restarted. */
  read(): SelfCost {
    const { user, system } = this.#clocks.cpuUsage();
    const kernelMs = (system - this.#start.system) / 1000;
    const cpuMs = (user - this.#start.user) / 1000 + kernelMs;
    const elapsedMs = this.#clocks.now() - this.#startMs;
    return {
      cpuMs,
      kernelMs,
      elapsedMs,
      corePercent: elapsedMs > 0 ? (100 * cpuMs) / elapsedMs : 0,
      residentBytes: this.#clocks.residentBytes(),
    };
  }

  restart(): void {
    this.#start = this.#clocks.cpuUsage();
    this.#startMs = this.#clocks.now();
  }
}

/** Time between two samples so that what one costs is at most `percentMax` percent of a core; never shorter than `everyMs`. */
export function paceMs(everyMs: number, sampleCostMs: number, percentMax: number): number {
  return percentMax === 0 ? everyMs : Math.max(everyMs, (100 * sampleCostMs) / percentMax);
}

/** Cost is taken over stretches of at least this time and this many samples. */
const stretchMs = 4000;
const stretchSamples = 4;

/**
 * When to look next, so that looking costs no more than a share of a core. What the first stretch costs does not count: the
 * code is still being compiled then.
 */
export class Pace {
  askedMs: number;
  everyMs: number;
  /** Of the newest stretch; null: none is over yet. */
  cost: SelfCost | null = null;
  readonly #percentMax: number;
  readonly #meter: SelfCostMeter;
  #samples = 0;
  #stretches = 0;

  /** `percentMax` 0: no limit. */
  constructor(askedMs: number, percentMax: number, meter: SelfCostMeter = new SelfCostMeter()) {
    this.askedMs = askedMs;
    this.everyMs = askedMs;
    this.#percentMax = percentMax;
    this.#meter = meter;
  }

  /** What is known is the cost of the first stretch. */
  get isStarting(): boolean {
    return this.#stretches <= 1;
  }

  /** Another time between two looks, from the next one on. */
  ask(askedMs: number): void {
    this.askedMs = askedMs;
    this.everyMs = askedMs;
    this.#begin();
  }

  /** Comes back when it is time to look, until the signal. Looks that are late are left out, not caught up. */
  async *times(signal: AbortSignal): AsyncGenerator<void> {
    for (let nextMs = performance.now(); !signal.aborted; ) {
      yield;
      this.lookTaken();
      nextMs = Math.max(nextMs + this.everyMs, performance.now());
      await waitFor(nextMs - performance.now(), signal);
    }
  }

  /** After each look. */
  lookTaken(): void {
    this.#samples++;
    const cost = this.#meter.read();
    if (cost.elapsedMs < stretchMs || this.#samples < stretchSamples) return;
    this.cost = cost;
    if (this.#stretches > 0)
      this.everyMs = paceMs(this.askedMs, cost.cpuMs / this.#samples, this.#percentMax);
    this.#stretches++;
    this.#begin();
  }

  #begin(): void {
    this.#samples = 0;
    this.#meter.restart();
  }
}

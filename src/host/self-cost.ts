/** What drainlab itself costs the host while it looks: processor time of all its threads, kernel time included. */

export interface SelfCost {
  /** Processor time since the meter was made. */
  readonly cpuMs: number;
  /** Of that, inside the kernel: there the texts of /proc are made. */
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
  return Math.max(everyMs, (100 * sampleCostMs) / percentMax);
}

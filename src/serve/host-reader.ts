/** Reads the host at most once in an interval, however many ask: a storm of scrapes costs one reading. */

import type { HostCensus } from '../census/host-census.ts';
import type { HostSnapshot } from '../snapshot/host-snapshot.ts';
import { InterruptTotals } from './interrupt-totals.ts';
import type { Reading } from './metrics.ts';

export interface HostAndCensus {
  readonly snapshot: HostSnapshot;
  readonly census: HostCensus;
}

export class HostReader {
  /** How often the host was read. */
  readings = 0;
  private readonly readHost: () => HostAndCensus | Promise<HostAndCensus>;
  private readonly leastMs: number | null;
  private readonly now: () => number;
  private readonly interrupts = new InterruptTotals();
  private last: Promise<Reading> | null = null;
  private lastMs = Number.NEGATIVE_INFINITY;

  /** `leastMs`: time between two readings; null: it is read once. */
  constructor(
    readHost: () => HostAndCensus | Promise<HostAndCensus>,
    leastMs: number | null,
    now: () => number = () => performance.now(),
  ) {
    this.readHost = readHost;
    this.leastMs = leastMs;
    this.now = now;
  }

  /** The last reading if it is fresh enough or still under way, else a new one. A failure is kept as long. */
  read(): Promise<Reading> {
    const isOld = this.leastMs !== null && this.now() - this.lastMs >= this.leastMs;
    if (this.last === null || isOld) {
      this.lastMs = this.now();
      this.last = this.readNow();
    }
    return this.last;
  }

  private async readNow(): Promise<Reading> {
    this.readings++;
    const startMs = this.now();
    const { snapshot, census } = await this.readHost();
    if (snapshot.interrupts !== null) this.interrupts.add(snapshot.interrupts, snapshot.machine.isolated);
    const { user, system } = process.cpuUsage();
    return {
      snapshot,
      census,
      interrupts: this.interrupts,
      atSeconds: Date.now() / 1000,
      seconds: Math.round((this.now() - startMs) * 1000) / 1e6,
      observer: {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        keepsRunning: this.leastMs !== null,
      },
    };
  }
}

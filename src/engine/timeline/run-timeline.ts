/** The timeline of a simulated run: every drain, and the pages of CPUs looked at now and then. */

import type { Nanoseconds } from '../../base/units.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import type { MachineView } from '../input/machine-view.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Timeline } from './timeline.ts';

export class RunTimeline implements RunObserver {
  readonly timeline: Timeline;
  readonly sampleNs: Nanoseconds;
  /** Set when the simulation exists: it takes the observer first. */
  view: MachineView | null = null;
  /** Rows of drains in the timeline: who waits for its turn looks later than who asks after it. */
  readonly #rowOf = new Map<number, number>();
  readonly #zoneCount: number;
  readonly #before: Int32Array;

  /** `samples`: how often the pages are looked at in `totalNs`. */
  constructor(timeline: Timeline, totalNs: Nanoseconds, samples: number) {
    this.timeline = timeline;
    this.sampleNs = totalNs / samples;
    this.#zoneCount = timeline.machine.zones.length;
    this.#before = new Int32Array(timeline.machine.cpuCount);
  }

  sample(timeNs: Nanoseconds): void {
    const { view, timeline } = this;
    if (view === null) return;
    timeline.timeNs = timeNs;
    timeline.memory.note(
      timeNs,
      (zone) => view.freePages(zone),
      (zone, which) => view.watermark(zone, which),
    );
    for (let cpu = 0; cpu < this.#before.length; cpu++) {
      let pages = 0;
      for (let zone = 0; zone < this.#zoneCount; zone++) pages += view.pagesOnList(cpu, zone);
      if (pages === this.#before[cpu]) continue;
      this.#before[cpu] = pages;
      timeline.changed(cpu, pages);
    }
  }

  drainRequested(request: DrainRequest): void {
    this.#rowOf.set(request.number, this.timeline.drains.length);
    this.timeline.drainRequested(request);
  }

  drainStep(drain: number, step: DrainStep, timeNs: Nanoseconds, _cpu: number, value: number): void {
    const row = this.#rowOf.get(drain);
    if (row === undefined) return;
    if (step === 'turned-away') this.timeline.drains.turnedAway(row, timeNs);
    if (step === 'ended') this.timeline.drains.endedAt(row, timeNs, value);
  }
}

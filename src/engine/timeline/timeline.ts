/** What a replay leaves for pictures, beside its verdict: the pages of each CPU over time, and every drain. */

import type { CpuIndex, Nanoseconds, Pages } from '../../base/units.ts';
import type { DrainOutcome, DrainRequest } from '../input/drain-request.ts';
import type { Machine, ZoneinfoSnapshot } from '../input/machine.ts';
import type { PagesWatcher } from '../model/page-lists.ts';
import type { RebuildObserver } from '../model/rebuild.ts';
import { DrainTable } from './drain-table.ts';
import { MemoryLog } from './memory-log.ts';
import { PagesLog } from './pages-log.ts';

export class Timeline implements RebuildObserver, PagesWatcher {
  readonly machine: Machine;
  /** Time of the row that the rebuild follows. */
  timeNs: Nanoseconds = 0;
  readonly pages: PagesLog;
  readonly drains: DrainTable;
  readonly memory: MemoryLog;

  /** `changesMax`: changes of pages that are kept, 8 bytes each. */
  constructor(machine: Machine, changesMax?: number) {
    this.machine = machine;
    this.pages = new PagesLog(machine.cpuCount, changesMax);
    this.drains = new DrainTable(machine);
    this.memory = new MemoryLog(machine.zones.length);
  }

  changed(cpu: CpuIndex, pages: Pages): void {
    this.pages.note(cpu, this.timeNs, pages);
  }

  drainRequested(request: DrainRequest): void {
    this.drains.requested(request);
  }

  snapshotTaken({ free, watermarks }: ZoneinfoSnapshot, timeNs: Nanoseconds): void {
    if (free === undefined) return;
    this.memory.note(
      timeNs,
      (zone) => free[zone],
      (zone, which) => watermarks?.[which][zone] ?? -1,
    );
  }

  drainEnded(outcome: DrainOutcome): void {
    this.drains.ended(outcome);
  }
}

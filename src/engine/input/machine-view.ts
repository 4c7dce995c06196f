/** The live state of a simulated machine, for those who look on: the written recording, the live view. Read only. */

import type { CpuIndex, Pages, ZoneIndex } from '../../base/units.ts';

export interface MachineView {
  /** Pages on the lists of one CPU in one zone, of all orders and types. */
  pagesOnList(cpu: CpuIndex, zone: ZoneIndex): Pages;
  batch(cpu: CpuIndex, zone: ZoneIndex): Pages;
  high(cpu: CpuIndex, zone: ZoneIndex): Pages;
  /** Pages in the free lists of a zone: those parked on lists are not among them. */
  freePages(zone: ZoneIndex): Pages;
  watermark(zone: ZoneIndex, which: 'min' | 'low' | 'high'): Pages;
  isOnline(cpu: CpuIndex): boolean;
  isIdle(cpu: CpuIndex): boolean;
  /** Name of a task, as /proc/PID/comm has it. */
  commOf(pid: number): string;
}

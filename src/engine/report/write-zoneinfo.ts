/** The text of /proc/zoneinfo for a simulated machine (mm/vmstat.c, zoneinfo_show_print): what snapshots beside a recording hold. */

import type { MachineView } from '../input/machine-view.ts';
import type { MachineSpec } from '../input/scenario.ts';

/** Lists of CPUs that are not online are left out, as the kernel does. */
export function zoneinfoText(machine: MachineSpec, view: MachineView): string {
  return machine.zones
    .map((zone, index) => {
      const lines = [
        `Node ${zone.node}, zone ${zone.name.padStart(8)}`,
        `  pages free     ${view.freePages(index)}`,
        `        min      ${view.watermark(index, 'min')}`,
        `        low      ${view.watermark(index, 'low')}`,
        `        high     ${view.watermark(index, 'high')}`,
        `        spanned  ${zone.pages}`,
        `        present  ${zone.pages}`,
        `        managed  ${zone.pages}`,
        '  pagesets',
      ];
      for (let cpu = 0; cpu < machine.cpus; cpu++) {
        if (!view.isOnline(cpu)) continue;
        lines.push(
          `    cpu: ${cpu}`,
          `              count: ${view.pagesOnList(cpu, index)}`,
          `              high:  ${view.high(cpu, index)}`,
          `              batch: ${view.batch(cpu, index)}`,
        );
      }
      lines.push(`  start_pfn:           ${zone.startPfn}`);
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

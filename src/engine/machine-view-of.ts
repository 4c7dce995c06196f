/** A simulation as those see it who only look on. */

import type { MachineView } from './input/machine-view.ts';
import type { Simulation } from './simulation.ts';

export function machineViewOf(simulation: Simulation): MachineView {
  return {
    pagesOnList: (cpu, zone) => simulation.pagesOnList(cpu, zone),
    batch: (cpu, zone) => simulation.batch(cpu, zone),
    high: (cpu, zone) => simulation.high(cpu, zone),
    freePages: (zone) => simulation.freePages(zone),
    watermark: (zone, which) => simulation.watermark(zone, which),
    isOnline: (cpu) => simulation.processors.states.online.has(cpu),
    isIdle: (cpu) => simulation.isIdle(cpu),
    commOf: (pid) => simulation.commOf(pid),
  };
}

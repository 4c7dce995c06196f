/** What a scenario file need not say. docs/scenario-format.md shows these values (schema.ts repeats none of them). */

import { kernelAtLeast } from '../engine/machine/kernel-rules.ts';
import type { ScenarioFile } from './schema.ts';

type MachineFile = ScenarioFile['machine'];

/** Machines of usual sizes. */
export const machinePresets: Readonly<Record<NonNullable<MachineFile['preset']>, MachineFile>> = {
  'vm-4': { cpus: 4, memory: '496 MiB', idle: 'none', interrupts: 'shorthand' },
  'vm-8': { cpus: 8, memory: '496 MiB', idle: 'none', interrupts: 'shorthand' },
  'server-16': { cpus: 16, memory: '16 GiB', nodes: 2, idle: 'sandy-bridge' },
  'server-64': { cpus: 64, memory: '64 GiB', nodes: 4, idle: 'sandy-bridge' },
  'server-128': { cpus: 128, memory: '256 GiB', nodes: 2, idle: 'sapphire-rapids' },
  'huge-4096': { cpus: 4096, memory: '256 GiB', nodes: 64, idle: 'sandy-bridge' },
};

/** CONFIG_NR_CPUS: 512 is the most without MAXSMP; MAXSMP sets 4096 up to 3.12, 8192 later (arch/x86/Kconfig). */
export function defaultNrCpus(cpus: number, version: string): number {
  if (cpus <= 512) return 512;
  return cpus <= 4096 && !kernelAtLeast(version, '3.13') ? 4096 : 8192;
}

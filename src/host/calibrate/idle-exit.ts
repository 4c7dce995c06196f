/** Idle states as the kernel declares them: /sys/devices/system/cpu/cpuN/cpuidle (drivers/cpuidle/sysfs.c). */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeclaredIdleState } from './calibration.ts';

/** From shallow to deep; empty where the kernel shows none (no driver, a guest). Polling (no latency) is left out. */
export function declaredIdleStates(cpu: number, root = '/sys/devices/system/cpu'): DeclaredIdleState[] {
  const folder = join(root, `cpu${cpu}`, 'cpuidle');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^state\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .map((name) => {
      const read = (file: string) => readFileSync(join(folder, name, file), 'utf8').trim();
      return { name: read('name'), exitUs: Number(read('latency')), residencyUs: Number(read('residency')) };
    })
    .filter(({ exitUs }) => exitUs > 0);
}

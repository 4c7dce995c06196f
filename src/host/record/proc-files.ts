/**
 * What is saved of /proc and /sys before and after: what replay, audit and census read, and what a person asks for later.
 * Never pagetypeinfo and page_owner: with page_owner=on reading them drains every list (kernels up to 5.15 and later).
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOr, unameText } from '../tracefs.ts';

/** Path, and its name in the recording. */
export const procFiles: ReadonlyArray<readonly [path: string, name: string]> = [
  ...['zoneinfo', 'vmstat', 'interrupts', 'meminfo', 'buddyinfo', 'softirqs', 'cmdline'].map(
    (name): [string, string] => [`/proc/${name}`, name],
  ),
  ...['online', 'possible', 'present', 'isolated', 'nohz_full'].map((name): [string, string] => [
    `/sys/devices/system/cpu/${name}`,
    `cpu_${name}`,
  ]),
];

/** Files that this kernel lacks are left out. */
export function saveProcFiles(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, name] of procFiles) {
    const text = readOr(path, '\0');
    if (text !== '\0') writeFileSync(join(folder, name), text);
  }
  writeFileSync(join(folder, 'uname'), unameText());
}

/** Call interrupts that each CPU has taken, by /proc/interrupts: the witness of every measured round trip. */

import { readFileSync } from 'node:fs';
import { countsOfKind, parseInterrupts } from '../../snapshot/interrupts.ts';

/** By CPU; null: there is no such row. */
export function callInterrupts(cpuCount: number, path = '/proc/interrupts'): Float64Array | null {
  const table = parseInterrupts(readFileSync(path, 'latin1'), []);
  if (table === null || !table.rows.some(({ kind }) => kind === 'call')) return null;
  const counts = new Float64Array(cpuCount);
  for (const [column, count] of countsOfKind(table, 'call').entries())
    if (table.cpus[column] < cpuCount) counts[table.cpus[column]] = count;
  return counts;
}

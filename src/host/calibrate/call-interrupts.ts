/** Call interrupts that each CPU has taken, by /proc/interrupts: the witness of every measured round trip. */

import { readFileSync } from 'node:fs';

/**
 * By CPU; null: there is no such row. x86 has one row `CAL`, arm64 a row `IPIn:` whose text is `Function call interrupts`.
 * Read here line by line, since it is read between any two batches.
 */
export function callInterrupts(cpuCount: number, path = '/proc/interrupts'): Float64Array | null {
  const text = readFileSync(path, 'utf8');
  const cpus = text.slice(0, text.indexOf('\n')).match(/\d+/g)?.map(Number) ?? [];
  const row = /^ *(?:CAL:|IPI\d+:(?=.*Function call)) *([\d ]*)/m.exec(text);
  if (row === null) return null;
  const counts = new Float64Array(cpuCount);
  for (const [column, value] of row[1].trim().split(/ +/).entries()) {
    const cpu = cpus[column];
    if (cpu !== undefined && cpu < cpuCount) counts[cpu] = Number(value);
  }
  return counts;
}

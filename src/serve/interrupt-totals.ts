/**
 * Interrupts by kind, isolated CPUs apart, as sums that never fall. /proc/interrupts has columns for online CPUs only, so
 * a plain sum falls when a CPU goes offline, and Prometheus takes a fall for a restart and counts everything again.
 */

import type { BitSet } from '../base/bit-set.ts';
import { type InterruptTable, interruptKinds } from '../snapshot/interrupts.ts';

export class InterruptTotals {
  /** By kind: others first, then isolated. */
  private readonly totals = interruptKinds.map(() => [0, 0]);
  private readonly lastByCpu = new Map<number, Float64Array>();
  private readings = 0;

  /**
   * Adds what came since the last reading; of the first reading, everything since boot. A CPU that comes later begins at
   * its count of that moment.
   */
  add(table: InterruptTable, isolated: BitSet): void {
    for (const [column, cpu] of table.cpus.entries()) {
      const now = countsOf(table, column);
      const last = this.lastByCpu.get(cpu) ?? (this.readings === 0 ? null : now);
      const group = isolated.has(cpu) ? 1 : 0;
      for (const [kind, count] of now.entries()) {
        this.totals[kind][group] += countedSince(last?.[kind] ?? 0, count);
      }
      this.lastByCpu.set(cpu, now);
    }
    this.readings++;
  }

  /** One row for each kind and group, always all of them. */
  rows(): Array<{ kind: string; isolated: boolean; total: number }> {
    return interruptKinds.flatMap((kind, index) =>
      [false, true].map((isolated) => ({ kind, isolated, total: this.totals[index][isolated ? 1 : 0] })),
    );
  }
}

/**
 * The kernel counts in 32 bits (irq_cpustat_t, arch/x86/include/asm/hardirq.h): a thousand timer ticks a second run over in 50 days.
 * A fall that is no such overrun (a row that went with its driver) adds nothing.
 */
function countedSince(before: number, after: number): number {
  if (after >= before) return after - before;
  const overrun = after - before + 2 ** 32;
  return overrun >= 0 && overrun < 2 ** 31 ? overrun : 0;
}

/** By kind, in the order of `interruptKinds`. */
function countsOf(table: InterruptTable, column: number): Float64Array {
  const counts = new Float64Array(interruptKinds.length);
  for (const row of table.rows) counts[interruptKinds.indexOf(row.kind)] += row.counts[column] ?? 0;
  return counts;
}

/**
 * /proc/interrupts (arch/x86/kernel/irq.c, arch/arm64/kernel/smp.c): counts by row and online CPU. Rows of cross-CPU
 * interrupts are told by label on x86 (`CAL`, `RES`, `TLB`, …) and by text on arm64, where the numbers shift between versions.
 */

/** Cross-CPU kinds, the same for every architecture. */
export const interruptKinds = ['call', 'reschedule', 'tlb', 'irqWork', 'timer', 'stop', 'other'] as const;
export type InterruptKind = (typeof interruptKinds)[number];

export interface InterruptTable {
  /** CPU of each column: the online ones. */
  readonly cpus: readonly number[];
  readonly rows: readonly InterruptRow[];
}

export interface InterruptRow {
  /** `CAL`, `24`, `IPI1`. */
  readonly label: string;
  /** Words after the counts; '' when there are none. */
  readonly text: string;
  /** `other`: a device, or not a cross-CPU interrupt. */
  readonly kind: InterruptKind;
  /** By column. Exact up to 2^53. */
  readonly counts: Float64Array;
}

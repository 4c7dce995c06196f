/** Events that were lost while recording, by what the kernel (or perf) says. */

export interface CpuLoss {
  readonly cpu: number;
  readonly events: number;
}

/** Every CPU that lost something. `events` are those that the kernel counted; it counts each once. */
export interface Losses {
  readonly cpus: readonly CpuLoss[];
  /** Lost events of which no CPU is told (perf), or of which the kernel gives no number. */
  readonly unplaced: number;
}

export function lostEvents({ cpus, unplaced }: Losses): number {
  return cpus.reduce((sum, { events }) => sum + events, unplaced);
}

/**
 * By CPU the text of `per_cpu/cpuN/stats` (kernel/trace/trace.c, tracing_stats_read): `overrun` were overwritten before they
 * were read, `commit overrun` came while an interrupted event filled the buffer, `dropped events` found it full.
 */
export function lossesOf(stats: ReadonlyArray<{ readonly cpu: number; readonly text: string }>): Losses {
  const cpus = stats.map(({ cpu, text }) => {
    const count = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    return { cpu, events: count('overrun') + count('commit overrun') + count('dropped events') };
  });
  return { cpus: cpus.filter(({ events }) => events > 0), unplaced: 0 };
}

/** One sentence; '' when nothing was lost. */
export function lossText(losses: Losses): string {
  const all = lostEvents(losses);
  if (all === 0) return '';
  const worst = [...losses.cpus].sort((a, b) => b.events - a.events).slice(0, 3);
  const where = worst.map(({ cpu, events }) => `CPU ${cpu}: ${events.toLocaleString('en')}`).join(', ');
  const list = where === '' ? '' : ` (${where}${losses.cpus.length > 3 ? ', …' : ''})`;
  return `${all.toLocaleString('en')} events were lost${list}.`;
}

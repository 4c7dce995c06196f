/**
 * Drains of page lists inside an interrupt: which found pages? The patched kernel says so itself (pcp_drain_ipi); otherwise a drain
 * is seen by its probe or by name, and every page that it frees by mm_page_pcpu_drain on that CPU before the handler ends.
 */

import type { Cause } from './cause-table.ts';
import type { Tally } from './tally.ts';

interface Run {
  readonly cause: Cause;
  pagesFreed: number;
}

export class DrainRuns {
  readonly #tally: Tally;
  readonly #open: Map<number, Run> = new Map();
  /** CPUs whose next probe belongs to a drain that the kernel has reported. */
  readonly #reported: Set<number> = new Set();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** The kernel says how many pages the handler found. */
  reported(cpu: number, cause: Cause, pages: number): void {
    this.end(cpu);
    this.#reported.add(cpu);
    this.#tally.drainJudged(cpu, cause, pages > 0);
  }

  /** A drain begins in a handler. */
  begin(cpu: number, cause: Cause): void {
    this.end(cpu);
    if (!this.#reported.delete(cpu)) this.#open.set(cpu, { cause, pagesFreed: 0 });
  }

  pageFreed(cpu: number): void {
    const run = this.#open.get(cpu);
    if (run !== undefined) run.pagesFreed++;
  }

  /** The drain, or its handler, has ended. */
  end(cpu: number): void {
    const run = this.#open.get(cpu);
    if (run === undefined) return;
    this.#open.delete(cpu);
    this.#tally.drainJudged(cpu, run.cause, run.pagesFreed > 0);
  }

  /** The handler has ended: what follows on this CPU is no drain of it. */
  leave(cpu: number): void {
    this.end(cpu);
    this.#reported.delete(cpu);
  }
}

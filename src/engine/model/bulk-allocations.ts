/**
 * Bulk allocations (`__alloc_pages_bulk`, 5.13 on; `alloc_pages_bulk_noprof`): they take pages off one list
 * without an event for each, so only the probe's return value tells how many. A page that they took after a
 * refill inside the call is known, and so is one that fell back to the ordinary way.
 */

import type { CpuIndex, ListIndex, Pages } from '../../base/units.ts';

/** Tasks in such a call at once; more are damage. */
const callsMax = 1 << 16;
/** Pages of one call; more are damage. */
const pagesMax = 1 << 20;

interface Call {
  readonly cpu: CpuIndex;
  /** mm_page_alloc events inside the call. */
  allocations: number;
  /** Pages of refills inside the call that were already taken off; the list that was refilled, or -1. */
  heads: Pages;
  refilledList: ListIndex;
}

export class BulkAllocations {
  readonly #byPid = new Map<number, Call>();

  begin(pid: number, cpu: CpuIndex): void {
    if (this.#byPid.size >= callsMax) this.#byPid.clear();
    this.#byPid.set(pid, { cpu, allocations: 0, heads: 0, refilledList: -1 });
  }

  /** mm_page_alloc of task `pid`. */
  allocated(pid: number): void {
    if (this.#byPid.size === 0) return;
    const call = this.#byPid.get(pid);
    if (call !== undefined) call.allocations++;
  }

  /** Task `pid` refilled `list`, and `head` pages of that were taken off at once. */
  refilled(pid: number, list: ListIndex, head: Pages): void {
    if (this.#byPid.size === 0) return;
    const call = this.#byPid.get(pid);
    if (call === undefined) return;
    call.heads += head;
    call.refilledList = list;
  }

  /** A refill inside the call shows that `pages` pages had left the list before. */
  foundGone(pid: number, pages: Pages): void {
    const call = this.#byPid.get(pid);
    if (call !== undefined) call.heads += pages;
  }

  /** The call returned `got` pages: how many were taken silently, from which list (-1: not told), on which CPU. */
  end(pid: number, got: Pages): { pages: Pages; list: ListIndex; cpu: CpuIndex } | null {
    const call = this.#byPid.get(pid);
    if (call === undefined) return null;
    this.#byPid.delete(pid);
    const pages = got - Math.min(1, call.allocations) - call.heads;
    return pages <= 0 || got > pagesMax ? null : { pages, list: call.refilledList, cpu: call.cpu };
  }
}

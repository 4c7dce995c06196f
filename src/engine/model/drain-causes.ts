/** Why a task asks for a drain: told by what it did last before (callers of drain_all_pages, 3.0–7.x). */

import type { DrainCause } from '../input/drain-request.ts';
import { Kind } from '../input/event-log.ts';

/** Tasks remembered; more live at once on no machine, so older ones are forgotten. */
const tasksMax = 1 << 17;

export class DrainCauses {
  readonly #byPid = new Map<number, DrainCause>();
  readonly #commOf: (pid: number) => string;

  constructor(commOf: (pid: number) => string) {
    this.#commOf = commOf;
  }

  /** An event of task `pid` that may lead to a drain. */
  note(kind: number, pid: number): void {
    const cause = causeOf(kind);
    if (cause === undefined) return;
    if (this.#byPid.size >= tasksMax) this.#byPid.clear();
    this.#byPid.set(pid, cause);
  }

  of(pid: number): DrainCause {
    const cause = this.#byPid.get(pid);
    if (cause !== undefined) return cause;
    return this.#commOf(pid).startsWith('kcompactd') ? 'compaction' : 'unknown';
  }
}

/** Kernel functions that ask for a drain, by the beginning of their names (callers of drain_all_pages and zone_pcp_disable, 4.11–7.x). */
const byCaller: ReadonlyArray<readonly [beginning: string, cause: DrainCause]> = [
  ['__alloc_pages_slowpath', 'direct-reclaim'],
  ['__alloc_pages_direct_reclaim', 'direct-reclaim'],
  ['__alloc_pages_nodemask', 'direct-reclaim'],
  ['kcompactd', 'compaction'],
  ['offline_pages', 'memory-offline'],
  ['__offline_pages', 'memory-offline'],
  ['alloc_contig_', 'contiguous-range'],
  ['__alloc_contig_', 'contiguous-range'],
  ['soft_offline_', 'soft-offline'],
  // __page_handle_poison, which it calls, serves hard off-lining too: that one is unknown.
  ['page_handle_poison', 'soft-offline'],
  ['memory_failure', 'memory-failure'],
  ['shake_page', 'memory-failure'],
  ['pagetypeinfo_show', 'debug-read'],
  ['read_page_owner', 'debug-read'],
];

/** The cause of a drain by the kernel function that asked for it. */
export function causeOfCaller(symbol: string): DrainCause {
  return byCaller.find(([beginning]) => symbol.startsWith(beginning))?.[1] ?? 'unknown';
}

function causeOf(kind: number): DrainCause | undefined {
  switch (kind) {
    // A drain follows direct reclaim that made progress; unreserving comes just before it.
    case Kind.directReclaimEnd:
    case Kind.unreserveHighatomic:
      return 'direct-reclaim';
    case Kind.kcompactdDoWork:
      return 'compaction';
    case Kind.offlinePages:
      return 'memory-offline';
    case Kind.softOfflinePage:
      return 'soft-offline';
    case Kind.memoryFailure:
      return 'memory-failure';
    case Kind.allocContigRange:
      return 'contiguous-range';
    case Kind.cpuDead:
      return 'cpu-offline';
    default:
      return undefined;
  }
}

/**
 * The kernel events that the engine follows, as columns. Every reader of recordings (trace/) writes
 * this form and nothing else reaches the engine; a simulated run can write it too.
 *
 * Rows come in blocks, in time order over all CPUs (equal times: lower CPU first), and a block is
 * reused after the consumer returns. A column that the table below does not name for a kind
 * holds a stale value: read columns only under their kind.
 */

/**
 * Kinds of event. In the comments: the kernel event (`system:name`, or `probe` for a kprobe or
 * function-trace entry of that kernel function), then the columns that it fills.
 * Pointers and zones are interned: 0 is NULL, others 1, 2, … in order of appearance (`EventLogSource.pointerName`).
 */
export const Kind = {
  /** Not followed; only counted. Readers do not emit rows of this kind. */
  other: 0,
  /** kmem:mm_page_alloc — pfn (-1: the allocation failed), order, a = migratetype, b = gfp_flags. */
  pageAlloc: 1,
  /** kmem:mm_page_alloc_zone_locked — pfn, order, a = migratetype, b = percpu_refill (-1: the format has no such field). */
  pageAllocZoneLocked: 2,
  /** kmem:mm_page_alloc_extfrag — pfn, order = alloc_order, a = alloc_migratetype, b = fallback_migratetype, c = fallback_order, d = change_ownership (-1: no field). */
  pageAllocExtfrag: 3,
  /** kmem:mm_page_free (kmem:mm_page_free_direct before 3.3) — pfn, order. */
  pageFree: 4,
  /** kmem:mm_page_free_batched (kmem:mm_pagevec_free before 3.3) — pfn. */
  pageFreeBatched: 5,
  /** kmem:mm_page_pcpu_drain — pfn, order, a = migratetype. */
  pagePcpuDrain: 6,
  /** probe free_pcppages_bulk — a = zone pointer, b = count (-1: not fetched), c = pcp pointer. */
  freePcppagesBulk: 7,
  /** probe free_one_page — pfn (-1: not fetched), order, a = zone pointer. */
  freeOnePage: 8,
  /** probe drain_all_pages — a = zone pointer (0: every zone; -1: not fetched). */
  drainAllPages: 9,
  /** probe __drain_all_pages — a = zone pointer (0: every zone; -1: not fetched), b = force (-1: not fetched). */
  drainAllPagesInner: 10,
  /** probe __drain_all_pages.part.0 / drain_all_part0: after pcpu_drain_mutex was taken; its zone is not to be trusted. */
  drainAllPagesLocked: 11,
  /** probe drain_local_pages — a = zone pointer. */
  drainLocalPages: 12,
  /** probe drain_local_pages_wq. */
  drainLocalPagesWq: 13,
  /** probe drain_pages — a = CPU whose lists are drained. */
  drainPages: 14,
  /** probe drain_pages_zone — a = CPU whose list is drained, b = zone pointer. */
  drainPagesZone: 15,
  /** probe drain_zone_pages — a = zone pointer, c = pcp pointer. */
  drainZonePages: 16,
  /** probe decay_pcp_high — a = zone pointer, c = pcp pointer. */
  decayPcpHigh: 17,
  /** probe rmqueue_bulk — a = zone pointer, order, b = count. */
  rmqueueBulk: 18,
  /** probe __rmqueue_pcplist — a = zone pointer, order, b = migratetype, c = pcp pointer. */
  rmqueuePcplist: 19,
  /** probe __alloc_pages_bulk / alloc_pages_bulk_noprof — a = pages asked for (-1: not fetched). */
  allocBulk: 20,
  /** return probe of the same — a = pages got (-1: not fetched). */
  allocBulkReturn: 21,
  /** probe compaction_free. */
  compactionFree: 22,
  /** probe zone_pcp_disable — a = zone pointer. */
  zonePcpDisable: 23,
  /** probe zone_pcp_enable — a = zone pointer. */
  zonePcpEnable: 24,
  /** probe offline_pages — pfn = first, a = pages. */
  offlinePages: 25,
  /** probe soft_offline_page — pfn. */
  softOfflinePage: 26,
  /** probe memory_failure — pfn. */
  memoryFailure: 27,
  /** probe alloc_contig_range, alloc_contig_range_noprof — pfn = first, a = end pfn. */
  allocContigRange: 28,
  /** probe shake_page. */
  shakePage: 29,
  /** probe unreserve_highatomic_pageblock: an attempt of direct reclaim, just before its drain (4.4 on). */
  unreserveHighatomic: 30,
  /** probe zoneinfo_show. */
  zoneinfoShow: 31,
  /** probe zoneinfo_show_print — a = zone pointer. */
  zoneinfoShowPrint: 32,
  /** workqueue:workqueue_queue_work of drain_local_pages_wq only — a = CPU on which it is queued. */
  drainWorkQueued: 33,
  /** workqueue:workqueue_execute_start of drain_local_pages_wq only. */
  drainWorkStart: 34,
  /** workqueue:workqueue_execute_end of drain_local_pages_wq only. */
  drainWorkEnd: 35,
  /** vmscan:mm_vmscan_direct_reclaim_begin — order. */
  directReclaimBegin: 36,
  /** vmscan:mm_vmscan_direct_reclaim_end — a = nr_reclaimed. */
  directReclaimEnd: 37,
  /** kmem:pcp_drain_begin (kernels patched with the thread's policies) — a = seq, b = policy, c = zone (-1: every zone), d = holders; CPU set: holders_mask. */
  pcpDrainBegin: 38,
  /** kmem:pcp_drain_end — a = seq, b = result (0 done, 1 busy, 2 everyone after a failed mask allocation, 3 everyone by choice), c = interrupts to others, d = mask allocation (1 done, -1 failed, 0 none); CPU set: targets if the format has it. */
  pcpDrainEnd: 39,
  /** kmem:pcp_drain_ipi — a = seq (-1: not in the format), b = pages held when the handler ran. */
  pcpDrainIpi: 40,
  /** irq_vectors:call_function_entry. */
  callFunctionEntry: 41,
  /** irq_vectors:call_function_exit. */
  callFunctionExit: 42,
  /** irq_vectors:call_function_single_entry. */
  callFunctionSingleEntry: 43,
  /** irq_vectors:call_function_single_exit. */
  callFunctionSingleExit: 44,
  /** ftrace:print, ftrace:bprint: text written to trace_marker or by trace_printk — text. */
  marker: 45,
  /** probe lru_add_drain_all, __lru_add_drain_all. */
  lruAddDrainAll: 46,
  /** vmscan:mm_vmscan_kswapd_wake. */
  kswapdWake: 47,
  /** vmscan:mm_vmscan_kswapd_sleep. */
  kswapdSleep: 48,
  /** probe page_alloc_cpu_dead, page_alloc_cpu_notify — a = CPU that went offline. */
  cpuDead: 49,
  /** probe kcompactd_do_work. */
  kcompactdDoWork: 50,
  /** light_drain, a line of `drainlab record --light`: a whole drain, at the time at which it began — text: its fields. */
  lightDrain: 51,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const kindCount = 52;

/** Rows of one block; more rows than this come as several blocks. */
export const blockRowsMax = 8192;

/** Columns of one block of rows. Only the first `length` rows are valid. */
export class EventBlock {
  length = 0;
  readonly timeNs: Float64Array = new Float64Array(blockRowsMax);
  readonly cpu: Uint16Array = new Uint16Array(blockRowsMax);
  readonly kind: Uint8Array = new Uint8Array(blockRowsMax);
  /** Thread id of the task that was running. */
  readonly pid: Int32Array = new Int32Array(blockRowsMax);
  readonly pfn: Float64Array = new Float64Array(blockRowsMax);
  readonly order: Int32Array = new Int32Array(blockRowsMax);
  readonly a: Float64Array = new Float64Array(blockRowsMax);
  readonly b: Float64Array = new Float64Array(blockRowsMax);
  readonly c: Float64Array = new Float64Array(blockRowsMax);
  readonly d: Float64Array = new Float64Array(blockRowsMax);
  /** Row → CPU set as 32-bit words (lowest CPUs first), for kinds that have one. */
  readonly cpuSets: Map<number, Uint32Array> = new Map();
  /** Row → text, for `Kind.marker` and `Kind.lightDrain`. */
  readonly texts: Map<number, string> = new Map();

  clear(): void {
    this.length = 0;
    if (this.cpuSets.size > 0) this.cpuSets.clear();
    if (this.texts.size > 0) this.texts.clear();
  }
}

/** What the recording says about itself and what the engine may ask of it beside the rows. */
export interface EventLogSource {
  /** Largest CPU number + 1 (from the file; for text: the largest seen so far). */
  readonly cpuCount: number;
  /** Kernel release (`5.10.0-46-cloud-amd64`) or '' when the recording does not say. */
  readonly kernel: string;
  /**
   * What the event formats of this recording can say. The rules of the rebuild are chosen by this,
   * never by a version number. `null`: not known (text forms do not list the formats; known after reading).
   */
  readonly features: EventFeatures;
  /** Name of a task, or '' when the recording does not say. Known for certain only after all rows were read. */
  commOf(pid: number): string;
}

export interface EventFeatures {
  /** Events that were enabled or seen, by kind: which of them the recording can hold at all. */
  has(kind: Kind): boolean;
  /** Is there a format for this kernel event at all, recorded or not (`kmem`, `mm_page_alloc`)? */
  hasFormat(system: string, name: string): boolean;
  /** Does the format of this event have this field? False when the event itself is not known. */
  hasField(system: string, name: string, field: string): boolean;
  /** The `format` text of the event, or '' (text recordings have none). */
  formatText(system: string, name: string): string;
  /** Address of a kernel symbol, from the kallsyms in the recording; undefined when not there. */
  symbolExists(name: string): boolean;
}

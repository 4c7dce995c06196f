/**
 * Which kernel events the engine follows, and from which of their fields each column comes. Used by the reader of
 * trace.dat (fields by offset) and by the readers of text (fields by name). Names of events and fields are those of
 * include/trace/events/{kmem,vmscan,workqueue}.h, arch/x86/include/asm/trace/irq_vectors.h, and for probes those
 * of the probed functions in mm/.
 */

import { Kind } from '../engine/input/event-log.ts';

export type ColumnName = 'pfn' | 'order' | 'a' | 'b' | 'c' | 'd';

/**
 * How a field becomes a number: `number` as it is; `pointer` interned by all 64 bits; `page` a `struct page *` that stands
 * for the pfn (see `pfnOfPage`).
 */
export type ColumnUse = 'number' | 'pointer' | 'page';

export interface ColumnRule {
  readonly column: ColumnName;
  /** Names that the field has had; the first that the format has is taken. */
  readonly fields: readonly string[];
  readonly use: ColumnUse;
}

/** How one event becomes a row. A column whose field is missing gets -1. */
export interface EventRule {
  readonly kind: Kind;
  readonly columns: readonly ColumnRule[];
  /**
   * Beyond the columns: the text of a marker, the whole body, the CPU set of a drain, the function of a work item; an entry of the function
   * tracer or a probe whose kind depends on the function at its address.
   */
  readonly special?: 'text' | 'body' | 'cpu-set' | 'drain-work' | 'function' | 'probe';
}

function number(column: ColumnName, ...fields: string[]): ColumnRule {
  return { column, fields: fields.length === 0 ? [column] : fields, use: 'number' };
}

function pointer(column: ColumnName, ...fields: string[]): ColumnRule {
  return { column, fields, use: 'pointer' };
}

const pfn: ColumnRule = number('pfn');
const order: ColumnRule = number('order');
const zone: ColumnRule = pointer('a', 'zone');
const pcp: ColumnRule = pointer('c', 'pcp');

/** Trace events, by `system:name`. */
const byEvent: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  [
    'kmem:mm_page_alloc',
    { kind: Kind.pageAlloc, columns: [pfn, order, number('a', 'migratetype'), number('b', 'gfp_flags')] },
  ],
  [
    'kmem:mm_page_alloc_zone_locked',
    {
      kind: Kind.pageAllocZoneLocked,
      columns: [pfn, order, number('a', 'migratetype'), number('b', 'percpu_refill')],
    },
  ],
  [
    'kmem:mm_page_alloc_extfrag',
    {
      kind: Kind.pageAllocExtfrag,
      columns: [
        pfn,
        number('order', 'alloc_order'),
        number('a', 'alloc_migratetype'),
        number('b', 'fallback_migratetype'),
        number('c', 'fallback_order'),
        number('d', 'change_ownership'),
      ],
    },
  ],
  ['kmem:mm_page_free', { kind: Kind.pageFree, columns: [pfn, order] }],
  ['kmem:mm_page_free_direct', { kind: Kind.pageFree, columns: [pfn, order] }],
  ['kmem:mm_page_free_batched', { kind: Kind.pageFreeBatched, columns: [pfn] }],
  ['kmem:mm_pagevec_free', { kind: Kind.pageFreeBatched, columns: [pfn] }],
  [
    'kmem:mm_page_pcpu_drain',
    { kind: Kind.pagePcpuDrain, columns: [pfn, order, number('a', 'migratetype')] },
  ],
  [
    'workqueue:workqueue_queue_work',
    { kind: Kind.drainWorkQueued, columns: [number('a', 'cpu')], special: 'drain-work' },
  ],
  ['workqueue:workqueue_execute_start', { kind: Kind.drainWorkStart, columns: [], special: 'drain-work' }],
  ['workqueue:workqueue_execute_end', { kind: Kind.drainWorkEnd, columns: [], special: 'drain-work' }],
  ['vmscan:mm_vmscan_direct_reclaim_begin', { kind: Kind.directReclaimBegin, columns: [order] }],
  [
    'vmscan:mm_vmscan_direct_reclaim_end',
    { kind: Kind.directReclaimEnd, columns: [number('a', 'nr_reclaimed')] },
  ],
  ['vmscan:mm_vmscan_kswapd_wake', { kind: Kind.kswapdWake, columns: [] }],
  ['vmscan:mm_vmscan_kswapd_sleep', { kind: Kind.kswapdSleep, columns: [] }],
  [
    'kmem:pcp_drain_begin',
    {
      kind: Kind.pcpDrainBegin,
      columns: [number('a', 'seq'), number('b', 'policy'), number('c', 'zone'), number('d', 'holders', 'nr')],
      special: 'cpu-set',
    },
  ],
  [
    'kmem:pcp_drain_end',
    {
      kind: Kind.pcpDrainEnd,
      columns: [number('a', 'seq'), number('b', 'result'), number('c', 'ipis'), number('d', 'alloc')],
      special: 'cpu-set',
    },
  ],
  ['kmem:pcp_drain_ipi', { kind: Kind.pcpDrainIpi, columns: [number('a', 'seq'), number('b', 'pages')] }],
  ['irq_vectors:call_function_entry', { kind: Kind.callFunctionEntry, columns: [] }],
  ['irq_vectors:call_function_exit', { kind: Kind.callFunctionExit, columns: [] }],
  ['irq_vectors:call_function_single_entry', { kind: Kind.callFunctionSingleEntry, columns: [] }],
  ['irq_vectors:call_function_single_exit', { kind: Kind.callFunctionSingleExit, columns: [] }],
  ['ftrace:print', { kind: Kind.marker, columns: [], special: 'text' }],
  ['ftrace:bprint', { kind: Kind.marker, columns: [], special: 'text' }],
  ['ftrace:bputs', { kind: Kind.marker, columns: [], special: 'text' }],
  ['ftrace:function', { kind: Kind.other, columns: [], special: 'function' }],
  ['ftrace:funcgraph_entry', { kind: Kind.other, columns: [], special: 'function' }],
]);

/** Lines that are in text only, since no kernel has such an event: those of `drainlab record --light`. */
const byLine: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  ['light_drain', { kind: Kind.lightDrain, columns: [], special: 'body' }],
]);

const freePcppagesBulk: EventRule = {
  kind: Kind.freePcppagesBulk,
  columns: [zone, number('b', 'count'), pcp],
};
const drainAllPagesInner: EventRule = {
  kind: Kind.drainAllPagesInner,
  columns: [zone, number('b', 'force', 'force_all_cpus')],
};
const allocBulk: EventRule = { kind: Kind.allocBulk, columns: [number('a', 'nr', 'nr_pages')] };
const lruAddDrainAll: EventRule = { kind: Kind.lruAddDrainAll, columns: [] };
const cpuDead: EventRule = { kind: Kind.cpuDead, columns: [number('a', 'cpu')] };
const allocContigRange: EventRule = {
  kind: Kind.allocContigRange,
  columns: [number('pfn', 'start'), number('a', 'end')],
};
const softOffline: EventRule = { kind: Kind.softOfflinePage, columns: [pfn] };

/** Probes, by the kernel function that they stand on. */
const byFunction: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  ['free_pcppages_bulk', freePcppagesBulk],
  ['free_one_page', { kind: Kind.freeOnePage, columns: [pfn, order, zone] }],
  ['drain_all_pages', { kind: Kind.drainAllPages, columns: [zone] }],
  ['__drain_all_pages', drainAllPagesInner],
  ['drain_local_pages', { kind: Kind.drainLocalPages, columns: [zone] }],
  ['drain_local_pages_wq', { kind: Kind.drainLocalPagesWq, columns: [] }],
  ['drain_pages', { kind: Kind.drainPages, columns: [number('a', 'cpu')] }],
  ['drain_pages_zone', { kind: Kind.drainPagesZone, columns: [number('a', 'cpu'), pointer('b', 'zone')] }],
  ['drain_zone_pages', { kind: Kind.drainZonePages, columns: [zone, pcp] }],
  ['decay_pcp_high', { kind: Kind.decayPcpHigh, columns: [zone, pcp] }],
  ['rmqueue_bulk', { kind: Kind.rmqueueBulk, columns: [zone, order, number('b', 'count')] }],
  [
    '__rmqueue_pcplist',
    { kind: Kind.rmqueuePcplist, columns: [zone, order, number('b', 'migratetype'), pcp] },
  ],
  ['__alloc_pages_bulk', allocBulk],
  ['alloc_pages_bulk_noprof', allocBulk],
  ['compaction_free', { kind: Kind.compactionFree, columns: [] }],
  ['zone_pcp_disable', { kind: Kind.zonePcpDisable, columns: [zone] }],
  ['zone_pcp_enable', { kind: Kind.zonePcpEnable, columns: [zone] }],
  [
    'offline_pages',
    {
      kind: Kind.offlinePages,
      columns: [number('pfn', 'pfn', 'start_pfn'), number('a', 'nr', 'nr_pages')],
    },
  ],
  ['soft_offline_page', softOffline],
  ['memory_failure', { kind: Kind.memoryFailure, columns: [pfn] }],
  ['alloc_contig_range', allocContigRange],
  ['alloc_contig_range_noprof', allocContigRange],
  ['shake_page', { kind: Kind.shakePage, columns: [] }],
  ['unreserve_highatomic_pageblock', { kind: Kind.unreserveHighatomic, columns: [] }],
  ['zoneinfo_show', { kind: Kind.zoneinfoShow, columns: [] }],
  ['zoneinfo_show_print', { kind: Kind.zoneinfoShowPrint, columns: [zone] }],
  ['lru_add_drain_all', lruAddDrainAll],
  ['__lru_add_drain_all', lruAddDrainAll],
  ['page_alloc_cpu_dead', cpuDead],
  ['page_alloc_cpu_notify', cpuDead],
  ['kcompactd_do_work', { kind: Kind.kcompactdDoWork, columns: [] }],
]);

/** Rules for a part that the compiler split off (`.part.0`, `.constprop.0`, `.isra.0`): its arguments are its own. */
const bySplitFunction: ReadonlyMap<string, EventRule> = new Map<string, EventRule>([
  ['__drain_all_pages', { kind: Kind.drainAllPagesLocked, columns: [] }],
]);

/** Return probes. */
const byReturn: ReadonlyMap<string, EventRule> = new Map<string, EventRule>(
  ['__alloc_pages_bulk', 'alloc_pages_bulk_noprof'].map((name) => [
    name,
    { kind: Kind.allocBulkReturn, columns: [number('a', 'ret', 'retval')] },
  ]),
);

/** Short names that recorders give to their probes. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['alloc_bulk', '__alloc_pages_bulk'],
  ['alloc_pages_bulk', '__alloc_pages_bulk'],
  ['alloc_contig', 'alloc_contig_range'],
  ['unreserve_highatomic', 'unreserve_highatomic_pageblock'],
  ['drain_all_part0', '__drain_all_pages.part.0'],
  ['drain_all_pages_part0', '__drain_all_pages.part.0'],
]);

export type ProbeSort = 'entry' | 'return';

/** Rule of a trace event; undefined: not followed. Systems that text does not name are passed as ''. */
export function ruleOfEvent(system: string, name: string): EventRule | undefined {
  if (system !== '') return byEvent.get(`${system}:${name}`);
  for (const [key, rule] of byEvent) if (key.endsWith(`:${name}`)) return rule;
  return byLine.get(name);
}

/** System and name of all trace events that are followed. */
export function followedEvents(): Array<[system: string, name: string]> {
  return [...byEvent.keys()].map((key) => {
    const colon = key.indexOf(':');
    return [key.slice(0, colon), key.slice(colon + 1)];
  });
}

/** Rule of a probe on the kernel function `symbol` (`drain_all_pages`, `__drain_all_pages.part.0`). */
export function ruleOfFunction(symbol: string, sort: ProbeSort): EventRule | undefined {
  const plain = symbol.replace(/\+0x[0-9a-f]+.*$/, '');
  const base = plain.replace(/\.(?:part|constprop|isra|cold)\b.*$/, '');
  if (sort === 'return') return byReturn.get(base);
  // A part behind the split keeps the function's name but not its arguments; a clone keeps both.
  if (/\.part\./.test(plain)) return bySplitFunction.get(base);
  return byFunction.get(base);
}

/**
 * Rule of a probe by the name of its event. Tracers and people call the probe of `drain_all_pages` after the function,
 * `p_drain_all_pages_0` (the kernel's own choice), or `r_..._0` and `..._ret`, `...__return` for the return.
 */
export function ruleOfProbe(name: string, sort?: ProbeSort): EventRule | undefined {
  const isReturn = sort === undefined ? /^r_|_ret$|__return$|_return$/.test(name) : sort === 'return';
  for (const candidate of probeNames(name)) {
    const symbol = shortNames.get(candidate) ?? candidate;
    const rule = ruleOfFunction(symbol, isReturn ? 'return' : 'entry');
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function probeNames(name: string): string[] {
  const names = [name];
  const bare = name.replace(/^[pr]_+(?=[a-z])/, '').replace(/_\d+$/, '');
  const barePrivate = name.replace(/^[pr]_/, '').replace(/_\d+$/, '');
  const noReturn = (text: string) => text.replace(/(?:_ret|__return|_return|__entry|_entry)$/, '');
  names.push(noReturn(name), barePrivate, noReturn(barePrivate), bare, noReturn(bare));
  // `__drain_all_pages.part.0` cannot be the name of an event: dots become underscores.
  const split = /^(.*?)_part_(\d+)$/.exec(barePrivate) ?? /^(.*?)_part_(\d+)(?:_\d+)?$/.exec(name);
  if (split !== null) names.unshift(`${split[1]}.part.${split[2]}`);
  return [...new Set(names)];
}

/** Functions whose address or name marks the worker of a drain. */
export const drainWorkFunction = 'drain_local_pages_wq';

/** Names of all functions that a probe or the function tracer can bring. */
export function followedFunctions(): string[] {
  const split = [...bySplitFunction.keys()].map((name) => `${name}.part.0`);
  return [...byFunction.keys(), ...split];
}

/** A probe whose name says nothing: what it stands on is told by its address. */
export const probeByAddress: EventRule = { kind: Kind.other, columns: [], special: 'probe' };

/**
 * Before 4.x the kmem events record a `struct page *` and print the pfn from it. The pages of x86-64 are an array of
 * 64-byte structs that begins at a multiple of 2^40 (vmemmap), so bits 6–39 are the pfn. Where the struct has another
 * size, or another machine another base, the number still names one page and only one: enough to follow it,
 * though not to tell its zone.
 */
export function pfnOfPage(high: number, low: number): number {
  if (high === 0 && low === 0) return -1;
  return ((high & 0xff) * 4294967296 + (low >>> 0)) / 64;
}

/** Slots of the cache below; a power of two. Each has four words: lower half, upper half, name, nothing. */
export const pointerSlots = 1024;
export const slotWords = 4;

/** Numbers for pointers: 0 is NULL, others 1, 2, … in order of appearance, told apart by all 64 bits. */
export class PointerNames {
  readonly #byHigh: Map<number, Map<number, number>> = new Map();
  /** Pointers that came lately with their names, by some of their bits; others may look things up here too. */
  readonly #slots: Int32Array;
  #count = 0;

  constructor(slots: Int32Array = new Int32Array(pointerSlots * slotWords)) {
    this.#slots = slots;
  }

  nameOf(high: number, low: number): number {
    if (high === 0 && low === 0) return 0;
    const slots = this.#slots;
    // Zones and lists are structs of some hundred bytes.
    const at = ((low >>> 6) & (pointerSlots - 1)) * slotWords;
    if (slots[at] === (low | 0) && slots[at + 1] === (high | 0)) return slots[at + 2];
    const name = this.#find(high | 0, low | 0);
    slots[at] = low;
    slots[at + 1] = high;
    slots[at + 2] = name;
    return name;
  }

  #find(high: number, low: number): number {
    let byLow = this.#byHigh.get(high);
    if (byLow === undefined) {
      byLow = new Map();
      this.#byHigh.set(high, byLow);
    }
    let name = byLow.get(low);
    if (name === undefined) {
      name = ++this.#count;
      byLow.set(low, name);
    }
    return name;
  }
}

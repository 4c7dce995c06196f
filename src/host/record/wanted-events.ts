/**
 * What to record: trace events and probes, chosen from what a kernel offers. The events of a replay are those that our reader
 * follows (trace/kernel-events.ts), so recorder and reader cannot differ. What each is worth: docs/trace-formats.md.
 */

import { drainWorkFunction, followedEvents } from '../../trace/kernel-events.ts';

export type Purpose = 'replay' | 'audit' | 'both';

/** What a kernel says of itself; null: it could not be asked. */
export interface KernelOffer {
  /** `system:name`, from available_events. */
  readonly events: ReadonlySet<string> | null;
  /** Does tracefs have `kprobe_events`? */
  readonly probes: boolean | null;
  /** Functions of /proc/kallsyms and their addresses in hexadecimal; all zeros: hidden. */
  readonly functions: ReadonlyMap<string, string> | null;
  /** As `uname -m` says it. */
  readonly architecture: string;
}

export interface WantedEvent {
  readonly system: string;
  readonly name: string;
  /** For `filter`; '' for none. */
  readonly filter: string;
}

export interface WantedProbe {
  /** Name of its event, in our own group. */
  readonly name: string;
  /** The kernel function it stands on. */
  readonly symbol: string;
  /** A line for kprobe_events. */
  readonly line: string;
}

export interface Wanted {
  readonly events: readonly WantedEvent[];
  readonly probes: readonly WantedProbe[];
  /** What the kernel does not offer and what that costs, each in one sentence. */
  readonly lacking: readonly string[];
}

/** The group of our probes in kprobe_events. */
export const probeGroup = 'drainlab';

/** Cross-CPU calls, interrupts and work items: include/trace/events/{ipi,csd,workqueue}.h, arch/x86's irq_vectors.h. */
const auditEvents: ReadonlyArray<readonly [system: string, names: readonly string[]]> = [
  ['ipi', ['ipi_send_cpu', 'ipi_send_cpumask', 'ipi_raise', 'ipi_entry', 'ipi_exit']],
  ['csd', ['csd_queue_cpu', 'csd_function_entry', 'csd_function_exit']],
  [
    'irq_vectors',
    ['call_function', 'call_function_single', 'reschedule', 'irq_work'].flatMap((name) => [
      `${name}_entry`,
      `${name}_exit`,
    ]),
  ],
  ['workqueue', ['workqueue_queue_work', 'workqueue_execute_start', 'workqueue_execute_end']],
];

type ArgumentType = 'x64' | 'u64' | 'u32' | 's32' | 'u8';

interface ProbePoint {
  readonly symbol: string;
  /** Name of the event where it is not the function's. */
  readonly name?: string;
  /** Name, position among the function's arguments, type. */
  readonly arguments?: ReadonlyArray<readonly [name: string, position: number, type: ArgumentType]>;
  readonly isReturn?: true;
}

const zone = ['zone', 0, 'x64'] as const;
const range = [['pfn', 0, 'u64'] as const, ['nr', 1, 'u64'] as const];
const bulk = [['nr', 3, 's32'] as const];
const contiguous = [['start', 0, 'u64'] as const, ['end', 1, 'u64'] as const];

/** Functions of mm/ of Linux 4.11 to 7.x, with the arguments that the model reads. A kernel has some of them. */
const probePoints: readonly ProbePoint[] = [
  { symbol: 'drain_all_pages', arguments: [zone] },
  { symbol: '__drain_all_pages', arguments: [zone, ['force', 1, 'u8']] },
  // gcc splits the function on some kernels; this is the part after the mutex was taken.
  { symbol: '__drain_all_pages.part.0', name: 'drain_all_part0' },
  { symbol: 'drain_local_pages', arguments: [zone] },
  { symbol: drainWorkFunction, arguments: [['work', 0, 'x64']] },
  { symbol: 'drain_pages', arguments: [['cpu', 0, 'u32']] },
  {
    symbol: 'drain_pages_zone',
    arguments: [
      ['cpu', 0, 'u32'],
      ['zone', 1, 'x64'],
    ],
  },
  { symbol: 'drain_zone_pages', arguments: [zone, ['pcp', 1, 'x64']] },
  { symbol: 'decay_pcp_high', arguments: [zone, ['pcp', 1, 'x64']] },
  { symbol: 'free_pcppages_bulk', arguments: [zone, ['count', 1, 's32'], ['pcp', 2, 'x64']] },
  {
    symbol: 'free_one_page',
    arguments: [zone, ['page', 1, 'x64'], ['pfn', 2, 'u64'], ['order', 3, 'u32']],
  },
  { symbol: 'rmqueue_bulk', arguments: [zone, ['order', 1, 'u32'], ['count', 2, 'u64']] },
  { symbol: '__alloc_pages_bulk', name: 'alloc_bulk', arguments: bulk },
  { symbol: '__alloc_pages_bulk', name: 'alloc_bulk_ret', isReturn: true },
  { symbol: 'alloc_pages_bulk_noprof', name: 'alloc_bulk', arguments: bulk },
  { symbol: 'alloc_pages_bulk_noprof', name: 'alloc_bulk_ret', isReturn: true },
  { symbol: 'compaction_free' },
  { symbol: 'zone_pcp_disable', arguments: [zone] },
  { symbol: 'zone_pcp_enable', arguments: [zone] },
  { symbol: 'zoneinfo_show' },
  { symbol: 'page_alloc_cpu_dead', arguments: [['cpu', 0, 'u32']] },
  { symbol: 'kcompactd_do_work' },
  // Why a drain was asked for.
  { symbol: 'unreserve_highatomic_pageblock', name: 'unreserve_highatomic' },
  { symbol: 'offline_pages', arguments: range },
  { symbol: 'soft_offline_page', arguments: [['pfn', 0, 'u64']] },
  { symbol: 'memory_failure', arguments: [['pfn', 0, 'u64']] },
  { symbol: 'alloc_contig_range', arguments: contiguous },
  { symbol: 'alloc_contig_range_noprof', name: 'alloc_contig_range', arguments: contiguous },
];

/** Registers of the first arguments. Elsewhere `$argN` (Linux 4.20 on) stands for them. */
const argumentRegisters: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['%di', '%si', '%dx', '%cx', '%r8', '%r9'],
  aarch64: ['%x0', '%x1', '%x2', '%x3', '%x4', '%x5'],
};

/** Without these nothing can be rebuilt; the second are their names up to 3.3. */
const pageEvents: ReadonlyArray<readonly string[]> = [
  ['kmem:mm_page_alloc'],
  ['kmem:mm_page_free', 'kmem:mm_page_free_direct'],
  ['kmem:mm_page_alloc_zone_locked'],
  ['kmem:mm_page_pcpu_drain'],
];

/** The answer for a kernel that could not be asked is everything that any kernel has. */
export function wantedEvents(offer: KernelOffer, purpose: Purpose): Wanted {
  const names = new Set<string>();
  if (purpose !== 'audit')
    for (const [system, name] of followedEvents()) if (system !== 'ftrace') names.add(`${system}:${name}`);
  if (purpose !== 'replay')
    for (const [system, all] of auditEvents) for (const name of all) names.add(`${system}:${name}`);
  const workFilter = purpose === 'replay' ? drainWorkFilter(offer) : '';
  const events = [...names]
    .filter((name) => offer.events?.has(name) ?? true)
    .map((full): WantedEvent => {
      const [system, name] = full.split(':');
      return { system, name, filter: system === 'workqueue' ? (workFilter ?? '') : '' };
    })
    // No such function: this kernel's drains queue no work.
    .filter(({ system }) => system !== 'workqueue' || workFilter !== null);
  const probes = purpose === 'audit' || offer.probes === false ? [] : probesOf(offer);
  return { events, probes, lacking: lackingOf(offer, purpose, probes) };
}

/** Only the work items of drains. '': their address is hidden, so all are recorded; null: the kernel has none. */
function drainWorkFilter({ functions }: KernelOffer): string | null {
  if (functions === null) return '';
  const address = functions.get(drainWorkFunction);
  if (address === undefined) return null;
  return /^0*$/.test(address) ? '' : `function == 0x${address}`;
}

function probesOf({ functions, architecture }: KernelOffer): WantedProbe[] {
  return probePoints
    .filter(({ symbol }) => functions?.has(symbol) ?? true)
    .map((point) => ({
      name: point.name ?? point.symbol,
      symbol: point.symbol,
      line: probeLine(point, architecture),
    }));
}

/** `p:drainlab/drain_pages drain_pages cpu=%di:u32`; of return probes up to 256 calls can be under way at once. */
function probeLine(point: ProbePoint, architecture: string): string {
  const registers = argumentRegisters[architecture];
  const values = (point.arguments ?? []).map(
    ([name, position, type]) => ` ${name}=${registers?.[position] ?? `$arg${position + 1}`}:${type}`,
  );
  const kind = point.isReturn === true ? 'r256' : 'p';
  const value = point.isReturn === true ? ' ret=$retval:u64' : values.join('');
  return `${kind}:${probeGroup}/${point.name ?? point.symbol} ${point.symbol}${value}`;
}

function lackingOf(offer: KernelOffer, purpose: Purpose, probes: readonly WantedProbe[]): string[] {
  const lacking: string[] = [];
  const { events } = offer;
  if (purpose !== 'audit') {
    const missing = pageEvents.filter((names) => events !== null && !names.some((name) => events.has(name)));
    if (missing.length > 0) {
      const list = missing.map(([name]) => name).join(', ');
      lacking.push(`This kernel has no ${list}: such a recording cannot be replayed.`);
    }
    const hasOwnDrainEvents = events?.has('kmem:pcp_drain_begin') === true;
    const hasDrainWork = offer.functions?.has(drainWorkFunction) === true;
    if (offer.probes === false && !hasOwnDrainEvents) {
      lacking.push(
        hasDrainWork
          ? 'This kernel has no kprobes (CONFIG_KPROBE_EVENTS): drains are seen by their work items only, their causes less surely.'
          : 'This kernel has no kprobes (CONFIG_KPROBE_EVENTS): nothing will show when a drain is asked for, so replay will find none.',
      );
    } else if (offer.probes === true && !probes.some(({ symbol }) => /drain_all_pages/.test(symbol))) {
      lacking.push(
        'This kernel has no function drain_all_pages to probe: when a drain is asked for is not seen.',
      );
    }
  }
  if (
    purpose !== 'replay' &&
    events !== null &&
    !events.has('ipi:ipi_send_cpu') &&
    !events.has('ipi:ipi_raise')
  ) {
    lacking.push(
      'This kernel has no ipi events (they came with 6.4): who sent an interrupt is not recorded, only who got it.',
    );
  }
  return lacking;
}

/**
 * Writes a simulated run as ftrace text: the trace events and probes of a kernel of its version, patched with the events of
 * the thread's policies (pcp_drain_begin, _ipi, _end) where one of these drains. `simulatedKernelFiles` gives what lies
 * beside it; with both, replay rebuilds the run's own drains and counts. Holds no more than the drains in progress.
 */

import { formatCpuList } from '../../base/cpu-list.ts';
import type { DrainRequest } from '../input/drain-request.ts';
import { Kind } from '../input/event-log.ts';
import type { MachineView } from '../input/machine-view.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import { type KernelRules, kernelAtLeast, kernelRules } from '../machine/kernel-rules.ts';
import type { Policy } from '../policy/policy.ts';
import { zoneinfoText } from './write-zoneinfo.ts';

export interface FtraceOutput {
  /** Gets text in pieces of whole lines. */
  write(text: string): void;
  /** A snapshot of zoneinfo that the text marks by `snapshot NUMBER begin LABEL`. */
  snapshot(number: number, label: string, zoneinfo: string): void;
}

/** Pieces are of about this length. */
const pieceChars = 1 << 16;
/** Numbers of the patched kernels' `policy` field. */
const patchedPolicies = ['worker', 'everyone', 'selective', 'two-pass', 'static-mask'];
/** CPU sets are printed as one number of 64 bits. */
const maskCpusMax = 64;
/** Vector of the call-function interrupt on x86. */
const callVector = 252;

const lockedPart = 'drain_all_part0: (__drain_all_pages.part.0+0x0/0x1) zone=0x0';

/** A drain that has been asked for and not answered. */
interface Open {
  readonly cpu: number;
  readonly pid: number;
  readonly cpusDisturbed: Set<number>;
  result: number;
  allocated: number;
}

export class FtraceText implements RunObserver {
  readonly #output: FtraceOutput;
  readonly #scenario: Scenario;
  readonly #rules: KernelRules;
  readonly #policy: Policy;
  readonly #view: MachineView;
  readonly #zoned: boolean;
  readonly #printsRefill: boolean;
  readonly #listOrders: number;
  /** The patched events are there. */
  readonly #patched: boolean;
  readonly #freeName: string;
  readonly #open = new Map<number, Open>();
  /** Task 1 writes the marks. */
  readonly #comms = new Map<number, string>([[1, 'drainlab']]);
  /** Drains that wait for those before them: they look later than they call. */
  readonly #waiters = new Set<number>();
  #text = '';
  #snapshots = 0;
  /** Time of the event told last. Steps of a drain may be told with a time to come. */
  #nowNs = 0;
  /** The interrupt that the next event shows to have begun: drain and pages held. */
  #entered = -1;
  #enteredPages = 0;

  /** Writes the header and the snapshot of the beginning: to be made before the run's first step. */
  constructor(scenario: Scenario, policy: Policy, view: MachineView, output: FtraceOutput) {
    this.#output = output;
    this.#scenario = scenario;
    this.#policy = policy;
    this.#view = view;
    const { version } = scenario.kernel;
    this.#rules = kernelRules(version);
    this.#zoned = kernelAtLeast(version, '3.19');
    this.#printsRefill = recordsRefill(version, policy);
    this.#listOrders = this.#rules.listOrders;
    this.#patched = isPatched(policy);
    this.#freeName = kernelAtLeast(version, '3.3') ? 'mm_page_free' : 'mm_page_free_direct';
    this.#text = header(scenario.machine.cpus);
    this.snapshot(0, 'start');
  }

  /** The lists as they are now, between two steps of the run. */
  snapshot(timeNs: number, label: string): void {
    const number = ++this.#snapshots;
    this.#line(timeNs, 0, 1, `tracing_mark_write: snapshot ${number} begin ${label}`);
    this.#output.snapshot(number, label, zoneinfoText(this.#scenario.machine, this.#view));
    this.#line(timeNs, 0, 1, `tracing_mark_write: snapshot ${number} end ${label}`);
  }

  /** A last snapshot, and what is still in memory. */
  finish(timeNs: number): void {
    this.snapshot(timeNs, 'end');
    this.#flush();
  }

  event(
    kind: number,
    timeNs: number,
    cpu: number,
    pid: number,
    pfn: number,
    order: number,
    a: number,
    b: number,
    c: number,
  ): void {
    this.#nowNs = timeNs;
    if (this.#entered >= 0) this.#handlerBegins(cpu);
    const body = this.#body(kind, pfn, order, a, b, c);
    if (body !== '') this.#line(timeNs, cpu, pid, body);
    // Before 5.14 such pages have no lists, and go this way (__free_pages_ok).
    if (kind === Kind.pageFree && order > 0 && this.#listOrders === 0 && this.#policy.carrier === 'lock')
      this.#line(
        timeNs,
        cpu,
        pid,
        probe('free_one_page', `zone=${zoneAddress(-1)} pfn=${pfn} order=${order}`),
      );
  }

  /** The look: what the patched kernels tell in pcp_drain_begin. */
  drainRequested(request: DrainRequest): void {
    const { number, timeNs, cpu, pid, zone, online, holders, pages } = request;
    this.#nowNs = timeNs;
    const waited = this.#waiters.delete(number);
    if (!this.#patched) {
      if (waited) this.#line(timeNs, cpu, pid, lockedPart);
      return;
    }
    this.#open.set(number, { cpu, pid, cpusDisturbed: new Set(), result: 0, allocated: 0 });
    let parked = 0;
    for (const holder of holders) parked += pages[holder];
    const mask = holders.size <= maskCpusMax ? ` holders_mask=0x${hexOf(holders)}` : '';
    this.#line(
      timeNs,
      cpu,
      pid,
      `pcp_drain_begin: seq=${number} policy=${patchedPolicies.indexOf(this.#policy.name)} req_cpu=${cpu} zone=${zone} ` +
        `online=${online.count} holders=${holders.count}${mask} pages=${parked}`,
    );
  }

  drainStep(drain: number, step: DrainStep, timeNs: number, cpu: number, value: number): void {
    if (step === 'waits-for-turn') this.#waiters.add(drain);
    const open = this.#open.get(drain);
    if (open === undefined) return;
    switch (step) {
      case 'turned-away':
        open.result = 1;
        this.#end(drain, open, timeNs);
        return;
      case 'mask-got':
        open.allocated = value > 1 ? 1 : 0;
        return;
      case 'mask-failed':
        open.allocated = -1;
        open.result = 2;
        return;
      case 'began-on':
        if (this.#policy.carrier !== 'interrupt' || cpu === open.cpu) return;
        this.#entered = drain;
        this.#enteredPages = value;
        return;
      case 'ended-on':
        if (this.#policy.carrier === 'interrupt' && cpu !== open.cpu)
          this.#line(this.#nowNs, cpu, 0, `call_function_exit: vector=${callVector}`);
        return;
      case 'ended':
        this.#end(drain, open, timeNs);
        return;
      default:
    }
  }

  #handlerBegins(cpu: number): void {
    const drain = this.#entered;
    this.#entered = -1;
    const open = this.#open.get(drain);
    if (open === undefined) return;
    open.cpusDisturbed.add(cpu);
    this.#line(this.#nowNs, cpu, 0, `call_function_entry: vector=${callVector}`);
    this.#line(
      this.#nowNs,
      cpu,
      0,
      `pcp_drain_ipi: seq=${drain} req_cpu=${open.cpu} pages=${this.#enteredPages}`,
    );
  }

  #end(drain: number, open: Open, timeNs: number): void {
    this.#open.delete(drain);
    const { cpu, pid, result, allocated, cpusDisturbed } = open;
    this.#line(
      timeNs,
      cpu,
      pid,
      `pcp_drain_end: seq=${drain} result=${result} ipis=${cpusDisturbed.size} alloc=${allocated}`,
    );
  }

  /** Name and fields of the event; '' for kinds that are made here from steps of drains, or not written. */
  #body(kind: number, pfn: number, order: number, a: number, b: number, c: number): string {
    switch (kind) {
      case Kind.pageAlloc:
        return pfn < 0
          ? `mm_page_alloc: page=(null) pfn=0 order=${order} migratetype=${this.#type(a)} gfp_flags=0`
          : `mm_page_alloc: ${pageText(pfn)} order=${order} migratetype=${this.#type(a)} gfp_flags=0`;
      case Kind.pageAllocZoneLocked:
        return `mm_page_alloc_zone_locked: ${pageText(pfn)} order=${order} migratetype=${this.#type(a)} percpu_refill=${
          this.#printsRefill ? b : order === 0 ? 1 : 0
        }`;
      case Kind.pageFree:
        return `${this.#freeName}: ${pageText(pfn)} order=${order}`;
      case Kind.pagePcpuDrain:
        return `mm_page_pcpu_drain: ${pageText(pfn)} order=${order} migratetype=${this.#type(a)}`;
      case Kind.freePcppagesBulk:
        return probe('free_pcppages_bulk', `zone=${zoneAddress(a)} count=${b} pcp=${listAddress(c)}`);
      case Kind.freeOnePage:
        return probe('free_one_page', `zone=${zoneAddress(a)} pfn=${pfn} order=${order}`);
      case Kind.drainAllPages:
        return probe('drain_all_pages', this.#zoned ? `zone=${zoneAddress(a)}` : '');
      case Kind.drainAllPagesInner:
        return probe('__drain_all_pages', `zone=${zoneAddress(a)} force=${b}`);
      case Kind.drainAllPagesLocked:
        return lockedPart;
      case Kind.drainLocalPages:
        return probe('drain_local_pages', `zone=${zoneAddress(a)}`);
      case Kind.drainLocalPagesWq:
        return probe('drain_local_pages_wq', 'work=0x1');
      case Kind.drainPages:
        return probe('drain_pages', `cpu=${a}`);
      case Kind.drainPagesZone:
        return probe('drain_pages_zone', `cpu=${a} zone=${zoneAddress(b)}`);
      case Kind.drainWorkQueued:
        return `workqueue_queue_work: work struct=0x1 function=drain_local_pages_wq workqueue=mm_percpu_wq req_cpu=${a} cpu=${a}`;
      case Kind.drainWorkStart:
        return 'workqueue_execute_start: work struct 0x1: function drain_local_pages_wq';
      case Kind.drainWorkEnd:
        return 'workqueue_execute_end: work struct 0x1: function drain_local_pages_wq';
      default:
        return otherBody(kind, pfn, order, a);
    }
  }

  /** The simulator's 1 is movable and 2 reclaimable; up to 4.3 the kernel has them the other way round. */
  #type(type: number): number {
    return this.#rules.movable === 2 && (type === 1 || type === 2) ? 3 - type : type;
  }

  #line(timeNs: number, cpu: number, pid: number, body: string): void {
    const wholeNs = Math.floor(timeNs);
    const seconds = Math.floor(wholeNs / 1e9);
    const nanoseconds = `${wholeNs - seconds * 1e9}`.padStart(9, '0');
    this.#text +=
      `${this.#comm(pid).padStart(16)}-${`${pid}`.padEnd(7)} [${`${cpu}`.padStart(3, '0')}] .....  ` +
      `${seconds}.${nanoseconds}: ${body}\n`;
    if (this.#text.length >= pieceChars) this.#flush();
  }

  #comm(pid: number): string {
    let comm = this.#comms.get(pid);
    if (comm === undefined) {
      comm =
        pid === 0 ? '<idle>' : (this.#view.commOf(pid) || '<...>').replace(/[^\x21-\x7e]/g, '_').slice(0, 15);
      this.#comms.set(pid, comm);
    }
    return comm;
  }

  #flush(): void {
    this.#output.write(this.#text);
    this.#text = '';
  }
}

/** Events that tell why a drain is asked for, and kswapd's. */
function otherBody(kind: number, pfn: number, order: number, a: number): string {
  switch (kind) {
    case Kind.directReclaimBegin:
      return `mm_vmscan_direct_reclaim_begin: order=${order}`;
    case Kind.directReclaimEnd:
      return `mm_vmscan_direct_reclaim_end: nr_reclaimed=${a}`;
    case Kind.kswapdWake:
      return `mm_vmscan_kswapd_wake: order=${order}`;
    case Kind.kswapdSleep:
      return 'mm_vmscan_kswapd_sleep: nid=0';
    case Kind.offlinePages:
      return probe('offline_pages', `pfn=${pfn} nr=${a}`);
    case Kind.softOfflinePage:
      return probe('soft_offline_page', `pfn=${pfn}`);
    case Kind.memoryFailure:
      return probe('memory_failure', `pfn=${pfn}`);
    case Kind.allocContigRange:
      return probe('alloc_contig_range', `start=${pfn} end=${a}`);
    case Kind.zonePcpDisable:
      return probe('zone_pcp_disable', `zone=${zoneAddress(a)}`);
    case Kind.zonePcpEnable:
      return probe('zone_pcp_enable', `zone=${zoneAddress(a)}`);
    case Kind.cpuDead:
      return probe('page_alloc_cpu_dead', `cpu=${a}`);
    case Kind.kcompactdDoWork:
      return probe('kcompactd_do_work', '');
    default:
      return '';
  }
}

/** A thread's policy drains by interrupts, or by workers with the same events: the patched kernels tell both. */
function isPatched({ carrier }: Policy): boolean {
  return carrier === 'interrupt' || carrier === 'worker';
}

/** mm_page_alloc_zone_locked tells a refill from 5.19 on. Replay takes a kernel that drains lists from afar by that. */
function recordsRefill(version: string, { carrier }: Policy): boolean {
  return kernelAtLeast(version, '5.19') || carrier === 'lock';
}

function header(cpus: number): string {
  return `# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:${cpus}\n#\n`;
}

function probe(name: string, fields: string): string {
  return `${name}: (${name}+0x0/0x1)${fields === '' ? '' : ` ${fields}`}`;
}

/** Address of the struct page: 64 bytes each from vmemmap's beginning. */
function pageText(pfn: number): string {
  return `page=0xffffea${(pfn * 64).toString(16).padStart(10, '0')} pfn=0x${pfn.toString(16)}`;
}

/** -1: NULL, every zone. */
function zoneAddress(zone: number): string {
  return zone < 0 ? '0x0' : `0xffff8880${(0x3ffd_0000 + zone * 0x780).toString(16).padStart(8, '0')}`;
}

function listAddress(set: number): string {
  return `0xffffe8ff${(0x1000_0000 + set * 0x100).toString(16).padStart(8, '0')}`;
}

function hexOf({ words }: { readonly words: Uint32Array | Int32Array }): string {
  let hex = '';
  for (let w = words.length - 1; w >= 0; w--) hex += (words[w] >>> 0).toString(16).padStart(8, '0');
  return hex.replace(/^0+(?=.)/, '');
}

/** What lies beside the text, by path: the kernel's symbols and formats as far as replay asks for them, and the machine. */
export function simulatedKernelFiles(scenario: Scenario, policy: Policy): Map<string, string> {
  const { version } = scenario.kernel;
  const lock = policy.carrier === 'lock';
  const symbols = ['drain_all_pages', 'drain_pages'];
  if (kernelAtLeast(version, '5.14')) symbols.push('percpu_pagelist_high_fraction_sysctl_handler');
  // A kernel before 6.0 that drains from afar never was: its give-backs are none of 6.0 to 6.6.
  if (kernelAtLeast(version, '6.7') || (lock && !kernelAtLeast(version, '6.0')))
    symbols.push('decay_pcp_high');
  if (kernelAtLeast(version, '6.10')) symbols.push('__alloc_pages_noprof');
  if (policy.carrier === 'worker') symbols.push('drain_local_pages_wq');
  const refill = recordsRefill(version, policy)
    ? '\tfield:int percpu_refill;\toffset:24;\tsize:4;\tsigned:1;\n'
    : '';
  return new Map([
    ['kallsyms', symbols.map((name) => `0000000000000000 T ${name}\n`).join('')],
    [
      'set_event',
      eventsOn(policy)
        .map((name) => `${name}\n`)
        .join(''),
    ],
    [
      'kprobe_events',
      probesOn(policy)
        .map((name) => `p:kprobes/${name} ${name}\n`)
        .join(''),
    ],
    [
      'events/kmem/mm_page_alloc_zone_locked/format',
      'name: mm_page_alloc_zone_locked\nformat:\n\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n' +
        `\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n\tfield:int migratetype;\toffset:20;\tsize:4;\tsigned:1;\n${refill}`,
    ],
    ['proc-start/uname', `Linux drainlab ${version}.0-simulated #1 SMP\n`],
    ['proc-start/cpu_online', `${formatCpuList(scenario.machine.online)}\n`],
    ['proc-start/cpu_isolated', `${formatCpuList(scenario.machine.isolated)}\n`],
  ]);
}

function eventsOn({ carrier }: Policy): string[] {
  const kmem = ['mm_page_alloc', 'mm_page_alloc_zone_locked', 'mm_page_free', 'mm_page_pcpu_drain'];
  const patched =
    carrier === 'interrupt' || carrier === 'worker'
      ? ['pcp_drain_begin', 'pcp_drain_end', 'pcp_drain_ipi']
      : [];
  const works = ['workqueue_queue_work', 'workqueue_execute_start', 'workqueue_execute_end'];
  return [
    ...[...kmem, ...patched].map((name) => `kmem:${name}`),
    'vmscan:mm_vmscan_direct_reclaim_begin',
    'vmscan:mm_vmscan_direct_reclaim_end',
    ...(carrier === 'worker' ? works.map((name) => `workqueue:${name}`) : []),
  ];
}

function probesOn({ carrier }: Policy): string[] {
  return [
    'drain_all_pages',
    'free_pcppages_bulk',
    'free_one_page',
    'drain_pages_zone',
    carrier === 'worker' ? 'drain_local_pages_wq' : 'drain_local_pages',
  ];
}

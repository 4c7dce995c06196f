/**
 * Writes a simulated run as Chrome's trace-event JSON, which Perfetto and chrome://tracing show: a track for each CPU with
 * what drains did to it, the drains of each caller, direct reclaim, and counters of free and parked pages. Times are µs.
 */

import type { DrainRequest } from '../input/drain-request.ts';
import { Kind } from '../input/event-log.ts';
import type { MachineView } from '../input/machine-view.ts';
import type { DrainStep, RunObserver } from '../input/run-observer.ts';
import type { Scenario } from '../input/scenario.ts';
import type { Carrier, Policy } from '../policy/policy.ts';

/** Groups of tracks. */
const cpuTracks = 1;
const drainTracks = 2;
const reclaimTracks = 3;
const counterTracks = 4;

const pieceChars = 1 << 16;
/** Tracks of CPUs that nothing happens to are not named in advance on large machines. */
const namedCpusMax = 256;

const whatHappens: Record<Carrier, string> = {
  interrupt: 'drain_local_pages (interrupt)',
  worker: 'drain_local_pages_wq (worker)',
  lock: 'list locked from afar',
  nobody: 'drain',
};

interface Open {
  readonly cpu: number;
  readonly startNs: number;
}

export class ChromeTrace implements RunObserver {
  readonly sampleNs: number;
  readonly #scenario: Scenario;
  readonly #policy: Policy;
  readonly #view: MachineView;
  readonly #write: (text: string) => void;
  readonly #drains = new Map<number, Open>();
  /** drain × CPU → when it began there, and pages. */
  readonly #onCpu = new Map<number, { startNs: number; pages: number }>();
  /** Task → when its direct reclaim began. */
  readonly #reclaims = new Map<number, number>();
  readonly #named = new Set<number>();
  #text = '';
  #first = true;

  constructor(scenario: Scenario, policy: Policy, view: MachineView, write: (text: string) => void) {
    this.#scenario = scenario;
    this.#policy = policy;
    this.#view = view;
    this.#write = write;
    this.sampleNs = Math.max(1e6, (scenario.run.seconds * 1e9) / 2000);
    this.#text = '{"displayTimeUnit":"ns","traceEvents":[\n';
    for (const [pid, name] of [
      [cpuTracks, 'CPUs: what drains do to them'],
      [drainTracks, `drains (${policy.name})`],
      [reclaimTracks, 'direct reclaim'],
      [counterTracks, 'pages'],
    ] as const) {
      this.#add({ ph: 'M', pid, tid: 0, name: 'process_name', args: { name } });
      this.#add({ ph: 'M', pid, tid: 0, name: 'process_sort_index', args: { sort_index: pid } });
    }
    for (let cpu = 0; cpu < Math.min(namedCpusMax, scenario.machine.cpus); cpu++) this.#nameCpu(cpu);
  }

  event(
    kind: number,
    timeNs: number,
    _cpu: number,
    pid: number,
    _pfn: number,
    order: number,
    a: number,
  ): void {
    if (kind === Kind.directReclaimBegin) {
      this.#reclaims.set(pid, timeNs);
      return;
    }
    const startNs = this.#reclaims.get(pid);
    if (kind !== Kind.directReclaimEnd || startNs === undefined) return;
    this.#reclaims.delete(pid);
    if (!this.#named.has(-pid)) {
      this.#named.add(-pid);
      this.#add({
        ph: 'M',
        pid: reclaimTracks,
        tid: pid,
        name: 'thread_name',
        args: { name: `${this.#view.commOf(pid)} ${pid}` },
      });
    }
    this.#slice(reclaimTracks, pid, 'direct reclaim', startNs, timeNs, { order, reclaimed: a });
  }

  drainRequested(request: DrainRequest): void {
    const { number, cpu, timeNs, cause, holders, online, zone } = request;
    if (!this.#drains.has(number)) this.#drains.set(number, { cpu, startNs: timeNs });
    // Drains of one caller never overlap, those of one CPU may: asynchronous slices, by number.
    this.#add({
      ph: 'b',
      cat: 'drain',
      id: number,
      pid: drainTracks,
      tid: cpu,
      ts: timeNs / 1000,
      name: `drain by CPU ${cpu}`,
      args: { drain: number, cause, zone, holders: holders.count, online: online.count },
    });
    this.#counters(timeNs);
  }

  drainStep(drain: number, step: DrainStep, timeNs: number, cpu: number, value: number): void {
    switch (step) {
      case 'began-on':
        this.#onCpu.set(this.#key(drain, cpu), { startNs: timeNs, pages: value });
        return;
      case 'ended-on':
        this.#endedOn(drain, timeNs, cpu, value);
        return;
      case 'idle-left':
        this.#nameCpu(cpu);
        this.#slice(cpuTracks, cpu, 'woken from idle', timeNs - value, timeNs, { drain });
        return;
      case 'turned-away':
      case 'ended':
        this.#ended(drain, step, timeNs, value);
        return;
      default:
    }
  }

  sample(timeNs: number): void {
    this.#counters(timeNs);
  }

  finish(timeNs: number): void {
    this.#counters(timeNs);
    this.#text += '\n]}\n';
    this.#write(this.#text);
    this.#text = '';
  }

  #endedOn(drain: number, timeNs: number, cpu: number, pagesBack: number): void {
    const key = this.#key(drain, cpu);
    const began = this.#onCpu.get(key);
    if (began === undefined) return;
    this.#onCpu.delete(key);
    this.#nameCpu(cpu);
    const name =
      began.pages === 0
        ? `${whatHappens[this.#policy.carrier]}, for nothing`
        : whatHappens[this.#policy.carrier];
    this.#slice(cpuTracks, cpu, name, began.startNs, timeNs, { drain, pages: began.pages, pagesBack });
  }

  #ended(drain: number, step: DrainStep, timeNs: number, value: number): void {
    const open = this.#drains.get(drain);
    if (open === undefined) return;
    this.#drains.delete(drain);
    const args = step === 'ended' ? { pagesBack: value } : { turnedAway: true };
    this.#add({
      ph: 'e',
      cat: 'drain',
      id: drain,
      pid: drainTracks,
      tid: open.cpu,
      ts: timeNs / 1000,
      name: `drain by CPU ${open.cpu}`,
      args,
    });
    this.#counters(timeNs);
  }

  #counters(timeNs: number): void {
    const { machine } = this.#scenario;
    let free = 0;
    let parked = 0;
    machine.zones.forEach((_, zone) => {
      free += this.#view.freePages(zone);
      for (let cpu = 0; cpu < machine.cpus; cpu++) parked += this.#view.pagesOnList(cpu, zone);
    });
    this.#add({ ph: 'C', pid: counterTracks, tid: 0, ts: timeNs / 1000, name: 'free pages', args: { free } });
    this.#add({
      ph: 'C',
      pid: counterTracks,
      tid: 0,
      ts: timeNs / 1000,
      name: 'pages on lists',
      args: { parked },
    });
  }

  #slice(pid: number, tid: number, name: string, startNs: number, endNs: number, args: object): void {
    this.#add({ ph: 'X', pid, tid, ts: startNs / 1000, dur: (endNs - startNs) / 1000, name, args });
  }

  #nameCpu(cpu: number): void {
    if (this.#named.has(cpu)) return;
    this.#named.add(cpu);
    const isolated = this.#scenario.machine.isolated.has(cpu) ? ' (isolated)' : '';
    this.#add({
      ph: 'M',
      pid: cpuTracks,
      tid: cpu,
      name: 'thread_name',
      args: { name: `CPU ${cpu}${isolated}` },
    });
    this.#add({ ph: 'M', pid: cpuTracks, tid: cpu, name: 'thread_sort_index', args: { sort_index: cpu } });
  }

  #key(drain: number, cpu: number): number {
    return drain * this.#scenario.machine.cpus + cpu;
  }

  #add(event: object): void {
    this.#text += `${this.#first ? '' : ',\n'}${JSON.stringify(event)}`;
    this.#first = false;
    if (this.#text.length < pieceChars) return;
    this.#write(this.#text);
    this.#text = '';
  }
}

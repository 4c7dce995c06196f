/** What `watch` knows at a picture: the newest sample, rates of the last second, what the user chose to see. No terminal in it. */

import { crossCpuInterrupts, type HostSample } from '../../host/host-sample.ts';
import type { SelfCost } from '../../host/self-cost.ts';
import { interruptKinds } from '../../snapshot/interrupts.ts';
import type { CellForm, CpuGroup } from './heat-strip.ts';

export type Grouping = 'number' | 'node' | 'isolated';
const groupings: readonly Grouping[] = ['number', 'node', 'isolated'];

export interface WatchedView {
  readonly paused: boolean;
  readonly help: boolean;
  /** Index of a zone of the machine; -1: all together. */
  readonly zone: number;
  readonly grouping: Grouping;
  readonly form: CellForm;
  readonly scale: 'log' | 'linear';
  /** One cell a CPU, from `firstCpu` on; else the whole machine on one screen. */
  readonly zoomed: boolean;
  /** Place in the order of the groups. */
  readonly firstCpu: number;
}

export interface WatchedPace {
  /** Between two samples, as asked and as it is: looking is held below a share of a core. */
  readonly askedMs: number;
  readonly everyMs: number;
  /** Of the newest stretch of a few seconds; null: none is over yet. */
  readonly cost: SelfCost | null;
  /** `cost` is that of the first stretch, when code is still being compiled. */
  readonly isStarting: boolean;
}

/** A count that comes in parts: how many a second over the newest whole second, and how many in all. */
export class RecentRate {
  total = 0;
  /** null: no part yet. */
  perSecond: number | null = null;
  #part = 0;
  #partMs = 0;

  /** `sinceMs` 0: the first part has no beginning, and counts nothing. */
  add(times: number, sinceMs: number): void {
    if (sinceMs === 0) return;
    this.total += times;
    this.#part += times;
    this.#partMs += sinceMs;
    if (this.#partMs < 1000 && this.perSecond !== null) return;
    this.perSecond = (1000 * this.#part) / this.#partMs;
    this.#part = 0;
    this.#partMs = 0;
  }
}

export class WatchedHost {
  /** null: none yet. While paused the newest one stays. */
  sample: HostSample | null = null;
  view: WatchedView = {
    paused: false,
    help: false,
    zone: -1,
    grouping: 'number',
    form: 'heat',
    scale: 'log',
    zoomed: false,
    firstCpu: 0,
  };
  /** Pages of the fullest CPU so far: the upper end of the scale. */
  mostPages = 64;
  /** Direct reclaims, by /proc/vmstat. */
  readonly stalls = new RecentRate();
  /** As traced; empty where nothing is. */
  readonly tracedReclaims = new RecentRate();
  readonly tracedDrains = new RecentRate();
  lostEvents = 0;
  /** By CPU: 1 for an isolated CPU that another interrupted between the last two readings. */
  readonly disturbed: Uint8Array;
  /** CPUs that may be there, up to the largest that is online; made anew when the host has changed. */
  #cpus: number[] = [];
  #cpusOf: HostSample['host'] | null = null;
  #mostLog = 1;

  constructor(cpuCount: number) {
    this.disturbed = new Uint8Array(cpuCount);
  }

  take(sample: HostSample): void {
    this.sample = sample;
    const { pagesByCpu } = sample;
    for (let cpu = 0; cpu < pagesByCpu.length; cpu++)
      if (pagesByCpu[cpu] > this.mostPages) this.mostPages = pagesByCpu[cpu];
    this.#mostLog = Math.log2(1 + this.mostPages);
    this.#count(sample);
    this.#markDisturbed(sample);
  }

  #count({ load, drains, sinceMs }: HostSample): void {
    if (load.allocationStalls !== null) this.stalls.add(load.allocationStalls, sinceMs);
    if (drains === null) return;
    this.tracedReclaims.add(drains.directReclaims, sinceMs);
    if (drains.drains !== null) this.tracedDrains.add(drains.drains, sinceMs);
    this.lostEvents += drains.lost;
  }

  #markDisturbed({ interrupts, host }: HostSample): void {
    this.disturbed.fill(0);
    if (interrupts === null) return;
    interrupts.cpus.forEach((cpu, column) => {
      if (host.machine.isolated.has(cpu) && crossCpuInterrupts(interrupts, column) > 0)
        this.disturbed[cpu] = 1;
    });
  }

  /** CPUs in the order of the strip. */
  groups(): CpuGroup[] {
    if (this.sample === null) return [];
    const { host, pagesByCpu } = this.sample;
    const cpus = this.#shownCpus(host, pagesByCpu);
    if (this.view.grouping === 'isolated') {
      return [
        { label: 'others', cpus: cpus.filter((cpu) => !host.machine.isolated.has(cpu)) },
        { label: 'isolated', cpus: cpus.filter((cpu) => host.machine.isolated.has(cpu)) },
      ].filter((group) => group.cpus.length > 0);
    }
    if (this.view.grouping === 'node') {
      const nodes = [...new Set(cpus.map((cpu) => host.cpus.nodeOfCpu[cpu]))].sort((a, b) => a - b);
      return nodes.map((node) => ({
        label: node < 0 ? 'no node' : `node ${node}`,
        cpus: cpus.filter((cpu) => host.cpus.nodeOfCpu[cpu] === node),
      }));
    }
    return [{ label: '', cpus }];
  }

  /** CPUs that may come later have no place yet. */
  #shownCpus(host: HostSample['host'], pagesByCpu: Int32Array): number[] {
    const last = lastOnline(pagesByCpu);
    if (this.#cpusOf !== host || this.#cpus[this.#cpus.length - 1] !== last) {
      this.#cpus = [...host.cpus.possible].filter((cpu) => cpu <= last);
      this.#cpusOf = host;
    }
    return this.#cpus;
  }

  /** 0 … 1 of the fullest list seen; -1: not online. */
  levelOf(cpu: number): number {
    const { sample, view, mostPages } = this;
    if (sample === null) return -1;
    const zoneCount = sample.host.machine.zones.length;
    const pages = view.zone < 0 ? sample.pagesByCpu[cpu] : sample.pages[cpu * zoneCount + view.zone];
    if (pages <= 0) return pages;
    return view.scale === 'log' ? Math.log2(1 + pages) / this.#mostLog : pages / mostPages;
  }

  /** `page`: CPUs of one screen when zoomed. Null: the key means nothing here. */
  key(key: string, page: number): 'quit' | 'faster' | 'slower' | 'done' | null {
    const { view } = this;
    switch (key) {
      case 'q':
      case '\x03':
        return 'quit';
      case '+':
      case '=':
        return 'faster';
      case '-':
        return 'slower';
      case ' ':
        return this.#show({ paused: !view.paused });
      case '?':
      case 'h':
        return this.#show({ help: !view.help });
      case 'z': {
        const zones = this.sample?.host.machine.zones.length ?? 0;
        return this.#show({ zone: view.zone + 1 >= zones ? -1 : view.zone + 1 });
      }
      case 'g':
        return this.#show({
          grouping: groupings[(groupings.indexOf(view.grouping) + 1) % groupings.length],
          firstCpu: 0,
        });
      case 'd':
        return this.#show({ form: view.form === 'heat' ? 'dots' : 'heat' });
      case 'c':
        return this.#show({ scale: view.scale === 'log' ? 'linear' : 'log' });
      case 'x':
        return this.#show({ zoomed: !view.zoomed, firstCpu: 0 });
      case '\x1b[5~':
      case '\x1b[A':
      case '\x1b[D':
        return this.#page(-page);
      case '\x1b[6~':
      case '\x1b[B':
      case '\x1b[C':
        return this.#page(page);
      case '\x1b[H':
        return this.#show({ firstCpu: 0 });
      default:
        return null;
    }
  }

  #page(cpus: number): 'done' | null {
    if (!this.view.zoomed) return null;
    const all = this.groups().reduce((sum, group) => sum + group.cpus.length, 0);
    const last = Math.max(0, all - Math.abs(cpus));
    return this.#show({ firstCpu: Math.max(0, Math.min(last, this.view.firstCpu + cpus)) });
  }

  #show(change: Partial<WatchedView>): 'done' {
    this.view = { ...this.view, ...change };
    return 'done';
  }
}

function lastOnline(pagesByCpu: Int32Array): number {
  for (let cpu = pagesByCpu.length - 1; cpu >= 0; cpu--) if (pagesByCpu[cpu] >= 0) return cpu;
  return -1;
}

const escapeSign = '\x1b';

/** What a terminal sent, as single keys: one sign, or one sequence that begins with an escape. */
export function keysOf(text: string): string[] {
  const [plain, ...others] = text.split(escapeSign);
  const keys = [...plain];
  for (const part of others) {
    const sequence = /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(part)?.[0] ?? '';
    // In its other mode a terminal sends O for [.
    keys.push(escapeSign + sequence.replace(/^O/, '['), ...part.slice(sequence.length));
  }
  return keys;
}

/** Kinds of interrupts that have a column, with its head. */
export const shownKinds = interruptKinds.filter((kind) => kind !== 'stop');
export const kindHeads: Readonly<Record<(typeof interruptKinds)[number], string>> = {
  call: 'function call',
  reschedule: 'reschedule',
  tlb: 'TLB',
  irqWork: 'IRQ work',
  timer: 'timer',
  stop: 'stop',
  other: 'devices',
};

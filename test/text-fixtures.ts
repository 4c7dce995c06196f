/**
 * A drawing in text → rows of the event log. One row a line:
 *
 *   TIME cpuN tPID KIND [PFN[/ORDER]] [a=N] [b=N] [c=N] [d=N] [set=CPU LIST] ['TEXT']
 *
 * KIND is a name of `Kind`; times are ns and must ascend; missing columns are -1 (order: 0).
 */

import { parseCpuList } from '../src/base/cpu-list.ts';
import { EventBlock, type EventFeatures, type EventLogSource, Kind } from '../src/engine/input/event-log.ts';

const line =
  /^(\d+) cpu(\d+) t(\d+) (\w+)(?: (-?\d+)(?:\/(\d+))?)?((?: [abcd]=-?\d+)*)(?: set=(\S+))?(?: '(.*)')?$/;

export function drawnRows(drawing: string): EventBlock {
  const block = new EventBlock();
  for (const text of drawing.split('\n').map((raw) => raw.trim())) {
    if (text === '' || text.startsWith('#')) continue;
    const match = line.exec(text);
    if (match === null) throw new Error(`not a row: ${text}`);
    const [, time, cpu, pid, name, pfn, order, columns, set, words] = match;
    const kind = Kind[name as keyof typeof Kind];
    if (kind === undefined) throw new Error(`no kind ${name}`);
    const i = block.length++;
    block.timeNs[i] = Number(time);
    block.cpu[i] = Number(cpu);
    block.pid[i] = Number(pid);
    block.kind[i] = kind;
    block.pfn[i] = pfn === undefined ? -1 : Number(pfn);
    block.order[i] = Number(order ?? 0);
    for (const column of ['a', 'b', 'c', 'd'] as const) {
      block[column][i] = Number(new RegExp(` ${column}=(-?\\d+)`).exec(columns)?.[1] ?? -1);
    }
    if (set !== undefined) block.cpuSets.set(i, wordsOf(parseCpuList(set)));
    if (words !== undefined) block.texts.set(i, words);
  }
  return block;
}

/** Kernels by what their recordings show. */
export const drawnKernels = {
  /** Up to 4.10: drains in interrupts. */
  '3.4': { symbols: ['drain_all_pages', 'drain_pages'], fields: [] },
  /** 4.17–5.17: workers; also the kernel patched with the thread's policies. */
  '5.10': { symbols: ['drain_all_pages', 'drain_local_pages_wq'], fields: [] },
  '6.1': {
    symbols: ['drain_all_pages', 'percpu_pagelist_high_fraction_sysctl_handler'],
    fields: ['mm_page_alloc_zone_locked.percpu_refill'],
  },
  '6.12': {
    symbols: [
      'drain_all_pages',
      'percpu_pagelist_high_fraction_sysctl_handler',
      'decay_pcp_high',
      '__alloc_pages_noprof',
    ],
    fields: ['mm_page_alloc_zone_locked.percpu_refill'],
  },
} as const;

/** A recording of such a kernel in which events of these kinds are enabled. */
export function drawnSource(
  kernel: keyof typeof drawnKernels,
  cpuCount: number,
  kinds: Iterable<number>,
): EventLogSource {
  const { symbols, fields } = drawnKernels[kernel];
  const enabled = new Set(kinds);
  const features: EventFeatures = {
    has: (kind) => enabled.has(kind),
    hasFormat: () => true,
    hasField: (_system, name, field) => (fields as readonly string[]).includes(`${name}.${field}`),
    formatText: () => '',
    symbolExists: (name) => (symbols as readonly string[]).includes(name),
  };
  return { cpuCount, kernel, features, commOf: (pid) => (pid === 99 ? 'kcompactd0' : '') };
}

function wordsOf(cpus: readonly number[]): Uint32Array {
  const words = new Uint32Array(Math.floor(Math.max(0, ...cpus) / 32) + 1);
  for (const cpu of cpus) words[cpu >>> 5] |= 1 << (cpu & 31);
  return words;
}

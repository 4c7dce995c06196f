/** What the first lines of a text recording say about the machine. */

import { parseCpuList } from '../base/cpu-list.ts';
import { cpusMax } from './text-line.ts';
import type { HeaderMachine } from './trace-reader.ts';

export interface TextHeader {
  /** '' when the text does not say. */
  readonly kernel: string;
  /** 0 when the text does not say. */
  readonly cpuCount: number;
  readonly isTraceCmdReport: boolean;
  /** What a light recording says of its machine; null: the text is none, or does not say. */
  readonly machine: HeaderMachine | null;
}

/** Reads the lines before the first event; `text` is the beginning of the recording. */
export function readTextHeader(text: string): TextHeader {
  const kernel =
    /^# \S+ latency trace v\S+ on (\S{1,100})$/m.exec(text) ??
    /^# (?:os release :|kernel:) (\S{1,100})\s*$/m.exec(text);
  const report = /^cpus=(\d{1,6})\s*$/m.exec(text);
  // `#P:2` of tracefs counts the CPUs that are online; perf's header counts them as nrcpus.
  const cpus =
    report ?? /^# .*#P:(\d{1,6})\s*$/m.exec(text) ?? /^# nrcpus online : (\d{1,6})\s*$/m.exec(text);
  const machine = /^# tracer: drainlab-light \d/.test(text) ? machineOf(text) : null;
  return {
    kernel: kernel?.[1] ?? '',
    cpuCount: Math.min(cpusMax, Math.max(Number(cpus?.[1] ?? 0), 1 + (machine?.possible.at(-1) ?? -1))),
    isTraceCmdReport: report !== null,
    machine,
  };
}

/** Lines `# CPUs online: 0-7` and `# zones: 0/DMA 0/Normal`. Throws E_CPU_LIST. */
function machineOf(text: string): HeaderMachine {
  const line = (name: string) => new RegExp(`^# ${name}: (.{0,4096})$`, 'm').exec(text)?.[1].trim() ?? '';
  const cpus = (name: string) => parseCpuList(line(`CPUs ${name}`), `the header's list of CPUs ${name}`);
  return {
    possible: cpus('possible'),
    online: cpus('online'),
    isolated: cpus('isolated'),
    zones: [...line('zones').matchAll(/(\d{1,5})\/(\w{1,16})(?= |$)/g)].map(([, node, name]) => ({
      node: Number(node),
      name,
    })),
  };
}

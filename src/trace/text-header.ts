/** What the first lines of a text recording say about the machine. */

import { parseCpuList } from '../base/cpu-list.ts';
import { cpusMax } from './text-line.ts';
import { traceError } from './trace-error.ts';
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

/**
 * Reads the lines before the first event; `text` is the beginning of the recording `name`. Throws E_TRACE_DAMAGED where a light recording
 * has a header that no machine has.
 */
export function readTextHeader(text: string, name: string): TextHeader {
  const kernel =
    /^# \S+ latency trace v\S+ on (\S{1,100})$/m.exec(text) ??
    /^# (?:os release :|kernel:) (\S{1,100})\s*$/m.exec(text);
  const report = /^cpus=(\d{1,6})\s*$/m.exec(text);
  // `#P:2` of tracefs counts the CPUs that are online; perf's header counts them as nrcpus.
  const cpus =
    report ?? /^# .*#P:(\d{1,6})\s*$/m.exec(text) ?? /^# nrcpus online : (\d{1,6})\s*$/m.exec(text);
  const machine = /^# tracer: drainlab-light \d/.test(text) ? machineOf(text, name) : null;
  return {
    kernel: kernel?.[1] ?? '',
    cpuCount: Math.min(cpusMax, Math.max(Number(cpus?.[1] ?? 0), 1 + (machine?.possible.at(-1) ?? -1))),
    isTraceCmdReport: report !== null,
    machine,
  };
}

/** As many lists of one CPU and zone no machine has. */
const listsMax = 1 << 20;

/** Lines `# CPUs online: 0-7` and `# zones: 0/DMA 0/Normal`. */
function machineOf(text: string, recording: string): HeaderMachine {
  const line = (name: string) => new RegExp(`^# ${name}: (.{0,4096})$`, 'm').exec(text)?.[1].trim() ?? '';
  const damaged = (what: string) =>
    traceError(
      'E_TRACE_DAMAGED',
      `has a header that no machine has: ${what}`,
      recording,
      0,
      'Put the lines `# CPUs …` and `# zones:` at its beginning right, or record again.',
    );
  const cpus = (name: string) => {
    try {
      return parseCpuList(line(`CPUs ${name}`));
    } catch {
      throw damaged(`CPUs ${name}: ${line(`CPUs ${name}`).slice(0, 40)}`);
    }
  };
  const machine = {
    possible: cpus('possible'),
    online: cpus('online'),
    isolated: cpus('isolated'),
    zones: [...line('zones').matchAll(/(\d{1,5})\/(\w{1,16})(?= |$)/g)].map(([, node, name]) => ({
      node: Number(node),
      name,
    })),
  };
  const { possible, zones } = machine;
  if ((1 + (possible.at(-1) ?? 0)) * zones.length > listsMax)
    throw damaged(`${possible.length} CPUs and ${zones.length} zones`);
  return machine;
}

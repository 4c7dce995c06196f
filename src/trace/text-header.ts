/** What the first lines of a text recording say about the machine. */

import { cpusMax } from './text-line.ts';

export interface TextHeader {
  /** '' when the text does not say. */
  readonly kernel: string;
  /** 0 when the text does not say. */
  readonly cpuCount: number;
  readonly isTraceCmdReport: boolean;
}

/** Reads the lines before the first event; `text` is the beginning of the recording. */
export function readTextHeader(text: string): TextHeader {
  const kernel =
    /^# \S+ latency trace v\S+ on (\S{1,100})$/m.exec(text) ?? /^# os release : (\S{1,100})\s*$/m.exec(text);
  const report = /^cpus=(\d{1,6})\s*$/m.exec(text);
  // `#P:2` of tracefs counts the CPUs that are online; perf's header counts them as nrcpus.
  const cpus =
    report ?? /^# .*#P:(\d{1,6})\s*$/m.exec(text) ?? /^# nrcpus online : (\d{1,6})\s*$/m.exec(text);
  return {
    kernel: kernel?.[1] ?? '',
    cpuCount: Math.min(cpusMax, Number(cpus?.[1] ?? 0)),
    isTraceCmdReport: report !== null,
  };
}

/**
 * What lies beside a recording: `zoneinfo/zoneinfo-snap-NNN-LABEL.txt` (the kernel's own counts, marked in
 * the recording by `snapshot N begin LABEL`) and `proc-start/` (the machine when recording began); beside a text also
 * files of tracefs and `kallsyms` (`TracefsFiles`), which say what a trace.dat says by itself.
 * Every part may be missing; what is there must be readable.
 */

import { parseCpuList } from '../base/cpu-list.ts';
import type { Machine, ZoneinfoSnapshot } from '../engine/input/machine.ts';
import { machineFrom, parseZoneinfo, snapshotFrom } from '../engine/input/zoneinfo.ts';
import { followedEvents } from './kernel-events.ts';
import type { HeaderMachine } from './trace-reader.ts';
import { TracefsFiles } from './tracefs-files.ts';

/** Files beside a recording, by their path below its folder: a folder on disk, or files dropped on a page. */
export interface FilesBeside {
  /** Text of a file; null: there is none. */
  text(path: string): string | null;
  /** Names of the files directly in a folder; empty when there is no such folder. */
  names(folder: string): readonly string[];
}

export interface RecordingFolder {
  readonly machine: Machine;
  /** In order of their number. */
  readonly snapshots: readonly ZoneinfoSnapshot[];
  /** `uname -a` of the machine, or ''. */
  readonly uname: string;
  /** Kernel command line, or ''. */
  readonly cmdline: string;
  /** Files that were used, for messages. */
  readonly files: readonly string[];
}

/** `cpuCount`: largest CPU number + 1 by the recording itself. */
export function readBeside(beside: FilesBeside, cpuCount: number): RecordingFolder {
  const files: string[] = [];
  const read = (path: string): string => {
    const text = beside.text(path);
    if (text !== null) files.push(path);
    return text ?? '';
  };
  const parsed = snapshotFiles(beside.names('zoneinfo')).map((file) => ({
    ...file,
    zones: parseZoneinfo(read(`zoneinfo/${file.file}`), file.file),
  }));
  const startText = read('proc-start/zoneinfo');
  const start = startText === '' ? null : parseZoneinfo(startText, 'proc-start/zoneinfo');
  const cpus = (path: string): number[] => {
    const text = read(path).trim();
    return text === '' || text.startsWith('(') ? [] : parseCpuList(text, path);
  };
  const online = cpus('proc-start/cpu_online');
  const machine = machineFrom(start ?? parsed[0]?.zones ?? null, {
    cpuCount,
    online: online.length > 0 ? online : undefined,
    isolated: [...cpus('proc-start/cpu_isolated'), ...cpus('proc-start/cpu_nohz_full')],
  });
  return {
    machine,
    snapshots: parsed.map((file) => snapshotFrom(file.zones, machine, file.number, file.label)),
    uname: read('proc-start/uname').trim(),
    cmdline: read('proc-start/cmdline').trim(),
    files,
  };
}

/** A light recording tells its machine itself. It has no page frames, so its zones need no place. */
export function machineOfHeader({ online, isolated, zones }: HeaderMachine, cpuCount: number): Machine {
  const machine = machineFrom(null, {
    cpuCount,
    isolated,
    ...(online.length > 0 && { online }),
  });
  if (zones.length === 0) return machine;
  return { ...machine, zones: zones.map(({ node, name }) => ({ node, name, startPfn: 0, endPfn: 0 })) };
}

/** Beside a text: which events were on, their formats, the kernel's symbols. Systems of events that are followed only. */
export function readTracefsFiles(beside: FilesBeside): TracefsFiles {
  const read = (path: string) => beside.text(path) ?? '';
  const formats = new Map<string, string>();
  for (const [system, name] of followedEvents()) {
    const text = read(`events/${system}/${name}/format`);
    if (text !== '') formats.set(`${system}:${name}`, text);
  }
  return new TracefsFiles(read('set_event'), read('kprobe_events'), formats, read('kallsyms'));
}

/** `Linux host 5.10.262-drain #2 SMP …` → `5.10.262-drain`. */
export function releaseOf(uname: string): string {
  return /^Linux \S+ (\S+)/.exec(uname)?.[1] ?? '';
}

interface SnapshotFile {
  readonly file: string;
  readonly number: number;
  readonly label: string;
}

function snapshotFiles(names: readonly string[]): SnapshotFile[] {
  const found: SnapshotFile[] = [];
  for (const file of names) {
    const match = /^zoneinfo-snap-(\d{1,9})-(.*)\.txt$/.exec(file);
    if (match !== null) found.push({ file, number: Number(match[1]), label: match[2] });
  }
  return found.sort((a, b) => a.number - b.number);
}

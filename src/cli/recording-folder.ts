/**
 * What lies beside a recording: `zoneinfo/zoneinfo-snap-NNN-LABEL.txt` (the kernel's own counts, marked in
 * the recording by `snapshot N begin LABEL`) and `proc-start/` (the machine when recording began); beside a text also
 * files of tracefs and `kallsyms` (`TracefsFiles`), which say what a trace.dat says by itself.
 * Every part may be missing; what is there must be readable.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseCpuList } from '../base/cpu-list.ts';
import { DrainlabError, ExitCode } from '../base/errors.ts';
import type { Machine, ZoneinfoSnapshot } from '../engine/input/machine.ts';
import { machineFrom, parseZoneinfo, snapshotFrom, type ZoneinfoZone } from '../engine/input/zoneinfo.ts';
import { followedEvents } from '../trace/kernel-events.ts';
import { TracefsFiles } from '../trace/tracefs-files.ts';

/** No file beside a recording is larger in earnest (zoneinfo of 8192 CPUs and 16 zones is 16 MB). */
const bytesMax = 64 << 20;

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
export function loadRecordingFolder(tracePath: string, cpuCount: number): RecordingFolder {
  const folder = dirname(tracePath);
  const files: string[] = [];
  const read = (path: string): string => {
    const text = readBeside(folder, path);
    if (text !== null) files.push(path);
    return text ?? '';
  };
  const snapshotFiles = listSnapshots(join(folder, 'zoneinfo'));
  const parsed = snapshotFiles.map((file) => ({
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
  const machine = machineFrom(start ?? (parsed[0]?.zones as ZoneinfoZone[] | undefined) ?? null, {
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

/** Beside a text: which events were on, their formats, the kernel's symbols. Systems of events that are followed only. */
export function loadTracefsFiles(tracePath: string): TracefsFiles {
  const folder = dirname(tracePath);
  const read = (path: string) => readBeside(folder, path) ?? '';
  const formats = new Map<string, string>();
  for (const [system, name] of followedEvents()) {
    const text = read(`events/${system}/${name}/format`);
    if (text !== '') formats.set(`${system}:${name}`, text);
  }
  return new TracefsFiles(read('set_event'), read('kprobe_events'), formats, read('kallsyms'));
}

/** null: there is no such file. */
function readBeside(folder: string, path: string): string | null {
  const full = join(folder, path);
  if (!existsSync(full) || !statSync(full).isFile()) return null;
  if (statSync(full).size > bytesMax) {
    throw new DrainlabError(`${path} is larger than ${bytesMax >> 20} MB`, {
      code: 'E_FOLDER_FILE_SIZE',
      where: full,
      hint: 'It lies beside the recording but is not what its name says; move it away.',
    });
  }
  return readText(full);
}

interface SnapshotFile {
  readonly file: string;
  readonly number: number;
  readonly label: string;
}

function listSnapshots(folder: string): SnapshotFile[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  const found: SnapshotFile[] = [];
  for (const file of readdirSync(folder)) {
    const match = /^zoneinfo-snap-(\d{1,9})-(.*)\.txt$/.exec(file);
    if (match !== null) found.push({ file, number: Number(match[1]), label: match[2] });
  }
  return found.sort((a, b) => a.number - b.number);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DrainlabError(`cannot read it: ${(cause as Error).message}`, {
      code: 'E_FOLDER_READ',
      where: path,
      hint: 'It lies beside the recording; make it readable or move it away.',
      exitCode: ExitCode.outside,
      cause,
    });
  }
}

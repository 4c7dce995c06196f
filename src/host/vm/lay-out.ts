/** From the files that a guest brought out to a recording folder: trace.dat and what lies beside it. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Losses, lossesOf, lostEvents } from '../record/losses.ts';
import { functionsOf, writeTraceDat } from '../record/write-trace-dat.ts';
import { type BroughtFile, copyOut } from './bring-out.ts';
import { isComplaint } from './guest-failure.ts';
import type { GuestRequest } from './record-in-guest.ts';

export interface GuestRecording {
  readonly folder: string;
  /** `uname -r` of the guest. */
  readonly release: string;
  readonly losses: Losses;
  /** How often the guest was booted: emulated ones may stumble (guest-failure.ts). */
  readonly boots: number;
  /** Lines of dmesg in which the kernel says that something went wrong in it. */
  readonly complaints: readonly string[];
  readonly end: WorkloadEnd;
  /** Seconds of guest time that the workload ran. */
  readonly workloadSeconds: number;
  /** Exit status of the workload; null: it was ended. */
  readonly status: number | null;
  /** Lines of kprobe_events: what the kernel took. */
  readonly probes: readonly string[];
  readonly refusedProbes: readonly string[];
  readonly absentEvents: readonly string[];
}

/**
 * Why the workload ended: by itself; the time for it was over; a buffer was so full that the rest was kept for its end; a
 * buffer ran full all the same, and the end is missing.
 */
export type WorkloadEnd = 'ended' | 'time' | 'full' | 'overfull';

/** What goes into trace.dat and meta.json, and need not lie beside them. */
const forOthers = /^(tracing|stats|pages)\/|^(kallsyms|workload|refused_probes|absent_events)$/;

/** `work`: for parts that are put together; it is thrown away. */
export function layOut(
  disk: string,
  files: readonly BroughtFile[],
  work: string,
  request: GuestRequest,
  boots: number,
): GuestRecording {
  const { folder } = request;
  for (const file of files) copyOut(disk, file, forOthers.test(file.name) ? work : folder);
  const part = (name: string) => textOf(join(work, name));
  const beside = (name: string) => textOf(join(folder, name));
  const stats = cpuFiles(work, 'stats').map(textOf);
  const uname = beside('proc-start/uname');
  writeTraceDat(join(folder, 'trace.dat'), {
    headerPage: part('tracing/events/header_page'),
    headerEvent: part('tracing/events/header_event'),
    formats: files
      .filter(({ name }) => name.endsWith('/format'))
      .map(({ name }) => ({ system: name.split('/')[2], text: part(name) })),
    kallsyms: functionsOf(part('kallsyms')),
    printkFormats: part('tracing/printk_formats'),
    savedCommands: part('tracing/saved_cmdlines'),
    clock: part('tracing/trace_clock'),
    uname,
    stats,
    dataFiles: cpuFiles(work, 'pages'),
    littleEndian: true,
  });
  writeFileSync(join(folder, 'kprobe_events'), part('tracing/kprobe_events'));
  const workload = new Map(
    linesOf(part('workload')).map((line) => [line.split(' ')[0], line.split(' ')[1] ?? '']),
  );
  const recording = {
    folder,
    release: /^Linux \S+ ([\w.+~-]+)/.exec(uname)?.[1] ?? '',
    boots,
    complaints: linesOf(beside('dmesg.txt')).filter(isComplaint),
    losses: lossesOf(stats.map((text, cpu) => ({ cpu, text }))),
    end: (workload.get('end') ?? 'overfull') as WorkloadEnd,
    workloadSeconds: Number(workload.get('seconds')),
    status: workload.get('status') ? Number(workload.get('status')) : null,
    probes: linesOf(part('tracing/kprobe_events')),
    refusedProbes: linesOf(part('refused_probes')),
    absentEvents: linesOf(part('absent_events')),
  };
  writeFileSync(join(folder, 'meta.json'), `${JSON.stringify(about(recording, request), null, 2)}\n`);
  return recording;
}

/** `meta.json`; its keys that recordings of a host have too mean the same there (record/recording-meta.ts). */
function about(recording: GuestRecording, request: GuestRequest): Record<string, unknown> {
  const { qemu, cpus, memoryMegabytes, numaNodes, append, plan, workload } = request;
  const {
    release,
    end,
    workloadSeconds,
    status,
    losses,
    boots,
    complaints,
    probes,
    refusedProbes,
    absentEvents,
  } = recording;
  return {
    schema: 'drainlab.guest-recording/1',
    kernel: release,
    cpus,
    memoryMegabytes,
    numaNodes,
    append,
    boots,
    complaints,
    qemu: qemu.version,
    accelerator: qemu.accelerator,
    workload,
    workloadEnd: end,
    workloadSeconds,
    workloadStatus: status,
    lost: {
      events: lostEvents(losses),
      byCpu: Object.fromEntries(losses.cpus.map(({ cpu, events }) => [String(cpu), events])),
    },
    bufferKilobytesPerCpu: plan.bufferKilobytesPerCpu,
    probes,
    refusedProbes,
    absentEvents,
  };
}

/** Files of a CPU each, by its number. */
function cpuFiles(work: string, kind: string): string[] {
  const folder = join(work, kind);
  const numbers = existsSync(folder)
    ? readdirSync(folder).map((name) => Number(name.slice('cpu'.length)))
    : [];
  return numbers.sort((a, b) => a - b).map((cpu) => join(folder, `cpu${cpu}`));
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

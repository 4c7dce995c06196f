/** Runs `drainlab record --vm`: one guest after the other, then what they recorded side by side. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { plural } from '../../engine/report/numbers.ts';
import { lostEvents } from '../../host/record/losses.ts';
import { refuseUsedFolder } from '../../host/record/recording-folder.ts';
import type { Purpose } from '../../host/record/wanted-events.ts';
import { defaultLoad, defaultLoadSeconds } from '../../host/vm/default-load.ts';
import { findQemu, type Qemu } from '../../host/vm/find-qemu.ts';
import { guestPlan } from '../../host/vm/guest-plan.ts';
import { bufferKilobytesFor } from '../../host/vm/guest-size.ts';
import { type GuestWorkload, guestWorkload } from '../../host/vm/guest-workload.ts';
import { appletsOf, findBusybox } from '../../host/vm/initramfs.ts';
import { type KernelFile, readKernelFile } from '../../host/vm/kernel-file.ts';
import type { GuestRecording } from '../../host/vm/lay-out.ts';
import { dryRunText, type GuestRequest, recordInGuest } from '../../host/vm/record-in-guest.ts';
import { guestRecordingText, stageText } from '../terminal/guest-text.ts';
import { Progress } from '../terminal/progress.ts';
import { forScreen, screenOf } from '../terminal/screen.ts';
import { nameByTime } from './record-run.ts';
import type { VmFlags } from './record-vm.ts';

/** With the options that recording on this host has too. */
export interface RecordVmFlags extends VmFlags {
  output?: string;
  /** KiB for each CPU. */
  bufferSize?: number;
  for?: Purpose;
  /** Ends the workload after so many nanoseconds. */
  length?: number;
  /** Nanoseconds between two snapshots. */
  snapshotEvery?: number;
  allowLost?: true;
  dryRun?: true;
  progress: boolean;
}

/** 1 when events were lost or a workload failed. What can be found wrong before a guest is booted is. */
export async function runRecordVm(words: readonly string[], flags: RecordVmFlags): Promise<ExitCode> {
  const kernels = readKernels(flags);
  const folders = foldersFor(kernels, flags.output ?? nameByTime());
  const request = { ...requestOf(words, flags), qemu: await triedQemu(flags) };
  const requests = kernels.map((kernel, index) => ({ ...request, kernel, folder: folders[index] }));
  if (flags.dryRun === true) {
    for (const one of requests) process.stdout.write(await dryRunText(one));
    return ExitCode.ok;
  }
  const recordings: GuestRecording[] = [];
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    for (const one of requests) recordings.push(await recordShown({ ...one, signal: stop.signal }, flags));
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
  if (recordings.length > 1) await compare(recordings, flags);
  return recordings.some((one) => isWorthLittle(one, flags)) ? ExitCode.checkFailed : ExitCode.ok;
}

const snapshotEveryNs = 3e9;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What all guests have in common. */
function requestOf(
  words: readonly string[],
  flags: RecordVmFlags,
): Omit<GuestRequest, 'kernel' | 'folder' | 'qemu'> {
  const size = { cpus: flags.cpus, memoryMegabytes: flags.memory, numaNodes: flags.numa };
  const busybox = findBusybox(flags.busybox);
  const workload = workloadFor(words, flags, busybox);
  return {
    ...size,
    append: (flags.append ?? []).join(' '),
    busybox,
    include: [...(flags.include ?? []), ...workload.include],
    workload: workload.script,
    isDefaultLoad: words.length === 0,
    plan: guestPlan({
      purpose: flags.for ?? 'both',
      bufferKilobytesPerCpu: flags.bufferSize ?? bufferKilobytesFor(size),
      workloadSeconds: flags.length === undefined ? flags.timeout : Math.ceil(flags.length / 1e9),
      snapshotSeconds: Math.max(1, Math.round((flags.snapshotEvery ?? snapshotEveryNs) / 1e9)),
      timeoutSeconds: flags.timeout,
      workingFolder: process.cwd(),
    }),
    timeoutSeconds: flags.timeout,
  };
}

function workloadFor(words: readonly string[], flags: VmFlags, busybox: string): GuestWorkload {
  if (words.length > 0) return guestWorkload(words, appletsOf(busybox));
  return { script: defaultLoad(flags.cpus, flags.memory, defaultLoadSeconds), include: [] };
}

function readKernels({ kernel = [], modules = [] }: VmFlags): KernelFile[] {
  if (kernel.length === 0) {
    throw new DrainlabError('--vm needs a kernel to boot', {
      code: 'E_VM_KERNEL',
      hint: 'Name a bzImage: --kernel /boot/vmlinuz-RELEASE.',
      exitCode: ExitCode.wrongUse,
    });
  }
  if (modules.length > kernel.length) {
    throw new DrainlabError(`${modules.length} --modules for ${plural(kernel.length, 'kernel')}`, {
      code: 'E_VM_MODULES',
      hint: 'Name one folder for each --kernel, in the same order.',
      exitCode: ExitCode.wrongUse,
    });
  }
  return kernel.map((path, index) => readKernelFile(path, modules[index]));
}

/** `output` itself for one kernel; for several a folder each in it, by release, numbered where two are the same. */
function foldersFor(kernels: readonly KernelFile[], output: string): string[] {
  const names: string[] = [];
  for (const { release } of kernels) {
    const name = release.replace(/[^\w.+-]/g, '_') || 'kernel';
    let free = name;
    for (let n = 2; names.includes(free); n++) free = `${name}-${n}`;
    names.push(free);
  }
  const folders = kernels.length === 1 ? [output] : names.map((name) => join(output, name));
  for (const folder of folders) refuseUsedFolder(folder);
  return folders;
}

async function triedQemu(flags: VmFlags): Promise<Qemu> {
  const folder = mkdtempSync(join(tmpdir(), 'drainlab-qemu-'));
  try {
    return await findQemu(flags.qemu, flags.accel, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function recordShown(request: GuestRequest, flags: RecordVmFlags): Promise<GuestRecording> {
  const progress = new Progress(process.stderr, flags.progress, `${request.kernel.release}: `);
  const startMs = performance.now();
  let stage = 'booting';
  const show = () => progress.show(`${stage} · ${Math.round((performance.now() - startMs) / 1000)} s`);
  const timer = setInterval(show, 500);
  const onSaid = (text: string) => {
    stage = stageText(text);
  };
  try {
    const recording = await recordInGuest({ ...request, onSaid });
    progress.done();
    const screen = screenOf(process.stdout, process.env);
    process.stdout.write(forScreen(guestRecordingText(recording, request), screen));
    return recording;
  } finally {
    clearInterval(timer);
    progress.done();
  }
}

function isWorthLittle({ losses, end, status }: GuestRecording, flags: RecordVmFlags): boolean {
  const lost = lostEvents(losses) > 0 && flags.allowLost !== true;
  return lost || (end === 'ended' && status !== 0);
}

/** As `drainlab replay A B` prints it. */
async function compare(recordings: readonly GuestRecording[], { progress }: RecordVmFlags): Promise<void> {
  const { runReplay } = await import('./replay-run.ts');
  process.stdout.write('\n');
  const folders = recordings.map(({ folder }) => folder);
  await runReplay(folders, { progress });
}

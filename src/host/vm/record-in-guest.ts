/** One recording from one kernel: makes the guest, boots it, brings out what it recorded, writes the folder. */

import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrainlabError } from '../../base/errors.ts';
import { shellWord } from '../record/plan.ts';
import { consoleName, folderError, makeRecordingFolder } from '../record/recording-folder.ts';
import { bootGuest, type GuestMachine, qemuWords } from './boot.ts';
import { readIndex } from './bring-out.ts';
import type { Qemu } from './find-qemu.ts';
import { type GuestDisk, guestDisk } from './guest-disk.ts';
import { guestFailure, isFaultOfEmulation } from './guest-failure.ts';
import { dataDiskMark, type GuestPlan, guestFiles, outDiskMark } from './guest-init.ts';
import { checkGuestSize, type GuestSize } from './guest-size.ts';
import { libraryFolders, makeInitramfs, withLibraries } from './initramfs.ts';
import type { KernelFile } from './kernel-file.ts';
import { type GuestRecording, layOut } from './lay-out.ts';

export interface GuestRequest extends GuestSize {
  readonly kernel: KernelFile;
  readonly qemu: Qemu;
  /** Further words of the kernel's command line. */
  readonly append: string;
  readonly busybox: string;
  /** Files and folders of this host for the guest. */
  readonly include: readonly string[];
  /** A script for `sh`. */
  readonly workload: string;
  /** Is it ours, in place of a command of the user? */
  readonly isDefaultLoad: boolean;
  readonly plan: Omit<GuestPlan, 'libraryFolders'>;
  readonly timeoutSeconds: number;
  /** New or empty. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  /** What the guest says on its way. */
  readonly onSaid?: (text: string) => void;
}

/** For all but the buffers: formats, symbols, snapshots. */
const otherBytes = 2 ** 30;
const bootsMax = 3;

/**
 * Throws a DrainlabError when the guest cannot be made or brings nothing out; the console stays in the folder then, and
 * nothing else.
 */
export async function recordInGuest(request: GuestRequest): Promise<GuestRecording> {
  const { kernel, folder } = request;
  const disk = await guestDisk(kernel);
  const initramfs = initramfsFor(request, disk);
  checkGuestSize(request, initramfs.length, request.plan.bufferKilobytesPerCpu);
  makeRecordingFolder(folder);
  try {
    mkdirSync(workFolder(folder));
    const machine = machineFor(request, disk);
    writeFileSync(machine.initramfs, initramfs);
    const boots = await boot(request, machine);
    const [out] = machine.disks;
    return layOut(out, readIndex(out, statSync(out).size), workFolder(folder), request, boots);
  } catch (error) {
    throw error instanceof DrainlabError ? error : folderError(folder, error);
  } finally {
    rmSync(workFolder(folder), { recursive: true, force: true });
  }
}

/** Returns how often the guest was booted until all was on its disk; throws why that failed. */
async function boot(request: GuestRequest, machine: GuestMachine): Promise<number> {
  const { kernel, qemu, folder, timeoutSeconds, signal, onSaid } = request;
  const consoleFile = join(folder, consoleName);
  for (let boots = 1; ; boots++) {
    makeDisks(machine, request.plan.bufferKilobytesPerCpu);
    const run = await bootGuest(qemu, machine, { timeoutSeconds, consoleFile, signal, onSaid });
    const failure = guestFailure(run, kernel.path, consoleFile);
    if (failure === null) return boots;
    const isRetried = qemu.accelerator === 'tcg' && run.end === 'ended' && isFaultOfEmulation(run);
    if (!isRetried || boots === bootsMax) throw failure;
  }
}

/** What `recordInGuest` would start and record, for people. */
export async function dryRunText(request: GuestRequest): Promise<string> {
  const { kernel, qemu, plan, workload, folder } = request;
  const disk = await guestDisk(kernel);
  checkGuestSize(request, initramfsFor(request, disk).length, plan.bufferKilobytesPerCpu);
  const modules = disk.modules.map(({ name }) => name).join(', ') || 'none';
  return [
    `# ${kernel.release || kernel.path} → ${folder}; nothing on this host is changed, and nothing outside of the folder is written`,
    `# modules for the guest: ${modules}; trace buffers: ${plan.bufferKilobytesPerCpu} KiB for each CPU`,
    [qemu.path, ...qemuWords(qemu, machineFor(request, disk))].map(shellWord).join(' '),
    '# turned on in the guest, as far as its kernel has it:',
    ...[...plan.events, ...plan.probes].map((line) => `#   ${line}`),
    '# the workload:',
    ...workload
      .trimEnd()
      .split('\n')
      .map((line) => `#   ${line}`),
    '',
  ].join('\n');
}

/** Within the recording's folder, for as long as the guest runs. */
function workFolder(folder: string): string {
  return join(folder, 'guest');
}

function machineFor(request: GuestRequest, disk: GuestDisk): GuestMachine {
  const file = (name: string) => join(workFolder(request.folder), name);
  return {
    ...request,
    kernel: request.kernel.path,
    initramfs: file('initramfs'),
    disk: disk.device,
    disks: [file('out'), file('data')],
  };
}

function initramfsFor({ busybox, plan, workload, ...request }: GuestRequest, disk: GuestDisk): Buffer {
  const include = withLibraries(request.include);
  const texts = guestFiles({ ...plan, libraryFolders: libraryFolders(include) }, workload);
  return makeInitramfs({ busybox, include, modules: disk.modules, texts });
}

/** Sparse. A full trace buffer holds no more than its size; what is read is twice the memory, so that little of it stays there. */
function makeDisks({ disks, cpus, memoryMegabytes }: GuestMachine, bufferKilobytesPerCpu: number): void {
  const [out, data] = disks;
  makeDisk(out, outDiskMark, otherBytes + 2 * cpus * bufferKilobytesPerCpu * 1024);
  makeDisk(data, dataDiskMark, 2 * memoryMegabytes * 2 ** 20);
}

function makeDisk(path: string, mark: string, bytes: number): void {
  writeFileSync(path, mark);
  truncateSync(path, bytes);
}

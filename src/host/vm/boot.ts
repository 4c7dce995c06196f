/** Runs a guest under QEMU until it switches itself off, and listens to its console. */

import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Qemu } from './find-qemu.ts';
import type { DiskDevice } from './guest-disk.ts';
import { guestWord } from './guest-init.ts';

export interface GuestMachine {
  readonly kernel: string;
  readonly initramfs: string;
  readonly cpus: number;
  readonly memoryMegabytes: number;
  readonly numaNodes: number;
  /** The user's words for the kernel's command line. */
  readonly append: string;
  readonly disk: DiskDevice;
  /** Paths of disk images: the first takes the recording, the second is read by the load. */
  readonly disks: readonly [out: string, data: string];
}

export interface GuestRun {
  /** What the guest said to us, without our word in front: `booted 6.1.0`, `done`. */
  readonly said: readonly string[];
  /** The last lines of its console, a hundred at most. */
  readonly lastLines: readonly string[];
  readonly end: 'ended' | 'time-limit' | 'interrupted';
  /** Exit code of QEMU, where it ended by itself; null: by a signal. */
  readonly code: number | null;
  readonly seconds: number;
}

export interface BootOptions {
  readonly timeoutSeconds: number;
  /** Where the whole console goes. */
  readonly consoleFile: string;
  readonly signal?: AbortSignal;
  /** What the guest says to us. */
  readonly onSaid?: (text: string) => void;
}

/** A panic is followed by registers and a call trace. */
const linesKept = 100;
const lineBytesMax = 4096;

/** Words for QEMU's command line, its name left out. */
export function qemuWords(qemu: Qemu, machine: GuestMachine): string[] {
  const kvm = qemu.accelerator === 'kvm';
  return [
    ...['-accel', kvm ? 'kvm' : 'tcg,thread=multi', '-cpu', kvm ? 'host' : 'max', '-machine', 'q35'],
    ...['-smp', cpuWord(machine), '-m', String(machine.memoryMegabytes), ...numaWords(machine)],
    ...['-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'],
    ...['-kernel', machine.kernel, '-initrd', machine.initramfs, '-append', commandLine(qemu, machine)],
    ...machine.disks.flatMap((path, index) => diskWords(machine.disk, path, index)),
  ];
}

/** The emulated time stamp counter is steady, and the kernel's test of it fails on a busy host. */
function commandLine(qemu: Qemu, { append }: GuestMachine): string {
  const clock = qemu.accelerator === 'tcg' ? 'tsc=reliable ' : '';
  return `console=ttyS0 earlyprintk=ttyS0 panic=-1 rdinit=/init ${clock}${append}`.trimEnd();
}

/** `unsafe`: the guest's flushes need not reach this host's disk; the image is read as soon as the guest has ended. */
function diskWords(device: DiskDevice, path: string, index: number): string[] {
  const drive = `if=none,id=disk${index},format=raw,cache=unsafe,file=${path.replaceAll(',', ',,')}`;
  const serial = device === 'nvme' ? `,serial=disk${index}` : '';
  const bus = device === 'ide-hd' ? `,bus=ide.${index}` : '';
  return ['-drive', drive, '-device', `${device},drive=disk${index}${serial}${bus}`];
}

/** A node is a socket: kernels doubt nodes that cut through one. */
function cpuWord({ cpus, numaNodes }: GuestMachine): string {
  return numaNodes < 2 ? String(cpus) : `${cpus},sockets=${numaNodes},cores=${cpus / numaNodes},threads=1`;
}

/** CPUs and memory in equal parts; CPUs can be divided (`checkGuestSize`), the last megabytes go to the last nodes. */
function numaWords({ numaNodes, cpus, memoryMegabytes }: GuestMachine): string[] {
  if (numaNodes < 2) return [];
  const part = (whole: number, index: number) => Math.floor((whole * index) / numaNodes);
  return Array.from({ length: numaNodes }, (_, node) => {
    const megabytes = part(memoryMegabytes, node + 1) - part(memoryMegabytes, node);
    const list = `${part(cpus, node)}-${part(cpus, node + 1) - 1}`;
    const memory = ['-object', `memory-backend-ram,id=memory${node},size=${megabytes}M`];
    return [...memory, '-numa', `node,nodeid=${node},cpus=${list},memdev=memory${node}`];
  }).flat();
}

/** Ends QEMU at the time limit and on `signal`, and always waits for its end. Rejects when QEMU cannot be started. */
export function bootGuest(qemu: Qemu, machine: GuestMachine, options: BootOptions): Promise<GuestRun> {
  const startedMs = performance.now();
  const child = spawn(qemu.path, qemuWords(qemu, machine), { stdio: ['ignore', 'pipe', 'pipe'] });
  const console = openSync(options.consoleFile, 'w');
  const said: string[] = [];
  const lastLines: string[] = [];
  const hear = (line: string) => {
    const at = line.indexOf(guestWord);
    if (at < 0) {
      lastLines.push(line);
      if (lastLines.length > linesKept) lastLines.shift();
      return;
    }
    const text = line.slice(at + guestWord.length).trim();
    said.push(text);
    options.onSaid?.(text);
  };
  for (const stream of [child.stdout, child.stderr]) {
    const split = lineSplitter(hear);
    stream.on('data', (bytes: Buffer) => {
      writeSync(console, bytes);
      split(bytes.toString('latin1'));
    });
  }
  let end: GuestRun['end'] = 'ended';
  const stop = (why: GuestRun['end']) => {
    end = why;
    child.kill('SIGKILL');
  };
  const interrupt = () => stop('interrupted');
  const timer = setTimeout(() => stop('time-limit'), options.timeoutSeconds * 1000);
  if (options.signal?.aborted) interrupt();
  options.signal?.addEventListener('abort', interrupt);
  return new Promise<GuestRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ said, lastLines, end, code, seconds: (performance.now() - startedMs) / 1000 }),
    );
  }).finally(() => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', interrupt);
    closeSync(console);
  });
}

/** Lines of a console without what a terminal would obey. A line without an end is cut. */
function lineSplitter(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const parts = (rest + text).split('\n');
    rest = (parts.pop() ?? '').slice(-lineBytesMax);
    for (const part of parts) {
      // Printable ASCII only: the lines are shown on a terminal.
      const line = [...part]
        .filter((sign) => sign >= ' ' && sign <= '~')
        .join('')
        .trimEnd();
      if (line !== '') onLine(line.slice(0, lineBytesMax));
    }
  };
}

/** Why a guest brought no recording out, as an error that says what it last wrote and what to do. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import type { GuestRun } from './boot.ts';

/** What a guest that gives up says first (`failed KEY: …` in guest-init.ts), and what helps. */
const cures: Readonly<Record<string, string>> = {
  tracefs: 'Build the kernel with CONFIG_FTRACE=y and CONFIG_ENABLE_DEFAULT_TRACERS=y (or any tracer).',
  disk: 'Name the modules of this kernel with --modules, or build it with CONFIG_VIRTIO_PCI=y and CONFIG_VIRTIO_BLK=y.',
  module: 'The modules are not those of this kernel: name the right folder with --modules.',
  buffer: 'Give the guest more --memory, or smaller buffers with --buffer-size.',
  clock: 'This kernel is too old to be recorded.',
};

/** null: the guest said that all is on its disk. */
export function guestFailure(run: GuestRun, kernel: string, consoleFile: string): DrainlabError | null {
  if (run.end === 'interrupted')
    return new DrainlabError('the guest was ended before it had brought its recording out', {
      code: 'E_VM_STOPPED',
      where: kernel,
      exitCode: ExitCode.outside,
    });
  if (run.said.includes('done')) return null;
  const booted = run.said.some((text) => text.startsWith('booted '));
  const failed = run.said.find((text) => text.startsWith('failed '))?.slice('failed '.length);
  const seconds = run.seconds < 10 ? run.seconds.toFixed(1) : Math.round(run.seconds).toString();
  if (failed !== undefined) {
    const [key, ...rest] = failed.split(': ');
    return failure('E_VM_GUEST', rest.join(': '), cures[key] ?? '');
  }
  if (!booted)
    return failure('E_VM_BOOT', `the kernel did not boot: ${bootEnd(run, seconds)}`, bootCure(run));
  const stage = run.said.at(-1) ?? '';
  return run.end === 'time-limit'
    ? failure(
        'E_VM_TIME',
        `not done after ${seconds} s; the guest was at "${stage}"`,
        'Allow more with --timeout, or take a shorter workload.',
      )
    : failure(
        'E_VM_GUEST',
        `the guest died after "${stage}"`,
        'Try more --memory; a kernel that panics under this load says why below.',
      );

  function failure(code: string, what: string, cure: string): DrainlabError {
    return new DrainlabError(what, {
      code,
      where: kernel,
      hint: `${cure}\n${lastWords(run)}  The whole console: ${consoleFile}`,
      exitCode: ExitCode.outside,
    });
  }
}

function bootEnd({ end, lastLines, code }: GuestRun, seconds: string): string {
  const panic = lastLines.find(isPanic);
  if (panic !== undefined) return panic.slice(panic.indexOf('Kernel panic'));
  if (end === 'time-limit') return `nothing came of it in ${seconds} s`;
  return code === 0 ? `it went off after ${seconds} s` : `QEMU ended with ${code ?? 'a signal'}`;
}

function bootCure({ lastLines, end }: GuestRun): string {
  if (lastLines.length === 0)
    return 'It wrote nothing: is it a kernel for x86-64 with CONFIG_SERIAL_8250_CONSOLE=y and CONFIG_BLK_DEV_INITRD=y?';
  return end === 'time-limit'
    ? 'Allow more with --timeout; without KVM a guest of many CPUs is slow.'
    : 'Check CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, CONFIG_BINFMT_SCRIPT and CONFIG_DEVTMPFS, and the words of --append.';
}

const linesShown = 12;
/** Before a panic stands what led to it, behind it registers. */
const linesBefore = 6;

function lastWords({ lastLines }: GuestRun): string {
  if (lastLines.length === 0) return '';
  const trouble = lastLines.findIndex((line) => isComplaint(line) || isPanic(line));
  const from = trouble < 0 ? -linesShown : Math.max(0, trouble - linesBefore);
  const lines = lastLines.slice(from).slice(0, linesShown);
  const head = trouble < 0 ? 'The last lines of its console' : 'Its console at that time';
  return `  ${head}:\n${lines.map((line) => `    ${line.slice(0, 160)}\n`).join('')}`;
}

function isPanic(line: string): boolean {
  return line.includes('Kernel panic');
}

/** A line of the kernel's log that says that something went wrong in it. */
export function isComplaint(line: string): boolean {
  return /\b(BUG:|Oops|WARNING: CPU|INFO: task .* blocked|(self-)?detected stalls?\b)/.test(line);
}

/**
 * Kernels patch their own code by way of a breakpoint (`text_poke_bp`). QEMU's emulation on several threads may still run
 * the breakpoint when it is gone, and the kernel finds none of its own there: seen with QEMU 7.2, once in thirty boots.
 */
export function isFaultOfEmulation({ lastLines }: GuestRun): boolean {
  return lastLines.some((line) => /\bint3: 0000 \[#1\]/.test(line));
}

/** Does the guest fit into what was asked for, and what can QEMU give? */

import { DrainlabError, ExitCode } from '../../base/errors.ts';

/** QEMU's PC gives more CPUs only with an interrupt remapper, which its emulation lacks before QEMU 9. */
export const guestCpusMax = 255;
/** What a distribution's kernel takes for itself, measured with Debian's of 6.1 and 6.12; and for each CPU. */
const kernelMegabytes = 96;
const megabytesPerCpu = 2;
/** The share of the guest's memory that the trace buffers get. */
const bufferShare = 1 / 4;
const bufferKilobytesMin = 256;

export interface GuestSize {
  readonly cpus: number;
  readonly memoryMegabytes: number;
  readonly numaNodes: number;
}

export function bufferKilobytesFor({ cpus, memoryMegabytes }: GuestSize): number {
  return Math.max(bufferKilobytesMin, Math.floor((memoryMegabytes * 1024 * bufferShare) / cpus));
}

/** Throws E_VM_SIZE. The first file system is there twice while the kernel unpacks it. */
export function checkGuestSize(size: GuestSize, initramfsBytes: number, bufferKilobytesPerCpu: number): void {
  const { cpus, memoryMegabytes, numaNodes } = size;
  if (cpus > guestCpusMax)
    throw sizeError(
      `${cpus} CPUs: QEMU's PC gives a guest at most ${guestCpusMax}`,
      `--cpus ${guestCpusMax}`,
    );
  if (cpus % numaNodes !== 0)
    throw sizeError(
      `${cpus} CPUs cannot be shared evenly by ${numaNodes} NUMA nodes`,
      `--cpus ${Math.ceil(cpus / numaNodes) * numaNodes}`,
    );
  const files = Math.ceil((2 * initramfsBytes) / 2 ** 20);
  const buffers = Math.ceil((bufferKilobytesPerCpu * cpus) / 1024);
  const kernel = kernelMegabytes + megabytesPerCpu * cpus;
  const needed = kernel + files + buffers;
  if (memoryMegabytes < needed) {
    throw sizeError(
      `${memoryMegabytes} MB of memory: the kernel needs about ${kernel}, the files of the guest ${files}, the trace buffers ${buffers}`,
      `--memory ${Math.ceil(needed / 64) * 64}`,
    );
  }
}

function sizeError(what: string, cure: string): DrainlabError {
  return new DrainlabError(what, {
    code: 'E_VM_SIZE',
    hint: `Use ${cure}.`,
    exitCode: ExitCode.wrongUse,
  });
}

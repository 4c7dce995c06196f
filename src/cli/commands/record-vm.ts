/** Options of `drainlab record --vm`. What it does is in record-vm-run.ts, loaded when it runs. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { repeat } from './option-values.ts';

export interface VmFlags {
  vm?: true;
  kernel?: string[];
  cpus: number;
  memory: number;
  numa: number;
  append?: string[];
  include?: string[];
  modules?: string[];
  busybox?: string;
  qemu?: string;
  accel: 'auto' | 'kvm' | 'tcg';
  timeout: number;
}

export function addVmOptions(command: Command): Command {
  return command
    .option('--vm', 'record a kernel in a guest of QEMU, not this host')
    .option('--kernel <file>', 'with --vm: the kernel, a bzImage; several are compared', repeat)
    .option('--cpus <number>', 'with --vm: CPUs of the guest', parseWhole, 4)
    .option('--memory <megabytes>', 'with --vm: memory of the guest', parseMegabytes, 512)
    .option('--numa <nodes>', 'with --vm: NUMA nodes, which share CPUs and memory evenly', parseWhole, 1)
    .option('--append <words>', 'with --vm: more words for the kernel command line: isolcpus=4-7', repeat)
    .option('--include <path>', 'with --vm: a file or folder of this host that the workload needs', repeat)
    .option('--modules <folder>', 'with --vm: modules of the kernel (default: found beside it)', repeat)
    .option('--busybox <file>', 'with --vm: the busybox of the guest (default: that of this host)')
    .option('--qemu <file>', 'with --vm: default: qemu-system-x86_64')
    .addOption(
      new Option('--accel <kind>', 'with --vm: KVM or emulation (default: KVM where it works)')
        .choices(['auto', 'kvm', 'tcg'])
        .default('auto', ''),
    )
    .option('--timeout <seconds>', 'with --vm: end the guest after so long', parseWhole, 600);
}

export const vmExamples = `
  A guest, with a load of its own     drainlab record --vm --kernel vmlinuz-6.1 --cpus 8 --memory 512
  Two kernels, compared               drainlab record --vm --kernel a/bzImage --kernel b/bzImage --cpus 8
  With isolated CPUs and a workload   drainlab record --vm --kernel bzImage --cpus 8 --append isolcpus=4-7 -- hackbench -g 20`;

function parseWhole(value: string): number {
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (number < 1) throw new InvalidArgumentError('Write a whole number, 1 or more.');
  return number;
}

/** `512`, `512M`, `2G`, in MB. */
function parseMegabytes(value: string): number {
  const match = /^(\d{1,7})(?:([MG])i?B?)?$/i.exec(value);
  const megabytes = match === null ? 0 : Number(match[1]) * (match[2]?.toUpperCase() === 'G' ? 1024 : 1);
  if (megabytes < 1) throw new InvalidArgumentError('Write megabytes, or with a unit: 512, 2G.');
  return megabytes;
}

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
    .optionsGroup('In a guest of QEMU:')
    .option('--vm', 'boot a kernel and record it, not this host')
    .addOption(
      new Option(
        '--kernel <file>',
        'the kernel, a bzImage; may be repeated: each is recorded, all are compared',
      )
        .argParser(repeat)
        .implies({ vm: true }),
    )
    .option('--cpus <number>', 'CPUs of the guest', parseWhole, 4)
    .option('--memory <megabytes>', 'memory of the guest, also as 2G', parseMegabytes, 512)
    .option('--numa <nodes>', 'NUMA nodes, which share CPUs and memory evenly', parseWhole, 1)
    .option('--append <words>', 'more words for the kernel command line, as isolcpus=4-7', repeat)
    .option(
      '--include <path>',
      'a file or folder of this host that the command needs; may be repeated',
      repeat,
    )
    .option('--modules <folder>', 'modules of the kernel (default: what is found beside it)', repeat)
    .option('--busybox <file>', 'busybox for the guest (default: that of this host)')
    .option('--qemu <file>', 'QEMU (default: qemu-system-x86_64)')
    .addOption(
      new Option('--accel <kind>', 'KVM or emulation (default: KVM where it works)')
        .choices(['auto', 'kvm', 'tcg'])
        .default('auto', 'auto'),
    )
    .option('--timeout <seconds>', 'end the guest after so long', parseWhole, 600);
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

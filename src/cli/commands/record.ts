/**
 * `drainlab record`: its options. What it does is in record-run.ts (this host), record-vm-run.ts (a guest under QEMU) and
 * record-light-run.ts (one line for each drain), loaded when it runs.
 */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BackendName } from '../../host/record/rights.ts';
import type { Purpose } from '../../host/record/wanted-events.ts';
import { nanosecondsOf, pagesOf, sizePattern, timePattern } from '../../scenario/units-text.ts';
import { addVmOptions, type VmFlags, vmExamples } from './record-vm.ts';

export interface RecordFlags extends VmFlags {
  /** Folder of the recording. */
  output?: string;
  for?: Purpose;
  backend: BackendName | 'auto';
  /** KiB for each CPU. */
  bufferSize?: number;
  /** Ends after so many nanoseconds. */
  length?: number;
  /** Nanoseconds between two snapshots on the way. */
  snapshotEvery?: number;
  allowLost?: true;
  dryRun?: true;
  light?: true;
  progress: boolean;
}

export function registerRecord(program: Command): void {
  const record = program
    .command('record')
    .description('make a recording that replay and audit read: of this host, or of a kernel in a guest')
    .argument('[command...]', 'what to run meanwhile; without it, until --length is over or Ctrl-C')
    .option('-o, --output <folder>', 'where the recording goes (default: recording- and the time)')
    .addOption(
      new Option(
        '--for <purpose>',
        'what it is for (default: both); fewer events are a smaller disturbance',
      ).choices(['replay', 'audit', 'both']),
    )
    .option('--length <time>', 'end after so long, as 30s or 5min', parseTime)
    .option('--snapshot-every <time>', 'read the kernel’s own counts on the way too, as 5s', parseTime)
    .addOption(
      new Option('--backend <name>', 'what records')
        .choices(['auto', 'tracefs', 'perf', 'trace-cmd'])
        .default('auto')
        .conflicts('vm'),
    )
    .option(
      '--buffer-size <size>',
      'the kernel’s buffer for each CPU, as 16MiB (default: by CPUs and free memory)',
      parseSize,
    )
    .option('--allow-lost', 'exit with 0 although events were lost')
    .option('--dry-run', 'print what would be done and do nothing; needs no rights')
    .option('--no-progress', 'no line of progress')
    .addOption(
      new Option(
        '--light',
        'one line for each drain and nothing else, cheap enough for production (needs bpftrace)',
      ).conflicts(['vm', 'for', 'backend', 'bufferSize', 'snapshotEvery']),
    );
  addVmOptions(record)
    .addHelpText('after', examples)
    .action(async (command: string[], flags: RecordFlags) => {
      process.exitCode = await runChosen(command, flags);
    });
}

async function runChosen(command: readonly string[], flags: RecordFlags): Promise<number> {
  if (flags.vm === true) return (await import('./record-vm-run.ts')).runRecordVm(command, flags);
  if (flags.light === true) return (await import('./record-light-run.ts')).runRecordLight(command, flags);
  return (await import('./record-run.ts')).runRecord(command, flags);
}

const examples = `
Writes to the kernel while it records (events, probes and buffers of its own), says so, and takes everything back, also
after Ctrl-C and kill -9. Needs root.

Examples:
  While a program runs                drainlab record -- make -j8
  What would be done                  drainlab record --dry-run -- make -j8
  Half a minute of this host          drainlab record --length 30s
  Who interrupts the isolated CPUs    drainlab record --for audit --length 1min${vmExamples}
  Drains of a production host         drainlab record --light --length 10min`;

function parseTime(text: string): number {
  const ns = timePattern.test(text) ? nanosecondsOf(text) : 0;
  if (ns <= 0) throw new InvalidArgumentError('Write a time with its unit, as 30s, 500ms or 5min.');
  return ns;
}

/** In KiB. */
function parseSize(text: string): number {
  const pages = sizePattern.test(text) ? pagesOf(text) : 0;
  if (pages <= 0) throw new InvalidArgumentError('Write a size with its unit, as 16MiB.');
  return pages * 4;
}

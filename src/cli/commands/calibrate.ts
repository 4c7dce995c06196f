/** `drainlab calibrate`: its options. What it does is in calibrate-run.ts, loaded when it runs. */

import { type Command, InvalidArgumentError } from 'commander';

export interface CalibrateFlags {
  out?: string;
  cpus?: string;
  seconds: number;
  json?: true;
  progress: boolean;
}

export function registerCalibrate(program: Command): void {
  program
    .command('calibrate')
    .description('measure on this host what the cost model of simulate needs')
    .option('--out <file>', 'write the costs to a file for drainlab simulate --costs')
    .option(
      '--cpus <list>',
      'CPUs to use; the first asks, the others are interrupted (default: all that are not isolated)',
    )
    .option('--seconds <number>', 'time for the round trips', parseSeconds, 4)
    .option('--json', 'print one JSON object (docs/calibrate.md)')
    .option('--no-progress', 'no line of progress')
    .addHelpText('after', examples)
    .action(async (flags: CalibrateFlags) => {
      const { runCalibrate } = await import('./calibrate-run.ts');
      process.exitCode = await runCalibrate(flags);
    });
}

const examples = `
It interrupts the CPUs that it uses some ten thousand times and keeps them busy for the time of the measurement. A round trip
counts only if /proc/interrupts confirms that the interrupts arrived. It needs no root, and the package koffi.

Examples:
  What does an interrupt cost here?   drainlab calibrate
  Use it in a simulation              drainlab calibrate --out here.yaml
                                      drainlab simulate reclaim-storm --costs here.yaml
  Only some CPUs                      drainlab calibrate --cpus 0,2-5

Exit codes: 0 measured, 2 wrong use, 4 this host does not allow it (the output says why).`;

function parseSeconds(value: string): number {
  const seconds = /^\d{1,4}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (seconds <= 0) throw new InvalidArgumentError('Write a number above 0.');
  return seconds;
}

/** `drainlab watch`: its options. What it does is in watch-run.ts, loaded when it runs. */

import { type Command, InvalidArgumentError } from 'commander';
import { parseInterval } from './option-values.ts';

export interface WatchFlags {
  /** Milliseconds. */
  every?: number;
  /** Percent of a core; 0: no limit. */
  limit: number;
  samples?: number;
  isolated?: string;
  on?: string;
  json?: true;
  trace?: true;
  root: string;
}

export function registerWatch(program: Command): void {
  program
    .command('watch')
    .description('a live view of this host: who holds pages, interrupts, reclaim, memory pressure')
    .option(
      '--every <duration>',
      'time between two looks (default: 250ms; 1s where no terminal is)',
      parseInterval,
    )
    .option(
      '--limit <percent>',
      'look less often where it would cost more of a core; 0: never',
      parsePercent,
      2,
    )
    .option('--samples <number>', 'stop after so many', parseCount)
    .option('--isolated <list>', 'CPUs that count as isolated, as 4-15 (default: what the host says)')
    .option('--on <list>', 'CPUs that drainlab itself runs on (default: all that are not isolated)')
    .option('--json', 'print the host and then one sample a line, as JSON (docs/result-format.md)')
    .option('--trace', 'count reclaims and drains by tracing: this writes to tracefs, see below')
    .option('--root <folder>', 'folder that holds proc/ and sys/ of the host, as a container sees it', '/')
    .addHelpText('after', examples)
    .action(async (flags: WatchFlags) => {
      const { runWatch } = await import('./watch-run.ts');
      process.exitCode = await runWatch(flags);
    });
}

const examples = `
Examples:
  drainlab watch
  drainlab watch --every 100ms --on 0
  drainlab watch | tee pages.txt
  drainlab watch --json --samples 60 > samples.ndjson

Keys: q quit, ? help, space pause, + - rate, z zone, g group, d dots, c scale, x zoom, arrows.
Without a terminal (or with TERM=dumb) it prints a line for each look. Nothing is written to the kernel without --trace.
--trace makes a tracing instance of its own (tracefs, instances/drainlab-watch-PID) and removes it at the end; turning an
event on and off interrupts every CPU, isolated ones too, a few times.`;

function parsePercent(value: string): number {
  const percent = /^\d{1,3}(\.\d{1,3})?$/.test(value) ? Number(value) : Number.NaN;
  if (!(percent >= 0 && percent <= 100)) throw new InvalidArgumentError('Write a number from 0 to 100.');
  return percent;
}

function parseCount(value: string): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (number < 1) throw new InvalidArgumentError('Write a whole number from 1 on.');
  return number;
}

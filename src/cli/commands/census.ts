/** `drainlab census`: its options, and which part answers. Each part is loaded when it runs. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { collectNames, parseInterval } from './option-values.ts';

export interface CensusFlags {
  policy?: string[];
  isolated?: string;
  samples?: number;
  /** Milliseconds. */
  every?: number;
  json?: true;
  csv?: true;
  parquet?: string;
  html?: string;
  cache?: string;
  jobs?: number;
  /** true: to standard output; else the file to write. */
  prometheus?: true | string;
  progress: boolean;
}

export function registerCensus(program: Command): void {
  program
    .command('census')
    .description('who holds pages on the per-CPU lists now, and what a drain would do here')
    .argument(
      '[path...]',
      'a copy of /proc, a sosreport (folder or .tar.xz, .tar.gz, .tar.zst), or a folder of them; nothing: this host',
    )
    .addOption(
      new Option(
        '--samples <number>',
        'look so many times at this host, and tell how often how many CPUs are empty',
      )
        .argParser(parseSamples)
        .conflicts(['policy', 'parquet', 'html', 'cache', 'jobs', 'prometheus']),
    )
    .option('--every <duration>', 'time between two samples: 100ms, 2s (default: 100ms)', parseInterval)
    .option(
      '--policy <names>',
      'only these: two-pass, two-pass:share=0.3, ./mine.ts; commas between, may be repeated',
      collectNames,
    )
    .option('--isolated <list>', 'CPUs that must not be disturbed, as 4-15 (default: what the host says)')
    .addOption(
      new Option('--json', 'print one JSON object (docs/result-format.md)').conflicts(['csv', 'prometheus']),
    )
    .addOption(new Option('--csv', 'print one row a host, or a sample').conflicts(['prometheus']))
    .option('--parquet <file>', 'write one row a host into a Parquet file')
    .option('--html <file>', 'write a report with plots into one HTML file')
    .option(
      '--cache <folder>',
      'keep the census of each archive here, so that a broken run goes on where it stopped',
    )
    .option('--jobs <number>', 'archives that are read at once (default: one a core)', parseJobs)
    .addOption(
      new Option(
        '--prometheus [file]',
        'metrics for the textfile collector: to standard output, or into FILE all at once',
      ).conflicts(['policy', 'parquet', 'html', 'cache', 'jobs']),
    )
    .option('--no-progress', 'no line of progress on long runs')
    .addHelpText('after', examples)
    .action(async (paths: string[], flags: CensusFlags, command: Command) => {
      if (flags.every !== undefined && flags.samples === undefined)
        command.error("error: option '--every <duration>' goes with '--samples <number>'");
      process.exitCode = await runCensus(paths, flags);
    });
}

/** One host is shown whole; several, or a form that has one row a host, are a fleet. */
async function runCensus(paths: readonly string[], flags: CensusFlags): Promise<number> {
  if (flags.samples !== undefined) return (await import('./census-samples.ts')).runSamples(paths, flags);
  if (flags.prometheus !== undefined)
    return (await import('./census-prometheus.ts')).runPrometheus(paths, flags);
  const { isOneHost, runOneHost } = await import('./census-run.ts');
  const wantsRows =
    flags.csv || flags.parquet !== undefined || flags.html !== undefined || flags.cache !== undefined;
  if (!wantsRows && isOneHost(paths)) return runOneHost(paths, flags);
  return (await import('./census-fleet.ts')).runFleet(paths, flags);
}

const examples = `
Examples:
  This host, now                     drainlab census
  How often are how many CPUs empty  drainlab census --samples 600 --every 100ms
  A saved /proc                      drainlab census recordings/5.10-workers/proc-start
  A thousand sosreports              drainlab census sosreports/ --html fleet.html --cache .census
  For the textfile collector         drainlab census --prometheus /var/lib/node_exporter/drainlab.prom

Nothing is written to the kernel. No right is needed where /proc/zoneinfo is open to all, as it is by default.`;

function parseSamples(value: string): number {
  return wholeNumber(value, 1, 10_000_000);
}

function parseJobs(value: string): number {
  return wholeNumber(value, 1, 1024);
}

function wholeNumber(value: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  return number;
}

/** `drainlab replay`: its options. What it does is in replay-run.ts, loaded when it runs. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { collectNames, repeat } from './option-values.ts';

export interface ReplayFlags {
  policy?: string[];
  baseline?: string;
  isolated?: string;
  cpus?: number;
  json?: true;
  csv?: true;
  format?: 'text' | 'json' | 'csv' | 'mmtests';
  html?: string;
  failOn?: string[];
  partial?: true;
  progress: boolean;
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('what each drain of a recording cost, and what it would have cost under every other policy')
    .argument(
      '<file...>',
      'trace.dat, ftrace text or perf script text (also .gz, .xz, .zst), a folder with one, or - for standard input; several are compared',
    )
    .option(
      '--policy <names>',
      'only these: two-pass, two-pass:share=0.3, ./mine.ts; commas between, may be repeated',
      collectNames,
    )
    .option('--baseline <policy>', 'what the others are compared with (default: everyone)')
    .option(
      '--isolated <list>',
      'CPUs that must not be disturbed, as 4-15 (default: what lies beside the recording)',
    )
    .option('--cpus <number>', 'number of CPUs of the machine, where the recording does not say', parseCpus)
    .addOption(
      new Option('--json', 'print one JSON object (docs/result-format.md)').conflicts(['csv', 'format']),
    )
    .addOption(new Option('--csv', 'print one row for each recording and policy').conflicts(['format']))
    .addOption(
      new Option('--format <form>', 'form of the output').choices(['text', 'json', 'csv', 'mmtests']),
    )
    .option('--html <file>', 'write the views of the page as one file that can be mailed and opened offline')
    .option(
      '--fail-on <condition>',
      "exit with 1 if it holds: 'savedPercent<50', 'two-pass.interrupts>=1000'; may be repeated",
      repeat,
    )
    .option('--partial', 'report what could be read of a damaged recording')
    .option('--no-progress', 'no line of progress on long recordings')
    .addHelpText('after', examples)
    .action(async (files: string[], flags: ReplayFlags) => {
      const { runReplay } = await import('./replay-run.ts');
      process.exitCode = await runReplay(files, flags);
    });
}

const examples = `
Policies: everyone, selective, two-pass, static-mask, worker, remote, skip-isolated, none (docs/policies.md).

Examples:
  What would two-pass have saved?     drainlab replay trace.dat --policy two-pass
  All policies, several recordings    drainlab replay recordings/*/
  A table for a changelog             drainlab replay trace.dat --policy selective,two-pass --format mmtests
  A page to mail                      drainlab replay trace.dat --html answer.html
  A check in a script                 drainlab replay trace.dat --fail-on 'savedPercent<50'
  A policy of your own                drainlab replay trace.dat --policy ./mine.ts`;

function parseCpus(value: string): number {
  const cpus = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (cpus < 1 || cpus > 65536) throw new InvalidArgumentError('Write a number from 1 to 65536.');
  return cpus;
}

/** `drainlab simulate`: its options. What it does is in simulate-run.ts, loaded when it runs. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OutputFlags } from '../verdict-output.ts';
import { collectNames, repeat } from './option-values.ts';

export interface SimulateFlags extends OutputFlags {
  list?: true;
  describe?: string;
  yaml?: true;
  dryRun?: true;
  policy?: string[];
  baseline?: string;
  set?: string[];
  costs?: string;
  seed?: number;
  seeds?: number;
  seconds?: number;
  failOn?: string[];
  maxEvents?: number;
  maxSeconds?: number;
  maxMemory?: string;
  progress: boolean;
  explain?: string;
  watch?: true;
  traceOut?: string;
  breakEven?: string;
  by?: string;
}

export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('a model of a machine under memory pressure, with each drain policy in turn')
    .argument(
      '[scenario]',
      'name of a built-in scenario, a YAML file, a TypeScript file (defineScenario), or - for standard input',
    )
    .option('--list', 'show the built-in scenarios')
    .option('--describe <name>', 'what a scenario shows, and which lines of the 2011 mail it answers')
    .option('--yaml', 'with --describe: its text, to begin one of your own')
    .option('--dry-run', 'check the scenario, say what it needs, run nothing')
    .option(
      '--policy <names>',
      'only these: two-pass, two-pass:share=0.3, ./mine.ts; commas between, may be repeated',
      collectNames,
    )
    .option('--baseline <policy>', "what the others are compared with (default: the scenario's)")
    .option(
      '--set <key=value>',
      'change a value of the scenario: machine.cpus=512, tasks.reader.count=3; may be repeated',
      repeat,
    )
    .option('--costs <file>', 'costs of single steps measured by drainlab calibrate')
    .option('--seconds <number>', 'simulated time, as --set run.seconds=…', parseAmount)
    .option('--seed <number>', 'first seed; the same seed gives the same run', parseCount)
    .option('--seeds <number>', 'runs of each policy, with seeds one after the other', parseCount)
    .addOption(
      new Option('--json', 'print one JSON object (docs/result-format.md)').conflicts(['csv', 'format']),
    )
    .addOption(new Option('--csv', 'print one row for each policy').conflicts(['format']))
    .addOption(
      new Option('--format <form>', 'form of the output').choices(['text', 'json', 'csv', 'mmtests']),
    )
    .option(
      '--fail-on <condition>',
      "exit with 1 if it holds: 'savedPercent<50', 'two-pass.interrupts>=1000'; may be repeated",
      repeat,
    )
    .option('--max-events <number>', 'end a run after so many events', parseCount)
    .option(
      '--max-seconds <number>',
      'end after so many seconds of real time, with the verdict so far',
      parseAmount,
    )
    .option('--max-memory <size>', 'refuse what would need more memory here (default: 3/4 of this machine’s)')
    .option('--explain <drain>', 'tell one drain step by step: drain=17 (first policy named, first seed)')
    .option(
      '--watch',
      'play one run in the terminal: lists, free memory, drains (first policy named, first seed)',
    )
    .option(
      '--trace-out <file>',
      'write a run as a recording: a folder for drainlab replay, .txt, or .json for Perfetto (first policy named)',
    )
    .option('--break-even <range>', 'where each policy begins to pay: cpus=2..4096')
    .option('--by <what>', 'with --break-even: holders', 'holders')
    .option('--no-progress', 'no line of progress on long runs')
    .addHelpText('after', examples)
    .action(async (scenario: string | undefined, flags: SimulateFlags) => {
      const { runSimulate } = await import('./simulate-run.ts');
      process.exitCode = await runSimulate(scenario, flags);
    });
}

const examples = `
Policies: everyone, selective, two-pass, static-mask, worker, remote, skip-isolated, none (docs/policies.md).

Examples:
  What is there?                      drainlab simulate --list
  Mel's survey of quiet machines      drainlab simulate quiet-drain
  A larger machine                    drainlab simulate deep-idle --set machine.cpus=256
  How sure is it?                     drainlab simulate reclaim-storm --seeds 10
  A scenario of your own              drainlab simulate --describe quiet-drain --yaml > mine.yaml
                                      drainlab simulate mine.yaml
  A policy of your own                drainlab simulate reclaim-storm --policy ./mine.ts
  One drain, for a student            drainlab simulate reclaim-storm --policy selective --explain drain=17
  A run before your eyes              drainlab simulate isolated-4092 --policy everyone --watch
  A recording of a run                drainlab simulate reclaim-storm --policy everyone --trace-out run/
  Where does a mask begin to pay?     drainlab simulate --break-even cpus=2..4096

Ctrl-C ends it with the verdict so far (exit code 130); twice: at once.`;

function parseCount(value: string): number {
  const count = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (count < 0) throw new InvalidArgumentError('Write a whole number.');
  return count;
}

function parseAmount(value: string): number {
  const amount = /^\d{1,9}(?:\.\d{1,9})?$/.test(value) ? Number(value) : 0;
  if (amount <= 0) throw new InvalidArgumentError('Write a number above 0.');
  return amount;
}

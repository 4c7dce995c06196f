/** `drainlab validate`: its options. What it does is in validate-run.ts, loaded when it runs. */

import { type Command, Option } from 'commander';

export interface ValidateFlags {
  mode: 'hindsight' | 'causal' | 'upper-bound' | 'both';
  kernel?: string;
  json?: true;
  partial?: true;
  progress: boolean;
}

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description(
      'feed only the allocations, frees and drains of a recording to the list code of the simulator, and say how much it predicts of what the kernel did',
    )
    .argument(
      '<recording>',
      'trace.dat or a folder with one, and proc-start/zoneinfo beside it; it is read several times',
    )
    .addOption(
      new Option('--mode <mode>', 'how the type of a freed page is known')
        .choices(['hindsight', 'causal', 'upper-bound', 'both'])
        .default('both'),
    )
    .option('--kernel <version>', 'kernel of the recording, where it does not say: 5.10')
    .option('--json', 'print one JSON object (docs/validation.md)')
    .option('--partial', 'use what can be read of a damaged recording')
    .option('--no-progress', 'no line of progress on long recordings')
    .addHelpText('after', examples)
    .action(async (recording: string, flags: ValidateFlags) => {
      const { runValidate } = await import('./validate-run.ts');
      process.exitCode = await runValidate(recording, flags);
    });
}

const examples = `
Each refill and give-back must come at the right event with the right size, each drain find the right number of pages,
and the counts be those of /proc/zoneinfo. A CPU is scored from its first drain on. docs/validation.md says more.

Examples:
  How exact is the model of the lists?   drainlab validate recordings/5.10-workers
  What hidden state costs (6.0 on)       drainlab validate 6.12/trace.dat --mode upper-bound
  For a program                          drainlab validate trace.dat --mode causal --json

Exit codes: 0 scored, 2 wrong use (also: kernel not known, no zoneinfo), 3 bad input, 4 trouble outside.`;

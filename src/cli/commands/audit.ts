/** `drainlab audit`: its options. What it does is in audit-run.ts, loaded when it runs. */

import { type Command, Option } from 'commander';
import { type Moment, parseMoment } from './moment.ts';
import { collectNames, repeat } from './option-values.ts';

export interface AuditFlags {
  isolated?: string;
  recorded?: string[];
  from?: Moment;
  to?: Moment;
  json?: true;
  csv?: true;
  failOn?: string[];
  partial?: true;
  progress: boolean;
}

export function registerAudit(program: Command): void {
  program
    .command('audit')
    .description(
      'who disturbed whom in a recording: interrupts, function calls and works between CPUs, isolated CPUs first',
    )
    .argument(
      '<file>',
      'trace.dat, ftrace text or perf script text (also .gz, .xz, .zst), a folder with one, or - for standard input',
    )
    .option(
      '--isolated <list>',
      'CPUs that must not be disturbed, as 4-15 (default: what lies beside the recording)',
    )
    .option(
      '--recorded <events>',
      'events that were on even if none came: ipi_send_cpu,csd_queue_cpu; without it, none of an event means not recorded',
      collectNames,
    )
    .option(
      '--from <time>',
      'from this second of the recording’s clock; +1.5 counts from its first event',
      parseMoment,
    )
    .option('--to <time>', 'to this second, likewise', parseMoment)
    .addOption(new Option('--json', 'print one JSON object (docs/audit.md)').conflicts(['csv']))
    .addOption(new Option('--csv', 'print one row for each cause'))
    .option(
      '--fail-on <condition>',
      "exit with 1 if it holds, or if the figure is not known: 'isolatedInterrupts>0'; may be repeated",
      repeat,
    )
    .option('--partial', 'report what could be read of a damaged recording')
    .option('--no-progress', 'no line of progress on long recordings')
    .addHelpText('after', examples)
    .action(async (file: string, flags: AuditFlags) => {
      const { runAudit } = await import('./audit-run.ts');
      process.exitCode = await runAudit(file, flags);
    });
}

const examples = `
Examples:
  Who disturbs the isolated CPUs?     drainlab audit trace.dat
  They are not said beside it         drainlab audit trace.dat --isolated 4-15
  A check of an isolation set-up      drainlab audit trace.dat --isolated 4-15 --fail-on 'isolatedInterrupts>0'
  Without what the start brings       drainlab audit trace.dat --from +2
  Of another tool's recording         perf script | drainlab audit - --isolated 4-15
  To record what it reads             drainlab record --for audit -- sleep 60`;

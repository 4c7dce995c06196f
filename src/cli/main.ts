/** The `drainlab` command. Subcommands load what they need when they run: `--help` must not wait for it. */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { DrainlabError, ExitCode, errorText } from '../base/errors.ts';
import { registerReplay } from './commands/replay.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerValidate } from './commands/validate.ts';

/** A reader of our output that goes away (`| head`) is no trouble. */
function isClosedPipe(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === 'EPIPE';
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function makeProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('drainlab')
    .description(
      'Which CPUs does each drain of the Linux per-CPU page lists disturb, and what would another policy save?',
    )
    .version(version())
    .exitOverride()
    .showHelpAfterError('(add --help for all options)')
    .addHelpText('after', examples);
  registerReplay(program);
  registerSimulate(program);
  registerValidate(program);
  for (const { name, description, register } of otherCommands) {
    if (words.includes(name)) (await register())(program);
    else program.command(name).description(description);
  }
  return program;
}

interface OtherCommand {
  readonly name: string;
  /** For the list of commands; the command's own help says more. */
  readonly description: string;
  readonly register: () => Promise<(program: Command) => void>;
}

/** Commands whose options are loaded only when they are named. */
const otherCommands: readonly OtherCommand[] = [
  {
    name: 'audit',
    description: 'who interrupted whom in a recording, isolated CPUs first',
    register: async () => (await import('./commands/audit.ts')).registerAudit,
  },
  {
    name: 'census',
    description: 'who holds pages now: this host, a saved /proc, sosreports',
    register: async () => (await import('./commands/census.ts')).registerCensus,
  },
  {
    name: 'record',
    description: 'make a recording that replay and audit read',
    register: async () => (await import('./commands/record.ts')).registerRecord,
  },
  {
    name: 'trace',
    description: 'look into a recording: trace info FILE, trace dump FILE',
    register: async () => (await import('./commands/trace.ts')).registerTrace,
  },
  {
    name: 'calibrate',
    description: 'measure on this host what the cost model of simulate needs',
    register: async () => (await import('./commands/calibrate.ts')).registerCalibrate,
  },
  {
    name: 'exporter',
    description: "this host's page lists as Prometheus metrics over HTTP",
    register: async () => (await import('./commands/exporter.ts')).registerExporter,
  },
  {
    name: 'serve',
    description: 'a page with this host live, for a browser',
    register: async () => (await import('./commands/serve.ts')).registerServe,
  },
  {
    name: 'watch',
    description: 'this host live in the terminal: page lists, interrupts, reclaim, pressure',
    register: async () => (await import('./commands/watch.ts')).registerWatch,
  },
  {
    name: 'schema',
    description: 'print a JSON Schema: schema scenario',
    register: async () => (await import('./commands/schema.ts')).registerSchema,
  },
];

const examples = `
Examples:
  drainlab replay recordings/patched-everyone
  drainlab replay trace.dat --policy two-pass
  drainlab simulate quiet-drain
  drainlab validate recordings/5.10-workers
  drainlab trace info trace.dat
  drainlab census
  drainlab record --for audit -- sleep 60
  drainlab audit trace.dat --isolated 4-15

Exit codes: 0 fine, 1 a check (--fail-on) failed, 2 wrong use, 3 bad input, 4 trouble outside.`;

async function run(argv: readonly string[]): Promise<number> {
  try {
    const program = await makeProgram(argv.slice(2));
    if (argv.length <= 2) {
      program.outputHelp();
      return ExitCode.ok;
    }
    await program.parseAsync(argv);
    return Number(process.exitCode ?? ExitCode.ok);
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.wrongUse;
  if (isClosedPipe(error)) return ExitCode.ok;
  if (error instanceof DrainlabError) {
    process.stderr.write(`drainlab: ${errorText(error)}\n`);
    return error.exitCode;
  }
  const stack = process.env.DRAINLAB_DEBUG && error instanceof Error ? `\n${error.stack}` : '';
  process.stderr.write(`drainlab: ${error instanceof Error ? error.message : String(error)}${stack}\n`);
  return ExitCode.outside;
}

process.stdout.on('error', (error) => {
  if (!isClosedPipe(error)) throw error;
  process.exit(ExitCode.ok);
});
process.exitCode = await run(process.argv);

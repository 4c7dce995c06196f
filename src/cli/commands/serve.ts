/** `drainlab serve`: its options. What it does is in serve-run.ts, loaded when it runs. */

import { type Command, Option } from 'commander';
import { parseInterval, parsePort, repeat } from './option-values.ts';

export interface ServeFlags {
  port: number;
  host: string;
  allowHost?: string[];
  every: number;
  trace?: true;
}

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('the page, with this host live and the recordings that are named, for a browser')
    .argument('[recording...]', 'recordings that the page offers: a file, or a folder that holds one')
    .option('--port <number>', 'port; 0: any that is free', parsePort, 7311)
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets every machine ask', '127.0.0.1')
    .option('--allow-host <name>', 'a further name under which it may be asked for; may be repeated', repeat)
    .addOption(
      new Option('--every <time>', 'time between two samples: 250ms, 2s')
        .argParser(parseInterval)
        .default(1000, '1s'),
    )
    .option(
      '--trace',
      'count reclaims and drains by tracing: this writes to tracefs, as drainlab watch --trace',
    )
    .addHelpText('after', examples)
    .action(async (recordings: string[], flags: ServeFlags) => {
      const { runServe } = await import('./serve-run.ts');
      process.exitCode = await runServe(recordings, flags);
    });
}

const examples = `
Prints a link with a token of this run; what the host says, and the recordings, are shown only to who has it.
Ctrl-C ends it.

Examples:
  drainlab serve                      then open the link that it prints
  drainlab serve recordings/*         to look at recordings; the page can open others too
  drainlab serve --every 250ms
  ssh -t -L 7311:localhost:7311 HOST drainlab serve
                                      a host far away: the link works in the browser here
  curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:7311/api/census`;

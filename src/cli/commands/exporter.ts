/** `drainlab exporter`: its options. What it does is in exporter-run.ts, loaded when it runs. */

import { type Command, Option } from 'commander';
import { parseInterval, parsePort, repeat } from './option-values.ts';

export interface ExporterFlags {
  port: number;
  host: string;
  allowHost?: string[];
  minInterval: number;
  perCpu?: true;
}

export function registerExporter(program: Command): void {
  program
    .command('exporter')
    .description("this host's page lists as Prometheus metrics over HTTP")
    .option('--port <number>', 'port; 0: any that is free', parsePort, 10917)
    .option('--host <address>', 'address to listen on; 0.0.0.0 lets every machine read', '127.0.0.1')
    .option('--allow-host <name>', 'a further name under which it may be asked for; may be repeated', repeat)
    .addOption(
      new Option('--min-interval <time>', 'reads the host at most this often, however often it is asked')
        .argParser(parseInterval)
        .default(1000, '1s'),
    )
    .option('--per-cpu', 'one more series for each CPU: for small machines')
    .addHelpText('after', examples)
    .action(async (flags: ExporterFlags) => {
      const { runExporter } = await import('./exporter-run.ts');
      process.exitCode = await runExporter(flags);
    });
}

const examples = `
It only reads, needs no root, and keeps off isolated CPUs. Without --host nobody but this machine can reach it.

Examples:
  drainlab exporter                              then: curl http://127.0.0.1:10917/metrics
  drainlab exporter --host 192.0.2.7             for a Prometheus on another machine
  drainlab exporter --host 0.0.0.0 --allow-host node7.example.org
  drainlab census --prometheus FILE.prom         the same metrics for node_exporter's textfile collector

Scrape configuration, alert rules and a Grafana dashboard are in contrib/ (docs/prometheus.md).`;

/** Runs `drainlab exporter` until somebody ends it. */

import { ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import { keepOff } from '../../host/affinity.ts';
import { readThisHost } from '../../host/this-host.ts';
import { exporterApp } from '../../serve/app.ts';
import { HostReader } from '../../serve/host-reader.ts';
import { listen } from '../../serve/listen.ts';
import { untilStopped } from '../until-stopped.ts';
import type { ExporterFlags } from './exporter.ts';

export async function runExporter(flags: ExporterFlags): Promise<ExitCode> {
  const readHost = () => {
    const { reading, snapshot } = readThisHost();
    return { snapshot, census: censusOf(snapshot, { kind: reading.kind }) };
  };
  const affinity = keepOff(readHost().snapshot.machine.isolated);
  const app = exporterApp({
    reader: new HostReader(readHost, flags.minInterval),
    hosts: { address: flags.host, names: flags.allowHost ?? [] },
    perCpu: flags.perCpu,
  });
  const listening = await listen(app, flags);
  process.stdout.write(`drainlab exporter: ${listening.url}/metrics\n`);
  process.stderr.write(`${affinity.said}\n`);
  if (listening.isOpen) {
    process.stderr.write(
      'Every machine that reaches this address can read these metrics; they need no token.\n',
    );
  }
  await untilStopped();
  await listening.close();
  return ExitCode.ok;
}

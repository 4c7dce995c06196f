/** Runs `drainlab census --prometheus`: the metrics of one host as text, for the textfile collector of node_exporter. */

import { BitSet } from '../../base/bit-set.ts';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import { readThisHost } from '../../host/this-host.ts';
import { HostReader } from '../../serve/host-reader.ts';
import { metricsText } from '../../serve/metrics.ts';
import type { HostSnapshot } from '../../snapshot/host-snapshot.ts';
import { writeWhole } from '../write-whole.ts';
import type { CensusFlags } from './census.ts';
import { censusOptions } from './census-run.ts';

/** No path: this host; else a folder that holds one host. Without a file, or with `-`, the text goes to standard output. */
export async function runPrometheus(paths: readonly string[], flags: CensusFlags): Promise<ExitCode> {
  if (paths.length > 1) {
    throw new DrainlabError('metrics are of one host', {
      code: 'E_PROMETHEUS_HOSTS',
      hint: 'Name one folder, or nothing for this host; --csv and --parquet have a row for each of many.',
      exitCode: ExitCode.wrongUse,
    });
  }
  const options = await censusOptions(flags);
  const reader = new HostReader(() => {
    const { reading, snapshot } = readThisHost(paths[0]);
    const host = withIsolated(snapshot, options.isolated);
    const census = censusOf(host, { ...options, kind: reading.kind, path: reading.path });
    return { snapshot: host, census };
  }, null);
  const text = await metricsText(await reader.read());
  const file = flags.prometheus;
  if (typeof file === 'string' && file !== '-') writeWhole(file, text);
  else process.stdout.write(text);
  return ExitCode.ok;
}

/** The same host with the CPUs that the user named as the isolated ones. */
function withIsolated(snapshot: HostSnapshot, named: readonly number[] | undefined): HostSnapshot {
  if (named === undefined) return snapshot;
  const { cpuCount } = snapshot.machine;
  const isolated = BitSet.of(
    cpuCount,
    named.filter((cpu) => cpu < cpuCount),
  );
  return { ...snapshot, machine: { ...snapshot.machine, isolated } };
}

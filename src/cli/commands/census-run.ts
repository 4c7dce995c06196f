/** Runs `drainlab census` for one host: reads it, counts, writes the answer. */

import { parseCpuList } from '../../base/cpu-list.ts';
import { ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import type { HostCensus } from '../../census/host-census.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { isHostFolder, readThisHost } from '../../host/this-host.ts';
import { censusText } from '../terminal/census-text.ts';
import { screenOf } from '../terminal/screen.ts';
import type { CensusFlags } from './census.ts';

/** No path, or one folder that holds one host. */
export function isOneHost(paths: readonly string[]): boolean {
  return paths.length === 0 || (paths.length === 1 && isHostFolder(paths[0]));
}

export async function runOneHost(paths: readonly string[], flags: CensusFlags): Promise<ExitCode> {
  const options = await censusOptions(flags);
  const { reading, snapshot } = readThisHost(paths[0]);
  const census = censusOf(snapshot, { ...options, kind: reading.kind, path: reading.path });
  process.stdout.write(writtenCensus(census, flags));
  return ExitCode.ok;
}

/** What a user asked of the census of each host. Wrong use is found before any file is read. */
export async function censusOptions(
  flags: CensusFlags,
): Promise<{ policies?: readonly Policy[]; isolated?: readonly number[] }> {
  const policies = flags.policy && (await (await import('../policy-file.ts')).loadPolicies(flags.policy));
  const isolated = flags.isolated === undefined ? undefined : parseCpuList(flags.isolated, '--isolated');
  return { policies, isolated };
}

/** One census as the text or the JSON object that was asked for; ends with a line feed. */
export function writtenCensus(census: HostCensus, flags: Pick<CensusFlags, 'json'>): string {
  return flags.json ? writeJson(census) : censusText(census, screenOf(process.stdout, process.env));
}

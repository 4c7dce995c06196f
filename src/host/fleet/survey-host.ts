/** The census of one host of a fleet, as far as it can be had: a host that cannot be read is an answer too. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import { type FleetError, type FleetHost, fleetHost } from '../../census/fleet-host.ts';
import type { HostCensus } from '../../census/host-census.ts';
import type { Policy } from '../../engine/policy/policy.ts';
import { readHostSnapshot } from '../../snapshot/read-host-snapshot.ts';
import type { XzBy } from '../archives/plain-bytes.ts';
import { readArchive } from '../archives/read-archive.ts';
import { readHostFiles } from '../this-host.ts';
import type { HostPlace } from './find-hosts.ts';

export interface HostQuestion {
  readonly policies?: readonly Policy[];
  readonly isolated?: readonly number[];
  readonly xzBy?: XzBy;
}

export type HostOutcome =
  | { readonly host: FleetHost }
  /** `isLasting`: it lies in the file itself, so that asking again would give the same. */
  | { readonly error: FleetError; readonly isLasting: boolean };

/** Throws what is wrong with the host. */
export async function placeCensus(
  place: Pick<HostPlace, 'path' | 'kind'>,
  question: HostQuestion,
): Promise<HostCensus> {
  const reading =
    place.kind === 'folder'
      ? readHostFiles(place.path)
      : await readArchive(place.path, { xzBy: question.xzBy });
  const snapshot = readHostSnapshot(reading.files, reading.name, reading.problems);
  return censusOf(snapshot, { ...question, kind: reading.kind, path: place.path });
}

export async function surveyHost(place: HostPlace, question: HostQuestion): Promise<HostOutcome> {
  try {
    return { host: fleetHost(await placeCensus(place, question)) };
  } catch (error) {
    const known = error instanceof DrainlabError;
    const code = known ? error.code : 'E_CENSUS_HOST';
    const message = error instanceof Error ? error.message : String(error);
    return {
      error: { path: place.path, code, message },
      isLasting: known && error.exitCode === ExitCode.badInput,
    };
  }
}

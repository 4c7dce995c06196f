/** `drainlab census PATH…` where the paths hold archives or many hosts: finds them, looks at each, writes the survey. */

import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { type FleetCensus, fleetOf } from '../../census/fleet.ts';
import { fleetHtml } from '../../census/fleet-html.ts';
import { fleetCsv, fleetParquet } from '../../census/fleet-rows.ts';
import { count } from '../../engine/report/numbers.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { findHosts } from '../../host/fleet/find-hosts.ts';
import { canTravel, surveyHosts } from '../../host/fleet/survey.ts';
import { SurveyCache } from '../../host/fleet/survey-cache.ts';
import { type HostQuestion, placeCensus } from '../../host/fleet/survey-host.ts';
import { fleetText } from '../terminal/fleet-text.ts';
import { Progress } from '../terminal/progress.ts';
import { screenOf } from '../terminal/screen.ts';
import { checkWritable, writeWhole } from '../write-whole.ts';
import type { CensusFlags } from './census.ts';
import { censusOptions, writtenCensus } from './census-run.ts';

/** What a shell reports for a command that Ctrl-C ended. */
const interruptedCode = 130;

/** The exit code: 3 when no host at all could be read. */
export async function runFleet(paths: readonly string[], flags: CensusFlags): Promise<number> {
  const question = await censusOptions(flags);
  if (isOneArchive(paths, flags)) {
    const census = await placeCensus({ path: paths[0], kind: 'archive' }, question);
    process.stdout.write(writtenCensus(census, flags));
    return ExitCode.ok;
  }
  for (const file of [flags.parquet, flags.html]) if (file !== undefined) checkWritable(file);
  const { fleet, interrupted } = await survey(paths.length === 0 ? ['/'] : paths, flags, question);
  await writeOut(fleet, flags);
  if (interrupted) return interruptedCode;
  return fleet.hosts.length === 0 ? ExitCode.badInput : ExitCode.ok;
}

/** A single archive is shown like a single host. */
function isOneArchive(paths: readonly string[], flags: CensusFlags): boolean {
  const wantsRows =
    flags.csv || flags.parquet !== undefined || flags.html !== undefined || flags.cache !== undefined;
  if (paths.length !== 1 || wantsRows) return false;
  return statSync(paths[0], { throwIfNoEntry: false })?.isDirectory() === false;
}

async function survey(
  paths: readonly string[],
  flags: CensusFlags,
  question: HostQuestion,
): Promise<{ fleet: FleetCensus; interrupted: boolean }> {
  const cache = openCache(flags, question);
  const { places, ignored, errors } = findHosts(paths);
  const progress = new Progress(process.stderr, flags.progress);
  const startMs = performance.now();
  const stop = new AbortController();
  // The first Ctrl-C ends the survey with what is there, the second the process.
  const interrupt = () => (stop.signal.aborted ? process.exit(interruptedCode) : stop.abort());
  process.on('SIGINT', interrupt);
  try {
    const surveyed = await surveyHosts({
      places,
      question,
      jobs: flags.jobs ?? availableParallelism(),
      cache,
      onHost: (done, failed) =>
        progress.show(progressText(done, places.length, failed, performance.now() - startMs)),
      signal: stop.signal,
    });
    const fleet = fleetOf({ paths, ignored, ...surveyed, errors: [...errors, ...surveyed.errors] });
    return { fleet, interrupted: stop.signal.aborted };
  } finally {
    process.off('SIGINT', interrupt);
    progress.done();
    if (cache !== null && cache.failure !== '')
      process.stderr.write(`drainlab: the cache is not complete: ${cache.failure}\n`);
  }
}

function openCache(flags: CensusFlags, question: HostQuestion): SurveyCache | null {
  if (flags.cache === undefined) return null;
  if (canTravel(question)) return new SurveyCache(flags.cache, version(), question);
  throw new DrainlabError('what a policy of your own answers is not kept', {
    code: 'E_CENSUS_CACHE',
    where: '--cache',
    hint: 'Leave out --cache, or the policy.',
    exitCode: ExitCode.wrongUse,
  });
}

function version(): string {
  return (
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8').match(
      /"version": "([^"]+)"/,
    )?.[1] ?? ''
  );
}

/** `412 of 1,000 hosts · 3 could not be read · 12.1 a second · 49 s left`. */
export function progressText(done: number, all: number, failed: number, elapsedMs: number): string {
  const rate = (1000 * done) / elapsedMs;
  return [
    `${count(done)} of ${count(all)} hosts`,
    ...(failed === 0 ? [] : [`${count(failed)} could not be read`]),
    `${rate.toFixed(1)} a second`,
    `${count(Math.ceil((all - done) / rate))} s left`,
  ].join(' · ');
}

/** Files first: when one cannot be written, nothing is printed that seems to be all. */
async function writeOut(fleet: FleetCensus, flags: CensusFlags): Promise<void> {
  if (flags.parquet !== undefined) writeWhole(flags.parquet, await fleetParquet(fleet));
  if (flags.html !== undefined) writeWhole(flags.html, fleetHtml(fleet));
  if (flags.json) process.stdout.write(writeJson(fleet));
  else if (flags.csv) process.stdout.write(fleetCsv(fleet));
  else process.stdout.write(fleetText(fleet, screenOf(process.stdout, process.env)));
}

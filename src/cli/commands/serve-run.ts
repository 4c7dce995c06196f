/** Runs `drainlab serve` until somebody ends it. */

import { DrainlabError, ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { keepOff } from '../../host/affinity.ts';
import { TracedDrains } from '../../host/drain-counter.ts';
import { readThisHost } from '../../host/this-host.ts';
import { serveApp } from '../../serve/app.ts';
import { loadPage } from '../../serve/built-page.ts';
import { HostReader } from '../../serve/host-reader.ts';
import { type Listening, listen } from '../../serve/listen.ts';
import { LiveEvents } from '../../serve/live-events.ts';
import { sampledEvery } from '../../serve/live-source.ts';
import { Token } from '../../serve/safety.ts';
import { type ServedRecording, servedRecordings } from '../../serve/served-recordings.ts';
import { openRecording } from '../recording.ts';
import { untilStopped } from '../until-stopped.ts';
import type { ServeFlags } from './serve.ts';

/** However often it is asked for, the census is made at most once in this time. */
const censusEveryMs = 1000;

export async function runServe(typed: readonly string[], flags: ServeFlags): Promise<ExitCode> {
  const recordings = await recordingsOf(typed);
  const drains = flags.trace ? new TracedDrains() : null;
  try {
    await serveUntilStopped(recordings, drains, flags);
  } finally {
    for (const left of drains?.close() ?? [])
      process.stderr.write(`drainlab: could not be taken back: ${left}\n`);
  }
  return ExitCode.ok;
}

async function serveUntilStopped(
  recordings: readonly ServedRecording[],
  drains: TracedDrains | null,
  flags: ServeFlags,
): Promise<void> {
  const readHost = () => {
    const { reading, snapshot } = readThisHost();
    return { snapshot, census: censusOf(snapshot, { kind: reading.kind }) };
  };
  const affinity = keepOff(readHost().snapshot.machine.isolated);
  const token = new Token();
  const live = new LiveEvents(sampledEvery(flags.every, { drains }));
  let { port } = flags;
  const app = serveApp({
    reader: new HostReader(readHost, censusEveryMs),
    hosts: { address: flags.host, names: flags.allowHost ?? [] },
    token,
    port: () => port,
    live,
    page: loadPage(),
    recordings,
    censusText: writeJson,
  });
  const listening = await listen(app, flags);
  port = listening.port;
  process.stdout.write(`drainlab serve: ${listening.url}/?token=${token.text}\n`);
  process.stderr.write(words(recordings, affinity.said, listening));
  await untilStopped();
  live.close();
  await listening.close();
}

function words(recordings: readonly ServedRecording[], runsOn: string, { isOpen }: Listening): string {
  const offered =
    recordings.length === 0 ? '' : `It offers ${recordings.map(({ name }) => name).join(', ')}. `;
  const open = isOpen
    ? 'Every machine that reaches this address can ask; nothing is encrypted, the token neither.\n'
    : '';
  return `${offered}${runsOn} Ctrl-C ends it.\n${open}`;
}

/** Each is opened once, so that what is no recording is said here and not first in the page. */
async function recordingsOf(typed: readonly string[]): Promise<ServedRecording[]> {
  const paths: Array<{ name: string; path: string }> = [];
  for (const each of typed) {
    if (each === '-') throw onceOnly();
    const { name, path, reader } = await openRecording(each);
    await reader.close();
    paths.push({ name, path });
  }
  return servedRecordings(paths);
}

function onceOnly(): DrainlabError {
  return new DrainlabError('standard input can be read once only, and a page asks more than once', {
    code: 'E_NO_RECORDING',
    hint: 'Write it to a file, and name that.',
    exitCode: ExitCode.wrongUse,
  });
}

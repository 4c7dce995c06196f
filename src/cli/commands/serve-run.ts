/** Runs `drainlab serve` until somebody ends it. */

import { ExitCode } from '../../base/errors.ts';
import { censusOf } from '../../census/census-of.ts';
import { writeJson } from '../../engine/report/write-json.ts';
import { keepOff } from '../../host/affinity.ts';
import { readThisHost } from '../../host/this-host.ts';
import { serveApp } from '../../serve/app.ts';
import { HostReader } from '../../serve/host-reader.ts';
import { listen } from '../../serve/listen.ts';
import { LiveEvents } from '../../serve/live-events.ts';
import { sampledEvery } from '../../serve/live-source.ts';
import { loadPage } from '../../serve/page-files.ts';
import { Token } from '../../serve/safety.ts';
import { untilStopped } from '../until-stopped.ts';
import type { ServeFlags } from './serve.ts';

/** However often it is asked for, the census is made at most once in this time. */
const censusEveryMs = 1000;

export async function runServe(flags: ServeFlags): Promise<ExitCode> {
  const readHost = () => {
    const { reading, snapshot } = readThisHost();
    return { snapshot, census: censusOf(snapshot, { kind: reading.kind }) };
  };
  const affinity = keepOff(readHost().snapshot.machine.isolated);
  const token = new Token();
  const live = new LiveEvents(sampledEvery(flags.every));
  let { port } = flags;
  const app = serveApp({
    reader: new HostReader(readHost, censusEveryMs),
    hosts: { address: flags.host, names: flags.allowHost ?? [] },
    token,
    port: () => port,
    live,
    page: loadPage(),
    censusText: writeJson,
  });
  const listening = await listen(app, flags);
  port = listening.port;
  process.stdout.write(`drainlab serve: ${listening.url}/?token=${token.text}\n`);
  process.stderr.write(`${affinity.said} Ctrl-C ends it.\n`);
  if (listening.isOpen) {
    process.stderr.write(
      'Every machine that reaches this address can ask; nothing is encrypted, the token neither.\n',
    );
  }
  await untilStopped();
  live.close();
  await listening.close();
  return ExitCode.ok;
}

/** Routes of the two servers. Each answers from a closed list of paths: nothing is looked up on a disk. */

import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { DrainlabError, errorText } from '../base/errors.ts';
import type { HostCensus } from '../census/host-census.ts';
import type { PageFile } from './built-page.ts';
import type { HostReader } from './host-reader.ts';
import type { App } from './listen.ts';
import type { LiveEvents } from './live-events.ts';
import { metricsText } from './metrics.ts';
import {
  type AllowedHosts,
  needsToken,
  onlyOwnPages,
  onlyReads,
  refusal,
  rememberToken,
  strictHeaders,
  type Token,
} from './safety.ts';
import { contentOf, filesByUrl, recordingList, type ServedRecording } from './served-recordings.ts';

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricsOptions {
  readonly reader: HostReader;
  readonly hosts: AllowedHosts;
  readonly perCpu?: boolean;
}

/** `drainlab exporter`: /metrics, and one line at / that says so. */
export function exporterApp({ reader, hosts, perCpu }: MetricsOptions): App {
  const app = safeApp(hosts);
  app.get('/', (context) => context.text('drainlab exporter: the metrics are at /metrics\n'));
  app.get('/metrics', async (context) => {
    const text = await metricsText(await reader.read(), { perCpu });
    return context.body(text, 200, { 'Content-Type': metricsType });
  });
  return app;
}

export interface ServeOptions {
  readonly reader: HostReader;
  readonly hosts: AllowedHosts;
  readonly token: Token;
  /** Port that it listens on, known once it does. */
  readonly port: () => number;
  readonly live: LiveEvents;
  /** By path: `/`, `/assets/index.js`. */
  readonly page: ReadonlyMap<string, PageFile>;
  readonly recordings: readonly ServedRecording[];
  /** A census as `drainlab census --json` prints it. */
  readonly censusText: (census: HostCensus) => string;
}

/** `drainlab serve`: the page for everybody who can reach it, what the host says only with the token. */
export function serveApp(options: ServeOptions): App {
  const { reader, hosts, token, port, live, page, recordings, censusText } = options;
  const app = safeApp(hosts);
  app.use('/api/*', needsToken(token, port));
  app.use('/metrics', needsToken(token, port));
  app.get('/', async (context, next) => {
    const guess = context.req.query('token');
    if (guess === undefined) return next();
    if (!token.equals(guess)) {
      return refusal(context, 401, 'E_SERVE_TOKEN', 'This link is of another run of drainlab serve.');
    }
    rememberToken(context, token, port());
    // Away from the address line, from history and from what is copied out of them.
    return context.redirect(recordings.length === 0 ? '/#view=live' : '/', 303);
  });
  for (const [path, { type, bytes }] of page) {
    app.get(path, (context) => context.body(bytes, 200, { 'Content-Type': type }));
  }
  addRecordings(app, recordings);
  app.get('/api/census', async (context) =>
    context.body(censusText((await reader.read()).census), 200, { 'Content-Type': 'application/json' }),
  );
  app.get('/api/live', (context) => sendLive(context, live));
  app.get('/metrics', async (context) =>
    context.body(await metricsText(await reader.read()), 200, { 'Content-Type': metricsType }),
  );
  return app;
}

function addRecordings(app: App, recordings: readonly ServedRecording[]): void {
  const list = `${JSON.stringify(recordingList(recordings))}\n`;
  app.get('/api/recordings', (context) => context.body(list, 200, { 'Content-Type': 'application/json' }));
  const files = filesByUrl(recordings);
  app.get('/api/recording/*', async (context, next) => {
    const file = files.get(new URL(context.req.url).pathname);
    if (file === undefined) return next();
    if (context.req.method === 'HEAD') return context.body(null, 200);
    const content = await contentOf(file);
    if (content === null) return refusal(context, 404, 'E_SERVE_PATH', 'This file cannot be read any more.');
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(content.bytes) };
    return context.body(content.stream, 200, headers);
  });
}

type AppContext = Context<{ Bindings: HttpBindings }>;

function sendLive(context: AppContext, live: LiveEvents) {
  if (live.isFull) {
    context.header('Retry-After', '10');
    return refusal(context, 503, 'E_SERVE_FULL', 'As many look on as this server allows.');
  }
  const { outgoing } = context.env;
  if (context.req.method === 'HEAD') return context.body(null, 200, { 'Content-Type': 'text/event-stream' });
  live.add(outgoing);
  return RESPONSE_ALREADY_SENT;
}

function safeApp(hosts: AllowedHosts): App {
  const app: App = new Hono();
  app.use(strictHeaders(), onlyOwnPages(hosts), onlyReads());
  app.notFound((context) => refusal(context, 404, 'E_SERVE_PATH', 'There is nothing at this path.'));
  app.onError((error, context) => {
    if (error instanceof DrainlabError) return refusal(context, 503, error.code, errorText(error));
    process.stderr.write(`drainlab: ${context.req.path}: ${error.stack}\n`);
    return refusal(context, 500, 'E_SERVE_FAILED', 'This is a mistake in drainlab: it has printed more.');
  });
  return app;
}

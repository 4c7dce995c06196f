/** The servers as a browser, a script and an attacker meet them: over HTTP on this host. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientRequest, get, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeHost, zoneinfoText } from '../../test/fake-host.ts';
import { DrainlabError } from '../base/errors.ts';
import { censusOf } from '../census/census-of.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { readThisHost } from '../host/this-host.ts';
import { exporterApp, serveApp } from './app.ts';
import { loadPage, serverMark } from './built-page.ts';
import { HostReader } from './host-reader.ts';
import { type Listening, listen } from './listen.ts';
import { LiveEvents, type LiveLimits, type LiveSource } from './live-events.ts';
import { sampledEvery } from './live-source.ts';
import { pagePolicy, scriptPolicy, Token } from './safety.ts';
import { type ServedRecording, servedRecordings } from './served-recordings.ts';

const host = new FakeHost();
/** A built page in small. */
const builtPage = mkdtempSync(join(tmpdir(), 'drainlab-page-'));
/** A recording with a file beside it that says something of it, and one that does not. */
const recordings = mkdtempSync(join(tmpdir(), 'drainlab-recordings-'));
const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
beforeAll(() => {
  const html = '<!doctype html><html><head><title>page</title></head><body></body></html>';
  write(join(builtPage, 'index.html'), html);
  write(join(builtPage, 'assets/page.js'), 'export {};');
  write(join(builtPage, 'assets/page.css'), 'body {}');
  write(join(builtPage, 'assets/page.js.map'), '{}');
  write(join(recordings, 'one/a b.txt'), '# tracer: nop\n');
  write(join(recordings, 'one/proc-start/uname'), 'Linux host 6.1.0 #1\n');
  write(join(recordings, 'one/secret.txt'), 'root:x:0:0');

  const counts = [0, 63];
  host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 5000, counts }]));
  host.write('proc/sys/kernel/osrelease', '5.10.0-30-amd64\n');
});
afterAll(() => {
  host.remove();
  for (const folder of [builtPage, recordings]) rmSync(folder, { recursive: true });
});

function readHost() {
  const { snapshot } = readThisHost(host.root);
  return { snapshot, census: censusOf(snapshot) };
}

const token = new Token();
const bearer = { authorization: `Bearer ${token.text}` };
const running: Array<() => Promise<void> | void> = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

interface Served extends Listening {
  readonly live: LiveEvents;
  readonly reader: HostReader;
}

async function serve(
  limits: Partial<LiveLimits> = {},
  source?: LiveSource,
  offered: readonly ServedRecording[] = [],
): Promise<Served> {
  const reader = new HostReader(readHost, 1000);
  const live = new LiveEvents(source ?? sampledEvery(20, { root: host.root }), limits);
  const hosts = { address: '127.0.0.1', names: ['proxy.example'] };
  let port = 0;
  const app = serveApp({
    ...{ reader, hosts, token, live },
    port: () => port,
    page: loadPage(builtPage),
    recordings: offered,
    censusText: writeJson,
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0 });
  port = listening.port;
  running.push(() => {
    live.close();
    return listening.close();
  });
  return { ...listening, live, reader };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The path goes out as it is written: no client straightens it. */
function ask(served: Listening, path: string, headers: object = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: served.port, path, method, headers: { ...headers } };
    const asked = request(options, (response) => {
      let text = '';
      response.on('data', (bytes) => {
        text += bytes;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Looks on; `text` is what came. */
function look(served: Listening, headers: object = bearer) {
  const seen = { text: '', status: 0, isOver: false };
  const asked: ClientRequest = get(
    { host: '127.0.0.1', port: served.port, path: '/api/live', headers: { ...headers } },
    (response) => {
      seen.status = response.statusCode ?? 0;
      response.on('data', (bytes) => {
        seen.text += bytes;
      });
      response.on('close', () => {
        seen.isOver = true;
      });
      response.on('error', () => {});
    },
  );
  asked.on('error', () => {});
  return { seen, leave: () => asked.destroy() };
}

const until = (holds: () => boolean) => expect.poll(holds, { timeout: 5000, interval: 10 }).toBe(true);

describe('who may ask', () => {
  it('is nobody by a name that points here from elsewhere', async () => {
    const served = await serve();
    const wrong = [
      'evil.example',
      `evil.example:${served.port}`,
      '10.0.0.1',
      '127.0.0.1.evil.example',
      'a b',
    ];
    for (const name of wrong) {
      const { status, text } = await ask(served, '/', { host: name });
      expect([name, status, text]).toEqual([
        name,
        expect.toBeOneOf([400, 403]),
        expect.not.stringContaining('<'),
      ]);
    }
    for (const name of ['localhost', `LOCALHOST:${served.port}`, '127.0.0.1', '[::1]:80', 'proxy.example']) {
      expect([name, (await ask(served, '/', { host: name })).status]).toEqual([name, 200]);
    }
  });

  it('is no script of another site, not even with the token', async () => {
    const served = await serve();
    const wrong = ['http://evil.example', 'null', `https://127.0.0.1`, `http://localhost:${served.port}`];
    for (const origin of wrong) {
      const { status, headers } = await ask(served, '/api/census', { ...bearer, origin });
      expect([origin, status]).toEqual([origin, 403]);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    expect((await ask(served, '/api/census', { ...bearer, origin: served.url })).status).toBe(200);
  });

  it('is nobody without the token where the host is told of', async () => {
    const served = await serve();
    const guesses = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Bearer ${token.text}x` },
      { authorization: `Basic ${token.text}` },
      { cookie: `drainlab-${served.port}=wrong` },
      { cookie: `drainlab-1=${token.text}` },
    ];
    for (const path of [
      '/api/census',
      '/api/live',
      '/metrics',
      '/api/nothing',
      '/api/recordings',
      '/api/recording/0/trace.dat',
    ]) {
      for (const headers of guesses) {
        const { status, text } = await ask(served, path, headers);
        expect([path, headers, status]).toEqual([path, headers, 401]);
        expect(JSON.parse(text).code).toBe('E_SERVE_TOKEN');
      }
    }
    expect(served.reader.readings).toBe(0);
    expect((await ask(served, '/api/census', bearer)).status).toBe(200);
    expect((await ask(served, '/metrics', bearer)).text).toContain('drainlab_online_cpus');
  });

  it('is who opened the link once', async () => {
    const served = await serve();
    const opened = await ask(served, `/?token=${token.text}`);
    expect([opened.status, opened.headers.location]).toEqual([303, '/#view=live']);
    const [cookie] = opened.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    const headers = { cookie: cookie.split(';')[0] };
    expect((await ask(served, '/api/census', headers)).status).toBe(200);
    expect((await ask(served, '/?token=other')).status).toBe(401);
  });
});

describe('what is answered', () => {
  it('is the census as the command prints it', async () => {
    const served = await serve();
    const { text, headers } = await ask(served, '/api/census', bearer);
    expect(text).toBe(writeJson(readHost().census));
    expect(headers['content-type']).toBe('application/json');
  });

  it('is the page, which may run its own files and nothing else', async () => {
    const served = await serve();
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/assets/page.js', 'text/javascript'],
      ['/assets/page.css', 'text/css'],
    ]) {
      const { status, headers } = await ask(served, path);
      expect([path, status, headers['content-type']]).toEqual([path, 200, expect.stringContaining(type)]);
      const policy = type === 'text/javascript' ? scriptPolicy : pagePolicy;
      expect(headers['content-security-policy']).toBe(policy);
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cache-control']).toBe('no-store');
    }
    const page = (await ask(served, '/')).text;
    expect(page).toContain(`<head>\n    ${serverMark}`);
  });

  it('is nothing outside of its list, however the path is written', async () => {
    const served = await serve();
    const paths = [
      ...['/../package.json', '/..%2fpackage.json', '/%2e%2e/%2e%2e/etc/passwd', '/assets/../../app.ts'],
      ...[
        '/....//etc/passwd',
        '/..\\..\\etc\\passwd',
        '/%5c..%5cetc%5cpasswd',
        '//etc/passwd',
        '/assets/page.js%00.css',
      ],
      ...[
        '/index.html',
        '/assets',
        '/assets/',
        '/assets/page.js.map',
        '/.',
        '/%c0%ae%c0%ae/etc/passwd',
        '/ASSETS/PAGE.JS',
        '/proc/self/environ',
      ],
    ];
    for (const path of paths) {
      const { status, text } = await ask(served, path);
      const isPage = status === 200 && text === (await ask(served, '/')).text;
      expect([path, status === 404 || status === 400 || isPage]).toEqual([path, true]);
      expect(text).not.toContain('root:');
    }
  });

  it('is no change, whatever the method', async () => {
    const served = await serve();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      for (const path of ['/', '/api/census', '/api/live', '/metrics', '/api/recordings']) {
        const { status, headers } = await ask(served, path, bearer, method);
        expect([method, path, status, headers.allow]).toEqual([method, path, 405, 'GET, HEAD']);
      }
    }
    expect(await ask(served, '/api/live', bearer, 'HEAD')).toMatchObject({ status: 200, text: '' });
  });

  it('is a refusal when headers are huge, and then it goes on', async () => {
    const served = await serve();
    expect((await ask(served, '/', { 'x-large': 'x'.repeat(20_000) })).status).toBe(431);
    expect((await ask(served, `/${'x'.repeat(20_000)}`)).status).toBe(431);
    const garbage = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(served.port, '127.0.0.1', () => socket.write('\x16\x03\x01\x00garbage\r\n\r\n'));
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('close', () => resolve(text));
    });
    expect(garbage).toMatch(/^HTTP\/1.1 400 /);
    expect((await ask(served, '/')).status).toBe(200);
  });

  it('is the cause when the host cannot be read', async () => {
    const reader = new HostReader(() => {
      throw new DrainlabError('there is no zoneinfo', { code: 'E_CENSUS_PATH', where: '/proc' });
    }, 0);
    const hosts = { address: '127.0.0.1', names: [] };
    const served = await listen(exporterApp({ reader, hosts }), { host: '127.0.0.1', port: 0 });
    running.push(() => served.close());
    const { status, text } = await ask(served, '/metrics');
    expect([status, JSON.parse(text)]).toEqual([
      503,
      { code: 'E_CENSUS_PATH', message: '/proc: there is no zoneinfo [E_CENSUS_PATH]' },
    ]);
  });
});

describe('the policy of the page', () => {
  it('is as strict as the one that the page brings along', () => {
    const html = readFileSync(new URL('../web/index.html', import.meta.url), 'utf8');
    const [, own] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html) ?? [];
    expect(pagePolicy).toBe(`${own}; frame-ancestors 'none'`);
  });
});

describe('recordings that were named', () => {
  const offer = () => servedRecordings([{ name: 'recordings/one', path: join(recordings, 'one/a b.txt') }]);

  it('are listed with what lies beside them, and each file comes as it is', async () => {
    const served = await serve({}, undefined, offer());
    const list = JSON.parse((await ask(served, '/api/recordings', bearer)).text);
    expect(list).toEqual({
      recordings: [
        {
          name: 'one',
          files: [
            { path: 'trace.dat', bytes: 14, url: 'api/recording/0/trace.dat' },
            { path: 'proc-start/uname', bytes: 20, url: 'api/recording/0/proc-start/uname' },
          ],
        },
      ],
    });
    const file = await ask(served, '/api/recording/0/trace.dat', bearer);
    expect([file.status, file.text]).toEqual([200, '# tracer: nop\n']);
    expect(file.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '14',
    });
    expect((await ask(served, '/api/recording/0/proc-start/uname', bearer)).text).toMatch(/^Linux host/);
    expect(await ask(served, '/api/recording/0/trace.dat', bearer, 'HEAD')).toMatchObject({
      status: 200,
      text: '',
    });
    expect((await ask(served, `/?token=${token.text}`)).headers.location).toBe('/');
  });

  it('are a closed list: nothing beside them, nothing above them', async () => {
    const served = await serve({}, undefined, offer());
    for (const path of [
      'secret.txt',
      'a%20b.txt',
      '../one/secret.txt',
      '..%2fone%2fsecret.txt',
      'proc-start/../secret.txt',
      'proc-start%2funame',
      'proc-start/',
      '/etc/passwd',
      'trace.dat%00',
      '',
    ]) {
      const { status, text } = await ask(served, `/api/recording/0/${path}`, bearer);
      expect([path, status]).toEqual([path, 404]);
      expect(text).not.toContain('root:');
    }
    for (const number of ['1', '-1', '00', '0x0', '1e0'])
      expect((await ask(served, `/api/recording/${number}/trace.dat`, bearer)).status).toBe(404);
  });

  it('have different names, though their folders have the same', () => {
    const path = join(recordings, 'one/a b.txt');
    const names = servedRecordings(['a/x', 'b/x', 'x'].map((name) => ({ name, path })));
    expect(names.map(({ name }) => name)).toEqual(['x', 'x (2)', 'x (3)']);
  });

  it('come as they are now, or with a word when they are gone', async () => {
    const path = join(recordings, 'other/trace.dat');
    write(path, 'x'.repeat(100));
    const served = await serve({}, undefined, servedRecordings([{ name: 'other', path }]));
    write(path, 'short');
    expect((await ask(served, '/api/recording/0/trace.dat', bearer)).text).toBe('short');
    write(path, '');
    expect((await ask(served, '/api/recording/0/trace.dat', bearer)).text).toBe('');
    rmSync(path);
    const { status, text } = await ask(served, '/api/recording/0/trace.dat', bearer);
    expect([status, JSON.parse(text).code]).toEqual([404, 'E_SERVE_PATH']);
  });
});

describe('a page that was not built', () => {
  it('is said with its cure', () => {
    expect(() => loadPage(recordings)).toThrow(expect.objectContaining({ code: 'E_PAGE_NOT_BUILT' }));
  });
});

describe('live events', () => {
  it('are the host first, then its samples, for who comes late too', async () => {
    const served = await serve();
    const first = look(served);
    await until(() => first.seen.text.includes('event: sample'));
    expect(first.seen.text).toMatch(
      /^retry: 2000\n\nevent: host\ndata: \{"schema":"drainlab.host\/1".*\n\nevent: sample\n/,
    );
    const late = look(served);
    await until(() => late.seen.text.includes('event: sample'));
    expect(late.seen.text).toMatch(/^retry: 2000\n\nevent: host\n/);
    const [, data] = /event: sample\ndata: (.*)\n\n/.exec(late.seen.text) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      schema: 'drainlab.sample/1',
      online: '0-1',
      cpus: { online: 2, empty: 1, parkedPages: 63 },
    });
  });

  it('tell what drainlab itself costs', async () => {
    const cost = { cpuMs: 50, kernelMs: 20, elapsedMs: 5000.4, corePercent: 1.00049, residentBytes: 9e7 };
    const served = await serve({}, (_, __, onCost) => {
      const timer = setInterval(() => onCost(cost), 10);
      return () => clearInterval(timer);
    });
    const client = look(served);
    await until(() => client.seen.text.includes('event: cost'));
    expect(client.seen.text).toContain(
      'event: cost\ndata: {"schema":"drainlab.cost/1","corePercent":1,"overMs":5000,"residentBytes":90000000}\n\n',
    );
    client.leave();
  });

  it('are taken only while somebody looks', async () => {
    let started = 0;
    let stopped = 0;
    const served = await serve({}, () => {
      started++;
      return () => {
        stopped++;
      };
    });
    expect(started).toBe(0);
    const one = look(served);
    const other = look(served);
    await until(() => served.live.clientCount === 2);
    one.leave();
    await until(() => served.live.clientCount === 1);
    expect([started, stopped]).toEqual([1, 0]);
    other.leave();
    await until(() => stopped === 1);
    const again = look(served);
    await until(() => started === 2);
    again.leave();
    await until(() => stopped === 2);
  });

  it('are for so many clients at most, and for the next when one has gone', async () => {
    const served = await serve({ clients: 3 });
    const clients = [look(served), look(served), look(served)];
    await until(() => served.live.clientCount === 3);
    const { status, headers, text } = await ask(served, '/api/live', bearer);
    expect([status, headers['retry-after'], JSON.parse(text).code]).toEqual([503, '10', 'E_SERVE_FULL']);
    clients[0].leave();
    await until(() => served.live.clientCount === 2);
    const next = look(served);
    await until(() => next.seen.text.includes('event: sample'));
  });

  it('end for a client that does not read, and for nobody else', async () => {
    const large = 'x'.repeat(100_000);
    const served = await serve({ waitingBytes: 200_000 }, (onSample) => {
      const sampler = sampledEvery(1, { root: host.root });
      // A sample of a large host: its name is in none, so the text is made long by the host.
      return sampler(
        (sample) => onSample({ ...sample, host: { ...sample.host, name: large } }),
        () => {},
        () => {},
      );
    });
    const good = look(served);
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token.text}\r\n\r\n`);
    socket.pause();
    await until(() => served.live.clientCount === 2);
    await until(() => served.live.clientCount === 1);
    expect(good.seen.isOver).toBe(false);
    const before = good.seen.text.length;
    await until(() => good.seen.text.length > before);
    socket.destroy();
  });

  it('end with a word when the server ends, at once', async () => {
    const served = await serve();
    const client = look(served);
    await until(() => client.seen.text.includes('event: sample'));
    const startMs = performance.now();
    served.live.close();
    await served.close();
    await until(() => client.seen.isOver);
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(client.seen.text).toMatch(/event: end\ndata: \{"message":"drainlab has ended"\}\n\n$/);
  });

  it('tell why there will be no more', async () => {
    const served = await serve({}, sampledEvery(20, { root: '/no/such/folder' }));
    const client = look(served);
    await until(() => client.seen.isOver);
    expect(client.seen.text).toMatch(/event: end\ndata: \{"message":"\/no\/such\/folder.*E_/);
    expect(served.live.clientCount).toBe(0);
  });
});

describe('an address that cannot be had', () => {
  const hosts = { address: '127.0.0.1', names: [] };
  const app = () => exporterApp({ reader: new HostReader(readHost, 0), hosts });
  const failure = async (place: { host: string; port: number }) => {
    try {
      await (await listen(app(), place)).close();
      return null;
    } catch (error) {
      return error;
    }
  };

  it('is said in one message', async () => {
    const served = await serve();
    expect(await failure({ host: '127.0.0.1', port: served.port })).toMatchObject({
      code: 'E_LISTEN',
      message: 'another program listens there already',
      exitCode: 4,
    });
    expect(await failure({ host: '192.0.2.1', port: 0 })).toMatchObject({
      code: 'E_LISTEN',
      message: 'this host has no such address',
    });
  });

  it('is loopback unless told', async () => {
    expect((await serve()).isOpen).toBe(false);
    const open = await listen(app(), { host: '0.0.0.0', port: 0 });
    running.push(() => open.close());
    expect([open.isOpen, open.url]).toEqual([true, `http://127.0.0.1:${open.port}`]);
  });
});

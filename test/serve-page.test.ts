/** The page of `drainlab serve` in a real browser: this host live, recordings of the server, and what pages of other sites reach. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { censusOf } from '../src/census/census-of.ts';
import { openRecording } from '../src/cli/recording.ts';
import { replay } from '../src/engine/replay.ts';
import { writeJson } from '../src/engine/report/write-json.ts';
import { readThisHost } from '../src/host/this-host.ts';
import { serveApp } from '../src/serve/app.ts';
import { loadPage, type PageFile } from '../src/serve/built-page.ts';
import { HostReader } from '../src/serve/host-reader.ts';
import { type Listening, listen } from '../src/serve/listen.ts';
import { LiveEvents } from '../src/serve/live-events.ts';
import { sampledEvery } from '../src/serve/live-source.ts';
import { Token } from '../src/serve/safety.ts';
import { servedRecordings } from '../src/serve/served-recordings.ts';
import { launchBrowser } from './browser.ts';
import { FakeHost, interruptsText, zoneinfoText } from './fake-host.ts';
import { shippedRecordings } from './recordings.ts';
import { violationsOf } from './web/accessibility.ts';
import { buildPage } from './web/page.ts';

const host = new FakeHost();
const token = new Token();
const recording = join(shippedRecordings, 'patched-selective');
const running: Array<() => Promise<void> | void> = [];
let page: ReadonlyMap<string, PageFile>;
let browser: Browser;

function readHost() {
  const { snapshot } = readThisHost(host.root);
  return { snapshot, census: censusOf(snapshot) };
}

interface Served extends Listening {
  readonly link: string;
  readonly live: LiveEvents;
}

async function serve(recordings: readonly string[] = [], place = 0): Promise<Served> {
  const live = new LiveEvents(sampledEvery(50, { root: host.root }));
  let port = place;
  const app = serveApp({
    ...{ token, live, page, censusText: writeJson, port: () => port },
    recordings: servedRecordings(recordings.map((path) => ({ name: path, path: join(path, 'trace.dat') }))),
    reader: new HostReader(readHost, 1000),
    hosts: { address: '127.0.0.1', names: [] },
  });
  const served = await listen(app, { host: '127.0.0.1', port: place });
  port = served.port;
  const close = async () => {
    live.close();
    await served.close();
  };
  running.push(close);
  return { ...served, live, close, link: `${served.url}/?token=${token.text}` };
}

beforeAll(async () => {
  const counts = [0, 2000, null, 5];
  host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 5000, counts }]));
  host.write('proc/interrupts', interruptsText([0, 1, 3], { RES: [1, 2, 3], CAL: [4, 5, 6] }));
  host.write('proc/sys/kernel/osrelease', '5.10.0-30-amd64\n');
  host.write('sys/devices/system/cpu/possible', '0-3\n');
  host.write('sys/devices/system/cpu/isolated', '3\n');
  page = loadPage(await buildPage());
  // The attacker's name server.
  browser = await launchBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1']);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  for (const close of running) await close();
  host.remove();
});

/** `complaints`: what the browser had to say, a blocked script for example. */
async function open(context: BrowserContext, url: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

const isLive = (page: Page) => page.locator('.state.live').waitFor();

/** Colours of the middle row of each CPU in the newest column, from top to bottom. */
const newestColours = (page: Page) =>
  page.evaluate<string[][]>(`[...document.querySelectorAll('.live-strip canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(canvas.width - 2, 0, 1, canvas.height);
    const rows = Math.round(canvas.height / 26);
    return Array.from({ length: rows }, (_, i) => {
      const at = 4 * (26 * i + 12);
      return data.slice(at, at + 4).join(' ');
    });
  })`);

describe('this host, live', () => {
  it('shows the census, each CPU as a row of colours, isolated ones apart, and its own cost', async () => {
    const served = await serve();
    const context = await browser.newContext({ viewport: { width: 400, height: 800 } });
    const { page, complaints } = await open(context, served.link);
    await isLive(page);
    expect(page.url()).toBe(`${served.url}/#view=live`);
    await page.locator('h1', { hasText: readHost().census.answers[0] }).waitFor();
    expect(await page.locator('.figures').innerText()).toMatch(/1 of 3[\s\S]*0 of 1[\s\S]*2,005/);
    const [others, isolated] = await newestColours(page);
    // CPU 0 holds nothing: the plain ground. CPU 1 holds the most. CPU 2 is offline: nothing is drawn.
    expect(others).toEqual(['255 255 255 255', '68 1 84 255', '0 0 0 0']);
    expect(isolated.length).toBe(1);
    expect(others).not.toContain(isolated[0]);
    expect(await page.locator('table[aria-label="A drain now"] tbody tr').count()).toBe(
      readHost().census.policies.length,
    );
    await page.getByText(/drainlab itself took \d/).waitFor({ timeout: 20_000 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
    expect(await violationsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('stands still while it is paused, by mouse or by key, and goes on', async () => {
    const served = await serve();
    const context = await browser.newContext();
    const { page } = await open(context, served.link);
    await isLive(page);
    await page.keyboard.press('p');
    await page.locator('.state.paused').waitFor();
    host.write(
      'proc/zoneinfo',
      zoneinfoText([{ node: 0, name: 'Normal', free: 5000, counts: [7, 2000, null, 5] }]),
    );
    await page.getByText(/[1-9]\d* newer samples kept/).waitFor();
    expect(await page.locator('.figures').innerText()).toContain('2,005');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.locator('.figures', { hasText: '2,012' }).waitFor();
    await context.close();
  });

  it('says that it is lost when the server ends, and comes back by itself', async () => {
    const served = await serve();
    const context = await browser.newContext();
    const { page } = await open(context, served.link);
    await isLive(page);
    await served.close();
    await page.locator('.state.lost').waitFor();
    await serve([], served.port);
    await isLive(page);
    await context.close();
  });

  it('is told nothing that it did not open the link for', async () => {
    const served = await serve([recording]);
    const context = await browser.newContext();
    const { page } = await open(context, `${served.url}/#view=live`);
    await page.locator('.state.locked').waitFor();
    const text = await page.locator('body').innerText();
    expect(text).not.toMatch(/5\.10|Normal|2,0|patched/);
    await context.close();
  });
});

describe('recordings of the server', () => {
  it('are opened in the page like dropped ones: the verdict is the command line’s, byte for byte', async () => {
    const served = await serve([recording]);
    const context = await browser.newContext();
    const { page, complaints } = await open(context, served.link);
    await page.locator('article.verdict').waitFor({ timeout: 60_000 });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    const { reader, machine, snapshots, kernel } = await openRecording(recording);
    const verdict = await replay(reader, machine, snapshots, { name: 'patched-selective', kernel });
    await reader.close();
    expect(readFileSync(await (await download).path(), 'utf8')).toBe(writeJson(verdict));
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('are listed when there are several, and the address opens its own again', async () => {
    const other = join(shippedRecordings, '6.12-remote');
    const served = await serve([recording, other]);
    const context = await browser.newContext();
    const { page } = await open(context, served.link);
    const list = page.getByRole('list', { name: 'Recordings of this server' }).last();
    await list.getByRole('button', { name: '6.12-remote' }).click();
    await page.locator('article.verdict').waitFor({ timeout: 60_000 });
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.locator('h1', { hasText: 'CPUs disturbed each other 645 times' }).waitFor({ timeout: 60_000 });
    await page.reload();
    await page.locator('h1', { hasText: 'CPUs disturbed each other 645 times' }).waitFor({ timeout: 60_000 });
    await context.close();
  });

  it('are out of reach without the link: nothing is offered', async () => {
    const served = await serve([recording]);
    const context = await browser.newContext();
    const { page } = await open(context, served.url);
    await page.locator('.welcome').waitFor();
    expect(await page.locator('body').innerText()).not.toContain('patched');
    await context.close();
  });
});

describe('pages of other sites', () => {
  it('cannot reach it by a name that points here, though the link was opened in the same browser', async () => {
    const served = await serve();
    const context = await browser.newContext();
    await isLive((await open(context, served.link)).page);
    const page = await context.newPage();
    const response = await page.goto(`http://evil.example:${served.port}/`);
    expect(response?.status()).toBe(403);
    await context.close();
  });

  it('cannot reach it by scripts on another port of this host', async () => {
    const served = await serve([recording]);
    const context = await browser.newContext();
    await open(context, served.link);
    const other = createServer((_, response) => response.end('<!doctype html><title>other</title>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
    for (const path of ['/api/census', '/api/recordings', '/api/recording/0/trace.dat']) {
      const reached = await page.evaluate(`Promise.all(['cors', 'no-cors'].map((mode) =>
        fetch('${served.url}${path}', { mode, credentials: 'include' })
          .then((response) => response.text(), (error) => error.name)))`);
      expect([path, reached]).toEqual([path, ['TypeError', expect.toBeOneOf(['TypeError', ''])]]);
    }
    other.close();
    await context.close();
  });
});

/** The page of `drainlab serve` in a real browser, and what pages of other sites reach of it. */

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { censusOf } from '../src/census/census-of.ts';
import { writeJson } from '../src/engine/report/write-json.ts';
import { readThisHost } from '../src/host/this-host.ts';
import { serveApp } from '../src/serve/app.ts';
import { HostReader } from '../src/serve/host-reader.ts';
import { type Listening, listen } from '../src/serve/listen.ts';
import { LiveEvents } from '../src/serve/live-events.ts';
import { sampledEvery } from '../src/serve/live-source.ts';
import { loadPage } from '../src/serve/page-files.ts';
import { Token } from '../src/serve/safety.ts';
import { FakeHost, zoneinfoText } from './fake-host.ts';

const browserPath = [
  process.env.DRAINLAB_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== '' && existsSync(path));

describe.skipIf(browserPath === undefined)(
  'the page in a browser (skipped where there is no Chromium)',
  () => {
    const host = new FakeHost();
    const token = new Token();
    const live = new LiveEvents(sampledEvery(50, host.root));
    let served: Listening;
    let browser: Browser;
    let link = '';

    function readHost() {
      const { snapshot } = readThisHost(host.root);
      return { snapshot, census: censusOf(snapshot) };
    }

    beforeAll(async () => {
      const counts = [0, 2000, null, 5];
      host.write('proc/zoneinfo', zoneinfoText([{ node: 0, name: 'Normal', free: 5000, counts }]));
      host.write('proc/sys/kernel/osrelease', '5.10.0-30-amd64\n');
      host.write('sys/devices/system/cpu/possible', '0-3\n');
      host.write('sys/devices/system/cpu/isolated', '3\n');
      let port = 0;
      const app = serveApp({
        ...{ token, live, page: loadPage(), censusText: writeJson, port: () => port },
        reader: new HostReader(readHost, 1000),
        hosts: { address: '127.0.0.1', names: [] },
      });
      served = await listen(app, { host: '127.0.0.1', port: 0 });
      port = served.port;
      link = `${served.url}/?token=${token.text}`;
      browser = await chromium.launch({
        executablePath: browserPath,
        // The attacker's name server.
        args: ['--no-sandbox', '--host-resolver-rules=MAP evil.example 127.0.0.1'],
      });
    });

    afterAll(async () => {
      await browser?.close();
      live.close();
      await served?.close();
      host.remove();
    });

    /** Opens the link; `complaints`: what the browser had to say, a blocked script for example. */
    async function open(context: BrowserContext) {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(link);
      await page.waitForFunction("document.getElementById('state').textContent.startsWith('live: sample')");
      return { page, complaints };
    }

    it('shows the census, and each CPU of each sample as a pixel', async () => {
      const context = await browser.newContext({ viewport: { width: 400, height: 800 } });
      const { page, complaints } = await open(context);
      expect(page.url()).toBe(`${served.url}/`);
      expect(await page.textContent('#answer')).toBe(readHost().census.answers[0]);
      expect(await page.textContent('#now')).toMatch(
        /^1 of 3 CPUs hold no page \(isolated: 0 of 1\) · 2,005 pages/,
      );
      const [strip, band] = await page.evaluate<
        string[][]
      >(`['canvas:not(.band)', 'canvas.band'].map((which) => {
      const canvas = document.querySelector(which);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, 1);
      return Array.from({ length: canvas.width }, (_, i) => data.slice(4 * i, 4 * i + 4).join(' '));
    })`);
      // No page, step 5 of 8 between few and many, offline, step 1 of 8.
      expect(strip).toHaveLength(4);
      expect([strip[0], strip[2]]).toEqual(['255 255 255 255', '226 226 220 255']);
      expect(new Set(strip).size).toBe(4);
      expect(band).toEqual(['0 0 0 0', '0 0 0 0', '0 0 0 0', '194 24 91 255']);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
      expect(complaints).toEqual([]);
      await context.close();
    });

    it('tells nothing to who did not open the link', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(served.url);
      await page.waitForFunction("document.getElementById('state').textContent === 'locked'");
      expect(await page.textContent('body')).not.toMatch(/5\.10|Normal|2,005/);
      await context.close();
    });

    it('is out of reach for a name that points here, though the link was opened in the same browser', async () => {
      const context = await browser.newContext();
      await open(context);
      const page = await context.newPage();
      const response = await page.goto(`http://evil.example:${served.port}/`);
      expect(response?.status()).toBe(403);
      await context.close();
    });

    it('is out of reach for the scripts of another site on this host', async () => {
      const context = await browser.newContext();
      await open(context);
      const other = createServer((_, response) => response.end('<!doctype html><title>other</title>'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
      const reached = await page.evaluate(`Promise.all(['cors', 'no-cors'].map((mode) =>
      fetch('${served.url}/api/census', { mode, credentials: 'include' })
        .then((response) => response.text(), (error) => error.name)))`);
      expect(reached).toEqual(['TypeError', expect.toBeOneOf(['TypeError', ''])]);
      other.close();
      await context.close();
    });
  },
);

/** The built page in a real browser: built once a test file, served from loopback, its console watched. */

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { launchBrowser } from '../browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** Builds the page into a folder of this process. */
export async function buildPage(): Promise<string> {
  const outDir = join(root, `node_modules/.cache/drainlab-web-test-${process.pid}`);
  await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir } });
  return outDir;
}

export interface WebPage {
  readonly page: Page;
  /** Errors of the console and of scripts, and requests that failed or left the page's own server. */
  readonly complaints: string[];
}

interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

export class PageUnderTest {
  readonly browser: Browser;
  readonly #server: Server;
  readonly address: string;

  private constructor(browser: Browser, server: Server, address: string) {
    this.browser = browser;
    this.#server = server;
    this.address = address;
  }

  /** `below`: folder of the host in which the page lies, with a slash at both ends. */
  static async start(below = '/'): Promise<PageUnderTest> {
    const outDir = await buildPage();
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent((request.url ?? '/').replace(/[?#].*$/, '')));
      try {
        if (!path.startsWith(decodeURIComponent(below))) throw new Error('not of the page');
        const file = join(outDir, path.slice(decodeURIComponent(below).length) || 'index.html');
        response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
        response.end(readFileSync(file));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new PageUnderTest(await launchBrowser(), server, `http://127.0.0.1:${port}${below}`);
  }

  /** A fresh page, as a new visitor has it. */
  async open(hash = '', { width = 1280, height = 800, dark = false }: Look = {}): Promise<WebPage> {
    const context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.address) && !/^(blob|data):/.test(url)) complaints.push(`asked for ${url}`);
    });
    await page.goto(`${this.address}${hash}`);
    return { page, complaints };
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Opens a recording by the page's own button, and waits until the view shows it. */
export async function openRecordingIn(page: Page, ...paths: string[]): Promise<void> {
  await page.setInputFiles('input[aria-label="Recording"]', paths);
  await isShown(page);
}

/** The same for a folder with a recording and what lies beside it. */
export async function openFolderIn(page: Page, folder: string): Promise<void> {
  await page.setInputFiles('input[aria-label="Folder with a recording"]', folder);
  await isShown(page);
}

/** A view is loaded when it is first shown, after the recording is open. */
async function isShown(page: Page): Promise<void> {
  await page.locator('.recordings select').waitFor({ timeout: 60_000 });
  await page.locator('main > :not(.welcome, .loading)').first().waitFor({ timeout: 60_000 });
}

/** The mailed file: written by the command line, opened from disk in a browser that has no network. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { views } from '../../src/web/views/view-list.ts';
import { launchBrowser } from '../browser.ts';
import { recordingPath, shippedRecordings } from '../recordings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'drainlab-mailed-'));
/** Compiled for this test, so that no stale build is tested; inside of node_modules, where packages are found. */
const built = join(root, 'node_modules/.cache/drainlab-mailed-test');
let browser: Browser;

beforeAll(async () => {
  mkdirSync(built, { recursive: true });
  copyFileSync(join(root, 'package.json'), join(built, 'package.json'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Whether the types are right is another check's business: what runs is tested here.
  spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(built, 'dist')], {
    cwd: root,
  });
  await build({
    configFile: join(root, 'vite.mail.config.ts'),
    logLevel: 'error',
    build: { outDir: join(built, 'dist/mail') },
  });
  browser = await launchBrowser();
}, 180_000);
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** Runs in the folder of the recordings, so that their names are short. */
function replay(...args: string[]): { out: string; err: string } {
  const main = join(built, 'dist/cli/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'replay', ...args], {
    cwd: shippedRecordings,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(stderr);
  return { out: stdout, err: stderr };
}

/** Writes the mailed file of recordings; its path, and what was printed. */
function mailed(name: string, ...names: string[]): { path: string; out: string; err: string } {
  const path = join(folder, `${name}.html`);
  return { path, ...replay(...names, '--json', '--html', path) };
}

interface Mailed {
  readonly page: Page;
  /** Errors and warnings of the console, and every address that was asked for beside the file itself. */
  readonly complaints: string[];
}

async function opened(path: string, recordings = 1): Promise<Mailed> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, offline: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  const file = pathToFileURL(path).href;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (url.replace(/#.*$/, '') !== file && !/^(blob|data):/.test(url)) complaints.push(`asked for ${url}`);
  });
  await page.goto(file);
  await page
    .locator('.recordings option')
    .nth(recordings - 1)
    .waitFor({ state: 'attached', timeout: 60_000 });
  return { page, complaints };
}

async function savedJson(page: Page): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  return readFileSync(await (await download).path(), 'utf8');
}

describe('a recording as one file', () => {
  it.each(['patched-two-pass', '7.2-remote', '5.10-workers'])(
    'gives the verdict of the command line, byte for byte: %s',
    async (name) => {
      const { path } = mailed(name, name);
      const { page, complaints } = await opened(path);
      expect(await savedJson(page)).toBe(replay(name, '--json').out);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('opens every view without a request', async () => {
    const { path } = mailed('every-view', 'patched-selective');
    const { page, complaints } = await opened(path);
    for (const { name, title } of views) {
      await page.getByRole('link', { name: title, exact: true }).click();
      await page.waitForFunction((view) => location.hash.includes(`view=${view}`), name);
      await page.locator('main h1, main h2').first().waitFor();
      await page.waitForTimeout(300);
      expect(await page.locator('section.failed').count(), name).toBe(0);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('has a name that is text wherever it stands', async () => {
    const hostile = '<script>alert(1)<!--';
    cpSync(join(shippedRecordings, 'patched-selective'), join(folder, hostile), { recursive: true });
    const { path } = mailed('hostile', relative(shippedRecordings, join(folder, hostile)));
    const { page, complaints } = await opened(path);
    expect(await page.title()).toContain(`/${hostile} · drainlab`);
    expect(await page.locator('.recordings select').inputValue()).toContain(`/${hostile}`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('may hold several, each with its own verdict', async () => {
    const names = ['patched-two-pass', 'patched-everyone'];
    const { path } = mailed('two', ...names);
    const { page, complaints } = await opened(path, 2);
    expect(await page.title()).toBe('patched-two-pass, patched-everyone · drainlab');
    for (const name of names) {
      await page.locator('.recordings select').selectOption(name);
      await page.locator('article.verdict .source').filter({ hasText: name }).waitFor();
      expect(await savedJson(page)).toBe(replay(name, '--json').out);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says of a light recording what it cannot know', async () => {
    const { path } = mailed('light', 'light-6.12/trace.txt');
    const { page, complaints } = await opened(path);
    const { warnings, caveats } = JSON.parse(await savedJson(page));
    const text = await page.locator('article.verdict').innerText();
    for (const sentence of [...warnings, ...caveats]) expect(text).toContain(sentence);
    expect(text).toMatch(/light recording/i);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  const large = recordingPath('6.1-oom');
  it.skipIf(large === null)(
    'stays below 8 MB with 1.9 million events and every change of pages',
    async () => {
      const { path, err } = mailed('6.1-oom', large ?? '');
      expect(err).not.toContain('coarse');
      expect(statSync(path).size).toBeLessThan(8e6);
      const { page, complaints } = await opened(path);
      expect(await page.locator('article.verdict h1').innerText()).toMatch(
        / sends \d+\.\d % fewer interrupts /,
      );
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );
});

/**
 * A long recording opened in the page: how much memory the browser's renderer takes for it at most, what is seen
 * meanwhile, and whether it can be called off. The recording is made of a short one (repeat-recording.ts), so that it has as
 * many events and changes as one that was recorded for that long.
 *
 * usage: npx tsx bench/page-memory.ts [RECORDING.dat] [--gigabytes 1]     needs trace-cmd and Chromium
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { arch, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { recordingPath, shippedRecordings } from '../test/recordings.ts';
import { PageUnderTest } from '../test/web/page.ts';
import { repeatRecording } from './repeat-recording.ts';

const barBytes = 1.5e9;
const sampleMs = 100;

interface ProcessInfo {
  readonly processInfo: ReadonlyArray<{ readonly type: string; readonly id: number }>;
}

/** Most memory that each process of the browser had so far, bytes, by kind: its resident set as the kernel keeps its peak. */
export async function peakBytes(browser: Browser): Promise<Map<string, number>> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as ProcessInfo;
  await session.detach();
  const peaks = new Map<string, number>();
  for (const { type, id } of processInfo) {
    const bytes = statusBytes(id, 'VmHWM');
    peaks.set(type, Math.max(bytes, peaks.get(type) ?? 0));
  }
  return peaks;
}

function statusBytes(pid: number, field: string): number {
  try {
    const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What the line of progress said, each text once, and whether a picture was there. */
interface Seen {
  readonly texts: string[];
  firstPictureMs: number;
}

/** Opens `path` by the page's own input, and looks at it until the verdict is there. */
async function watched(page: Page, path: string, until: () => Promise<boolean>): Promise<Seen> {
  const seen: Seen = { texts: [], firstPictureMs: Number.NaN };
  const begun = performance.now();
  await page.setInputFiles('input[aria-label="Recording"]', path);
  while (!(await until())) {
    const text = await page.evaluate(() => document.querySelector('section.working span')?.textContent ?? '');
    if (text !== '' && seen.texts.at(-1) !== text) seen.texts.push(text);
    if (Number.isNaN(seen.firstPictureMs) && (await page.locator('section.working canvas').count()) > 0)
      seen.firstPictureMs = performance.now() - begun;
    await setTimeout(sampleMs);
  }
  return seen;
}

const isOpen = (page: Page) => async () => (await page.locator('.recordings select').count()) > 0;

async function open(path: string): Promise<boolean> {
  const web = await PageUnderTest.start();
  const { browser } = web;
  try {
    const { page, complaints } = await web.open();
    const before = (await peakBytes(browser)).get('renderer') ?? 0;
    const begun = performance.now();
    const { texts, firstPictureMs } = await watched(page, path, isOpen(page));
    const seconds = (performance.now() - begun) / 1000;
    await page.locator('article.verdict').waitFor();
    const peaks = await peakBytes(browser);
    const most = peaks.get('renderer') ?? Number.POSITIVE_INFINITY;
    console.log(
      `verdict after ${seconds.toFixed(1)} s (${(statSync(path).size / 1e6 / seconds).toFixed(0)} MB/s), first picture after ${(firstPictureMs / 1000).toFixed(1)} s`,
    );
    console.log(`progress was told ${texts.length} times, in the middle: ${texts[texts.length >> 1]}`);
    console.log(await page.locator('article.verdict h1').innerText());
    for (const [type, bytes] of peaks) console.log(`  ${type}: at most ${(bytes / 1e6).toFixed(0)} MB`);
    console.log(
      `renderer: ${(before / 1e6).toFixed(0)} MB before, at most ${(most / 1e6).toFixed(0)} MB with it; bar ${barBytes / 1e6} MB`,
    );
    for (const complaint of complaints) console.log(`the browser complains: ${complaint}`);
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.locator('canvas.heat').waitFor();
    console.log(
      `after Timeline: at most ${(((await peakBytes(browser)).get('renderer') ?? 0) / 1e6).toFixed(0)} MB`,
    );
    return most < barBytes && complaints.length === 0;
  } finally {
    await web.stop();
  }
}

/** Is it over soon after it was called off in the middle, and is the page as it was before? */
async function callOff(path: string): Promise<boolean> {
  const web = await PageUnderTest.start();
  try {
    const { page } = await web.open();
    await page.setInputFiles('input[aria-label="Recording"]', path);
    await page.waitForFunction(() =>
      /· [1-9]\d %/.test(document.querySelector('section.working')?.textContent ?? ''),
    );
    const begun = performance.now();
    await page.keyboard.press('c');
    await page.locator('section.working').waitFor({ state: 'detached' });
    const ms = performance.now() - begun;
    const isEmpty = !(await isOpen(page)()) && (await page.getByRole('alert').count()) === 0;
    console.log(
      `called off by a key after a tenth: over after ${ms.toFixed(0)} ms, nothing open: ${isEmpty}`,
    );
    return isEmpty && ms < 1000;
  } finally {
    await web.stop();
  }
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--gigabytes');
  const bytesWanted = (at < 0 ? 1 : Number(process.argv[at + 1])) * 1e9;
  const folder = recordingPath('6.1-oom') ?? join(shippedRecordings, 'patched-everyone');
  const recording = process.argv.slice(2).find((word) => word.endsWith('.dat')) ?? join(folder, 'trace.dat');
  const work = mkdtempSync(join(tmpdir(), 'drainlab-page-memory-'));
  try {
    const version6 = join(work, 'v6.dat');
    const toVersion6 = ['convert', '--file-version', '6', '--compression', 'none'];
    const { status } = spawnSync('trace-cmd', [...toVersion6, '-i', recording, '-o', version6]);
    if (status !== 0) throw new Error('trace-cmd is not here, or cannot convert the recording');
    const long = join(work, 'long.dat');
    // Its head is there once only.
    const times = Math.ceil(bytesWanted / statSync(version6).size) + 1;
    const bytes = await repeatRecording(version6, long, times);
    console.log(`${cpus()[0]?.model}, ${cpus().length} CPUs, ${arch()}`);
    console.log(`${recording}, ${times} times: ${(bytes / 1e6).toFixed(0)} MB`);
    const isFine = [await open(long), await callOff(long)].every((fine) => fine);
    process.exitCode = isFine ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

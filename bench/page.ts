/**
 * What a person waits for in the page, in headless Chromium: frames while the timeline is moved and zoomed and while the
 * machine of a simulated run is scrubbed and played, the first picture of the empty page, the size of its JavaScript, and the
 * time from a recording to its verdict against the command line's in the same run.
 *
 * Frames are not held back to the screen's rate: the time between two is what one costs, from an input event (one for each
 * frame) over the page's scripts to the picture.
 *
 * usage: npx tsx bench/page.ts [RECORDING] [--cpus 8192] [--frames 300]     needs a build (npm run build) and Chromium
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, loadavg, cpus as processors } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { builtInText } from '../src/scenario/by-name.ts';
import { EngineHost } from '../src/thread/engine-host.ts';
import type { CallName, Calls, FromEngine } from '../src/thread/messages.ts';
import { launchBrowser } from '../test/browser.ts';
import { recordingPath, shippedRecordings } from '../test/recordings.ts';
import { PageUnderTest } from '../test/web/page.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const unheldFrames = ['--disable-frame-rate-limit', '--disable-gpu-vsync'];

const bars = { medianMs: 16, worstMs: 50, firstPaintMs: 1000, javaScriptBytes: 150_000 };

export interface PageBench {
  /** Folder of a recording. */
  readonly recording: string;
  /** Of the simulated machine. */
  readonly cpus: number;
  /** Measured for each movement. */
  readonly frames: number;
  /** Node's arguments for `drainlab`. */
  readonly drainlab: readonly string[];
}

export interface PageFigures {
  readonly browser: string;
  /** Milliseconds of each frame, by movement. */
  readonly frames: Readonly<Record<string, readonly number[]>>;
  /** Processor time of the longest task of the page's own thread during the same movements, milliseconds: other processes are not in it. */
  readonly longestTaskMs: { readonly timeline: number; readonly machine: number };
  readonly firstPaintMs: number;
  /** Gzipped: what the empty page loads, and what all views load together, without the worker. */
  readonly emptyBytes: number;
  readonly allBytes: number;
  readonly verdictMs: number;
  readonly commandLineMs: number;
  /** SHA-256 of the verdict, the same in the page and on the command line, and of the last picture of the machine. */
  readonly hash: string;
}

/** Runs in the page: calls `act` once a frame, and says how long each frame took. */
const frameDriver = `globalThis.measureFrames = (count, act) => new Promise((resolve) => {
  const times = [];
  let last = performance.now();
  let frame = -3;
  const next = () => {
    const now = performance.now();
    if (frame > 0) times.push(now - last);
    last = now;
    if (frame === count) { resolve(times); return; }
    act(frame++);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
});
globalThis.wheel = (deltaX, deltaY) => {
  const tracks = document.querySelector('.tracks');
  const box = tracks.getBoundingClientRect();
  tracks.dispatchEvent(new WheelEvent('wheel', {
    deltaX, deltaY, bubbles: true, cancelable: true, clientX: box.left + box.width * 0.37, clientY: box.top + 40,
  }));
};
globalThis.scrub = (part) => {
  const slider = document.querySelector('input.time');
  slider.value = String(Number(slider.min) + (Number(slider.max) - Number(slider.min)) * part);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
};
globalThis.machinePixels = () => {
  const canvas = document.querySelector('.machine-picture canvas');
  return canvas.toDataURL();
};`;

/** Zooms in and out again, and goes from side to side, as a wheel does. */
const timelineMovement = (frames: number) => `measureFrames(${frames}, (frame) => {
  const phase = (frame / ${frames}) * 4;
  if (phase < 1) wheel(0, -100);
  else if (phase < 2) wheel(40, 0);
  else if (phase < 3) wheel(-40, 0);
  else wheel(0, 100);
})`;

const scrubMovement = (frames: number) =>
  `measureFrames(${frames}, (frame) => scrub(0.5 - 0.5 * Math.cos((frame / ${frames}) * 6.28)))`;

const playMovement = (frames: number) => `measureFrames(${frames}, () => {})`;

export async function benchPage(bench: PageBench): Promise<PageFigures> {
  const web = await PageUnderTest.start();
  const browser = await launchBrowser(unheldFrames);
  try {
    const empty = await emptyPage(browser, web.address);
    const opened = await verdictIn(browser, web.address, bench.recording);
    const byCommandLine = commandLine(bench);
    if (opened.verdict !== byCommandLine.verdict) throw new Error('the page has another verdict');
    const timeline = await timelineFrames(browser, opened.page, bench.frames);
    await opened.page.context().close();
    const machine = await machineFrames(browser, web.address, bench);
    return {
      browser: browser.version(),
      frames: { 'timeline, zoom and pan': timeline.frames, ...machine.frames },
      longestTaskMs: { timeline: timeline.longestTaskMs, machine: machine.longestTaskMs },
      firstPaintMs: empty.firstPaintMs,
      emptyBytes: empty.bytes,
      allBytes: opened.bytes,
      verdictMs: opened.ms,
      commandLineMs: byCommandLine.ms,
      hash: sha256(opened.verdict + machine.picture),
    };
  } finally {
    await browser.close();
    await web.stop();
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** A page of a new visitor; its JavaScript is counted while it loads. */
async function newPage(browser: Browser): Promise<{ page: Page; javaScript: Map<string, Promise<number>> }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const javaScript = new Map<string, Promise<number>>();
  page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    if (!path.endsWith('.js') || path.includes('worker')) return;
    javaScript.set(
      path,
      response.body().then((body) => gzipSync(body).length),
    );
  });
  return { page, javaScript };
}

async function sumOf(sizes: ReadonlyMap<string, Promise<number>>): Promise<number> {
  return (await Promise.all(sizes.values())).reduce((sum, bytes) => sum + bytes, 0);
}

async function emptyPage(browser: Browser, address: string) {
  const { page, javaScript } = await newPage(browser);
  await page.goto(address, { waitUntil: 'networkidle' });
  const firstPaintMs: number = await page.evaluate(
    `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
  );
  const bytes = await sumOf(javaScript);
  await page.context().close();
  return { firstPaintMs, bytes };
}

/** Opens the recording, waits for its verdict, and goes through every view for its JavaScript. */
async function verdictIn(browser: Browser, address: string, recording: string) {
  const { page, javaScript } = await newPage(browser);
  await page.goto(address, { waitUntil: 'networkidle' });
  const startMs = performance.now();
  await page.setInputFiles('input[aria-label="Folder with a recording"]', recording);
  await page.locator('article.verdict').waitFor({ timeout: 300_000 });
  const ms = performance.now() - startMs;
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const verdict = readFileSync(await (await download).path(), 'utf8');
  const views = await page.locator('nav[aria-label="Views"] a').count();
  for (let view = 0; view < views; view++) {
    await page.locator('nav[aria-label="Views"] a').nth(view).click();
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(200);
    await page.locator('.loading').waitFor({ state: 'detached' });
  }
  return { page, ms, verdict, bytes: await sumOf(javaScript) };
}

function commandLine({ drainlab, recording }: PageBench): { ms: number; verdict: string } {
  const startMs = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...drainlab, 'replay', recording, '--json'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const ms = performance.now() - startMs;
  if (status !== 0) throw new Error(`drainlab replay ended with ${status}: ${stderr}`);
  const asked = JSON.stringify(recording);
  return {
    ms,
    verdict: stdout.replace(`"name": ${asked}`, `"name": ${JSON.stringify(basename(recording))}`),
  };
}

async function timelineFrames(browser: Browser, page: Page, count: number) {
  await page.evaluate(`location.hash = location.hash.replace(/view=[a-z]*/, 'view=timeline')`);
  await page.locator('.tracks canvas.heat').waitFor();
  await page.waitForTimeout(500);
  await page.evaluate(frameDriver);
  const frames: number[] = await page.evaluate(timelineMovement(count));
  return { frames, longestTaskMs: await longestTask(browser, page, timelineMovement(count)) };
}

async function machineFrames(browser: Browser, address: string, { cpus, frames }: PageBench) {
  const html = await withViews(address, await simulatedViews(cpus));
  const { page } = await newPage(browser);
  await page.route(`${address}views.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: html }),
  );
  await page.goto(`${address}views.html#view=machine&policy=everyone`);
  await page.locator('.machine-picture canvas').waitFor({ timeout: 300_000 });
  await page.waitForTimeout(500);
  await page.evaluate(frameDriver);
  const scrubbed: number[] = await page.evaluate(scrubMovement(frames));
  const longestTaskMs = await longestTask(browser, page, scrubMovement(frames));
  await page.evaluate('scrub(0)');
  await page.locator('button.play').click();
  const played: number[] = await page.evaluate(playMovement(frames));
  await page.locator('button.play').click();
  await page.keyboard.press('n');
  await page.evaluate('scrub(0.5)');
  await page.waitForTimeout(500);
  const picture: string = await page.evaluate('machinePixels()');
  await page.context().close();
  const name = (what: string) => `machine of ${cpus} CPUs, ${what}`;
  return { frames: { [name('scrubbing')]: scrubbed, [name('playing')]: played }, longestTaskMs, picture };
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, microseconds. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

async function longestTask(browser: Browser, page: Page, movement: string): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await page.evaluate(movement);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = traceEvents.filter((event) => event.tdur !== undefined && mains.has(threadOf(event)));
  if (tasks.length === 0) throw new Error('the browser traced no task of the page');
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0);
}

/** One run of everyone, packed as a mailed page has it. */
async function simulatedViews(cpus: number): Promise<Uint8Array> {
  const sets = [`machine.cpus=${cpus}`, 'kernel.nrCpus=8192', 'run.seconds=10', 'run.seeds=1'];
  const yaml = builtInText('isolated-4092');
  const run = await ask('simulateOne', { yaml, file: 'isolated-4092.yaml', sets, policy: 'everyone' });
  const { bytes } = await ask('pack', { recording: run.recording, bytesMax: 1e8 });
  return bytes;
}

const host = new EngineHost(
  (message) => {
    if (!('progress' in message)) answered(message);
  },
  () => performance.now(),
);
let answered: (message: FromEngine) => void = () => {};

async function ask<Name extends CallName>(
  call: Name,
  question: Calls[Name]['ask'],
): Promise<Calls[Name]['answer']> {
  const message = await new Promise<FromEngine>((resolve) => {
    answered = resolve;
    void host.receive({ id: 0, call, ask: question });
  });
  if ('error' in message) throw new Error(message.error.message);
  return ('answer' in message ? message.answer : null) as Calls[Name]['answer'];
}

async function withViews(address: string, views: Uint8Array): Promise<string> {
  const html = await (await fetch(address)).text();
  const element = `<script type="application/octet-stream" class="drainlab-data">${Buffer.from(views).toString('base64')}</script>`;
  return html.replace('</body>', () => `${element}</body>`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** One line a figure, with its bar. */
export function figuresText(figures: PageFigures): string[] {
  const lines: string[] = [];
  for (const [movement, times] of Object.entries(figures.frames)) {
    const slow = times.filter((ms) => ms > bars.worstMs).length;
    lines.push(
      `${movement.padEnd(34)} median ${median(times).toFixed(1)} ms, worst ${Math.max(...times).toFixed(1)} ms, ${slow} of ${times.length} frames over ${bars.worstMs} ms (bars: ${bars.medianMs}, ${bars.worstMs})`,
    );
  }
  lines.push(
    `longest task, processor time       timeline ${figures.longestTaskMs.timeline.toFixed(1)} ms, machine ${figures.longestTaskMs.machine.toFixed(1)} ms (other processes are not in it)`,
  );
  const limitMs = 1.5 * figures.commandLineMs + 1000;
  lines.push(
    `first paint of the empty page      ${figures.firstPaintMs.toFixed(0)} ms (bar: ${bars.firstPaintMs})`,
    `its JavaScript, gzipped            ${(figures.emptyBytes / 1000).toFixed(1)} KB; with all views ${(figures.allBytes / 1000).toFixed(1)} KB (bar: ${bars.javaScriptBytes / 1000})`,
    `recording to verdict               ${figures.verdictMs.toFixed(0)} ms; command line ${figures.commandLineMs.toFixed(0)} ms (bar: 1.5 × it + 1 s = ${limitMs.toFixed(0)} ms)`,
    `hash of verdict and picture        ${figures.hash}`,
  );
  return lines;
}

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

async function main(): Promise<void> {
  const named = process.argv[2]?.startsWith('--') ? undefined : process.argv[2];
  const recording = named ?? recordingPath('6.1-oom') ?? join(shippedRecordings, 'patched-everyone');
  const bin = join(root, 'bin/drainlab.js');
  if (!existsSync(join(root, 'dist/cli/main.js'))) throw new Error('build it first: npm run build');
  const figures = await benchPage({
    recording,
    cpus: option('--cpus', 8192),
    frames: option('--frames', 300),
    drainlab: [bin],
  });
  console.log(
    `${processors()[0].model}, ${processors().length} processors, ${arch()}, load average ${loadavg()[0].toFixed(1)}, Node ${process.version}, Chromium ${figures.browser}`,
  );
  console.log(`recording ${basename(recording)}`);
  for (const line of figuresText(figures)) console.log(line);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

/**
 * A headless Chromium for tests: the one named in DRAINLAB_CHROMIUM, the system's, or the one in the package
 * @sparticuz/chromium, which needs no root and brings the libraries that a bare machine lacks.
 */

import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';

const installed = [
  process.env.DRAINLAB_CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== '' && existsSync(path));

/** Nothing of the browser's own may go to the network or ask for a graphics card. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
];

/** `further`: flags beside the usual ones. */
export async function launchBrowser(further: readonly string[] = []): Promise<Browser> {
  const executablePath = installed ?? (await packaged());
  return chromium.launch({ executablePath, args: [...flags, ...further] });
}

/** A process that died while it unpacked must not stop the others for ever. */
const unpackMsMax = 120_000;

/** Unpacks the packaged browser into the folder for temporary files, with its libraries: one test process at a time. */
async function packaged(): Promise<string> {
  // The package sets its library path only where it believes to be on that service.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x';
  const { default: packagedChromium } = await import('@sparticuz/chromium');
  const lock = join(tmpdir(), 'drainlab-chromium.lock');
  while (!taken(lock)) await setTimeout(200);
  try {
    return await packagedChromium.executablePath();
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > unpackMsMax) rmdirSync(lock);
    return false;
  }
}

/**
 * A headless Chromium for tests: the one named in DRAINLAB_CHROMIUM, the system's, or the one in the package
 * @sparticuz/chromium, which needs no root and brings the libraries that a bare machine lacks.
 */

import { existsSync } from 'node:fs';
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

export async function launchBrowser(): Promise<Browser> {
  const executablePath = installed ?? (await packaged());
  return chromium.launch({ executablePath, args: flags });
}

/** Unpacks the packaged browser into the folder for temporary files, with its libraries. */
async function packaged(): Promise<string> {
  // The package sets its library path only where it believes to be on that service.
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs20.x';
  const { default: packagedChromium } = await import('@sparticuz/chromium');
  return packagedChromium.executablePath();
}

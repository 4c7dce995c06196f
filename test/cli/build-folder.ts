/** vitest's globalSetup: names the folder of compiled.ts for this run, and removes it. */

import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

/** Inside of node_modules, where packages are found. */
const folder = fileURLToPath(
  new URL(`../../node_modules/.cache/drainlab-test-build-${process.pid}`, import.meta.url),
);

export default function setup(project: TestProject): () => void {
  mkdirSync(dirname(folder), { recursive: true });
  process.env.DRAINLAB_TEST_BUILD = folder;
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // In watch mode the source has changed.
  project.onTestsRerun(remove);
  return remove;
}

/**
 * The command line compiled from the source, once for a whole run of the tests: no stale build is tested, and its processes
 * start five times as fast as those that translate the source themselves.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const waitMaxMs = 120_000;

/** main.js of the build. The first test file that asks makes it, the others wait for it. The folder is build-folder.ts's. */
export function compiledMain(): string {
  const folder = process.env.DRAINLAB_TEST_BUILD;
  if (folder === undefined) throw new Error('only vitest with the globalSetup of vitest.config.ts compiles');
  const done = join(folder, 'done');
  if (isFirst(folder)) {
    compile(folder);
    writeFileSync(done, '');
  }
  waitFor(done);
  return join(folder, 'dist/cli/main.js');
}

/** Only one process can make a folder. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function compile(folder: string): void {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Whether the types are right is another check's business: what runs is tested here.
  spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], {
    cwd: root,
  });
}

function waitFor(path: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (const startMs = performance.now(); !existsSync(path); Atomics.wait(clock, 0, 0, 20))
    if (performance.now() - startMs > waitMaxMs) throw new Error(`${path} was not made in time`);
}

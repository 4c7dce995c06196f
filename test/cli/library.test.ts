/** The example of docs/library.md, run as it stands there through the public doors of the package. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'node_modules/.cache/drainlab-library-test');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the example of docs/library.md prints what it says', () => {
  const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  // The doors as package.json will have them, on the source instead of a build.
  const doors = code
    .replace("from 'drainlab'", `from '${join(root, 'src/engine/index.ts')}'`)
    .replace("from 'drainlab/trace'", `from '${join(root, 'src/trace/index.ts')}'`);
  expect(doors).not.toContain("'drainlab");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'example.mts');
  writeFileSync(file, doors);
  const ended = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(/^two-pass sends \d+\.\d % fewer interrupts than everyone: .*\ntrue\n$/);
});

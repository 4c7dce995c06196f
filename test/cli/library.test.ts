/** The examples of docs/library.md, run as they stand there through the public doors of the package. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'node_modules/.cache/drainlab-library-test');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

test.each([
  ['replay', 0, /^two-pass sends \d+\.\d % fewer interrupts than everyone: .*\ntrue\n$/],
  // Drains at 0.5, 1, … 2.5 s.
  ['simulate', 1, /^5 2\n8\ntrue\n$/],
])('the example of docs/library.md that shows %s prints what it says', (name, position, printed) => {
  // The doors as package.json will have them, on the source instead of a build.
  const doors = examples[position].replace(/from 'drainlab(?:\/(\w+))?'/g, (_, door = 'engine') => {
    return `from '${join(root, 'src', door, 'index.ts')}'`;
  });
  expect(doors).not.toContain("'drainlab");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.mts`);
  writeFileSync(file, doors);
  const ended = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(printed);
});

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Codes in the source, tests left out. */
function codesInSource(): Set<string> {
  const codes = new Set<string>();
  for (const path of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(path) || path.endsWith('.test.ts')) continue;
    for (const [, code] of readFileSync(join(root, 'src', path), 'utf8').matchAll(/'(E_[A-Z_]+)'/g))
      codes.add(code);
  }
  return codes;
}

test('docs/errors.md lists every error code of the source, and no other', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(E_[A-Z_]+)` *\|/gm)].map(([, code]) => code);
  expect(listed.length).toBe(new Set(listed).size);
  expect(listed.sort()).toEqual([...codesInSource()].sort());
});

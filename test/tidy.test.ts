/** The source text itself: what no type checker and no linter sees. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const skipped = new Set(['node_modules', 'dist', '.git', 'coverage', 'recordings', 'peers']);

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return skipped.has(name) ? [] : filesBelow(path);
    return [path];
  });
}

const files = filesBelow(root).map((path) => ({
  path: relative(root, path),
  text: readFileSync(path, 'utf8'),
}));
const sources = files.filter(({ path }) => path.endsWith('.ts'));
const pages = [...files, ...['recordings/README.md'].map(fromRoot)].filter(({ path }) =>
  path.endsWith('.md'),
);

function fromRoot(path: string): { path: string; text: string } {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** `file:line` of each line that matches. */
function places(list: Array<{ path: string; text: string }>, pattern: RegExp): string[] {
  return list.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('the source text', () => {
  it('has no leftovers', () => {
    const self = 'test/tidy.test.ts';
    const leftovers =
      /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|biome-ignore|\bas any\b|\b(it|test|describe)\.only\b/;
    expect(
      places(
        sources.filter(({ path }) => path !== self),
        leftovers,
      ),
    ).toEqual([]);
  });

  it('keeps chance, clocks and locale out of all that a browser runs', () => {
    const inner = sources.filter(
      ({ path }) =>
        /^src\/(base|engine|scenario|trace|snapshot|census|audit)\//.test(path) && !/\.test\.ts$/.test(path),
    );
    const portable = inner.filter(({ path }) => !/\/node-[^/]*$/.test(path));
    expect(
      places(portable, /Math\.random|new Date|Date\.now|performance\.now|toLocale|Intl\.|localeCompare/),
    ).toEqual([]);
  });

  it('takes no function of Math in the engine whose last bits a browser may choose', () => {
    const engine = sources.filter(
      ({ path }) => /^src\/(base|engine)\//.test(path) && !/\.test\.ts$/.test(path),
    );
    const inexact = /Math\.(log|log10|log1p|exp|expm1|pow|sin|cos|tan|atan|atan2|cbrt|hypot)\(/;
    expect(places(engine, inexact)).toEqual([]);
  });

  it('has no file so long that a reader loses it', () => {
    const long = sources.filter(({ path, text }) => path.startsWith('src/') && text.split('\n').length > 700);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('has no source file that nothing imports', () => {
    const entries =
      /(^|\/)(index|main|(vitest|vite|vite\.mail)\.config|run)\.ts$|\.(test|d)\.ts$|^(bench|tools)\/|^src\/trace\/node-/;
    const orphans = sources.filter(({ path }) => {
      if (entries.test(path)) return false;
      const name = path.replace(/^.*\//, '');
      return !files.some(
        (other) => other.path !== path && other.text.includes(`/${name.replace(/\.ts$/, '')}`),
      );
    });
    expect(orphans.map(({ path }) => path)).toEqual([]);
  });
});

describe('the pages', () => {
  it('link only to files that exist', () => {
    const dead = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map((match) => join(root, dirname(path), match[1]))
        .filter((target) => !statSync(target, { throwIfNoEntry: false }))
        .map((target) => `${path} → ${relative(root, target)}`),
    );
    expect(dead).toEqual([]);
  });

  it('name only files of the repository that exist', () => {
    const named = /`((?:src|docs|bench|test|tools|recordings)\/[\w./-]+\.(?:ts|md|mjs|sh|txt|dat))`/g;
    const missing = pages.flatMap(({ path, text }) =>
      [...text.matchAll(named)]
        .filter((match) => !statSync(join(root, match[1]), { throwIfNoEntry: false }))
        .map((match) => `${path} → ${match[1]}`),
    );
    expect(missing).toEqual([]);
  });
});

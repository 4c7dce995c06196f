/** The files of the page, read once: what is not in this list is not served. */

import { readFileSync } from 'node:fs';

export interface PageFile {
  /** Media type. */
  readonly type: string;
  readonly text: string;
}

const files: ReadonlyArray<readonly [path: string, name: string, type: string]> = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
];

/** By path. */
export function loadPage(): ReadonlyMap<string, PageFile> {
  return new Map(
    files.map(([path, name, type]) => {
      const text = readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');
      return [path, { type, text }];
    }),
  );
}

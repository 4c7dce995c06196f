/** The page as the build made it, read once into memory: what is not in this list is not served. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DrainlabError, ExitCode } from '../base/errors.ts';

export interface PageFile {
  /** Media type. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const types: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.json', 'application/json'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
]);

/** By it the page knows that this server, and not a plain host of files, has sent it: then it asks for what is live. */
export const serverMark = '<meta name="drainlab-server" content="1" />';

/** `dist/web` of the package: this file runs as dist/serve/built-page.js, or from src/serve in development. */
export function builtPageFolder(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../../dist/web' : '../web', here));
}

/** By path: `/`, `/assets/index-….js`. Files of types that a page has no use for are left out. Throws E_PAGE_NOT_BUILT. */
export function loadPage(folder: string = builtPageFolder()): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new DrainlabError('the page has not been built', {
      code: 'E_PAGE_NOT_BUILT',
      where: folder,
      hint: 'npm run build makes it; a package from the registry has it.',
      exitCode: ExitCode.outside,
    });
  }
  const page = new Map<string, PageFile>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = types.get(extname(path));
    if (type === undefined) continue;
    const name = relative('.', path).split(sep).join('/');
    const bytes = new Uint8Array(readFileSync(join(folder, path)));
    if (name === 'index.html') page.set('/', { type, bytes: marked(bytes) });
    else page.set(`/${name}`, { type, bytes });
  }
  return page;
}

function marked(html: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(html);
  return new TextEncoder().encode(text.replace('<head>', `<head>\n    ${serverMark}`));
}

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds the page (src/web) into dist/web: plain files for any static host, addresses relative. */
export default defineConfig({
  root: here('src/web'),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: here('dist/web'), emptyOutDir: true, target: 'es2022', modulePreload: false },
  worker: { format: 'es' },
});

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import page from './vite.config.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A closing tag in a text would end the element that it stands in. */
const withoutEnd = (text: string) => text.replace(/<\/(?=script|style)/gi, '<\\/');

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Puts script, styles and worker into one HTML file; `drainlab replay --html` puts the data where the mark is. */
function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle: {
      // After what Vite itself still puts in.
      order: 'post',
      handler(_, bundle) {
        const files = Object.values(bundle);
        const entry = files.find((file) => file.type === 'chunk' && file.isEntry);
        const workers = files.filter(
          (file) => file.type === 'asset' && /web-worker.*\.js$/.test(file.fileName),
        );
        const styles = files.flatMap((file) =>
          file.type === 'asset' && file.fileName.endsWith('.css') ? [String(file.source)] : [],
        );
        const [worker] = workers;
        if (entry?.type !== 'chunk' || workers.length !== 1 || worker?.type !== 'asset')
          throw new Error(
            `one script and one worker expected, found ${files.map(({ fileName }) => fileName)}`,
          );
        const script = withoutEnd(entry.code);
        const style = styles.join('\n');
        // No network at all; WebAssembly for the readers, blob: for the worker and for policies of the user's own.
        const policy = `default-src 'none'; script-src ${hashOf(script)} 'wasm-unsafe-eval' blob:; worker-src blob:; style-src ${hashOf(style)}; img-src data: blob:; base-uri 'none'; form-action 'none'`;
        const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="Content-Security-Policy" content="${policy}" />
<meta name="color-scheme" content="light dark" />
<title>drainlab</title>
<link rel="icon" href="data:," />
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<noscript>This page shows a recording that is in it, and needs JavaScript for it.</noscript>
<!-- data -->
<script type="text/plain" id="drainlab-worker">${withoutEnd(String(worker.source))}</script>
<script type="module">${script}</script>
</body>
</html>
`;
        for (const name of Object.keys(bundle)) delete bundle[name];
        this.emitFile({ type: 'asset', fileName: 'page.html', source: html });
      },
    },
  };
}

/** Builds the page as one file without data: dist/mail/page.html. */
export default defineConfig({
  ...page,
  plugins: [oneFile()],
  build: {
    ...page.build,
    outDir: here('dist/mail'),
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: false } },
  },
  worker: { format: 'iife', rolldownOptions: { output: { codeSplitting: false } } },
});

#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('drainlab is not built yet. In a checkout: npm start (or npm run build).\n');
  process.exitCode = 4;
}

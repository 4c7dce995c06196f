/** Writes src/scenario/built-in.ts from scenarios/*.yaml, the one source: `npx tsx tools/write-scenarios.ts`. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Order of --list: as the thread argues. Others follow by name. */
const order = [
  'hackbench-400-8cpu',
  'hackbench-400-4cpu',
  'quiet-drain',
  'reclaim-storm',
  'two-pass-half-empty',
  'mask-under-pressure',
  'isolated-4092',
  'deep-idle',
];

/** Text of src/scenario/built-in.ts. */
export function builtInModule(): string {
  const folder = join(root, 'scenarios');
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const entries = names.map((name) => {
    const text = readFileSync(join(folder, `${name}.yaml`), 'utf8');
    return `  '${name}': \`${text.replace(/[\\`]|\$\{/g, '\\$&')}\`,\n`;
  });
  return `/** Made by tools/write-scenarios.ts from scenarios/*.yaml: change those. */

export const builtInTexts: Readonly<Record<string, string>> = {
${entries.join('')}};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'src/scenario/built-in.ts'), builtInModule());
}

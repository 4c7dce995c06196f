/**
 * Runs the commands of docs/the-thread.md and writes their answers into it: `npx tsx tools/write-thread.ts` after
 * `npm run build`; with words, only commands that hold all of them. A block looks like this:
 *
 *     <!-- show: 1-2, /balance/+1 -->
 *     ```console
 *     $ drainlab simulate quiet-drain --policy selective
 *     ```
 *
 * `show` chooses lines of the output: numbers, or those that a pattern finds, each with so many more behind it.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'the-thread.md');
const block = /<!-- show: (.*?) -->\n```console\n\$ drainlab (.*)\n(?:[^`]*\n)?```/g;

function answerOf(words: string): string[] {
  const main = join(root, 'dist', 'cli', 'main.js');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      main,
      ...words.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1')),
      ...(/^simulate|^replay/.test(words) ? ['--no-progress'] : []),
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`drainlab ${words} ended with ${status}:\n${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** The chosen lines; what is left out between them is a line of dots. */
function chosen(lines: readonly string[], show: string): string[] {
  const wanted = new Set<number>();
  for (const part of show.split(', ')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    const pattern = /^\/(.*)\/(?:\+(\d+))?$/.exec(part);
    if (range !== null)
      for (let n = Number(range[1]); n <= Number(range[2] ?? range[1]); n++) wanted.add(n - 1);
    if (pattern === null) continue;
    lines.forEach((line, n) => {
      if (!new RegExp(pattern[1]).test(line)) return;
      for (let more = 0; more <= Number(pattern[2] ?? 0); more++) wanted.add(n + more);
    });
  }
  const numbers = [...wanted].filter((n) => n < lines.length).sort((a, b) => a - b);
  if (numbers.length === 0) throw new Error(`nothing is shown by ${show}`);
  return numbers.flatMap((n, i) => (n > (numbers[i - 1] ?? -1) + 1 && i > 0 ? ['…', lines[n]] : [lines[n]]));
}

const only = process.argv.slice(2);
let text = readFileSync(page, 'utf8');
for (const [whole, show, words] of [...text.matchAll(block)]) {
  if (!only.every((word) => words.includes(word))) continue;
  const startMs = performance.now();
  const lines = chosen(answerOf(words), show);
  process.stdout.write(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${words}\n`);
  text = text.replace(
    whole,
    () => `<!-- show: ${show} -->\n\`\`\`console\n$ drainlab ${words}\n${lines.join('\n')}\n\`\`\``,
  );
  writeFileSync(page, text);
}

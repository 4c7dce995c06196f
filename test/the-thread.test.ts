/** docs/the-thread.md: its commands are ones that exist, and each has its answer. tools/write-thread.ts writes the answers. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseBreakEven } from '../src/cli/commands/simulate-break-even.ts';
import { parseExplain } from '../src/cli/commands/simulate-explain.ts';
import { policyByName } from '../src/engine/policy/by-name.ts';
import { builtInScenario } from '../src/scenario/by-name.ts';
import { parseSet } from '../src/scenario/set-values.ts';

const page = readFileSync('docs/the-thread.md', 'utf8');
const blocks = [...page.matchAll(/```console\n\$ drainlab (.*)\n([\s\S]*?)```/g)].map(
  ([, words, answer]) => ({ words, answer }),
);

function valuesOf(words: readonly string[], option: string): string[] {
  return words.flatMap((word, i) => (word === option ? [words[i + 1]] : []));
}

test.each(blocks)('drainlab $words', ({ words, answer }) => {
  expect(answer.trim()).not.toBe('');
  const list = words.split(' ');
  for (const names of valuesOf(list, '--policy')) for (const name of names.split(',')) policyByName(name);
  for (const drain of valuesOf(list, '--explain')) parseExplain(drain);
  for (const range of valuesOf(list, '--break-even')) parseBreakEven(range, valuesOf(list, '--by')[0]);
  const sets = valuesOf(list, '--set').map(parseSet);
  if (list[0] === 'simulate' && !list[1].startsWith('--')) builtInScenario(list[1], sets);
  else if (list[0] === 'replay') expect(readFileSync(`${list[1]}/trace.dat`).length).toBeGreaterThan(0);
});

test('every block has its command run by the tool', () => {
  expect(page.match(/<!-- show: /g)).toHaveLength(blocks.length);
  expect(blocks.length).toBeGreaterThan(15);
});

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { costTable, emulatedCosts } from '../src/engine/machine/costs.ts';
import { kernelRules } from '../src/engine/machine/kernel-rules.ts';

const page = readFileSync(join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/model.md'), 'utf8');

/** Rows of the tables: cells without their padding. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('docs/model.md has a line for every rule that changed between kernels', () => {
  const names = Object.keys(kernelRules('6.12')).filter((name) => name !== 'version');
  for (const name of names) expect(rows.filter((row) => row[1] === `\`${name}\``).length, name).toBe(1);
});

test('docs/model.md lists every cost with its values and its source, and no other', () => {
  const number = (value: number) => value.toLocaleString('en').replaceAll(',', ' ');
  const listed = rows.filter((row) => /^`[a-zA-Z]+(Ns|Percent)`$/.test(row[1]));
  expect(listed.map((row) => row[1])).toEqual(costTable.map((row) => `\`${row.name}\``));
  costTable.forEach((cost, i) => {
    const emulated = emulatedCosts[cost.name];
    expect(listed[i].slice(2, 6)).toEqual([
      number(cost.ns),
      emulated === cost.ns ? '' : number(emulated),
      cost.what,
      `${cost.source}: ${cost.from}`,
    ]);
  });
});

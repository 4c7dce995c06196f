/** What is made from other files is up to date: built-in scenarios, their reference page, their JSON Schema. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { taskKinds } from '../src/engine/input/scenario.ts';
import { builtInNames, builtInScenario, builtInText } from '../src/scenario/by-name.ts';
import { scenarioJsonSchema } from '../src/scenario/schema.ts';
import { taskKindMeta } from '../src/scenario/task-kinds.ts';
import { scenarioReference } from '../tools/write-reference.ts';
import { builtInModule } from '../tools/write-scenarios.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

describe('built-in scenarios', () => {
  test('are those of scenarios/ (else: npx tsx tools/write-scenarios.ts)', () => {
    expect(textOf('src/scenario/built-in.ts')).toBe(builtInModule());
  });

  test.each(builtInNames)('%s has no mistake, and says what it shows and which lines it answers', (name) => {
    const scenario = builtInScenario(name);
    expect(scenario.name).toBe(name);
    expect(scenario.title).not.toBe('');
    expect(scenario.about).not.toBe('');
    expect(scenario.thread).toMatch(/Lines \d+-\d+/);
  });

  test('that the issue names are there', () => {
    expect([...builtInNames].sort()).toEqual([
      'contiguous-range',
      'deep-idle',
      'fifo-spinner',
      'hackbench-400-4cpu',
      'hackbench-400-8cpu',
      'isolated-4092',
      'mask-under-pressure',
      'memory-failure',
      'memory-offline',
      'modern-autotune',
      'quiet-drain',
      'reclaim-storm',
      'two-pass-half-empty',
    ]);
  });
});

describe('the page of the format', () => {
  test('is made from the schema (else: npx tsx tools/write-reference.ts)', () => {
    expect(textOf('docs/scenario-format.md')).toBe(scenarioReference());
  });
});

describe('the JSON Schema', () => {
  const published = JSON.parse(textOf('docs/scenario.schema.json'));

  test('that is published is that of the code (else: npx tsx tools/write-reference.ts)', () => {
    expect(published).toEqual(scenarioJsonSchema());
  });

  const validate = new Ajv2020({ allErrors: true }).compile(published);

  test.each(builtInNames)('takes %s', (name) => {
    expect([validate(parse(builtInText(name))), validate.errors]).toEqual([true, null]);
  });

  test('refuses an unknown key, a size without a unit, too many CPUs', () => {
    const machine = { cpus: 8, memory: '496 MiB' };
    const kernel = { version: '3.0' };
    expect(validate({ machine, kernel })).toBe(true);
    expect(validate({ machine: { ...machine, cpu: 8 }, kernel })).toBe(false);
    expect(validate({ machine: { ...machine, memory: '496' }, kernel })).toBe(false);
    expect(validate({ machine: { ...machine, cpus: 8193 }, kernel })).toBe(false);
  });
});

describe('what the format says about tasks', () => {
  test.each(taskKinds)('%s: its further numbers are those that its program reads', (kind) => {
    const folder = join(root, 'src/engine/machine/tasks');
    const file = readdirSync(folder).find((name) => name === `${kind}.ts` || name === `${kind}-churn.ts`);
    const text = textOf(join('src/engine/machine/tasks', String(file)));
    const read = [...text.matchAll(/(?:spec\.)?extra\.(\w+)/g)].map(([, key]) => key);
    const known = Object.keys(taskKindMeta[kind].extra);
    expect(known).toEqual(expect.arrayContaining(read));
    // Read by the population and the loop, for every kind.
    expect([...new Set([...read, 'restartNs', 'unkillable'])].sort()).toEqual(known.sort());
  });
});

/** Writes what is made of the scenario schema: docs/scenario-format.md and docs/scenario.schema.json. After
 * tools/write-scenarios.ts: `npx tsx tools/write-reference.ts`. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as z from 'zod/mini';
import { costTable } from '../src/engine/machine/costs.ts';
import { distributions } from '../src/engine/machine/distributions.ts';
import { builtInNames, builtInScenario, builtInText } from '../src/scenario/by-name.ts';
import { machinePresets } from '../src/scenario/defaults.ts';
import { fieldMeta, scenarioFileSchema } from '../src/scenario/schema.ts';
import { scenarioSchemaText } from '../src/scenario/schema-text.ts';
import { taskKindMeta } from '../src/scenario/task-kinds.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Text of docs/scenario-format.md, before the formatter. */
export function scenarioReference(): string {
  const [, ...example] = builtInText('quiet-drain').split('\n');
  return `${[
    '# The scenario format',
    'Made by `tools/write-reference.ts` from the schema: change that. Version 1 of the format.',
    'A scenario is a machine, its kernel, what runs on it, and how it is run. It is a YAML file, or a TypeScript file with `defineScenario`; both have the same keys. Nearly everything has a default. `drainlab simulate mine.yaml` runs it, `--dry-run` only checks it, and `--set key=value` changes a value for one run: `--set machine.cpus=512`, `--set tasks.reader.count=3` (an entry of a list by its position, its name or its kind).',
    `This is \`quiet-drain\`; \`drainlab simulate --describe quiet-drain --yaml\` prints it:`,
    `\`\`\`yaml\n${example.join('\n').trim()}\n\`\`\``,
    'Editors complete the keys when the first line of the file names the JSON Schema, [scenario.schema.json](scenario.schema.json) (`drainlab schema scenario` prints it):',
    '```yaml\n# yaml-language-server: $schema=./scenario.schema.json\n```',
    '## Values',
    '- **Sizes** have a unit: `496 MiB`, `16 GiB`, `300 pages` (of 4 KiB).\n- **Times** have a unit: `250 ns`, `3 us`, `3 ms`, `60 s`, `2 min`; or are `0`.\n- **Lists of CPUs** are written as the kernel does: `0-3,8`, `0-31:2/8`; `N` is the last CPU, `all` and `none` are words.\n- A **version** is taken as it is written: `3.10` is not 3.1.',
    'Every mistake is told with its place, all at once: `mine.yaml:12:9 tasks.0.cpus: expected CPUs that are online, found CPU 8, offline`. Keys that do not exist are mistakes.',
    ...groupText('The file', scenarioFileSchema, 2),
    '## Kinds of tasks',
    'What a task does. `pages` (or `memory`) means something else for each kind; `extra` has the numbers that only this kind knows.',
    table(
      ['kind', 'what it does', '`pages`', '`extra`'],
      Object.entries(taskKindMeta).map(([kind, meta]) => [
        `\`${kind}\``,
        meta.description,
        meta.pages + (meta.pagesDefault > 0 ? ` (${meta.pagesDefault})` : ''),
        Object.entries(meta.extra)
          .map(([key, extra]) => `\`${key}\`: ${extra.description} (${extra.default})`)
          .join('; '),
      ]),
    ),
    '## Machine presets',
    table(
      ['preset', 'values'],
      Object.entries(machinePresets).map(([name, values]) => [
        `\`${name}\``,
        Object.entries(values)
          .map(([key, value]) => `${key} ${value}`)
          .join(', '),
      ]),
    ),
    '## Distributions',
    'What `kernel.distribution` sets. Each value is read, said in a mail, follows by rule, or is from memory: `src/engine/machine/distributions.ts` says which. A kernel’s own configuration (`kernel.config`) is better than any of them.',
    table(
      ['distribution', '', 'version', 'nrCpus', 'offstack', 'slab', 'batchScaleMax'],
      Object.values(distributions).map((values) => [
        `\`${values.name}\``,
        values.title,
        values.version,
        String(values.nrCpus),
        String(values.offstack),
        values.slab,
        String(values.batchScaleMax),
      ]),
    ),
    '## Costs',
    'Names and defaults of `costs`, in ns. [model.md](model.md) says where they come from.',
    table(
      ['cost', 'ns', 'what', 'source'],
      costTable.map(({ name, ns, what, source, from }) => [
        `\`${name}\``,
        String(ns),
        what,
        `${source}: ${from}`,
      ]),
    ),
    '## Built-in scenarios',
    table(
      ['name', 'what it shows', 'the thread'],
      builtInNames.map((name) => {
        const { title, thread } = builtInScenario(name);
        return [`[${name}](../scenarios/${name}.yaml)`, title, thread.trim().replace(/\s+/g, ' ')];
      }),
    ),
    '## In TypeScript',
    `\`\`\`ts\nimport { defineScenario } from 'drainlab/scenario';\n\nexport default defineScenario({\n  machine: { cpus: 64, memory: '2 GiB', isolated: '4-N' },\n  kernel: { distribution: 'sles-2011' },\n  tasks: [{ kind: 'reader', count: 4, cpus: '0-3' }],\n});\n\`\`\``,
    '`drainlab simulate mine.ts` runs it. In a program, `simulate(scenario, policy, seed)` of `drainlab` takes what `defineScenario` and `readYaml` return ([library.md](library.md)).',
  ].join('\n\n')}\n`;
}

/** A heading and a table for a map of keys, and the same for the maps in it. */
function groupText(title: string, schema: z.core.$ZodType, level: number, path = ''): string[] {
  const { shape } = schema._zod.def as z.core.$ZodObjectDef;
  const rows: string[][] = [];
  const inner: string[] = [];
  for (const [key, field] of Object.entries(shape)) {
    const { description = '', default: otherwise, examples } = fieldMeta.get(field) ?? {};
    const { type, group } = typeOf(field);
    const shown = otherwise === undefined ? '' : typeof otherwise === 'string' ? otherwise : code(otherwise);
    const example = examples === undefined ? '' : ` Such as ${examples.map(code).join(', ')}.`;
    rows.push([`\`${key}\`${isOptional(field) ? '' : ' **needed**'}`, type, shown, description + example]);
    if (group) inner.push(...groupText(`\`${path}${key}\``, group, 2, `${path}${key}.`));
  }
  return [`${'#'.repeat(level)} ${title}`, table(['key', 'value', 'default', ''], rows), ...inner];
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function isOptional(schema: z.core.$ZodType): boolean {
  return schema._zod.def.type === 'optional';
}

/** What may stand there, in words: the message that a wrong value gets. */
function typeOf(schema: z.core.$ZodType): { type: string; group?: z.core.$ZodType } {
  const def = schema._zod.def;
  switch (def.type) {
    case 'optional':
      return typeOf((def as z.core.$ZodOptionalDef).innerType);
    case 'object':
      return { type: 'keys below', group: schema };
    case 'array': {
      const { type, group } = typeOf((def as z.core.$ZodArrayDef).element);
      return group ? { type: 'list of entries, keys below', group } : { type: `list: ${type}` };
    }
    case 'enum':
      return {
        type: Object.values((def as z.core.$ZodEnumDef).entries)
          .map(code)
          .join(', '),
      };
    default: {
      const { error } = def as { error?: (issue: never) => unknown };
      return { type: String(error?.({} as never) ?? def.type) };
    }
  }
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const escaped = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...escaped.map((row) => row[column].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(escaped[0]), rule, ...escaped.slice(1).map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'docs/scenario-format.md'), scenarioReference());
  writeFileSync(join(root, 'docs/scenario.schema.json'), scenarioSchemaText());
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  execFileSync(process.execPath, [biome, 'format', '--write', join(root, 'docs/scenario.schema.json')]);
}

/**
 * The published tests of the patch, and which conditions would give their figures: hackbench on 8 CPUs with what the mails do not
 * say varied one by one. The tables of docs/validation.md.
 *
 *     npx tsx bench/published-tests.ts [SEEDS]
 */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../src/engine/input/scenario.ts';
import { everyone, staticMask } from '../src/engine/policy/built-in.ts';
import { simulate } from '../src/engine/simulate.ts';
import { defineScenario, parseSet, readYaml, type ScenarioFile } from '../src/scenario/index.ts';

const seeds = Number(process.argv[2] ?? 3);
const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Outcome {
  drains: number;
  /** Drains whose mask has fewer than half of the online CPUs: the counter of the posted patch. */
  saved: number;
  interrupts: number;
  meanHolders: number;
  stalls: number;
  kills: number;
}

function outcome(scenario: Scenario, policy = staticMask): Outcome {
  const sum: Outcome = { drains: 0, saved: 0, interrupts: 0, meanHolders: 0, stalls: 0, kills: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    const { drains, counters } = simulate(scenario, policy, seed);
    for (let i = 0; i < drains.length; i++) {
      sum.drains++;
      if (drains.targets[i] < drains.online[i] >> 1) sum.saved++;
      sum.interrupts += drains.interrupts[i];
      sum.meanHolders += drains.holders[i];
    }
    sum.stalls += counters.allocstall;
    sum.kills += counters.oomKills;
  }
  sum.meanHolders /= Math.max(1, sum.drains);
  return sum;
}

const row = (columns: readonly (string | number)[]) => console.log(`| ${columns.join(' | ')} |`);
const share = (part: number, of: number, digits = 1) =>
  of === 0 ? '–' : `${((100 * part) / of).toFixed(digits)} %`;
const perDrain = (result: Outcome) =>
  result.drains === 0 ? '–' : (result.interrupts / result.drains).toFixed(2);

function builtIn(name: string, ...sets: string[]): Scenario {
  const file = `${name}.yaml`;
  return readYaml(readFileSync(join(root, 'scenarios', file), 'utf8'), { file, sets: sets.map(parseSet) });
}

row(['test', 'drains', 'saved', 'interrupts a drain', 'unpatched']);
row(new Array(5).fill('---'));
row(['published, v9, 8 CPUs', 3647, '99.9 %', '0.01', '7.00']);
for (const [label, scenario] of [
  ['hackbench-400-8cpu', builtIn('hackbench-400-8cpu')],
  ['published, v5, 4 CPUs, mistake in the mask', null],
  ['hackbench-400-4cpu, with the mistake', builtIn('hackbench-400-4cpu')],
  ['hackbench-400-4cpu, without it', builtIn('hackbench-400-4cpu', 'kernel.lastZoneDecides=false')],
] as const) {
  if (scenario === null) {
    row([label, 627, '92.2 %', '–', '3.00']);
    continue;
  }
  const patched = outcome(scenario);
  row([
    label,
    patched.drains,
    share(patched.saved, patched.drains),
    perDrain(patched),
    perDrain(outcome(scenario, everyone)),
  ]);
}

/** hackbench 400 on 8 CPUs of a machine that is nearly full, and what varies. */
function condition(changes: {
  readers?: number;
  readerSleep?: string;
  walkers?: number;
  cache?: string;
  host?: number;
  version?: string;
  parents?: number;
  cpus?: number;
}): Scenario {
  const tasks: NonNullable<ScenarioFile['tasks']> = [
    { kind: 'hackbench', count: changes.parents ?? 1, extra: { groups: 400 / (changes.parents ?? 1) } },
  ];
  if ((changes.readers ?? 0) > 0) {
    tasks.push({
      kind: 'reader',
      count: changes.readers ?? 0,
      sleep: changes.readerSleep ?? '100 us',
      extra: { unkillable: 1 },
    });
  }
  if ((changes.walkers ?? 0) > 0)
    tasks.push({ kind: 'walker', count: changes.walkers ?? 0, extra: { unkillable: 1 } });
  return defineScenario({
    machine: {
      cpus: changes.cpus ?? 8,
      memory: '496 MiB',
      used: '300 MiB',
      cache: changes.cache ?? '0 MiB',
      idle: 'none',
      interrupts: 'shorthand',
      ...(changes.host === undefined ? {} : { host: { cpus: changes.host, slice: '4 ms' } }),
    },
    kernel: { version: changes.version ?? '3.3' },
    tasks,
    run: { seconds: 4 },
  });
}

console.log('');
row(['condition', 'drains', 'saved', 'interrupts a drain', 'mean holders', 'direct reclaims', 'kills']);
row(new Array(7).fill('---'));
const conditions: [string, Parameters<typeof condition>[0]][] = [
  ['nothing but hackbench', {}],
  ['100 MiB of page cache at the start, never read again', { cache: '100 MiB' }],
  ['one reader', { readers: 1 }],
  ['one reader without a pause', { readers: 1, readerSleep: '0 ms' }],
  ['one reader, kernel 5.10', { readers: 1, version: '5.10' }],
  ['one reader, 64 CPUs', { readers: 1, cpus: 64 }],
  ['one reader, 1 ms between reads', { readers: 1, readerSleep: '1 ms' }],
  ['one reader, 10 ms between reads', { readers: 1, readerSleep: '10 ms' }],
  ['two readers', { readers: 2 }],
  ['two readers, 1 ms between reads', { readers: 2, readerSleep: '1 ms' }],
  ['two readers, 10 ms between reads', { readers: 2, readerSleep: '10 ms' }],
  ['four readers', { readers: 4 }],
  ['eight readers', { readers: 8 }],
  ['two readers, a walker', { readers: 2, walkers: 1 }],
  ['two readers, eight hackbench at once', { readers: 2, parents: 8 }],
  ['two readers, guest on 1 processor', { readers: 2, host: 1 }],
  ['two readers, guest on 2 processors', { readers: 2, host: 2 }],
  ['two readers, guest on 4 processors', { readers: 2, host: 4 }],
  ['one reader, guest on 1 processor', { readers: 1, host: 1 }],
  ['two readers, kernel 5.10', { readers: 2, version: '5.10' }],
  ['two readers, 64 CPUs', { readers: 2, cpus: 64 }],
];
for (const [label, changes] of conditions) {
  const result = outcome(condition(changes));
  row([
    label,
    result.drains,
    share(result.saved, result.drains),
    perDrain(result),
    result.drains === 0 ? '–' : result.meanHolders.toFixed(2),
    result.stalls,
    result.kills,
  ]);
}

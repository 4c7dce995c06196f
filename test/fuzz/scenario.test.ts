/** Scenarios at random: any text is read or refused with one clear error; what is accepted runs, and loses no page. */

import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { DrainlabError } from '../../src/base/errors.ts';
import type { Scenario } from '../../src/engine/input/scenario.ts';
import { builtInPolicies } from '../../src/engine/policy/built-in.ts';
import { Simulation } from '../../src/engine/simulation.ts';
import { builtInNames, builtInText } from '../../src/scenario/by-name.ts';
import { estimatedBytes } from '../../src/scenario/estimate-memory.ts';
import { readYaml } from '../../src/scenario/read-yaml.ts';
import { parseSet } from '../../src/scenario/set-values.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';

const texts = builtInNames.map(builtInText);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const fuzzMs = 4000;

/** The scenario, or null if it is refused as it should be. */
function readOrRefused(text: string, story: string): Scenario | null {
  const began = process.cpuUsage();
  try {
    return readYaml(text, { file: 'fuzz.yaml' });
  } catch (error) {
    if (!(error instanceof DrainlabError)) throw new Error(`${story}: ${String(error)}\n${text}`);
    expect([story, error.code]).toEqual([story, expect.stringMatching(/^E_SCENARIO/)]);
    expect(error.message).toContain('expected ');
    expect(error.hint).not.toBe('');
    return null;
  } finally {
    const used = process.cpuUsage(began);
    expect([story, (used.user + used.system) / 1e6 < 2]).toEqual([story, true]);
  }
}

const nasty = [0, 1, -1, 2, 3, 7, 1.5, 63, 64, 65, 512, 4096, 8191, 8192, 8193, 1e9, 1e15, 1e300, -0.1, null];
const words = [
  '',
  ' ',
  '0',
  '1 page',
  '4 KiB',
  '32 MiB',
  '64 MiB',
  '1 GiB',
  '1 ms',
  '10 ms',
  '1 s',
  '3.0',
  '4.19',
];
words.push(
  '5.10',
  '6.12',
  '7.0',
  'all',
  'none',
  'N',
  '0-N',
  '0,2',
  '1-3:1/2',
  '3-1',
  'everyone',
  'remote',
  'DMA',
);
words.push(
  'Normal 1',
  'slab',
  'true',
  '__proto__',
  'x'.repeat(300),
  '\u{1f600}',
  '*a',
  '&a',
  '.inf',
  '{',
  '- -',
);

/** Puts something else in the place of a random value, takes a key away or adds one. */
function changed(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(6)) {
    return random.chance(2) ? random.pick(nasty) : random.pick(words);
  }
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = Object.keys(copy);
  const key = keys.length === 0 ? 'x' : random.pick(keys);
  if (random.chance(10)) delete copy[key];
  else if (random.chance(15)) copy[random.pick(words)] = random.pick(nasty);
  else copy[key] = changed(copy[key], random);
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** A machine that runs in milliseconds. */
function smallTree(random: Random): Record<string, unknown> {
  const tree = parse(random.pick(texts)) as Record<string, Record<string, unknown>>;
  tree.kernel.version = random.pick([
    '3.0',
    '3.4',
    '4.9',
    '4.19',
    '5.10',
    '5.15',
    '6.1',
    '6.8',
    '6.12',
    '6.19',
    '7.0',
  ]);
  if (Number(tree.kernel.version) > 6.7) tree.kernel.slab = 'slub';
  tree.machine = { cpus: 1 + random.below(20), memory: random.pick(['64 MiB', '96 MiB', '128 MiB']) };
  if (random.chance(3)) tree.machine.idle = random.pick(['none', 'nehalem', 'sapphire-rapids']);
  for (const task of (tree.tasks ?? []) as unknown as Record<string, unknown>[]) {
    delete task.cpus;
    task.count = 1 + random.below(4);
    if (task.memory !== undefined) task.memory = random.pick(['1 MiB', '30 MiB', '100 MiB']);
    task.start = random.pick(['0', '1 ms']);
  }
  for (const call of (tree.calls ?? []) as unknown as Record<string, unknown>[]) {
    Object.assign(call, { cpu: 0, start: '1 ms', every: '2 ms' });
    delete call.zone;
  }
  tree.run = { seconds: 0.02, stepPages: random.pick([1, 16, 100]), checkEvery: random.pick([0, 0, 7]) };
  return tree;
}

describe('a scenario at random', () => {
  test('of damaged text is read or refused with one clear error', () => {
    const end = Date.now() + fuzzMs / 2;
    const outcomes = new Map<string, number>();
    const others = texts.map((text) => encoder.encode(text));
    for (let number = 0; Date.now() < end; number++) {
      const random = new Random(1000 + number);
      const text = decoder.decode(mutate(encoder.encode(random.pick(texts)), random, others));
      const outcome = readOrRefused(text, `damaged ${number}`) === null ? 'refused' : 'read';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['read', 'refused']);
  });

  test('of changed values is refused, or runs and loses no page', () => {
    const end = Date.now() + fuzzMs;
    let ran = 0;
    let refused = 0;
    for (let number = 0; Date.now() < end; number++) {
      const random = new Random(number);
      let tree: unknown = smallTree(random);
      for (let changes = random.below(4); changes > 0; changes--) tree = changed(tree, random);
      const story = `changed ${number}`;
      const scenario = readOrRefused(stringify(tree), story);
      if (scenario === null) refused++;
      // What is large is read, not run.
      else if (estimatedBytes(scenario) < 160 << 20 && scenario.run.seconds < 1) {
        const policy = random.pick(builtInPolicies);
        try {
          const bounded = { ...scenario, run: { ...scenario.run, maxEvents: 5000 } };
          const simulation = new Simulation(bounded, policy, number);
          while (simulation.runUntil(simulation.nowNs + 1e7));
          simulation.finish();
        } catch (error) {
          throw new Error(`${story}, ${policy.name}: ${(error as Error).stack}\n${stringify(tree)}`);
        }
        ran++;
      }
    }
    expect(ran).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  }, 60_000);

  test('of --set texts is a value or E_SET', () => {
    for (let number = 0; number < 2000; number++) {
      const random = new Random(number);
      const bytes = mutate(
        encoder.encode(random.pick(['machine.cpus=512', 'tasks.0.rate=1', 'a.b=[1, {c: 2}]'])),
        random,
        [encoder.encode('machine.memory=1 GiB')],
      );
      const text = decoder.decode(bytes);
      try {
        expect(parseSet(text).path.length).toBeGreaterThan(0);
      } catch (error) {
        expect([number, (error as DrainlabError).code]).toEqual([number, 'E_SET']);
      }
    }
  });
});

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shippedRecordings } from '../../test/recordings.ts';
import { openRecording } from '../cli/recording.ts';
import { builtInPolicies } from '../engine/policy/built-in.ts';
import { policyByName } from '../engine/policy/by-name.ts';
import { replay } from '../engine/replay.ts';
import { simulatedVerdict } from '../engine/report/simulated-verdict.ts';
import { writeJson } from '../engine/report/write-json.ts';
import { simulate } from '../engine/simulate.ts';
import { builtInNames, builtInScenario, builtInText } from '../scenario/by-name.ts';
import { parseSet } from '../scenario/set-values.ts';
import { EngineHost } from './engine-host.ts';
import type { CallName, Calls, FromEngine, NamedFile } from './messages.ts';

/** Asks a host as a page would; every message goes through a structured clone. */
function pageOf() {
  const messages: FromEngine[] = [];
  const waiting = new Map<number, (message: FromEngine) => void>();
  const host = new EngineHost(
    (message) => {
      const told = structuredClone(message);
      messages.push(told);
      if (!('progress' in told)) waiting.get(told.id)?.(told);
    },
    () => performance.now(),
  );
  let next = 0;
  const begin = <Name extends CallName>(call: Name, ask: Calls[Name]['ask']) => {
    const id = next++;
    const ended = new Promise<FromEngine>((resolve) => waiting.set(id, resolve));
    void host.receive({ id, call, ask });
    return { id, ended };
  };
  return {
    messages,
    cancel: (id: number) => host.receive({ id, cancel: true }),
    begin,
    async ask<Name extends CallName>(call: Name, ask: Calls[Name]['ask']): Promise<Calls[Name]['answer']> {
      const message = await begin(call, ask).ended;
      if ('error' in message) throw new Error(`${message.error.code} ${message.error.message}`);
      return 'answer' in message ? (message.answer as Calls[Name]['answer']) : (null as never);
    },
  };
}

function filesBelow(folder: string, root = folder): NamedFile[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesBelow(path, root);
    return [{ path: relative(join(root, '..'), path), blob: new Blob([readFileSync(path)]) }];
  });
}

describe('the engine in its worker', () => {
  const folder = join(shippedRecordings, '6.12-remote');

  it.each(['6.12-remote', 'light-6.12'])(
    'gives the verdict of a dropped folder byte for byte as the command line prints it: %s',
    async (name) => {
      const folder = join(shippedRecordings, name);
      const { verdict, drains, machine } = await pageOf().ask('open', { files: filesBelow(folder) });
      const { reader, machine: recorded, snapshots, kernel } = await openRecording(folder);
      const answer = await replay(reader, recorded, snapshots, { name, kernel });
      await reader.close();
      expect(verdict).toBe(writeJson(answer));
      expect(drains.length).toBe(answer.drains.requested);
      expect(machine.cpuCount).toBe(answer.source.cpus);
      // The sum over drains of what each policy disturbs is the verdict's own, which leaves out who was turned away.
      for (const [i, name] of drains.policies.entries()) {
        const { disturbed } = answer.policies.find((policy) => policy.name === name) ?? { disturbed: -1 };
        const sum = drains.disturbed[i].reduce((all, n, at) => all + (drains.turnedAway[at] ? 0 : n), 0);
        expect([name, sum]).toEqual([name, disturbed]);
      }
    },
  );

  it('answers for any moment and any drain', async () => {
    const page = pageOf();
    const { recording, toNs, drains } = await page.ask('open', { files: filesBelow(folder) });
    const tile = await page.ask('tile', { recording, fromNs: 0, toNs, columns: 50 });
    expect(tile.most.length).toBe(50 * 8);
    expect(Math.max(...tile.most)).toBeGreaterThan(0);
    const last = await page.ask('pagesAt', { recording, timeNs: toNs });
    expect(last.length).toBe(8);
    const story = await page.ask('drain', { recording, number: 0 });
    expect(story.drain.timeNs).toBe(drains.timeNs[0]);
    expect(story.targets.length).toBe(drains.policies.length);
    expect(story.drain.holders.every((cpu) => story.pages[cpu] > 0)).toBe(true);
  });

  it('tells what is wrong with a file as the reader does, and what is wrong with the files', async () => {
    const page = pageOf();
    const open = (...files: NamedFile[]) => page.ask('open', { files });
    const file = (path: string, text: string): NamedFile => ({ path, blob: new Blob([text]) });
    await expect(open(file('notes.txt', 'nothing'))).rejects.toThrow(/^E_TRACE_UNKNOWN_FORMAT/);
    await expect(open(file('a/x', ''), file('a/y', ''))).rejects.toThrow(
      /^E_NO_RECORDING there is no recording/,
    );
    await expect(open(file('a/trace.dat', ''), file('b/trace.dat', ''))).rejects.toThrow(
      /several recordings/,
    );
    await expect(page.ask('tile', { recording: 9, fromNs: 0, toNs: 1, columns: 1 })).rejects.toThrow(
      /E_NO_RECORDING/,
    );
  });

  it('ends what is called off', async () => {
    const page = pageOf();
    const { id, ended } = page.begin('open', { files: filesBelow(folder) });
    await page.cancel(id);
    expect(await ended).toEqual({ id, error: expect.objectContaining({ code: 'E_CANCELLED' }) });
  });
});

describe('scenarios in the worker', () => {
  const file = 'reclaim-storm.yaml';
  const yaml = builtInText('reclaim-storm');
  const sets = ['run.seconds=0.1', 'run.seeds=1'];

  it('give the verdict that the command line prints, byte for byte', async () => {
    const { verdict } = await pageOf().ask('simulate', { yaml, file, sets });
    const scenario = builtInScenario('reclaim-storm', sets.map(parseSet));
    const names =
      scenario.run.policies.length > 0 ? scenario.run.policies : builtInPolicies.map(({ name }) => name);
    const runs = Array.from({ length: scenario.run.seeds }, (_, i) => scenario.run.seed + i).flatMap((seed) =>
      [...new Set([scenario.run.baseline, ...names])].map((name) =>
        simulate(scenario, policyByName(name), seed),
      ),
    );
    expect(verdict).toBe(writeJson(simulatedVerdict(runs, scenario)));
  });

  it('are opened like a recording: every drain, and pages of the machine', async () => {
    const page = pageOf();
    const opened = await page.ask('simulateOne', { yaml, file, sets, policy: 'everyone' });
    const run = simulate(builtInScenario('reclaim-storm', sets.map(parseSet)), policyByName('everyone'), 1);
    expect(opened.drains.length).toBe(run.drains.length);
    const tile = await page.ask('tile', {
      recording: opened.recording,
      fromNs: 0,
      toNs: opened.toNs,
      columns: 20,
    });
    expect(Math.max(...tile.most)).toBeGreaterThan(0);
  });

  it('are listed with their texts, and with the form that an editor completes from', async () => {
    const { scenarios, schema, costs } = await pageOf().ask('scenarios', {});
    expect(scenarios.map(({ name }) => name)).toEqual(builtInNames);
    expect(scenarios.find(({ name }) => name === 'reclaim-storm')?.yaml).toBe(yaml);
    expect(JSON.parse(schema)).toEqual(
      JSON.parse(readFileSync(new URL('../../docs/scenario.schema.json', import.meta.url), 'utf8')),
    );
    expect(costs.maskFastNs).toBe(60);
  });

  it('are checked with the place of each mistake', async () => {
    const { mistakes } = await pageOf().ask('checkScenario', { yaml: yaml.replace(/^machine:/m, 'machin:') });
    expect(mistakes.length).toBeGreaterThan(0);
    expect(mistakes[0].line).toBeGreaterThan(0);
    expect(mistakes.some(({ message }) => message.includes('did you mean machine'))).toBe(true);
    const { facts, mistakes: none } = await pageOf().ask('checkScenario', { yaml, sets });
    expect([none, facts?.seconds, facts?.policies[0]]).toEqual([[], 0.1, 'everyone']);
    const broken = await pageOf().ask('checkScenario', { yaml: 'machine:\n  nod\n  cpus: 8\n' });
    expect(broken.mistakes[0]).toMatchObject({ line: 2, column: 3 });
    expect(broken.mistakes[0].message).toMatch(/^expected YAML/);
  });
});

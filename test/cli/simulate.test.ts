/** `drainlab simulate` and `drainlab schema` as a list: what is typed, the exit code, what must be printed (and where). */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { compiledMain } from './compiled.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Not the folder of drainlab: a user's files lie anywhere. */
const elsewhere = mkdtempSync(join(tmpdir(), 'drainlab-simulate-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const main = compiledMain();

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** `input` goes to standard input; `interruptMs`: Ctrl-C after so long. */
function drainlab(args: readonly string[], { input = '', interruptMs = 0 } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: elsewhere,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (bytes) => {
    ended.out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    ended.err += bytes;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  if (interruptMs > 0) setTimeout(() => child.kill('SIGINT'), interruptMs);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

function file(name: string, text: string): string {
  writeFileSync(join(elsewhere, name), text);
  return `./${name}`;
}

/** A small machine that drains a few times a second. */
const small = `machine: { cpus: 8, memory: 64 MiB, isolated: 6-7 }
kernel: { distribution: sles-2011 }
tasks:
  - { kind: sleeper, count: 16, sleep: 100 ms }
calls:
  - { cause: soft-offline, start: 500 ms, every: 500 ms }
run: { seconds: 3, policies: [everyone, static-mask] }
`;
const smallFile = file('small.yaml', small);
const policy = (name: string, rule: string) =>
  file(
    `${name}.ts`,
    `import { definePolicy } from 'drainlab';\nexport default definePolicy({ name: '${name}', select: { who: 'custom', choose: (request, targets): void => {\n  ${rule}\n} } });\n`,
  );
const config = file('config', 'CONFIG_NR_CPUS=8192\nCONFIG_CPUMASK_OFFSTACK=y\nCONFIG_SLUB=y\n');

type Case = [typed: string[], code: number, out: RegExp | null, err: RegExp | null];

const cases: Case[] = [
  // Help, lists, schema.
  [['simulate', '--help'], 0, /drainlab simulate quiet-drain/, null],
  [['simulate', '--list'], 0, /hackbench-400-8cpu[\s\S]*isolated-4092[\s\S]*modern-autotune/, null],
  [
    ['simulate', '--describe', 'isolated-4092'],
    0,
    /The thread: Lines 127-132: [\s\S]*4096 CPUs, isolated 4-4095/,
    null,
  ],
  [
    ['simulate', '--describe', 'quiet-drain', '--yaml'],
    0,
    /^# yaml-language-server: [\s\S]*\nmachine:\n/,
    null,
  ],
  [['simulate', '--describe', smallFile], 0, /16 × sleeper on CPUs 0-5\n/, null],
  [['simulate', '--describe', 'quiet'], 2, null, /there is no scenario "quiet" \[E_SCENARIO_NAME\]/],
  [['schema', 'scenario'], 0, /"\$schema": "https:\/\/json-schema\.org\/draft\/2020-12\/schema"/, null],
  [['schema', 'verdict'], 2, null, /Allowed choices are scenario/],
  // Wrong use.
  [['simulate'], 2, null, /no scenario is named \[E_SCENARIO_NAME\]/],
  [['simulate', 'quiet-drian'], 2, null, /Did you mean quiet-drain\?/],
  [['simulate', './none.yaml'], 2, null, /\.\/none\.yaml: there is no such file \[E_SCENARIO_FILE\]/],
  [['simulate', smallFile, '--sets', 'x'], 2, null, /unknown option '--sets'\n\(Did you mean --set\?\)/],
  [['simulate', smallFile, '--set', 'cpus'], 2, null, /--set cpus is no key and value \[E_SET\]/],
  [
    ['simulate', smallFile, '--set', 'tasks.reader.count=3'],
    2,
    null,
    /names "reader", and the list has 0 \(sleeper\) \[E_SET\]/,
  ],
  [['simulate', smallFile, '--set', '__proto__.x=1'], 2, null, /E_SET/],
  [['simulate', smallFile, '--seeds', 'many'], 2, null, /Write a whole number/],
  [['simulate', smallFile, '--max-memory', 'much'], 2, null, /--max-memory much is no size/],
  [
    ['simulate', smallFile, '--max-memory', '1 MiB'],
    2,
    null,
    /needs up to \d+ MiB, and 1 MiB are allowed \[E_SCENARIO_MEMORY\]/,
  ],
  [['simulate', smallFile, '--set', 'machine.memory=40 TiB'], 2, null, /\[E_SCENARIO_MEMORY\]/],
  [
    ['simulate', smallFile, '--policy', 'twopass'],
    2,
    null,
    /no policy "twopass" \[E_POLICY\]\n {2}Did you mean two-pass\?/,
  ],
  [['simulate', smallFile, '--fail-on', 'two-pass.interrupts>1'], 2, null, /E_FAIL_ON/],
  // Bad input.
  [
    ['simulate', file('bad.yaml', 'machine: { cpus: 8, memry: 1 GiB }\nkernel: {}\n')],
    3,
    null,
    /^drainlab: \.\/bad\.yaml:1:21 machine\.memry: expected a key of this form, found "memry", which is none \(did you mean memory\?\) \[E_SCENARIO\]\n/,
  ],
  [
    ['simulate', smallFile, '--set', 'machine.isolated=6-9'],
    3,
    null,
    /--set machine\.isolated=6-9 machine\.isolated: expected CPUs of 0-7 \(machine\.cpus is 8\), found CPU 8-9 \[E_SCENARIO_CONTRADICTION\]/,
  ],
  [
    ['simulate', smallFile, '--seconds', '0.2'],
    3,
    null,
    /calls\.0\.start: expected a time before the end at 0\.2 s, found 0\.5 s/,
  ],
  [['simulate', file('no.yaml', '\0\0')], 3, null, /E_SCENARIO_YAML/],
  [
    ['simulate', file('empty.ts', 'export const x = 1;')],
    2,
    null,
    /it exports no scenario \[E_SCENARIO_FILE\]/,
  ],
  [
    ['simulate', file('throws.ts', "throw new Error('no idea');")],
    2,
    null,
    /throws\.ts:1:\d+: no idea \[E_SCENARIO_FILE\]/,
  ],
  [
    [
      'simulate',
      file(
        'mistake.ts',
        "import { defineScenario } from 'drainlab/scenario';\nexport default defineScenario({ machine: { cpus: 0, memory: '1 GiB' }, kernel: { version: '3.0' } });",
      ),
    ],
    3,
    null,
    /mistake\.ts:2:\d+: machine\.cpus: expected a whole number from 1 to 8192, found 0 \[E_SCENARIO\]/,
  ],
  // Answers.
  [
    ['simulate', smallFile, '--dry-run'],
    0,
    /^small: no mistake found; a run needs at most \d+ MiB\.\n$/,
    null,
  ],
  [['simulate', smallFile], 0, /small[\s\S]* 8 CPUs \(isolated 6-7\)/, null],
  [
    ['simulate', smallFile, '--csv'],
    0,
    /^recording,kernel[^\n]*\nsmall,3\.0,8[^\n]*everyone[^\n]*\nsmall,3\.0,8[^\n]*static-mask/,
    null,
  ],
  [['simulate', smallFile, '--format', 'mmtests'], 0, /everyone +static-mask\nOps drains +5\.00/, null],
  [
    ['simulate', smallFile, '--fail-on', 'everyone.interrupts>1'],
    1,
    /./,
    /check failed: small: everyone\.interrupts>1: everyone\.interrupts is 35/,
  ],
  [
    ['simulate', smallFile, '--set', 'machine.cpus=1000', '--set', 'machine.memory=256 MiB', '--csv'],
    0,
    /small,3\.0,1000/,
    null,
  ],
  [
    [
      'simulate',
      smallFile,
      '--set',
      `kernel.config=${config}`,
      '--set',
      'kernel.version=5.10',
      '--policy',
      'worker',
      '--csv',
    ],
    0,
    /small,5\.10,8[^\n]*worker/,
    null,
  ],
  [['simulate', smallFile, '--max-events', '100'], 0, /^2 runs of 2 ended at the limit of events/, null],
  // A policy of one's own.
  [
    [
      'simulate',
      smallFile,
      '--policy',
      policy('others', 'for (const cpu of request.holders) if (cpu > 0) targets.add(cpu);'),
      '--csv',
    ],
    0,
    /small,[^\n]*,others,/,
    null,
  ],
  [
    [
      'simulate',
      smallFile,
      '--policy',
      policy('offline', 'targets.add(5);'),
      '--set',
      'machine.online=0-4,6-7',
    ],
    2,
    null,
    /offline\.ts:3:\d+: policy "offline" fails at drain 0: CPU 5 is not online \[E_POLICY_ANSWER\]/,
  ],
  [
    ['simulate', smallFile, '--policy', policy('throws-at-drain', "throw new Error('no idea');")],
    2,
    null,
    /throws-at-drain\.ts:3:\d+: policy "throws-at-drain" fails at drain 0: no idea \[E_POLICY_ANSWER\]/,
  ],
  [
    ['simulate', smallFile, '--policy', policy('endless', 'for (;;) targets.clear();')],
    2,
    null,
    /has not answered for 5 s at one drain \[E_POLICY_ENDLESS\]/,
  ],
  [['simulate', smallFile, '--policy', './none.ts'], 2, null, /there is no such file \[E_POLICY_FILE\]/],
  // A closer look.
  [
    ['simulate', smallFile, '--policy', 'static-mask', '--explain', 'drain=2'],
    0,
    /^Drain 2 of small under static-mask, Linux 3\.0, at 1\.5\d* s/,
    null,
  ],
  [['simulate', smallFile, '--explain', 'drain=99'], 2, null, /has 5 drains, numbered 0 to 4 \[E_EXPLAIN\]/],
  [['simulate', '--break-even', 'cpus=2..16'], 0, /where|cost/, null],
  [['simulate', '--break-even', 'cpus=1..2'], 2, null, /E_BREAK_EVEN/],
];

describe('drainlab simulate', () => {
  test.concurrent.each(cases)('%j ends with %i', async (typed, code, out, err) => {
    const ended = await drainlab(typed);
    expect({ ...ended, out: out ? ended.out : '' }).toEqual({
      code,
      out: out ? expect.stringMatching(out) : '',
      err: err ? expect.stringMatching(err) : '',
    });
  });

  test('reads a scenario from standard input', async () => {
    const ended = await drainlab(['simulate', '-', '--csv'], { input: small });
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/\nstandard-input,3\.0,8/);
  });

  test('runs a TypeScript file as the YAML file with the same values', async () => {
    const typed = file(
      'small.ts',
      `import { defineScenario } from 'drainlab/scenario';
export default defineScenario({
  machine: { cpus: 8, memory: '64 MiB', isolated: '6-7' },
  kernel: { distribution: 'sles-2011' },
  tasks: [{ kind: 'sleeper', count: 16, sleep: '100 ms' }],
  calls: [{ cause: 'soft-offline', start: '500 ms', every: '500 ms' }],
  run: { seconds: 3, policies: ['everyone', 'static-mask'] },
});
`,
    );
    const [a, b] = await Promise.all(
      [typed, smallFile].map((name) => drainlab(['simulate', name, '--json'])),
    );
    expect([a.code, b.code]).toEqual([0, 0]);
    expect(a.out).toBe(b.out);
    expect(JSON.parse(a.out)).toMatchObject({ schema: 'drainlab.verdict/1', source: { kind: 'scenario' } });
  });

  test('takes the example as it is shipped', async () => {
    const ended = await drainlab(['simulate', join(root, 'examples/isolated-node.ts'), '--dry-run']);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/^isolated-node: no mistake found/);
  });

  test('gives the same bytes for the same seed, others for another', async () => {
    const run = (seed: string) => drainlab(['simulate', smallFile, '--seed', seed, '--json']);
    const [a, b, c] = await Promise.all(['7', '7', '8'].map(run));
    expect(a.out).toBe(b.out);
    expect(a.out).not.toBe(c.out);
  });

  test('Ctrl-C gives the verdict so far, marked partial, with every policy', async () => {
    const ended = await drainlab(
      ['simulate', 'reclaim-storm', '--seconds', '1000', '--policy', 'selective'],
      {
        interruptMs: 4000,
      },
    );
    expect(ended.code).toBe(130);
    expect(ended.out).toMatch(/^Partial: stopped by Ctrl-C\.\n/);
    expect(ended.out).toMatch(/\neveryone[\s\S]*\nselective/);
    expect(ended.err).toBe('');
  });

  test('--max-seconds ends it likewise, as success', async () => {
    const ended = await drainlab([
      'simulate',
      'reclaim-storm',
      '--seconds',
      '1000',
      '--max-seconds',
      '2',
      '--csv',
    ]);
    expect(ended.code).toBe(0);
    expect(ended.out.split('\n').length).toBe(10);
  });

  test('what --yaml prints is a scenario that runs', async () => {
    const { out } = await drainlab(['simulate', '--describe', 'quiet-drain', '--yaml']);
    expect(out).toBe(readFileSync(join(root, 'scenarios/quiet-drain.yaml'), 'utf8'));
    expect((await drainlab(['simulate', '-', '--dry-run'], { input: out })).code).toBe(0);
  });
});

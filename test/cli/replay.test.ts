/** The command line as a list: what is typed, the exit code, what must be printed (and where). */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { shippedRecordings } from '../recordings.ts';
import { compiledMain } from './compiled.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patched = join(shippedRecordings, 'patched-everyone');
const workers = join(shippedRecordings, '5.10-workers');
const largeOnly = join(root, 'test/cli/policies/large-only.ts');
/** Not the folder of drainlab: a user's files lie anywhere. */
const elsewhere = mkdtempSync(join(tmpdir(), 'drainlab-cli-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

const main = compiledMain();

/** `input` goes to standard input. */
function drainlab(args: readonly string[], { env = {}, input = '' } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: elsewhere,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...env },
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
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

function file(name: string, text: string): string {
  const path = join(elsewhere, name);
  writeFileSync(path, text);
  return path;
}

const own = (name: string, body: string) => file(name, `import { definePolicy } from 'drainlab';\n${body}\n`);
const custom = (rule: string) =>
  `export default definePolicy({ name: 'mine', select: { who: 'custom', choose: (request, targets): void => {\n  const cpu: number = 99; ${rule}\n} } });`;

/** ftrace text without a header: an allocation on each of `cpus`, many of the first before the others. */
function textOf(cpus: readonly number[]): string {
  const line = (cpu: number, i: number) =>
    `            task-1     [${String(cpu).padStart(3, '0')}]   ${(1 + i / 1e6).toFixed(6)}: mm_page_alloc: page=0 pfn=${i} order=0 migratetype=0 gfp_flags=0\n`;
  return [...Array<number>(5000).fill(cpus[0]), ...cpus].map(line).join('');
}

type Case = [typed: string[], code: number, out: RegExp | null, err: RegExp | null];

const cases: Case[] = [
  // Help and wrong use.
  [['--help'], 0, /^Usage: drainlab[\s\S]*Examples:/, null],
  [[], 0, /^Usage: drainlab/, null],
  [['--version'], 0, /^\d+\.\d+\.\d+\n$/, null],
  [['replay', '--help'], 0, /drainlab replay trace\.dat --policy two-pass/, null],
  [['trace', '--help'], 0, /info[\s\S]*dump/, null],
  [['replya'], 2, null, /unknown command 'replya'\n\(Did you mean replay\?\)/],
  [['replay'], 2, null, /missing required argument 'file'/],
  [['replay', patched, '--polcy', 'x'], 2, null, /unknown option '--polcy'\n\(Did you mean --policy\?\)/],
  [['replay', patched, '--json', '--csv'], 2, null, /cannot be used with/],
  [['replay', patched, '--format', 'html'], 2, null, /Allowed choices are text, json, csv, mmtests/],
  [['replay', patched, '--cpus', 'many'], 2, null, /Write a number from 1 to 65536/],
  // Policies.
  [
    ['replay', patched, '--policy', 'twopass'],
    2,
    null,
    /no policy "twopass" \[E_POLICY\]\n {2}Did you mean two-pass\?/,
  ],
  [['replay', patched, '--policy', 'two-pass,'], 2, null, /commas between/],
  [['replay', patched, '--policy', 'two-pass:share=7'], 2, null, /not a number from 0 to 1/],
  [
    ['replay', patched, '--policy', 'two-pass'],
    0,
    /^two-pass sends \d+\.\d % fewer interrupts than everyone: /,
    null,
  ],
  [['replay', patched, '--policy', 'two-pass:share=0.3'], 0, /^two-pass:share=0\.3 sends /, null],
  [
    ['replay', patched, '--policy', 'everyone', '--baseline', 'two-pass'],
    0,
    /^everyone sends \d+\.\d % more interrupts than two-pass/,
    null,
  ],
  // A policy of the user's own.
  [['replay', patched, '--policy', largeOnly], 0, /^large-only sends \d+\.\d % fewer/, null],
  [
    ['replay', patched, '--policy', './nowhere.ts'],
    2,
    null,
    /nowhere\.ts: there is no such file \[E_POLICY_FILE\]/,
  ],
  [
    [
      'replay',
      patched,
      '--policy',
      own('syntax.ts', 'export default definePolicy({\n  name: 1\n  select: 2 });'),
    ],
    2,
    null,
    /syntax\.ts:4:3: .*\[E_POLICY_FILE\]/,
  ],
  [
    ['replay', patched, '--policy', own('throws.ts', custom('null.x;'))],
    2,
    null,
    /throws\.ts:3:32: policy "mine" fails at drain 0: .*\[E_POLICY_ANSWER\]/,
  ],
  [
    ['replay', patched, '--policy', own('offline.ts', custom('targets.add(cpu);'))],
    2,
    null,
    /offline\.ts:3:35: .*CPU 99 is not online/,
  ],
  [
    [
      'replay',
      patched,
      '--policy',
      own('axis.ts', "export default definePolicy({ name: 'a', select: { who: 'all' } });"),
    ],
    2,
    null,
    /select\.who must be one of everyone, .* and is "all"/,
  ],
  [
    [
      'replay',
      patched,
      '--policy',
      own('taken.ts', "export default definePolicy({ name: 'none', select: { who: 'everyone' } });"),
    ],
    2,
    null,
    /"none" is the name of a built-in policy/,
  ],
  [['replay', patched, '--policy', file('empty.ts', 'export const a = 1;')], 2, null, /it exports no policy/],
  // Input.
  [['replay', './nothing.dat'], 4, null, /nothing\.dat: there is no such file \[E_TRACE_NO_FILE\]/],
  [['replay', '.'], 2, null, /this folder holds no recording \[E_NO_RECORDING\]/],
  [['replay', file('notes.txt', 'hello\n')], 3, null, /notes\.txt.*\[E_[A-Z_]+\]/],
  [['replay', file('nothing.txt', '')], 3, null, /nothing\.txt.*\[E_TRACE_EMPTY\]/],
  [['replay', patched, '--isolated', '8'], 2, null, /--isolated names CPU 8, and the machine has 0-7/],
  [['replay', patched, '--isolated', '4-'], 2, null, /\[E_CPU_LIST\]/],
  [['replay', file('four.txt', textOf([0, 1, 3]))], 0, / 4 CPUs /, null],
  [['replay', file('five.txt', textOf([0, 4])), '--cpus', '8'], 0, / 8 CPUs /, null],
  [
    ['replay', file('nine.txt', textOf([0, 8])), '--cpus', '8'],
    2,
    null,
    /has events of CPU 8, and --cpus says 8 \[E_CPUS_NOT_KNOWN\]\n.*--cpus 9/,
  ],
  // Outputs.
  [
    ['replay', patched],
    0,
    /^static-mask sends [\s\S]*CPUs that held pages at a drain[\s\S]*█[\s\S]*Checked against the kernel/,
    null,
  ],
  [
    ['replay', patched, '--isolated', '6-7'],
    0,
    /\(isolated 6-7\)[\s\S]*Isolated CPUs 6-7, how often disturbed: everyone \d/,
    null,
  ],
  [['replay', patched, '--csv'], 0, /^recording,kernel,.*\n(?:.*\n){8}$/, null],
  [
    ['replay', patched, '--format', 'mmtests', '--policy', 'two-pass'],
    0,
    /\n +everyone +two-pass\nOps drains/,
    null,
  ],
  [
    ['replay', patched, workers],
    0,
    /^static-mask sends .* \(\d+\.\d to \d+\.\d %[\s\S]*5\.10-workers +worker/,
    null,
  ],
  // Checks.
  [['replay', patched, '--fail-on', 'savedPercent<1'], 0, /^static-mask/, /^$/],
  [
    ['replay', patched, '--fail-on', 'savedPercent<99', '--fail-on', 'lostEvents>0'],
    1,
    /^static-mask/,
    /^drainlab: check failed: .*savedPercent<99: savedPercent is \d+\.\d+\n$/,
  ],
  [
    ['replay', patched, '--fail-on', 'two-pass.interrupts>=1'],
    1,
    /^static-mask/,
    /two-pass\.interrupts is \d+/,
  ],
  [['replay', patched, '--fail-on', 'saved'], 2, null, /"saved" is no condition/],
  [['replay', patched, '--fail-on', 'savedPercnt<1'], 2, null, /Did you mean savedPercent\?/],
];

function shortened(line: string): string {
  return line.replaceAll(`${elsewhere}/`, './').replaceAll(root, '');
}

describe('the command line', () => {
  const titled = cases.map(
    ([typed, ...expected]) => [shortened(typed.join(' ')), typed, ...expected] as const,
  );
  test.concurrent.each(titled)('drainlab %s', async (_, typed, code, out, err) => {
    const ended = await drainlab(typed);
    expect(ended, ended.err).toMatchObject({ code });
    expect(ended.out).toMatch(out ?? /^$/);
    expect(ended.err).toMatch(err ?? /^$/);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  test('a wrong option is found before a recording is read', async () => {
    expect(await drainlab(['replay', 'nowhere.dat', '--fail-on', 'x'])).toMatchObject({ code: 2 });
    expect(await drainlab(['replay', 'nowhere.dat', '--policy', 'x'])).toMatchObject({ code: 2 });
  });

  test('--json prints one verdict, several recordings one comparison', async () => {
    const verdict = JSON.parse((await drainlab(['replay', patched, '--json'])).out);
    expect(verdict).toMatchObject({ schema: 'drainlab.verdict/1', source: { cpus: 8, lostEvents: 0 } });
    const comparison = JSON.parse((await drainlab(['replay', patched, workers, '--json'])).out);
    expect(comparison).toMatchObject({
      schema: 'drainlab.comparison/1',
      rows: [{ kernelPolicy: 'everyone' }, {}],
    });
    expect(comparison.verdicts[0]).toEqual(verdict);
  });

  test('the same recording gives the same run hash, whatever is shown', async () => {
    const hash = async (...more: string[]) =>
      JSON.parse((await drainlab(['replay', patched, '--json', ...more])).out).source.runHash;
    expect(await hash('--policy', 'two-pass')).toBe(await hash());
  });

  test('colours only where somebody looks, or by FORCE_COLOR; NO_COLOR wins', async () => {
    const coloured = async (env: object) =>
      (await drainlab(['replay', patched], { env })).out.includes('\x1b[');
    expect(await coloured({})).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  });

  test('a locale without UTF-8 gets ASCII', async () => {
    const { out } = await drainlab(['replay', patched], { env: { LC_ALL: 'C' } });
    // biome's own rule: no control characters in patterns; what is left is printable ASCII and line feeds.
    expect([...out].filter((sign) => sign !== '\n' && (sign < ' ' || sign > '~'))).toEqual([]);
    expect(out).toMatch(/#{8}/);
  });

  test('a reader that goes away is no error', async () => {
    const child = spawn(process.execPath, [main, 'replay', patched, '--json'], { cwd: elsewhere });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (bytes) => {
      err += bytes;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test('the policy in docs/policies.md works as it stands there', async () => {
    const page = readFileSync(join(root, 'docs/policies.md'), 'utf8');
    const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const { out } = await drainlab(['replay', patched, '--policy', file('documented.ts', code)]);
    const fixture = await drainlab(['replay', patched, '--policy', largeOnly]);
    expect(out.split('\n')[0]).toMatch(/^large-only sends/);
    expect(fixture.out.split('\n')[0]).toBe(out.split('\n')[0]);
  });
});

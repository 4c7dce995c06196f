/** `drainlab census` of one host as it is typed: what it prints, its exit codes. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { zoneinfoText } from '../host-texts.ts';
import { largeZoneinfo } from '../large-zoneinfo.ts';
import { shippedRecordings } from '../recordings.ts';
import { compiledMain } from './compiled.ts';

const main = compiledMain();
const root = fileURLToPath(new URL('../..', import.meta.url));
const workers = join(shippedRecordings, '5.10-workers', 'proc-start');
const folder = mkdtempSync(join(tmpdir(), 'drainlab-census-'));
afterAll(() => rmSync(folder, { recursive: true }));

function drainlab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'census', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('one host', () => {
  test('is answered in one sentence first, then in tables', () => {
    const { code, out, err } = drainlab(workers);
    expect([code, err]).toEqual([0, '']);
    expect(out.replace(/\n/g, ' ')).toMatch(
      /^Every one of 8 CPUs holds pages now: a drain that interrupts everyone would disturb 7 other CPUs, none of them for nothing; one that looks first would disturb 7\. /,
    );
    // By eye from proc-start/zoneinfo: 149 + 145 + 171 + 151 + 152 + 158 + 159 + 179.
    expect(out).toMatch(/^everyone +7 +7 +0 +0 +0 +– +1,264 +0$/m);
    expect(out).toMatch(/^worker \* +0 +7 +0 +8 +0 +– +1,264 +0$/m);
    expect(out).toMatch(/^0 DMA +8 +8 +100 % +0 +0 +1 +0 /m);
    expect(out).toMatch(/^0 DMA32 +8 +0 +0 % +1,264 +179 +31 +186 +69,063 +638 +797 /m);
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
  });

  test('as JSON, with one policy and other isolated CPUs', () => {
    const { code, out } = drainlab(workers, '--json', '--policy', 'two-pass:share=0.25', '--isolated', '6-7');
    expect(code).toBe(0);
    const census = JSON.parse(out);
    expect(census.schema).toBe('drainlab.census/1');
    expect(census.policies.map(({ name }: { name: string }) => name)).toEqual(['two-pass:share=0.25']);
    expect(census.twoPass).toEqual({ share: 0.25, empty: 0, needed: 2, decision: 'everyone', marginCpus: 2 });
    expect(census.holders.isolated).toEqual({ online: 2, empty: 0, notKnown: 0 });
  });

  it.skipIf(!existsSync('/proc/zoneinfo'))('is this one when none is named', () => {
    const { code, out } = drainlab('--json');
    const census = JSON.parse(out);
    expect([code, census.source.kind, census.source.path, census.warnings]).toEqual([0, 'host', '', []]);
    expect(census.holders.online).toBeGreaterThan(0);
  });

  test('of 4,096 CPUs is readable: no line is longer than the screen', () => {
    writeFileSync(join(folder, 'zoneinfo'), largeZoneinfo(4096, 16));
    const { code, out } = drainlab(folder);
    expect(code).toBe(0);
    expect(out).toMatch(/^2,048 of 4,096 CPUs hold no page now: /);
    expect(out).toMatch(/^with pages +2,048 +5-9,14-18,.*, …$/m);
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
    expect(out.split('\n').length).toBeLessThan(100);
  });

  test('with names that would steer the terminal shows them as text', () => {
    const evil = join(folder, 'evil');
    spawnSync('mkdir', [evil]);
    writeFileSync(join(evil, 'zoneinfo'), zoneinfoText([{ name: '\x1b[31mN\x07', pages: [1, 0] }]));
    writeFileSync(join(evil, 'cpu_online'), '\x1b[2J\n');
    const { code, out } = drainlab(evil);
    expect(code).toBe(0);
    expect([...out].filter((sign) => sign < ' ' && sign !== '\n')).toEqual([]);
  });
});

describe('wrong use', () => {
  test.each([
    [['--samples', '2', '--every', '100'], 'Write a time'],
    [['--every', '1s'], "goes with '--samples"],
    [['--samples', '2', '--policy', 'worker'], 'cannot be used'],
    [['--samples', '0'], 'Write a whole number'],
    [['--isolated', 'x'], 'E_CPU_LIST'],
    [['--policy', 'twopass'], 'Did you mean two-pass?'],
    [['--json', '--csv'], 'cannot be used'],
  ])('%j', (args, message) => {
    const { code, out, err } = drainlab(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

test('a host whose lists are not known is refused with exit code 3', () => {
  const empty = join(folder, 'empty');
  spawnSync('mkdir', [empty]);
  writeFileSync(join(empty, 'zoneinfo'), '');
  const { code, out, err } = drainlab(empty);
  expect([code, out]).toEqual([3, '']);
  expect(err).toContain('E_CENSUS_NO_LISTS');
});

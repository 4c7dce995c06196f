/** `drainlab validate` as it is typed: what it prints, its exit codes. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { shippedRecordings } from '../recordings.ts';
import { compiledMain } from './compiled.ts';

const main = compiledMain();
const root = fileURLToPath(new URL('../..', import.meta.url));
const workers = join(shippedRecordings, '5.10-workers');
const elsewhere = mkdtempSync(join(tmpdir(), 'drainlab-validate-'));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

function drainlab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  return { code: status, out: stdout, err: stderr };
}

describe('drainlab validate', () => {
  test('prints a table for each mode, zones apart', () => {
    const { code, out, err } = drainlab('validate', workers);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('kernel 5.10.0-46-cloud-amd64');
    expect(out).toContain('DMA32 batch 31, high 186');
    expect(out).toContain('8 CPUs were drained');
    expect(out).toContain('(hindsight)');
    expect(out).toContain('(causal)');
    expect(out.match(/^DMA32 +refills +1,835 +1,835 +1,835 +100\.00 %/gm)).toHaveLength(2);
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
  }, 30_000);

  test('prints one mode as JSON', () => {
    const { code, out } = drainlab('validate', workers, '--mode', 'causal', '--json');
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(answer.schema).toBe('drainlab.validate/1');
    expect(answer.reports).toHaveLength(1);
    expect(answer.reports[0]).toMatchObject({
      knowledge: 'causal',
      era: '5.10',
      cpusScored: 8,
      lostEvents: 0,
    });
    expect(answer.reports[0].zones[1]).toMatchObject({
      name: 'DMA32',
      refills: { observed: 1835, exact: 1835 },
    });
  }, 30_000);

  test('says what is wrong, with exit code 2', () => {
    expect(drainlab('validate', '-')).toMatchObject({ code: 2, out: '' });
    expect(drainlab('validate', '-').err).toContain('E_DRIVEN_STDIN');
    expect(drainlab('validate', workers, '--mode', 'both-ways').code).toBe(2);
    // The recording alone: nothing beside it says how large the lists may be, nor which kernel it was.
    cpSync(join(workers, 'trace.dat'), join(elsewhere, 'trace.dat'));
    const alone = join(elsewhere, 'trace.dat');
    expect(drainlab('validate', alone, '--kernel', '5.10').err).toContain('E_DRIVEN_LIMITS');
    expect(drainlab('validate', alone, '--kernel', '5.10').code).toBe(2);
    expect(drainlab('validate', alone).err).toContain('E_DRIVEN_KERNEL');
  }, 60_000);

  test('help has an example and the exit codes', () => {
    const { code, out } = drainlab('validate', '--help');
    expect(code).toBe(0);
    expect(out).toContain('drainlab validate recordings/5.10-workers');
    expect(out).toContain('Exit codes');
  }, 30_000);
});

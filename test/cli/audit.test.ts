/** `drainlab audit` as it is typed: what it prints, its forms, its exit codes. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import type { AuditReport } from '../../src/audit/audit-report.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { shippedRecordings } from '../recordings.ts';
import { compiledMain } from './compiled.ts';

const main = compiledMain();
const root = fileURLToPath(new URL('../..', import.meta.url));
const workers = join(shippedRecordings, '5.10-workers');
const remote = join(shippedRecordings, '6.12-remote');
/** Taken with tracefs on two CPUs of a 6.18 kernel: calls, functions, interrupts, works. */
const live = join(root, 'test/fuzz/seeds/calls-6.18.txt');

function drainlab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'audit', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  return { code: status, out: stdout, err: stderr };
}

const schema = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(root, 'docs/audit.schema.json'), 'utf8')),
);

function problemsOf(report: unknown) {
  schema(report);
  return schema.errors;
}

async function audited(folder: string, part: { fromNs?: number; toNs?: number } = {}): Promise<AuditReport> {
  const reader = await openTraceFile(join(folder, 'trace.dat'));
  try {
    return await audit(reader, {
      name: folder,
      kernel: '',
      isolated: [4, 5],
      isolatedFrom: 'the test',
      ...part,
    });
  } finally {
    await reader.close();
  }
}

describe('drainlab audit', () => {
  test('answers in one sentence first, then by cause, victim and pair', () => {
    const { code, out, err } = drainlab(workers, '--isolated', '4-7');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n\n')[0].replaceAll('\n', ' ')).toMatch(
      /^\S+5\.10-workers: CPUs 4-7 are isolated and were disturbed \d+ times in 2\.5 s \(\d+ interrupts, \d+ works\): \d+ by work drain_local_pages_wq, .* by page drains\.$/,
    );
    for (const head of ['By cause', 'By victim, isolated CPUs first', 'Sender by victim', 'Over time'])
      expect(out).toContain(head);
    expect(out).toContain('Next time: drainlab record --for audit');
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
  }, 30_000);

  test('prints JSON by its schema', () => {
    const { code, out } = drainlab(live, '--isolated', '1', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(problemsOf(report)).toBeNull();

    // What grep, awk and uniq count.
    const lines = readFileSync(live, 'utf8').split('\n');
    const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
    const calls = (func: string) =>
      report.causes
        .filter((cause: { callback: string }) => cause.callback === func)
        .reduce((sum: number, cause: { calls: number }) => sum + cause.calls, 0);
    for (const func of ['flush_tlb_func', 'sched_ttwu_pending'])
      expect(calls(func)).toBe(count(new RegExp(`csd_queue_cpu: .* func=${func} `)));
    expect(report.totals.sent).toBe(count(/ipi_send_cpu: /));
    expect(report.totals.handled).toBe(count(/call_function_single_entry|reschedule_entry/));
    expect(report.coalescing.interrupts).toBe(count(/ipi_send_cpu: .*generic_smp_call/));
    expect(Object.values(report.unmatched).every((times) => times === 0)).toBe(true);
  }, 30_000);

  test('prints one row a cause as CSV', () => {
    const { out } = drainlab(remote, '--isolated', '4-7', '--csv');
    const [head, ...rows] = out.trim().split('\n');
    expect(head.split(',').slice(3, 8)).toEqual([
      'kind',
      'callback',
      'callsite',
      'disturbances',
      'isolated_disturbances',
    ]);
    expect(rows.length).toBeGreaterThan(3);
    // Calls were not recorded: not zero but nothing.
    expect(rows[0].split(',')[head.split(',').indexOf('calls')]).toBe('');
  }, 30_000);

  test('fails a check, and one that cannot be made', () => {
    const failed = drainlab(
      ...[remote, '--isolated', '4-7', '--fail-on', 'isolatedInterrupts>0', '--fail-on', 'lostEvents>0'],
    );
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(
      /check failed: \S+6\.12-remote: isolatedInterrupts>0: isolatedInterrupts is \d+/,
    );
    const unknown = drainlab(remote, '--isolated', '4-7', '--fail-on', 'isolatedCalls>0');
    expect([unknown.code, unknown.err]).toEqual([
      1,
      expect.stringContaining('is not known for this recording'),
    ]);
  }, 30_000);

  test('finds wrong use before it reads anything', () => {
    expect(drainlab('no-such-file', '--fail-on', 'isolatedInterupts>0')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/E_FAIL_ON.*\n.*Did you mean isolatedInterrupts\?/),
    });
    expect(drainlab('no-such-file').err).toContain('E_TRACE_NO_FILE');
  }, 30_000);
});

describe('an audit', () => {
  test('keeps to the schema for older kernels too', async () => {
    for (const folder of [workers, remote, join(shippedRecordings, 'patched-everyone')])
      expect(problemsOf(await audited(folder)), folder).toBeNull();
  }, 30_000);

  test('of two parts adds up to that of the whole', async () => {
    const whole = await audited(remote);
    const first = await audited(remote, { toNs: 1e9 });
    const rest = await audited(remote, { fromNs: 1e9 + 1 });
    expect(first.totals.sent).toBeGreaterThan(0);
    expect((first.totals.sent ?? 0) + (rest.totals.sent ?? 0)).toBe(whole.totals.sent);
  }, 30_000);
});

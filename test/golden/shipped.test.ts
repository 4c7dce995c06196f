/**
 * The recordings shipped here, against sums that the kernel's own events give. They were counted without drainlab:
 *
 *     trace-cmd report -t trace.dat | grep -c ' pcp_drain_begin:'          drain calls of the patched kernels
 *     … | grep ' pcp_drain_begin:'   holders_list and req_cpu of each       holders; others of them = selective, static-mask
 *     … | grep ' pcp_drain_end:'     ipis= added up                         interrupts that the kernel sent
 *     … | grep ' workqueue_queue_work:.*drain_local_pages_wq'               works of 5.10
 *     … | grep ' drain_pages_zone:'  cpu= of each drain                     lists locked by 6.12 and 7.2
 *
 * and by hand from these: everyone sends 8 − 1 = 7 a drain; two-pass sends as selective where holders ≤ 4, else 7.
 * Where the rebuilt holders of a drain differ from the kernel's, a sum may differ by at most 7 for that drain.
 */

import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRecordingFolder } from '../../src/cli/recording-folder.ts';
import { replay } from '../../src/engine/replay.ts';
import type { Verdict } from '../../src/engine/report/verdict.ts';
import { openTraceFile } from '../../src/trace/node-source.ts';
import { shippedRecordings } from '../recordings.ts';

async function verdictOf(name: string): Promise<Verdict> {
  const path = join(shippedRecordings, name, 'trace.dat');
  const reader = await openTraceFile(path);
  try {
    const { machine, snapshots } = loadRecordingFolder(path, reader.cpuCount);
    return await replay(reader, machine, snapshots, { name });
  } finally {
    await reader.close();
  }
}

const interruptsOf = (verdict: Verdict, policy: string) =>
  verdict.policies.find(({ name }) => name === policy)?.interrupts;

/** By the kernel's own events: drain calls, interrupts sent, and what the holders of each call give. */
const patched = [
  { name: 'patched-everyone', calls: 217, sent: 1519, selective: 631, twoPass: 698, masks: 164, saved: 133 },
  { name: 'patched-selective', calls: 172, sent: 422, selective: 424, twoPass: 430, masks: 170, saved: 79 },
  { name: 'patched-two-pass', calls: 305, sent: 874, selective: 784, twoPass: 875, masks: 241, saved: 193 },
];

describe.each(patched)('$name', ({ name, calls, sent, selective, twoPass, masks, saved }) => {
  let verdict: Verdict;
  let differing: number;
  beforeAll(async () => {
    verdict = await verdictOf(name);
    const { holdersCompared = 0, holdersEqual = 0 } = verdict.selfCheck ?? {};
    differing = holdersCompared - holdersEqual;
    expect(holdersCompared).toBe(calls);
  });

  it('has the kernel’s drain calls, each carried out', () => {
    expect(verdict.drains.requested).toBe(calls);
    expect(verdict.drains.carriedOut).toBe(calls);
    expect(verdict.source.lostEvents).toBe(0);
  });

  it('everyone sends seven interrupts a drain', () => {
    expect(interruptsOf(verdict, 'everyone')).toBe(7 * calls);
  });

  it('the sums over holders are the kernel’s, but for drains whose holders differ', () => {
    expect(differing).toBeLessThanOrEqual(Math.floor(calls / 100));
    for (const [policy, kernel] of [
      ['selective', selective],
      ['static-mask', selective],
      ['two-pass', twoPass],
    ] as const) {
      expect(Math.abs(Number(interruptsOf(verdict, policy)) - kernel)).toBeLessThanOrEqual(7 * differing);
    }
  });

  it('the thread’s counters are the kernel’s, but for drains whose holders differ', () => {
    const counters = verdict.policies.find(({ name: policy }) => policy === 'two-pass')?.vmstat;
    expect(counters?.pcp_global_drain).toBe(calls);
    expect(Math.abs(Number(counters?.pcp_mask_alloc) - masks)).toBeLessThanOrEqual(differing);
    expect(Math.abs(Number(counters?.pcp_global_ipi_saved) - saved)).toBeLessThanOrEqual(differing);
  });

  it('tells what the kernel itself sent', () => {
    // patched-selective: the window begins inside drain 357, whose end is in it and whose begin is not.
    const beforeWindow = name === 'patched-selective' ? 1 : 0;
    const told = verdict.kernel.reduce((sum, { interrupts }) => sum + Number(interrupts), 0);
    expect(told).toBe(sent - beforeWindow);
  });
});

describe('5.10-workers', () => {
  it('has 177 calls of which 120 queued 396 works, 276 of them on other CPUs', async () => {
    const verdict = await verdictOf('5.10-workers');
    expect(verdict.drains.requested).toBe(177);
    expect(verdict.drains.carriedOut + verdict.drains.turnedAway).toBe(177);
    expect(verdict.drains.carriedOut).toBe(120);
    expect(interruptsOf(verdict, 'everyone')).toBe(7 * 120);
    // In each of the 120 drains the requester's own CPU had a work too: 396 − 120.
    expect(interruptsOf(verdict, 'static-mask')).toBe(276);
    expect(verdict.policies.find(({ name }) => name === 'worker')?.workers).toBe(396);
    expect(verdict.drains.holders).toEqual([0, 6, 4, 63, 45, 0, 1, 1, 0]);
  });
});

describe.each([
  { name: '6.12-remote', calls: 139, effective: 131, locked: 451 },
  { name: '7.2-remote', calls: 76, effective: 71, locked: 207 },
])('$name', ({ name, calls, effective, locked }) => {
  it('has the kernel’s calls, and holders close to the CPUs whose lists it locked', async () => {
    const verdict = await verdictOf(name);
    expect(verdict.drains.requested).toBe(calls);
    expect(verdict.selfCheck?.drainsCompared).toBe(effective);
    const differing = effective - Number(verdict.selfCheck?.drainsEqual);
    expect(differing).toBeLessThanOrEqual(Math.ceil(effective * 0.05));
    const holders = verdict.drains.holders.reduce((sum, drains, holding) => sum + drains * holding, 0);
    const idle = calls - effective;
    expect(Math.abs(holders - locked)).toBeLessThanOrEqual(8 * (differing + idle));
  });
});

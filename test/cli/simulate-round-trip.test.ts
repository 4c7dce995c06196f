/** A simulated run that is written as a recording and replayed gives the run's own drains and counts. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openTraceOut, simulateToTrace } from '../../src/cli/commands/simulate-trace-out.ts';
import { openRecording } from '../../src/cli/recording.ts';
import { DrainResult, type Run } from '../../src/engine/accounting/run.ts';
import { drainCauses } from '../../src/engine/input/drain-request.ts';
import { makeRebuild } from '../../src/engine/model/rebuild.ts';
import { policyByName } from '../../src/engine/policy/by-name.ts';
import { replay } from '../../src/engine/replay.ts';
import { runSums } from '../../src/engine/report/run-sums.ts';
import { smallStorm } from '../small-storm.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-round-trip-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Replayed {
  timeNs: number;
  cpu: number;
  zone: number;
  cause: string;
  holders: number;
  holderPages: number;
  interrupts: number;
}

/** `interrupts`: -1 where replay is not told (a drain from afar, or one that the end of the run cut off). */
async function replayed(path: string) {
  const recording = await openRecording(path);
  const drains: Replayed[] = [];
  const rebuild = makeRebuild(recording.reader, recording.machine, recording.snapshots, {
    drainRequested: ({ timeNs, cpu, zone, cause, holders, pages }) => {
      let holderPages = 0;
      for (const holder of holders) holderPages += pages[holder];
      drains.push({ timeNs, cpu, zone, cause, holders: holders.count, holderPages, interrupts: -1 });
    },
    drainEnded: ({ number, interruptsSent }) => {
      drains[number].interrupts = interruptsSent;
    },
  });
  await recording.reader.readRows((block) => rebuild.feed(block));
  return { drains, report: rebuild.finish(), outOfOrder: recording.reader.diagnostics.outOfOrder };
}

function ofRun({ drains, policy }: Run): Replayed[] {
  return Array.from({ length: drains.length }, (_, row) => ({
    timeNs: Math.floor(drains.timeNs[row]),
    cpu: drains.cpu[row],
    zone: drains.zone[row],
    cause: drainCauses[drains.cause[row]],
    holders: drains.holders[row],
    holderPages: drains.holderPages[row],
    interrupts: policy.carrier === 'lock' || drains.endNs[row] < 0 ? -1 : drains.interrupts[row],
  }));
}

describe.each([
  ['3.0', 'everyone', []],
  ['3.4', 'static-mask', []],
  ['3.0', 'two-pass', []],
  ['5.10', 'worker', []],
  ['6.1', 'remote', []],
  ['6.12', 'remote', []],
])('Linux %s by %s', (version, name, more) => {
  const scenario = smallStorm(`kernel.version=${version}`, ...more);
  const path = join(folder, `${version}-${name}`);
  const run = simulateToTrace(scenario, policyByName(name), 7, openTraceOut(path));

  test('replay finds the same drains, holders, pages and interrupts, and agrees with each snapshot', async () => {
    const { drains, report, outOfOrder } = await replayed(path);
    expect(drains.length).toBeGreaterThan(40);
    expect(drains).toEqual(ofRun(run));
    expect(outOfOrder).toBe(0);
    expect(report.listsCompared).toBeGreaterThan(0);
    expect(report.listsEqual).toBe(report.listsCompared);
    expect(report.holdersEqual).toBe(report.holdersCompared);
  });

  test('its verdict says for the run’s own policy what the run did', async () => {
    const recording = await openRecording(path);
    const verdict = await replay(recording.reader, recording.machine, recording.snapshots);
    const own = verdict.policies.find((policy) => policy.name === name);
    const sums = runSums(run);
    // A call that was turned away while nobody held a page looks like a drain that found nothing.
    const cutOff = sums.unfinished;
    expect(verdict.drains.requested).toBe(run.drains.length);
    expect(Math.abs(verdict.drains.carriedOut - sums.carriedOut)).toBeLessThanOrEqual(
      cutOff + foundNothing(run),
    );
    expect(Math.abs((own?.interrupts ?? -1) - sums.interrupts)).toBeLessThanOrEqual(
      cutOff * scenario.machine.cpus,
    );
    expect(verdict.drains.turnedAway).toBeGreaterThanOrEqual(sums.busy - cutOff - foundNothing(run));
  });
});

function foundNothing({ drains }: Run): number {
  let calls = 0;
  for (let row = 0; row < drains.length; row++)
    if (drains.result[row] === DrainResult.busy && drains.holders[row] === 0) calls++;
  return calls;
}

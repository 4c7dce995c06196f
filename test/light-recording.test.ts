/** A light recording (`drainlab record --light`) from its text to the verdict. Sums worked out by hand at each line. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../src/cli/recording.ts';
import { replay } from '../src/engine/replay.ts';
import type { Verdict } from '../src/engine/report/verdict.ts';

const header = `# tracer: drainlab-light 1
# kernel: 6.12.117+deb12-cloud-amd64
# CPUs possible: 0-3
# CPUs online: 0-3
# CPUs isolated: 3
# zones: 0/DMA 0/DMA32
`;
const slowpath = 'caller=__alloc_pages_slowpath.constprop.0 zone=all node=-1 forced=0';

/** On four CPUs of which 3 is isolated; everyone sends three interrupts a drain. */
const drains = [
  // CPUs 0 and 1 hold pages and 1 asks: one interrupt, to 0. Half are empty, so two-pass takes a mask too.
  `            load-101     [001]     1.000000000: light_drain: ${slowpath} result=drained by=requester cpus=2 mask=0x0000000000000003 dur_ns=2000`,
  // Asked meanwhile and turned away: no policy's figures have it.
  `            load-102     [000]     1.000001000: light_drain: ${slowpath} result=turned-away? by=requester cpus=0 mask=0x0000000000000000 dur_ns=500`,
  // CPUs 0, 2, 3 hold pages of DMA32 and 2 asks: two interrupts, one of them to an isolated CPU; two-pass takes everyone.
  `      kcompactd0-51      [002]     2.000000000: light_drain: caller=kcompactd_do_work zone=DMA32 node=0 forced=0 result=drained by=requester cpus=3 mask=0x000000000000000d dur_ns=4000`,
  // Forced: everyone under each policy, and who held pages is not told.
  `              sh-177     [000]     3.000000000: light_drain: caller=offline_pages zone=DMA32 node=0 forced=1 result=drained by=requester cpus=4 mask=0x000000000000000f dur_ns=9000`,
  // Nobody held a page.
  `            load-101     [003]     4.000000000: light_drain: ${slowpath} result=empty? by=requester cpus=0 mask=0x0000000000000000 dur_ns=1000`,
];

const folder = mkdtempSync(join(tmpdir(), 'drainlab-light-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function verdictOf(text: string): Promise<Verdict> {
  const path = join(folder, 'trace.txt');
  writeFileSync(path, text);
  const { reader, machine, snapshots, name } = await openRecording(path);
  try {
    return await replay(reader, machine, snapshots, { name });
  } finally {
    await reader.close();
  }
}

const text = `${header}${drains.join('\n')}\n`;

describe('a light recording', () => {
  let verdict: Verdict;
  beforeAll(async () => {
    verdict = await verdictOf(text);
  });
  const policy = (name: string) => {
    const found = verdict.policies.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  };

  it('tells its machine in its header', () => {
    const { kernel, cpus, online, isolated, zones } = verdict.source;
    expect([kernel, cpus, online, isolated]).toEqual(['6.12.117+deb12-cloud-amd64', 4, '0-3', '3']);
    expect(zones).toEqual(['DMA', 'DMA32']);
  });

  it('has each call with its cause, and says which statuses are inferred', () => {
    const { requested, carriedOut, turnedAway, inferred, forced, foundNothing, holdersNotKnown, byCause } =
      verdict.drains;
    expect([requested, carriedOut, turnedAway, inferred]).toEqual([5, 4, 1, 2]);
    expect([forced, foundNothing, holdersNotKnown]).toEqual([1, 1, 1]);
    expect(byCause).toMatchObject({ 'direct-reclaim': 3, compaction: 1, 'memory-offline': 1, unknown: 0 });
    expect(verdict.drains.holders).toEqual([1, 0, 1, 1, 0]);
  });

  it('gives every policy’s interrupts', () => {
    expect(policy('everyone').interrupts).toBe(3 * 4);
    for (const name of ['selective', 'static-mask']) expect(policy(name).interrupts).toBe(1 + 2 + 3 + 0);
    expect(policy('two-pass').interrupts).toBe(1 + 3 + 3 + 0);
    expect(policy('static-mask').isolatedInterrupts).toBe(0 + 1 + 1);
    // At the call that was turned away nobody looked: everyone three, a mask none to three.
    expect(policy('everyone').turnedAwayInterruptsBounds).toBeUndefined();
    expect(policy('static-mask').turnedAwayInterruptsBounds).toEqual([0, 3]);
    expect(verdict.caveats.join(' ')).toContain('everyone 3, static-mask 0 to 3 interrupts more');
    expect(policy('worker').workers).toBe(2 + 3 + 4);
    // DMA and DMA32 of CPU 0; DMA32 of 0 and 3; DMA32 of 1, 2 and 3.
    expect(policy('remote').locked).toBe(1 * 2 + 2 + 3);
  });

  it('does not know how many pages were held, and claims no check of lists', () => {
    for (const one of verdict.policies) {
      expect([one.pagesBack, one.strandedPages]).toEqual([null, null]);
      expect([one.bases.pagesBack, one.bases.strandedPages]).toEqual(['not-known', 'not-known']);
    }
    expect(verdict.drains.pagesNotKnown).toBe(5);
    expect(verdict.selfCheck).toMatchObject({
      drainsCompared: 0,
      holdersCompared: 0,
      listsCompared: 0,
      anchor: 'none',
    });
    expect(verdict.caveats.join(' ')).toContain('no list was checked');
    // A policy that leaves pages is modelled all the same: later drains would meet other lists.
    expect(policy('none').bases.interrupts).toBe('exact');
    expect(policy('skip-isolated').bases.useless).toBe('modelled');
  });

  it('has what the kernel itself did: CPUs drained and how long the callers waited', () => {
    expect(verdict.kernel).toHaveLength(1);
    expect(verdict.kernel[0]).toMatchObject({
      policy: 'remote',
      drains: 4,
      turnedAway: 1,
      interrupts: null,
      cpusDrained: 2 + 3 + 4,
      pagesBack: null,
      stallNs: { p50: 2000, p99: 9000, max: 9000 },
    });
  });
});

describe('lines that are not as they should be', () => {
  const noteOf = async (line: string) => (await verdictOf(`${header}${line}\n`)).selfCheck?.notes;
  it.each([
    ['a count that is not that of the mask', drains[0].replace('cpus=2', 'cpus=3')],
    ['a drain of nobody', drains[0].replace('0x0000000000000003', '0x0').replace('cpus=2', 'cpus=0')],
    ['an unknown result', drains[0].replace('result=drained', 'result=perhaps')],
    ['a line cut short', drains[0].slice(0, -12)],
    ['a mask of more CPUs than any kernel has', drains[0].replace('0x', `0x${'0'.repeat(2048)}`)],
  ])('%s: passed over and counted', async (_, line) => {
    expect(await noteOf(line)).toEqual({ 'line of a drain that is not understood': 1 });
  });

  it('a CPU that the machine does not have: passed over and counted', async () => {
    const line = drains[0].replace('0x0000000000000003', '0x0000000000000030');
    expect(await noteOf(line)).toEqual({ 'drain of a CPU that the machine does not have': 1 });
  });

  it('a zone without a name is counted', async () => {
    const line = drains[2].replace('zone=DMA32 node=0', 'zone=0xffff88807ffd5d00');
    expect(await noteOf(line)).toEqual({ 'zone of a drain that is not named': 1 });
  });

  it('lost lines come first in the verdict', async () => {
    const { source, warnings, policies } = await verdictOf(`${text}CPU:? [LOST 3 EVENTS]\n`);
    expect(source.lostEvents).toBe(3);
    expect(warnings[0]).toContain('lost 3 events');
    expect(policies[0].bases.interrupts).toBe('modelled');
  });

  it.each([
    ['a list of CPUs that is none', header.replace('possible: 0-3', 'possible: 3-0')],
    [
      'more lists than any machine has',
      header.replace('possible: 0-3', 'possible: 0-65535').replace('0/DMA ', '0/DMA '.repeat(20)),
    ],
  ])('%s in the header: one error with its place', async (_, damaged) => {
    await expect(verdictOf(damaged)).rejects.toMatchObject({ code: 'E_TRACE_DAMAGED', exitCode: 3 });
  });

  it('without any drain it is a recording all the same', async () => {
    const { source, answers, warnings } = await verdictOf(header);
    expect([source.cpus, source.events, warnings]).toEqual([4, 0, []]);
    expect(answers[0]).toContain('Nobody asked for a drain');
  });
});

it('a mask of 1024 CPUs reaches the last of them', async () => {
  const wide = header.replace('possible: 0-3', 'possible: 0-1023').replace('online: 0-3', 'online: 0-1023');
  const line = drains[0].replace('0x0000000000000003', `0x8${'0'.repeat(254)}1`);
  const { drains: sums, policies } = await verdictOf(`${wide}${line}\n`);
  expect(sums.heldByCpu[1023]).toBe(1);
  // CPUs 0 and 1023 hold pages and 1 asks.
  expect(policies.find(({ name }) => name === 'static-mask')?.interrupts).toBe(2);
});

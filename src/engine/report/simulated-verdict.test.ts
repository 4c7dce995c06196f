import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type DrainRow, runOf, scenarioOf } from '../../../test/hand-made-runs.ts';
import { DrainResult, MaskSource, Retry } from '../accounting/run.ts';
import { everyone, none, selective, staticMask, worker } from '../policy/built-in.ts';
import { simulatedVerdict } from './simulated-verdict.ts';
import { writeCsv } from './write-csv.ts';
import { writeJson } from './write-json.ts';
import { writeMmtests } from './write-mmtests.ts';

/** Everyone of 8: seven interrupts, of which `held` - 1 (the requester's own holds too) are of use. */
const toAll = (held: number, more: DrainRow = {}): DrainRow => ({
  holders: held,
  requesterHeld: 1,
  targets: 8,
  interrupts: 7,
  useless: 8 - held,
  ...more,
});
const toHolders = (held: number, more: DrainRow = {}): DrainRow => ({
  holders: held,
  requesterHeld: 1,
  targets: held,
  interrupts: held - 1,
  ...more,
});

/** Seed 1: 2 drains against 3; seed 2: 1 against 1. */
const twoSeeds = [
  runOf({
    policy: everyone,
    seed: 1,
    drains: [toAll(4), toAll(2), toAll(6)],
    counters: { disturbedNs: 21_000 },
  }),
  runOf({
    policy: staticMask,
    seed: 1,
    drains: [toHolders(4, { scanNs: 100 }), toHolders(2, { scanNs: 100 })],
    counters: { disturbedNs: 4_000 },
  }),
  runOf({ policy: everyone, seed: 2, drains: [toAll(8)], counters: { disturbedNs: 7_000 } }),
  runOf({ policy: staticMask, seed: 2, drains: [toHolders(4)], counters: { disturbedNs: 3_000 } }),
];

test('interrupts are compared a drain, and in all', () => {
  const verdict = simulatedVerdict(twoSeeds, scenarioOf());
  const [base, mask] = verdict.policies;
  // everyone 28 over 4 drains, static-mask 3 + 1 + 3 = 7 over 3: 2.33 against 7 a drain is a third.
  expect(base.interruptsPerDrain).toBe(7);
  expect(mask.interruptsPerDrain).toBeCloseTo(7 / 3, 12);
  expect(mask.savedPercent).toBeCloseTo(100 * (1 - 1 / 3), 10);
  expect(mask.saved).toBe(21);
  expect(verdict.simulation?.policies[1].savedPercentInAll).toBe(75);
  // Influences of the seeds on the third: 16/84 - 2/9 and 12/84 - 1/9, ±0.0317; √(2 · 2) · 0.0317 · t(1) = ±80.7 %.
  expect(verdict.answers).toEqual([
    'static-mask sends 66.7 % fewer interrupts a drain than everyone: 2.33 against 7.00, over 3 and 4 drains of 2 seeds' +
      ' (95 % interval -14.0 to 100.0 % fewer); in all 75.0 % fewer (7 against 28).',
  ]);
  expect(mask.basis).toBe('modelled');
  expect(new Set(Object.values(mask.bases))).toEqual(new Set(['modelled']));
});

test('drains at the top are those of the baseline, those of each policy are beside them', () => {
  const verdict = simulatedVerdict(twoSeeds, scenarioOf());
  expect(verdict.drains).toMatchObject({ requested: 4, carriedOut: 4, halfEmpty: 2, holdersMean: 5 });
  expect(verdict.drains.holders).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 1]);
  expect(verdict.simulation?.policies[1]).toMatchObject({ carriedOut: 3, halfEmpty: 3, holdersMean: 10 / 3 });
});

test('useless interrupts, scans and the counters of the thread', () => {
  const [base, mask] = simulatedVerdict(twoSeeds, scenarioOf()).policies;
  // 4 + 6 + 2 + 0 of 28 found nothing.
  expect(base).toMatchObject({ disturbed: 28, useless: 12, useful: 16, broadcasts: 4, cpusScanned: 0 });
  expect(mask).toMatchObject({ disturbed: 7, useless: 0, broadcasts: 0, cpusScanned: 24 });
  // Fewer than four of eight: the drain with two.
  expect(mask.vmstat).toMatchObject({ pcp_global_drain: 3, pcp_global_ipi_saved: 1, pcp_mask_alloc: 0 });
});

test('the ledger counts savings at as many drains as the policy had', () => {
  const { ledger } = simulatedVerdict(twoSeeds, scenarioOf()).simulation?.policies[1] ?? {};
  // Three of the baseline's four drains: 21 interrupts, 21,000 ns; each drain took 1,000 ns under both policies.
  expect(ledger).toMatchObject({
    drains: 3,
    scanNs: 200,
    interruptsSaved: 14,
    disturbedNsSaved: 14_000,
    // 3,000 against 3,000 - 200 without the looks.
    waitingNsSaved: 200,
    balanceNs: 14_000,
  });
});

test('paired differences are policy minus baseline on the same seed', () => {
  const paired = simulatedVerdict(twoSeeds, scenarioOf()).simulation?.policies[1].paired;
  // 4 - 21 and 3 - 7; a drain 2 - 7 and 3 - 7.
  expect(paired?.interrupts.mean).toBe(-10.5);
  expect(paired?.interruptsPerDrain?.mean).toBe(-4.5);
  // Differences -5 and -4: standard error 0.5, t(1) = 12.706.
  expect(paired?.interruptsPerDrain?.interval?.[0]).toBeCloseTo(-4.5 - 6.353, 3);
});

test('where a mask came from, and what happened when it could not be had', () => {
  const run = runOf({
    policy: selective,
    drains: [
      toHolders(3, { maskSource: MaskSource.cpuCache, maskNs: 60 }),
      toHolders(3, { maskSource: MaskSource.reserve, maskNs: 2500, maskPages: 1 }),
      toAll(3, { maskSource: MaskSource.failed, maskNs: 2000, result: DrainResult.fellBack }),
      toHolders(5, { maskSource: MaskSource.pageAllocator, maskNs: 2500, maskPages: 1 }),
    ],
  });
  const verdict = simulatedVerdict([runOf({ policy: everyone, drains: [toAll(3)] }), run], scenarioOf());
  expect(verdict.policies[1].vmstat).toEqual({
    pcp_global_drain: 4,
    pcp_global_ipi_saved: 2,
    pcp_mask_alloc: 4,
    pcp_mask_alloc_fail: 1,
    pcp_mask_alloc_pages: 2,
  });
  expect(verdict.simulation?.policies[1].ledger).toMatchObject({
    asked: 4,
    fromCpu: 1,
    fromNode: 0,
    fromPageAllocator: 1,
    fromReserve: 1,
    failed: 1,
    fellBack: 1,
    maskPages: 2,
    maskNs: 7060,
  });
});

test('calls that were turned away, cut off, and retries', () => {
  const run = runOf({
    policy: worker,
    drains: [
      { holders: 3, requesterHeld: 1, targets: 3, workers: 3, retry: Retry.got },
      { result: DrainResult.busy, holders: 2, retry: Retry.failed },
      { holders: 3, requesterHeld: 0, targets: 3, workers: 3, retry: Retry.failed },
      { result: DrainResult.unfinished, endNs: -1, holders: 3, workers: 3 },
    ],
  });
  const verdict = simulatedVerdict([runOf({ policy: everyone, drains: [toAll(3)] }), run], scenarioOf(), {
    asked: ['worker'],
  });
  expect(verdict.simulation?.policies[1]).toMatchObject({
    requested: 4,
    carriedOut: 2,
    turnedAway: 1,
    unfinished: 1,
    retriesTried: 2,
    retriesGot: 1,
  });
  // The requester's own work disturbs nobody else: 2 + 3.
  expect(verdict.policies[1]).toMatchObject({ workers: 6, disturbed: 5, returnedAtOnce: 1, interrupts: 0 });
  expect(verdict.answers).toEqual([
    'worker sends no interrupt where everyone sends 7.00 a drain: it queues 3.00 kernel works a drain, 2.50 of them on ' +
      'other CPUs, over 2 and 1 drain of 1 seed; 1 call more returned at once.',
  ]);
  expect(verdict.caveats).toEqual([
    'One seed: nothing tells how far another would differ. --seeds 5 gives intervals.',
    'Each policy meets drains of its own: who waits longer, or gets no page, asks at other times. Figures are a drain; "in all" counts whole runs.',
    '1 drain cut off by the end of a run: in no figure.',
  ]);
});

describe('runs that are missing or ended early', () => {
  test('policies are compared on the seeds that all of them have', () => {
    const verdict = simulatedVerdict(twoSeeds.slice(0, 3), scenarioOf(), {
      stoppedAt: 'stopped by the user',
    });
    expect(verdict.simulation).toMatchObject({ seeds: [1], partial: true });
    expect(verdict.policies[0].interrupts).toBe(21);
    expect(verdict.warnings).toEqual([
      'Partial: stopped by the user.',
      '1 run left out: policies are compared on the seeds that all of them ran with.',
    ]);
  });

  test('the limit of events is said', () => {
    const verdict = simulatedVerdict([runOf({ policy: everyone, endedBy: 'max-events' })], scenarioOf());
    expect(verdict.simulation?.partial).toBe(true);
    expect(verdict.warnings[0]).toBe('1 run of 1 ended at the limit of events (--max-events).');
    expect(verdict.answers).toEqual([
      'Nobody asked for a drain before the runs were ended, so there is nothing to compare.',
    ]);
  });

  test('runs of different length are not compared in all without a word', () => {
    const runs = [1e9, 2e9].map((simulatedNs, i) =>
      runOf({ policy: [everyone, staticMask][i], simulatedNs, drains: [toAll(4)], endedBy: 'stopped' }),
    );
    expect(simulatedVerdict(runs, scenarioOf()).caveats.join(' ')).toContain(
      'Runs ended after 1.000 to 2.000 s',
    );
  });

  test('without a run of the baseline there is nothing to compare', () => {
    expect(() => simulatedVerdict([runOf({ policy: none })], scenarioOf())).toThrow(RangeError);
  });
});

test('CSV and the table for changelogs count the drains of each policy', () => {
  const verdict = simulatedVerdict(twoSeeds, scenarioOf());
  const [head, ...rows] = writeCsv([verdict]).trimEnd().split('\n');
  const cellsOf = (row: string) =>
    Object.fromEntries(head.split(',').map((name, i) => [name, row.split(',')[i]]));
  expect(
    rows.map(cellsOf).map(({ drains, interrupts, disturbed_ns }) => [drains, interrupts, disturbed_ns]),
  ).toEqual([
    ['4', '28', '28000'],
    ['3', '7', '7000'],
  ]);
  const table = writeMmtests(verdict);
  expect(table).toMatch(/Ops drains +4.00 \( +0.00%\) +3.00 \( +25.00%\)/);
  expect(table).toMatch(/Amean interrupts\/drain +7.00 \( +0.00%\) +2.33 \( +66.67%\)/);
});

test('the schema in docs/verdict.schema.json holds', () => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync('docs/verdict.schema.json', 'utf8')),
  );
  for (const runs of [twoSeeds, twoSeeds.slice(0, 2), [runOf({ policy: everyone })]]) {
    const verdict = simulatedVerdict(runs, scenarioOf({ isolated: [3] }));
    expect(validate(JSON.parse(writeJson(verdict))) ? [] : validate.errors).toEqual([]);
  }
});

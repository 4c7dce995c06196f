import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type DrainByHand, machineOf, verdictOf } from '../../../test/hand-made.ts';
import { Ledger } from '../accounting/ledger.ts';
import type { RebuildReport } from '../model/rebuild.ts';
import { builtInPolicies } from '../policy/built-in.ts';
import { definePolicy } from '../policy/policy.ts';
import { failure, parseCondition } from './check.ts';
import { compare } from './comparison.ts';
import type { Verdict } from './verdict.ts';
import { writeCsv } from './write-csv.ts';
import { writeJson } from './write-json.ts';
import { writeMmtests } from './write-mmtests.ts';

/** Two drains on 8 CPUs: everyone sends 7 + 7, holders without the requester are 1 + 5 (see ledger.test.ts). */
const twoDrains: DrainByHand[] = [
  { cpu: 1, pages: [0, 5, 0, 3, 0, 0, 0, 0] },
  { cpu: 7, pages: [1, 1, 1, 1, 1, 0, 0, 0] },
];

const policyIn = (verdict: Verdict, name: string) => {
  const policy = verdict.policies.find((candidate) => candidate.name === name);
  if (!policy) throw new Error(`no ${name}`);
  return policy;
};

const report: RebuildReport = {
  drainsCompared: 200,
  drainsEqual: 199,
  drainDifferences: { 'in flight': 1 },
  holdersCompared: 0,
  holdersEqual: 0,
  holderDifferences: {},
  listsCompared: 300,
  listsEqual: 300,
  listDifferences: {},
  anchor: 'snapshot',
  notes: new Map([
    ['b', 2],
    ['a', 1],
  ]),
};

describe('the answer in one sentence', () => {
  test('says how many fewer interrupts, and over how many drains', () => {
    // 1 - 6/14 = 57.1 %.
    expect(verdictOf(twoDrains).answers).toEqual([
      'static-mask sends 57.1 % fewer interrupts than everyone: 6 instead of 14, over 2 drains.',
    ]);
  });

  test('every policy that is asked for has one, in the order asked', () => {
    const verdict = verdictOf(twoDrains, { asked: ['two-pass', 'worker', 'remote', 'none'] });
    expect(verdict.answers).toEqual([
      'two-pass sends 42.9 % fewer interrupts than everyone: 8 instead of 14, over 2 drains; it allocates a mask at 1 of them.',
      'worker sends no interrupt where everyone sends 14: it queues 7 kernel works, 6 on other CPUs, over 2 drains.',
      'remote sends no interrupt where everyone sends 14: it locks 6 lists of other CPUs from afar, over 2 drains.',
      'none sends no interrupt where everyone sends 14: it leaves 13 pages on the lists, over 2 drains.',
    ]);
    expect(verdict.lead).toEqual({
      policy: 'two-pass',
      asked: ['two-pass', 'worker', 'remote', 'none'],
      baseline: 'everyone',
    });
  });

  test('equal is not fewer', () => {
    const verdict = verdictOf([{ pages: [1, 1, 1, 1] }]);
    expect(verdict.answers[0]).toBe('static-mask sends as many interrupts as everyone: 3, over 1 drain.');
  });

  test('against another baseline there may be more', () => {
    const verdict = verdictOf(twoDrains, { asked: ['everyone'], baseline: 'two-pass' });
    expect(verdict.answers[0]).toBe(
      'everyone sends 75.0 % more interrupts than two-pass: 14 instead of 8, over 2 drains.',
    );
  });

  test('without drains there is nothing to save', () => {
    expect(verdictOf([]).answers).toEqual([
      'Nobody asked for a drain in this recording, so no policy saves anything.',
    ]);
  });

  test('holders that are not known give both bounds', () => {
    const verdict = verdictOf([{ cpu: 0, pages: [5, '?', 0, 0, 1] }]);
    // 1 or 2 of 4: at least 50 % fewer, at most 75 %.
    expect(verdict.answers[0]).toBe(
      'static-mask sends at least 50.0 % fewer interrupts than everyone: 1 to 2 instead of 4, over 1 drain.',
    );
    expect(policyIn(verdict, 'static-mask')).toMatchObject({
      basis: 'modelled',
      interruptsBounds: [1, 2],
      savedPercentBounds: [50, 75],
    });
    expect(policyIn(verdict, 'everyone')).toMatchObject({ basis: 'exact', interruptsBounds: null });
    expect(verdict.caveats[0]).toMatch(/^At 1 drain it is not known of all 5 CPUs/);
  });
});

describe('warnings come before the answer', () => {
  const withSource = (source: object) =>
    verdictOf(twoDrains, { source: { ...verdictOf(twoDrains).source, ...source } });

  test.each([
    [{ lostEvents: 1234 }, /^The recording lost 1,234 events: /],
    [{ unknownLosses: 2 }, /^The recording lost an unknown number of events 2 times: /],
    [{ lostEvents: 1, unknownLosses: 1 }, /^The recording lost 1 event and 1 time an unknown number: /],
    [{ stoppedAt: 'byte 4711: cut off' }, /^Only a part was read: byte 4711: cut off\.$/],
  ])('%j', (source, expected) => {
    expect(withSource(source).warnings[0]).toMatch(expected);
  });

  test('a recording that was read in part gives nothing exact of the lists', () => {
    expect(policyIn(withSource({ stoppedAt: 'byte 4711: cut off' }), 'two-pass')).toMatchObject({
      basis: 'modelled',
      why: { interrupts: 'only a part of the recording was read' },
    });
  });

  test('an event that two instances of the tracer recorded would count twice', () => {
    expect(verdictOf(twoDrains, { instances: 1 }).warnings).toEqual([]);
    expect(verdictOf(twoDrains, { instances: 2 }).warnings[0]).toMatch(/^The recording holds 2 instances/);
  });

  test('with lost events nothing that depends on the lists is exact', () => {
    expect(policyIn(withSource({ lostEvents: 1 }), 'static-mask')).toMatchObject({
      basis: 'modelled',
      why: { interrupts: 'the recording lost events' },
    });
  });
});

describe('what each figure rests on', () => {
  const verdict = verdictOf(twoDrains, { isolated: [3] });

  test('policies that reach every holder are exact', () => {
    for (const name of ['everyone', 'selective', 'two-pass', 'static-mask', 'worker', 'remote']) {
      expect(policyIn(verdict, name).basis, name).toBe('exact');
    }
  });

  test('what leaves pages on lists is modelled from there on', () => {
    // CPU 3 is isolated and holds 3 pages, then 1.
    const policy = policyIn(verdict, 'skip-isolated');
    expect(policy.strandedPages).toBe(4);
    expect(policy.bases).toMatchObject({
      workers: 'modelled',
      strandedPages: 'modelled',
      interrupts: 'exact',
    });
    expect(policy.why.workers).toMatch(/^it leaves pages on lists \(4 in all\)/);
  });

  test('how a mask allocation ends is not known; how often one is made is', () => {
    expect(policyIn(verdict, 'two-pass').vmstat).toEqual({
      pcp_global_drain: 2,
      pcp_global_ipi_saved: 1,
      pcp_mask_alloc: 1,
      pcp_mask_alloc_fail: null,
      pcp_mask_alloc_pages: null,
    });
    expect(policyIn(verdict, 'two-pass').bases['vmstat.pcp_mask_alloc_fail']).toBe('not-known');
    expect(policyIn(verdict, 'static-mask').vmstat).toMatchObject({
      pcp_mask_alloc: 0,
      pcp_mask_alloc_fail: 0,
    });
  });

  test('only the policy that the kernel ran has a measured stall', () => {
    const told = { kernelPolicy: 'worker', turnedAway: false };
    const timed = verdictOf(twoDrains.map((drain) => ({ ...drain, told })));
    expect(policyIn(timed, 'worker').stallNs).toEqual({ p50: 50, p99: 50, max: 50 });
    expect(policyIn(timed, 'everyone').stallNs).toBeNull();
    expect(policyIn(timed, 'everyone').bases.stallNs).toBe('not-known');
  });

  test('a drain under locks leaves no event at its end', () => {
    const told = { kernelPolicy: 'remote', turnedAway: false };
    const policy = policyIn(verdictOf(twoDrains.map((drain) => ({ ...drain, told }))), 'remote');
    expect(policy.stallNs).toBeNull();
    expect(policy.why.stallNs).toBe('the recording does not show when the calls returned');
  });

  test('every basis that is not exact says why', () => {
    for (const policy of verdict.policies) {
      const inexact = Object.entries(policy.bases).flatMap(([figure, basis]) =>
        basis === 'exact' ? [] : [figure],
      );
      expect(Object.keys(policy.why).sort(), policy.name).toEqual(inexact.sort());
    }
  });
});

test('calls that the kernel turned away are counted apart', () => {
  const verdict = verdictOf([
    ...twoDrains,
    { cpu: 0, pages: [1, 1, 0, 0, 0, 0, 0, 0], told: { turnedAway: true } },
  ]);
  expect(verdict.drains).toMatchObject({ requested: 3, carriedOut: 2, turnedAway: 1 });
  expect(policyIn(verdict, 'everyone')).toMatchObject({ interrupts: 14, turnedAwayInterrupts: 7 });
  expect(policyIn(verdict, 'static-mask')).toMatchObject({ interrupts: 6, turnedAwayInterrupts: 1 });
  expect(policyIn(verdict, 'static-mask').bases.turnedAwayInterrupts).toBe('modelled');
  expect(verdict.caveats[0]).toBe(
    'Of 3 calls the kernel turned 1 away since a drain was running; all figures are over the others. ' +
      'Had these drained too: everyone 7, static-mask 1 interrupts more (modelled).',
  );
});

test("the kernel's own words are compared", () => {
  const { selfCheck } = verdictOf(twoDrains, { report });
  expect(selfCheck).toMatchObject({
    drainsEqualPercent: 99.5,
    holdersEqualPercent: null,
    listsEqualPercent: 100,
  });
  expect(Object.keys(selfCheck?.notes ?? {})).toEqual(['a', 'b']);
});

describe('the schema in docs/verdict.schema.json', () => {
  const schema = JSON.parse(readFileSync('docs/verdict.schema.json', 'utf8'));
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
  const own = definePolicy({ name: 'own', select: { who: 'holders-if-empty', share: 0.25 } });
  const ownLedger = new Ledger(machineOf(8, { isolated: [2] }), [...builtInPolicies, own]);

  test.each([
    ['two drains', verdictOf(twoDrains)],
    ['none at all', verdictOf([])],
    [
      'bounds, isolated CPUs, a self check',
      verdictOf([{ pages: [1, '?', 2, 0] }], { isolated: [2], report }),
    ],
    ['a policy of its own', verdictOf(twoDrains, { isolated: [2], ledger: ownLedger, shown: ['own'] })],
    [
      'a kernel that tells everything',
      verdictOf(
        Array.from({ length: 30 }, () => ({
          ...twoDrains[0],
          told: { kernelPolicy: 'selective', interruptsSent: 1, pagesDrained: 8, turnedAway: false },
        })),
      ),
    ],
  ])('holds for %s', (_, verdict) => {
    expect(validate(JSON.parse(writeJson(verdict))) ? [] : validate.errors).toEqual([]);
  });

  test('a field too many breaks it', () => {
    expect(validate({ ...JSON.parse(writeJson(verdictOf(twoDrains))), more: 1 })).toBe(false);
  });

  test('docs/result-format.md describes every field', () => {
    const page = readFileSync('docs/result-format.md', 'utf8');
    const fields = [schema, ...Object.values<{ properties?: object }>(schema.$defs)].flatMap(
      ({ properties }) => Object.keys(properties ?? {}),
    );
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });
});

describe('forms', () => {
  const verdict = verdictOf(twoDrains, { shown: ['everyone', 'two-pass', 'static-mask'] });

  test('JSON: lists of numbers on one line, a line feed at the end, the same bytes each time', () => {
    const text = writeJson(verdict);
    expect(text).toContain('"holders": [0, 0, 1, 0, 0, 1, 0, 0, 0],\n');
    expect(text.endsWith('}\n')).toBe(true);
    expect(JSON.parse(text).policies[2].savedPercent).toBe(57.1429);
    expect(writeJson(verdictOf(twoDrains, { shown: ['everyone', 'two-pass', 'static-mask'] }))).toBe(text);
  });

  test('CSV: a row for each policy; what is not known is empty', () => {
    const [head, ...rows] = writeCsv([verdict, verdict]).trimEnd().split('\n');
    expect(rows).toHaveLength(6);
    const cells = Object.fromEntries(head.split(',').map((name, i) => [name, rows[1].split(',')[i]]));
    expect(cells).toMatchObject({
      recording: 'by-hand',
      policy: 'two-pass',
      interrupts: '8',
      saved_percent: '42.8571',
      pcp_mask_alloc: '1',
      pcp_mask_alloc_fail: '',
    });
  });

  test('mmtests: baseline first, gains in brackets, rows without a count left out', () => {
    expect(writeMmtests(verdict)).toBe(
      `                                       5.10.0                 5.10.0                 5.10.0
                                     everyone               two-pass            static-mask
Ops drains                    2.00 (   0.00%)        2.00 (   0.00%)        2.00 (   0.00%)
Ops interrupts               14.00 (   0.00%)        8.00 (  42.86%)        6.00 (  57.14%)
Amean interrupts/drain        7.00 (   0.00%)        4.00 (  42.86%)        3.00 (  57.14%)
Ops broadcasts                2.00 (   0.00%)        1.00 (  50.00%)        0.00 ( 100.00%)
Ops disturbed-useless         8.00 (   0.00%)        2.00 (  75.00%)        0.00 ( 100.00%)
Ops mask-allocations          0.00 (   0.00%)        1.00                   0.00 (   0.00%)
Ops pages-back               13.00 (   0.00%)       13.00 (   0.00%)       13.00 (   0.00%)
`,
    );
  });

  test('several recordings: sums of all, spread by recording', () => {
    // Alone 57.1 %; the second saves 3 - 0 of 3: together 14 + 3 = 17 and 6 + 0 = 6, 64.7 %.
    const comparison = compare([verdictOf(twoDrains), verdictOf([{ pages: [1, 0, 0, 0] }])]);
    expect(comparison.answers).toEqual([
      'static-mask sends 64.7 % fewer interrupts than everyone (57.1 to 100.0 % by recording): 6 instead of 17, over 3 drains.',
    ]);
    expect(comparison.rows[0].interruptsPerDrain['two-pass']).toBe(4);
  });
});

describe('--fail-on', () => {
  const verdict = verdictOf(twoDrains, { report });
  const failed = (text: string) => failure(parseCondition(text), verdict);

  test.each([
    ['savedPercent<50', ''],
    ['savedPercent<60', 'savedPercent<60: savedPercent is 57.1429'],
    ['two-pass.interrupts >= 8', 'two-pass.interrupts >= 8: two-pass.interrupts is 8'],
    ['two-pass.pcp_mask_alloc>1', ''],
    ['lostEvents>0', ''],
    ['drains.requested!=2', ''],
    [
      'selfCheck.drainsEqualPercent<99.9%',
      'selfCheck.drainsEqualPercent<99.9%: selfCheck.drainsEqualPercent is 99.5',
    ],
    ['stallNs.p99>1', 'stallNs.p99>1: stallNs.p99 is not known for this recording'],
  ])('%s', (text, expected) => {
    expect(failed(text)).toBe(expected);
  });

  test.each(['savedPercent', 'savedPercent<', '<5', 'savedPercent=5', ''])('%j is no condition', (text) => {
    expect(() => parseCondition(text)).toThrow('is no condition');
  });

  test('a figure that does not exist gets the nearest one', () => {
    try {
      failed('two-pass.interupts>1');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_FAIL_ON', exitCode: 2 });
      expect((error as { hint: string }).hint).toMatch(/^Did you mean two-pass\.interrupts\?/);
    }
  });
});

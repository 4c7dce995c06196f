import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { type DrainByHand, verdictOf } from '../../../test/hand-made.ts';
import { compare } from '../../engine/report/comparison.ts';
import { comparisonText } from './comparison-text.ts';
import type { Screen } from './screen.ts';
import { verdictText } from './verdict-text.ts';

const screen = (more: Partial<Screen> = {}): Screen => ({
  width: 100,
  colours: picocolors.createColors(false),
  unicode: true,
  ...more,
});

/** 8 CPUs; everyone sends 7 + 7 interrupts, static-mask 1 + 5 (see ledger.test.ts). */
const twoDrains: DrainByHand[] = [
  { cpu: 1, pages: [0, 5, 0, 3, 0, 0, 0, 0] },
  { cpu: 7, pages: [1, 1, 1, 1, 1, 0, 0, 0] },
];

/** Everything that a verdict can show. */
const many = verdictOf(
  Array.from({ length: 40 }, (_, i) => ({
    ...twoDrains[i % 2],
    told: { kernelPolicy: 'worker', turnedAway: i % 5 === 0, pagesDrained: 8 },
  })),
  { isolated: [3], asked: ['static-mask', 'worker', 'none'] },
);

test('a verdict on two drains, whole', () => {
  const verdict = verdictOf(twoDrains, { shown: ['everyone', 'two-pass', 'static-mask'] });
  expect(verdictText(verdict, screen())).toBe(
    `static-mask sends 57.1 % fewer interrupts than everyone: 6 instead of 14, over 2 drains.

by-hand · Linux 5.10.0 · 8 CPUs · 12.5 s · 1,000 events, none lost · run ${verdict.source.runHash}

policy                kernels  interrupts  a drain   saved  useless
everyone            up to 3.3          14     7.00       –        8
two-pass     Mel Gorman, 2011           8     4.00  42.9 %        2
static-mask          3.4–4.10           6     3.00  57.1 %        0
exact: what the policy does at each recorded drain, given the lists as they were then.

CPUs that held pages at a drain: mean 3.50 of 8 over 2 drains; at 50.0 % at least half were empty
  CPUs  drains
     0       0
     1       0
     2       1 ████████████████████████████████████████ 50.0 %
     3       0
     4       0
  ── above: at least half were empty, two-pass uses a mask; below: everyone ────────
     5       1 ████████████████████████████████████████ 50.0 %
     6       0
     7       0
     8       0

Who asked (2 calls): direct reclaim 2

/proc/vmstat  pcp_global  pcp_global  pcp_mask     pcp_mask      pcp_mask
would say         _drain  _ipi_saved    _alloc  _alloc_fail  _alloc_pages
everyone               2           0         0            0             0
two-pass               2           1         1    not known     not known
static-mask            2           1         0            0             0
_ipi_saved counts drains with fewer than half of the online CPUs in the mask (patch v9), not
interrupts.

The requester was held up by the drain: p50 50 ns, p99 50 ns, at most 50 ns (recorded).
`,
  );
});

describe('what does not fit', () => {
  test.each([40, 60, 80, 120, 200])('no line is longer than %i columns', (width) => {
    for (const text of [
      verdictText(many, screen({ width })),
      comparisonText(compare([many, verdictOf(twoDrains)]), screen({ width })),
    ]) {
      expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
    }
  });

  test('the policy and its interrupts stay; what weighs least goes first', () => {
    const narrow = verdictText(many, screen({ width: 40 }));
    const wide = verdictText(many, screen({ width: 200 }));
    expect(narrow).toMatch(/policy +interrupts +saved/);
    expect(narrow).not.toContain('patch v4, 2011');
    expect(wide).toContain('patch v4, 2011');
  });
});

test('without UTF-8 everything is ASCII', () => {
  const text = verdictText(many, screen({ unicode: false }));
  expect([...text].filter((sign) => sign > '~')).toEqual([]);
});

test('colours change no letter', () => {
  const coloured = verdictText(many, screen({ colours: picocolors.createColors(true) }));
  const start = String.fromCharCode(27);
  expect(coloured).toContain(`${start}[`);
  expect(coloured.split(new RegExp(`${start}\\[\\d+m`)).join('')).toBe(verdictText(many, screen()));
});

test('lost events stand in the first line', () => {
  const source = { ...verdictOf(twoDrains).source, lostEvents: 7 };
  expect(verdictText(verdictOf(twoDrains, { source }), screen())).toMatch(/^The recording lost 7 events: /);
});

test('modelled figures are marked, and the reason is given once with all whom it concerns', () => {
  const text = verdictText(many, screen());
  expect(text).toMatch(/\nskip-isolated .* ~/);
  expect(text).toMatch(/\n~ modelled:\n/);
  expect(text.match(/it leaves pages on lists/g)).toHaveLength(2);
});

test('without drains there is no table', () => {
  const text = verdictText(verdictOf([]), screen());
  expect(text).toMatch(/^Nobody asked for a drain/);
  expect(text).not.toMatch(/^policy /m);
});

test('a machine with many CPUs has ranges of them', () => {
  const pages = Array.from({ length: 256 }, (_, cpu) => (cpu < 100 ? 1 : 0));
  const text = verdictText(verdictOf([{ pages }]), screen());
  expect(text).toMatch(/\n +96–111 +1 █+ 100\.0 %\n/);
  expect(text).toMatch(/128 +0\n +── above: at least half[^\n]*\n +129–144/);
});

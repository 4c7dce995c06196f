import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { shippedRecordings } from '../../../test/recordings.ts';
import { openRecording } from '../../cli/recording.ts';
import { replay } from '../../engine/replay.ts';
import type { Verdict } from '../../engine/report/verdict.ts';
import { type Compared, figureRows, holderBins, leadingSentence, pairCaveats } from './compare-figures.ts';

async function verdictOf(name: string): Promise<Verdict> {
  const { reader, machine, snapshots, kernel } = await openRecording(join(shippedRecordings, name));
  const verdict = await replay(reader, machine, snapshots, { name, kernel });
  await reader.close();
  return verdict;
}

let selective: Verdict;
let remote: Verdict;
beforeAll(async () => {
  selective = await verdictOf('patched-selective');
  remote = await verdictOf('6.12-remote');
});

function side(verdict: Verdict, policy: string, memoryPages = 131072): Compared {
  return { name: verdict.source.name, verdict, policy, memoryPages };
}

function row(a: Compared, b: Compared, name: string) {
  const found = figureRows(a, b).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no figure ${name}`);
  return found;
}

describe('figures of two sides', () => {
  it('are those of the verdicts, with their difference in percent of A', () => {
    const found = row(side(selective, 'everyone'), side(selective, 'static-mask'), 'interrupts a drain');
    const [a, b] = ['everyone', 'static-mask'].map(
      (name) => selective.policies.find((policy) => policy.name === name)?.interruptsPerDrain ?? Number.NaN,
    );
    expect([found.a.value, found.b.value]).toEqual([a, b]);
    expect(found.difference).toBe(`${((100 * (b - a)) / a).toFixed(1)} %`);
    expect(found.a.basis).toBe(selective.policies[0].bases.interrupts);
  });

  it('differ in points where they are percent themselves', () => {
    const { a, b, difference } = row(
      side(selective, 'static-mask'),
      side(remote, 'static-mask'),
      'saved against everyone',
    );
    const points = (b.value ?? Number.NaN) - (a.value ?? Number.NaN);
    expect(difference).toBe(`${points > 0 ? '+' : ''}${points.toFixed(1)} points`);
  });

  it('are savings only where both are against the same policy', () => {
    const lead = { ...remote.lead, baseline: 'static-mask' };
    const other = side({ ...remote, lead }, 'static-mask');
    const { b, difference } = row(side(selective, 'static-mask'), other, 'saved against everyone');
    expect([b.value, b.why, difference]).toEqual([null, 'its savings are against static-mask', '']);
  });

  it('of a scenario are modelled, all of them', () => {
    const run: Verdict = { ...remote, source: { ...remote.source, kind: 'scenario' } };
    expect(row(side(selective, 'worker'), side(run, 'worker'), 'drains carried out').b.basis).toBe(
      'modelled',
    );
    expect(row(side(selective, 'worker'), side(run, 'worker'), 'drains carried out').a.basis).toBe('exact');
  });

  it('tell whether intervals overlap, and nothing where one is not known', () => {
    const interval = (verdict: Verdict, ends: [number, number] | null): Verdict => ({
      ...verdict,
      policies: verdict.policies.map((policy) => ({ ...policy, interruptsPerDrainInterval: ends })),
    });
    const overlap = (a: [number, number] | null, b: [number, number] | null) =>
      row(
        side(interval(selective, a), 'everyone'),
        side(interval(remote, b), 'everyone'),
        'interrupts a drain',
      ).overlap;
    expect(overlap([1, 2], [2, 3])).toBe(true);
    expect(overlap([1, 2], [2.1, 3])).toBe(false);
    expect(overlap([5, 6], [1, 4])).toBe(false);
    expect(overlap(null, [1, 4])).toBeNull();
  });

  it('are not known where a run has no such policy', () => {
    const one = { ...selective, policies: selective.policies.filter(({ name }) => name === 'everyone') };
    const { b } = row(side(selective, 'everyone'), side(one, 'worker'), 'interrupts a drain');
    expect(b).toEqual({
      value: null,
      text: '',
      basis: 'not-known',
      why: 'only everyone in this run',
      interval: null,
    });
  });
});

describe('what is said of two sides', () => {
  it('one recording: the same drains, and how many more or fewer', () => {
    expect(leadingSentence(side(selective, 'everyone'), side(selective, 'static-mask'), [7, 3.5])).toBe(
      `At the same ${selective.drains.carriedOut} drains of patched-selective, everyone disturbs 7.00 other CPUs a drain, static-mask 3.50: 50.0 % fewer.`,
    );
    expect(pairCaveats(side(selective, 'everyone'), side(selective, 'none'))).toEqual([]);
  });

  it('without a drain there is nothing to compare', () => {
    const quiet = { ...remote, drains: { ...remote.drains, carriedOut: 0 } };
    expect(leadingSentence(side(selective, 'everyone'), side(quiet, 'everyone'), [7, 0])).toBe(
      'There was no drain in 6.12-remote: nothing can be compared by drain.',
    );
  });

  it('two recordings: the engine’s own comparison', () => {
    expect(leadingSentence(side(selective, 'static-mask'), side(remote, 'static-mask'), [1, 2])).toMatch(
      /^static-mask sends .* fewer interrupts than everyone \(.* by recording\)/,
    );
  });

  it('two recordings: kernels, machines and memory that differ, and that one recording of each is little', () => {
    const caveats = pairCaveats(side(selective, 'everyone'), side(remote, 'everyone', 262144));
    expect(caveats[0]).toContain(`Kernels differ: ${selective.source.kernel} and ${remote.source.kernel}`);
    expect(caveats).toContainEqual(expect.stringContaining('Memory: 512 MiB and 1,024 MiB'));
    expect(caveats).toContainEqual(expect.stringContaining('different policies: selective and remote'));
    expect(caveats.at(-1)).toContain('below some 20 %');
  });
});

describe('distributions of holders', () => {
  it('of equal machines have a bin for each number of CPUs', () => {
    const bins = holderBins([0, 1, 3], 2, [5, 5, 0], 2);
    expect(bins).toEqual({ ends: [0, 50, 100], a: [0, 25, 75], b: [50, 50, 0] });
  });

  it('of others go by share of the CPUs, and every drain is in one bin', () => {
    // 1 of 4 CPUs and 16 of 64 are both a quarter.
    const four = [0, 10, 0, 0, 0];
    const sixtyFour = new Array<number>(65).fill(0);
    sixtyFour[16] = 3;
    sixtyFour[64] = 1;
    const { ends, a, b } = holderBins(four, 4, sixtyFour, 64);
    expect(a[ends.indexOf(25)]).toBe(100);
    expect(b[ends.indexOf(25)]).toBe(75);
    expect(b.at(-1)).toBe(25);
    expect(b.reduce((sum, n) => sum + n, 0)).toBe(100);
  });
});

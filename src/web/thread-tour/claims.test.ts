import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shippedRecordings } from '../../../test/recordings.ts';
import { parseBreakEven } from '../../cli/commands/simulate-break-even.ts';
import { policyByName } from '../../engine/policy/by-name.ts';
import { builtInScenario } from '../../scenario/by-name.ts';
import { parseSet } from '../../scenario/set-values.ts';
import { EngineHost } from '../../thread/engine-host.ts';
import type { CallName, FromEngine } from '../../thread/messages.ts';
import { words } from '../words.ts';
import type { Answer, BarGroup } from './claim.ts';
import { claims } from './claims.ts';
import { type Ask, commandsOf, runExperiment } from './experiment.ts';
import { textParts } from './marked-text.tsx';

const waiting = new Map<number, (message: FromEngine) => void>();
const host = new EngineHost(
  (message) => {
    if (!('progress' in message)) waiting.get(message.id)?.(structuredClone(message));
  },
  () => performance.now(),
);
const kept = new Map<string, Promise<unknown>>();

/** As the page asks: a run that two steps look at is run once. */
const ask: Ask = <Name extends CallName>(call: Name, asked: Parameters<typeof host.receive>[0] | object) => {
  const key = `${call} ${JSON.stringify(asked)}`;
  const known = kept.get(key);
  const answer =
    known ??
    new Promise<unknown>((resolve, reject) => {
      const id = kept.size;
      waiting.set(id, (message) => {
        if ('answer' in message) resolve(message.answer);
        else reject(new Error(JSON.stringify(message)));
      });
      void host.receive({ id, call, ask: asked });
    });
  kept.set(key, answer);
  return answer as never;
};

async function answerOf(name: string): Promise<Answer> {
  const claim = claims.find((one) => one.name === name);
  if (claim === undefined) throw new Error(`there is no claim ${name}`);
  return runExperiment(claim.experiment, ask);
}

/** All figures of a sentence, in their order. */
function figures({ sentence }: Answer): number[] {
  return [...sentence.matchAll(/\d[\d,]*(?:\.\d+)?/g)].map(([text]) => Number(text.replaceAll(',', '')));
}

function groups({ picture }: Answer): readonly BarGroup[] {
  return picture.kind === 'bars' ? picture.groups : [];
}

/** Bars of a group by their labels: the sum of their parts. */
function bars(answer: Answer, title: string): Record<string, number> {
  const group = groups(answer).find((one) => one.title === title);
  return Object.fromEntries(
    (group?.bars ?? []).map(({ label, parts }) => [label, parts.reduce((sum, { value }) => sum + value, 0)]),
  );
}

const plain = (text: string) => text.replace(/\n> ?|\s+/g, ' ').replaceAll('"', "'");
const walk = plain(readFileSync('docs/the-thread.md', 'utf8'));

describe.each(claims)('$name', (claim) => {
  it('quotes the mail as docs/the-thread.md does, and explains words that are there', () => {
    for (const { text } of claim.quotes)
      for (const part of text.split('[...]')) expect(walk).toContain(plain(part).trim());
    const texts = [claim.meaning, claim.expect, claim.outcome.text];
    const marked = texts.flatMap(textParts).filter(({ word }) => word !== '');
    expect(marked.map(({ word }) => word).filter((word) => words[word] === undefined)).toEqual([]);
  });

  it('shows a command that exists', () => {
    for (const command of commandsOf(claim.experiment)) {
      const list = command.split(' ');
      const valuesOf = (option: string) => list.flatMap((word, i) => (word === option ? [list[i + 1]] : []));
      for (const names of valuesOf('--policy')) for (const name of names.split(',')) policyByName(name);
      for (const range of valuesOf('--break-even')) parseBreakEven(range);
      if (!list[2].startsWith('--')) builtInScenario(list[2], valuesOf('--set').map(parseSet));
    }
  });

  it('takes the figures of real kernels from the page that it names', () => {
    for (const { text, source, basis } of claim.real) {
      if (basis === 'not-known' || source.includes('*')) continue;
      const page = readFileSync(source, 'utf8').replaceAll(',', '');
      const figures = [...text.matchAll(/(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w.]*-)/g)].map(
        ([figure]) => figure,
      );
      expect(figures.length).toBeGreaterThan(0);
      const missing = figures.filter((figure) => !page.includes(figure.replaceAll(',', '')));
      expect([text, missing]).toEqual([text, []]);
    }
  });
});

describe('the experiments say what the tour says', () => {
  it('how-often: a mask at each drain, none failed, a few from the reserve', async () => {
    const answer = await answerOf('how-often');
    const [masks, drains, fromCpu, fromReserve] = figures(answer);
    expect(masks).toBe(drains);
    expect(masks).toBeGreaterThan(1000);
    expect(fromCpu + fromReserve).toBe(masks);
    expect(fromReserve).toBeGreaterThan(0);
    expect(answer.sentence).toContain('none failed');
  });

  it('no-loop: every mask fails, every drain falls back, and as many interrupts go out as everyone’s', async () => {
    const [failed, masks, fellBack, selective, everyone] = figures(await answerOf('no-loop'));
    expect([failed, fellBack]).toEqual([masks, masks]);
    expect([selective, everyone]).toEqual([15, 15]);
  });

  it('never: a few in a hundred come from the reserve', async () => {
    const [masks, fromReserve] = figures(await answerOf('never'));
    expect(fromReserve).toBeGreaterThan(0);
    expect(fromReserve / masks).toBeLessThan(0.05);
  });

  it('delay: getting the mask is about a hundredth of what the caller waits', async () => {
    const { sentence } = await answerOf('delay');
    expect(Number(/\(([\d.]+) %\)/.exec(sentence)?.[1])).toBeLessThan(2);
  });

  it('stack: 64 bytes on Debian’s stack and no allocation, 512 bytes at each drain of SLES', async () => {
    const { sentence } = await answerOf('stack');
    expect(sentence).toMatch(/none of [\d,]+ drains allocated a mask \(64 bytes on the stack\)/);
    const [, masks, drains] = /SLES’s, ([\d,]+) of ([\d,]+) did \(512 bytes each\)/.exec(sentence) ?? [];
    expect(masks).toBe(drains);
  });

  it('callers: only where memory is short the reserve is touched, and nothing fails', async () => {
    const { sentence } = await answerOf('callers');
    expect(sentence).toMatch(/^Offlining: of 16 masks none came from the reserve/);
    expect(sentence).toMatch(/of [\d,]+, [1-9]\d* did; none failed\.$/);
  });

  it('offset: the map is the one of docs/the-thread.md', async () => {
    const answer = await answerOf('offset');
    const rows = answer.picture.kind === 'pays' ? answer.picture.rows : [];
    for (const { cpus, maskFromCpu, maskNewPage } of rows) {
      const number = cpus.toString().replace(/\B(?=(\d{3})+$)/, ',');
      const percents = [maskFromCpu, maskNewPage].map((holders) => Math.round((100 * holders) / cpus));
      expect(walk).toMatch(new RegExp(`${number} ${percents[0]} % \\([^)]*\\) ${percents[1]} % `));
    }
    expect(rows).toHaveLength(9);
  });

  it('performance: more than half of the interrupts less, and less than 1 % more work', async () => {
    const [fewer, , , more] = figures(await answerOf('performance'));
    expect(fewer).toBeGreaterThan(50);
    expect(more).toBeLessThan(1);
  });

  it('at-rest: all 16 CPUs hold pages at each drain, and as many interrupts are sent', async () => {
    const { sentence } = await answerOf('at-rest');
    expect(sentence).toContain('16.0 of 16 CPUs held pages on average');
    expect(sentence).toContain('selective sends 15.00 interrupts');
    const starts = readdirSync(shippedRecordings)
      .map((name) => join(shippedRecordings, name, 'proc-start/zoneinfo'))
      .filter((path) => existsSync(path));
    expect(starts).toHaveLength(6);
    for (const path of starts) {
      const pages = new Map<string, number>();
      for (const [, cpu, count] of readFileSync(path, 'utf8').matchAll(/cpu: (\d+)\s+count:\s+(\d+)/g))
        pages.set(cpu, (pages.get(cpu) ?? 0) + Number(count));
      expect(pages.size).toBe(8);
      expect(Math.min(...pages.values())).toBeGreaterThanOrEqual(36);
    }
  });

  it('same-number: at every drain at least half are empty, and selective sends a third', async () => {
    const answer = await answerOf('same-number');
    expect(answer.sentence).toContain('at 100.0 % of them at least half were empty');
    const [selective, everyone] = figures(answer).slice(-2);
    expect(selective / everyone).toBeLessThan(0.4);
  });

  it('isolated: everyone disturbs them at each drain, selective at the first ones only', async () => {
    const answer = await answerOf('isolated');
    const [everyone, drains, selective] = figures(answer);
    // Callers on CPUs 0 to 3: all 4,092 isolated CPUs each time.
    expect(everyone).toBe(drains * 4092);
    expect(selective % 4092).toBe(0);
    expect(selective / 4092).toBeLessThanOrEqual(4);
  });

  it('idle: everyone wakes them by thousands, selective never', async () => {
    const answer = await answerOf('idle');
    expect(figures(answer)[0]).toBeGreaterThan(10_000);
    expect(answer.sentence).toContain('selective never');
  });

  it('small: a few per cent with a mask from the CPU, more with a new page, less on each larger machine', async () => {
    const answer = await answerOf('small');
    const [, fromCpu, newPage] = figures(answer);
    expect(fromCpu).toBeLessThan(5);
    expect(newPage).toBeGreaterThan(fromCpu);
    const extra = groups(answer).map(({ title }) => {
      const { everyone, 'selective, new page': dear } = bars(answer, title);
      return dear / everyone;
    });
    expect(extra).toEqual([...extra].sort((a, b) => b - a));
  });

  it('two-passes: masks while most CPUs sleep, everyone while they work', async () => {
    const answer = await answerOf('two-passes');
    const [masks, drains, everyone] = figures(answer);
    expect(masks + everyone).toBe(drains);
    const { picture } = answer;
    if (picture.kind !== 'choices') throw new Error('no choices');
    expect(picture.choices.length).toBe(drains);
    expect(picture.choices.filter(({ usesMask }) => usesMask).length).toBe(masks);
    // The tasks that take turns begin at 0 s and 1 s and stop at about 0.5 s and 1.5 s.
    const shareIn = (from: number, to: number) => {
      const found = picture.choices.filter(({ timeNs }) => timeNs >= from * 1e9 && timeNs < to * 1e9);
      return found.filter(({ usesMask }) => usesMask).length / found.length;
    };
    expect(shareIn(0.1, 0.45)).toBeLessThan(0.1);
    expect(shareIn(0.6, 0.95)).toBeGreaterThan(0.9);
  });

  it('report: the counter calls few drains saved, though interrupts fall', async () => {
    const answer = await answerOf('report');
    const [, , saved, before, after] = figures(answer);
    expect(saved).toBeLessThan(10);
    expect(after).toBeLessThan(0.7 * before);
    const { 'published, v9': published, 'real kernel, load A': real } = bars(
      answer,
      'Drains that the counter calls saved',
    );
    const page = readFileSync('docs/validation.md', 'utf8');
    expect(page).toMatch(new RegExp(`published, v9, 8 CPUs +\\| 3,647 +\\| ${published} %`));
    expect(page).toMatch(new RegExp(`static mask\\) +\\| 1,046 +\\| ${real} %`));
  });

  it('after: static-mask sends as many and allocates none; worker and remote send none', async () => {
    const answer = await answerOf('after');
    const interrupts = bars(answer, 'Interrupts a drain');
    expect(interrupts['static-mask'] / interrupts.selective).toBeCloseTo(1, 1);
    expect([interrupts.worker, interrupts.remote]).toEqual([0, 0]);
    const masks = bars(answer, 'Masks allocated');
    expect(masks.selective).toBeGreaterThan(0);
    expect([masks['static-mask'], masks.worker, masks.remote]).toEqual([0, 0, 0]);
    const waits = bars(answer, 'Caller, 99th percentile');
    expect(waits.worker).toBeGreaterThan(10 * waits.everyone);
    expect(waits.remote).toBeLessThan(waits.everyone);
  });

  it('bars of interrupts add up to what is sent', async () => {
    const [selective, everyone] = figures(await answerOf('same-number')).slice(-2);
    const sums = bars(await answerOf('performance'), 'Interrupts a drain');
    expect(sums.selective).toBeCloseTo(selective, 2);
    expect(sums.everyone).toBeCloseTo(everyone, 2);
  });
});

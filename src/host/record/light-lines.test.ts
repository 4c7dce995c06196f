import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LightLines, lostLines, openCalls, writeLightRecording } from './light-lines.ts';

const drain = (seconds: string) => `            load-101     [001] ${seconds}: light_drain: result=drained`;

function taken(lines: readonly string[]): { text: string; counts: LightLines['counts'] } {
  const light = new LightLines();
  const text = lines.map((line) => light.next(line)).join('') + light.end();
  return { text, counts: light.counts };
}

describe('lines of a light recording', () => {
  it('come in order of time, behind the header', () => {
    const { text } = taken([
      '# tracer: drainlab-light 1',
      drain('43.967278487'),
      drain('41.834320311'),
      '@ended: 2',
    ]);
    expect(text.split('\n').map((line) => /(?:# \S+|\d+\.\d+)/.exec(line)?.[0] ?? '')).toEqual([
      '# tracer:',
      '41.834320311',
      '43.967278487',
      '',
    ]);
  });

  it('are given out as time goes on, so that memory is bounded', () => {
    const light = new LightLines();
    let early = 0;
    for (let second = 100; second < 1000; second++) early += light.next(drain(`${second}.000000000`)).length;
    // Of 900 lines at most 21 are held back.
    expect(early).toBeGreaterThanOrEqual(879 * (drain('100.000000000').length + 1));
  });

  it('are compared with the kernel’s own count of returns', () => {
    const { counts } = taken([drain('1.000000000'), drain('2.000000000'), '@begun: 6', '@ended: 5']);
    expect(lostLines(counts)).toBe(3);
    expect(openCalls(counts)).toBe(1);
  });

  it('are lost as often as bpftrace says, if that is more', () => {
    expect(lostLines(taken([drain('1.000000000'), 'Lost 7 events', '@begun: 2', '@ended: 2']).counts)).toBe(
      7,
    );
  });

  it('are lost in unknown number when bpftrace gave no count', () => {
    expect(lostLines(taken([drain('1.000000000')]).counts)).toBeNull();
  });

  it('that are none are kept for people', () => {
    const { counts } = taken([
      'WARNING: some\u001b[2Jthing',
      drain('1.000000000'),
      '',
      '@begun: 1',
      '@ended: 1',
    ]);
    expect(counts.strange).toEqual(['WARNING: some?[2Jthing']);
    expect([counts.drains, lostLines(counts)]).toEqual([1, 0]);
  });

  it('go into a file, with a mark where some were lost', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drainlab-light-'));
    try {
      writeFileSync(
        join(folder, 'raw'),
        `# tracer: drainlab-light 1\n${drain('1.000000000')}\n@begun: 3\n@ended: 3\n`,
      );
      await writeLightRecording(join(folder, 'raw'), join(folder, 'trace.txt'));
      expect(readFileSync(join(folder, 'trace.txt'), 'utf8')).toBe(
        `# tracer: drainlab-light 1\n${drain('1.000000000')}\nCPU:? [LOST 2 EVENTS]\n`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { type CpuGroup, type HeatSource, heatStrip } from './heat-strip.ts';
import type { Screen } from './screen.ts';

const screen = (width: number, unicode = true): Screen => ({
  width,
  colours: picocolors.createColors(false),
  unicode,
});

function source(groups: readonly CpuGroup[], more: Partial<HeatSource> = {}): HeatSource {
  return {
    groups,
    levelOf: () => 0,
    isIsolated: () => false,
    markOf: () => -1,
    what: 'lists',
    marksMean: '',
    ...more,
  };
}

const all = (cpus: number): CpuGroup[] => [
  { label: '', cpus: Array.from({ length: cpus }, (_, cpu) => cpu) },
];

describe('one cell a CPU', () => {
  test('from nothing to full, offline apart', () => {
    const levels = [0, 0.001, 0.5, 1, -1];
    const [head, line] = heatStrip(source(all(5), { levelOf: (cpu) => levels[cpu] }), screen(80), 4);
    expect(head).toBe('lists, one cell a CPU');
    expect(line).toBe('     CPU 0 ·▁▄█-');
    const plain = heatStrip(source(all(5), { levelOf: (cpu) => levels[cpu] }), screen(80, false), 4);
    expect(plain[1]).toBe('     CPU 0 ·.+@-');
  });

  test('a line of marks only below CPUs that can be marked', () => {
    const isolated = (cpu: number) => (cpu >= 8 ? Number(cpu === 9) : -1);
    const lines = heatStrip(source(all(16), { markOf: isolated, marksMean: '! sent' }), screen(20), 4);
    expect(lines).toEqual(
      ['lists, one cell a CP', '     CPU 0 ········', '     CPU 8 ········', '            !      '].map(
        (line, i) => (i === 3 ? `${line.trimEnd()}      ` : line),
      ),
    );
  });
});

describe('more CPUs than cells', () => {
  test('a cell shows the fullest of its CPUs, and the head says so', () => {
    // 4096 CPUs, 68 cells a line, 4 lines: 16 CPUs a cell. CPU 17 alone is full.
    const lines = heatStrip(source(all(4096), { levelOf: (cpu) => Number(cpu === 17) }), screen(80), 4);
    expect(lines[0]).toBe('lists, one cell for 16 CPUs, the fullest shown');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe(`     CPU 0 ·█${'·'.repeat(66)}`);
    expect(lines[2]).toMatch(/^ CPU 1,088 /);
  });

  test('dots: each CPU of 4096 by itself on 80 columns and 8 lines', () => {
    // CPU 0: the dot top left; CPU 7: bottom right.
    const lines = heatStrip(
      source(all(4096), { levelOf: (cpu) => (cpu === 0 || cpu === 7 ? 0.1 : 0) }),
      screen(80),
      8,
      'dots',
    );
    expect(lines[0]).toBe('lists, a dot for each CPU that holds pages');
    expect(lines).toHaveLength(9);
    expect(lines[1].slice(11, 13)).toBe('\u2881\u2800');
    const plain = heatStrip(
      source(all(4096), { levelOf: (cpu) => (cpu < 10 ? 1 : 0) }),
      screen(80, false),
      8,
      'dots',
    );
    expect(plain[1].slice(11, 14)).toBe('820');
  });

  test('groups begin new lines; too many of them become one', () => {
    const nodes = Array.from({ length: 4 }, (_, node) => ({
      label: `node ${node}`,
      cpus: [node * 2, node * 2 + 1],
    }));
    expect(heatStrip(source(nodes), screen(80), 4).slice(1)).toEqual(
      [0, 1, 2, 3].map((node) => `    node ${node} ··`),
    );
    expect(heatStrip(source(nodes), screen(80), 3)).toEqual([
      'lists, one cell a CPU, too few lines for groups',
      '     CPU 0 ········',
    ]);
  });
});

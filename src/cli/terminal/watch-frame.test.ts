import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { smallStorm } from '../../../test/small-storm.ts';
import { policyByName } from '../../engine/policy/by-name.ts';
import { builtInScenario } from '../../scenario/by-name.ts';
import { parseSet } from '../../scenario/set-values.ts';
import { keyOf, Playback } from '../commands/simulate-watch.ts';
import type { Screen } from './screen.ts';
import { watchFrame } from './watch-frame.ts';

const screen = (more: Partial<Screen> = {}): Screen => ({
  width: 80,
  colours: picocolors.createColors(false),
  unicode: true,
  ...more,
});

function playback(...sets: string[]): Playback {
  return new Playback(smallStorm('run.seconds=0.03', ...sets), policyByName('everyone'), 1);
}

/** A clock that stands still: only the simulated time counts. */
const standing = () => 0;

test('keys', () => {
  expect([' ', 'n', '+', '-', '?', 'q', '\x03', 'x'].map(keyOf)).toEqual([
    'play',
    'next',
    'faster',
    'slower',
    'help',
    'quit',
    'quit',
    null,
  ]);
});

describe('playing', () => {
  test('a second of playing shows a sixtieth of the run, + makes it twice that', () => {
    const play = playback();
    play.advance(1000, 1e9, standing);
    expect(play.simulation.nowNs).toBeCloseTo(0.5e6, -2);
    play.key('faster');
    play.advance(1000, 1e9, standing);
    expect(play.simulation.nowNs).toBeCloseTo(1.5e6, -2);
  });

  test('paused it stands; n goes on to the end of the next drain', () => {
    const play = playback();
    play.key('play');
    play.advance(1000, 1e9, standing);
    expect(play.simulation.nowNs).toBe(0);
    for (const drains of [1, 2, 3]) {
      play.key('next');
      expect(play.state()).toMatchObject({ drains, playing: false });
    }
    expect(play.state().latest.filter(({ endNs }) => endNs >= 0)).toHaveLength(3);
  });

  test('what it counts is what the run counts', () => {
    const play = playback();
    play.advance(1e9, 1e9, standing);
    const { over, drains, disturbed, forNothing } = play.state();
    const { columns } = play.simulation.drains;
    const of = (column: Int32Array) =>
      column.subarray(0, columns.length).reduce((sum, value) => sum + value, 0);
    expect(over).toBe(true);
    const ended = columns.endNs.subarray(0, columns.length).filter((ns) => ns >= 0).length;
    expect(drains).toBe(ended);
    expect(forNothing).toBe(of(columns.useless));
    // A drain that the end cut off has sent more than have begun.
    expect(of(columns.interrupts) - disturbed).toBeLessThanOrEqual(15 * (columns.length - ended));
  });
});

describe('the picture', () => {
  const play = playback();
  for (let i = 0; i < 4; i++) play.key('next');

  test('one cell a CPU, marks below it, memory, drains and keys', () => {
    const lines = watchFrame(play.state(), screen(), 24);
    expect(lines).toHaveLength(Math.min(24, lines.length));
    expect(lines.find((line) => line.startsWith('     CPU 0'))).toMatch(/CPU 0 [·▁▂▃▄▅▆▇█]{16}$/);
    expect(lines.join('\n')).toMatch(/DMA32 .*[█·].*free/);
    expect(lines.join('\n')).toMatch(/drain 3 by CPU \d+: \d+ of 16 hold pages; 15 disturbed/);
    expect(lines.at(-1)).toContain('q quit');
  });

  test.each([
    [40, 12],
    [80, 24],
    [200, 60],
  ])('fits into %i columns and %i rows, also in ASCII', (width, rows) => {
    for (const unicode of [true, false]) {
      const lines = watchFrame(play.state(), screen({ width, unicode }), rows);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.filter((line) => line.length > width)).toEqual([]);
    }
  });

  test('4096 CPUs fit into 80 columns: a cell for each 16', () => {
    const large = new Playback(
      builtInScenario('isolated-4092', [parseSet('run.seconds=0.001')]),
      policyByName('everyone'),
      1,
    );
    const lines = watchFrame(large.state(), screen(), 24);
    expect(lines.join('\n')).toContain('one cell for 16 CPUs');
    expect(lines.filter((line) => /^ +CPU [\d,]+ /.test(line))).toHaveLength(4);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});

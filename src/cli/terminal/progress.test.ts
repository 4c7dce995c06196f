import { expect, test } from 'vitest';
import { Progress, progressText } from './progress.ts';

function screenAt(isTTY: boolean, wanted = true) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const output = { isTTY, write: (text: string) => written.push(text) };
  return { written, clock, progress: new Progress(output, wanted, '', () => clock.ms) };
}

test('the first second is silent, then a line ten times a second at most', () => {
  const { written, clock, progress } = screenAt(true);
  for (const ms of [0, 500, 999]) {
    clock.ms = ms;
    progress.update(1, 100);
  }
  expect(written).toEqual([]);
  for (const ms of [1000, 1050, 1100, 1199]) {
    clock.ms = ms;
    progress.update(1, 100);
  }
  expect(written).toHaveLength(2);
  progress.done();
  expect(written.at(-1)).toBe('\r\x1b[K');
});

test('nothing is left where nothing was shown', () => {
  const { written, progress } = screenAt(true);
  progress.done();
  expect(written).toEqual([]);
});

test.each([
  [false, true],
  [true, false],
])('on a terminal: %s, wanted: %s: no progress', (isTTY, wanted) => {
  const { written, clock, progress } = screenAt(isTTY, wanted);
  clock.ms = 5000;
  progress.update(50, 100);
  progress.done();
  expect(written).toEqual([]);
});

test('share, amount, rate and time left', () => {
  // 400 of 1000 MB in 4 s: 100 MB/s, 600 MB take 6 s.
  expect(progressText(400e6, 1000e6, 4000)).toBe('40.0 % · 400 of 1000 MB · 100 MB/s · 6 s left');
  expect(progressText(10e6, 1000e6, 1000)).toBe('1.0 % · 10 of 1000 MB · 10 MB/s · 1 min 39 s left');
  expect(progressText(400e6, null, 4000)).toBe('400 MB · 100 MB/s');
});

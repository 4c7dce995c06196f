import { expect, test } from 'vitest';
import { screenOf } from './screen.ts';

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ NO_COLOR: '' }, true, true],
])('%j, terminal %s: colours %s', (env, isTTY, expected) => {
  expect(screenOf({ isTTY }, env).colours.isColorSupported).toBe(expected);
});

test.each([
  [{}, true],
  [{ LANG: 'de_DE.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'C' }, false],
  [{ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }, false],
])('%j: Unicode %s', (env, expected) => {
  expect(screenOf({}, env).unicode).toBe(expected);
});

test('files and pipes get 100 columns, terminals their own, never fewer than 40', () => {
  expect(screenOf({}, {}).width).toBe(100);
  expect(screenOf({ isTTY: true, columns: 132 }, {}).width).toBe(132);
  expect(screenOf({ isTTY: true, columns: 10 }, {}).width).toBe(40);
});

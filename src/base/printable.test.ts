import { expect, test } from 'vitest';
import { withoutControls } from './printable.ts';

test.each([
  ['dd', 'dd'],
  ['Prüfung 任务\t1', 'Prüfung 任务\t1'],
  ['a\u0007\u001b[31mred\u009b', 'a\\x07\\x1b[31mred\\x9b'],
  ['\u202eevil\u2069', '\\u202eevil\\u2069'],
  ['a\u061c\u0000', 'a\\u061c\\x00'],
])('text of others is shown sign by sign: %j', (text, shown) => {
  expect(withoutControls(text)).toBe(shown);
});

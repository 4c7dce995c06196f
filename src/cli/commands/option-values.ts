/** Values of options that several commands have. */

import { InvalidArgumentError } from 'commander';

/** `a,b` → a, b, after those of earlier options. */
export function collectNames(value: string, before: string[] = []): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw new InvalidArgumentError('Write names with commas between: two-pass,static-mask.');
  return [...before, ...names];
}

export function repeat(value: string, before: string[] = []): string[] {
  return [...before, value];
}

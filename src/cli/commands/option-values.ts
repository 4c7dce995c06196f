/** Values of options that several commands have. */

import { InvalidArgumentError } from 'commander';
import { nanosecondsOf, timePattern } from '../../scenario/units-text.ts';

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

export function parsePort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 65536;
  if (port > 65535) throw new InvalidArgumentError('Write a number from 0 to 65535.');
  return port;
}

/** `250ms` → 250, in milliseconds. */
export function parseInterval(value: string): number {
  const ms = timePattern.test(value) ? nanosecondsOf(value) / 1e6 : 0;
  if (ms < 1 || ms > 3_600_000) throw new InvalidArgumentError('Write a time from 1ms to 1h: 100ms, 2s.');
  return ms;
}

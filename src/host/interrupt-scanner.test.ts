import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { interruptsText } from '../../test/fake-host.ts';
import { largeRecordings } from '../../test/recordings.ts';
import { countsOfKind, interruptKinds, parseInterrupts } from '../snapshot/interrupts.ts';
import { InterruptScanner } from './interrupt-scanner.ts';

function scannerOf(text: string): InterruptScanner {
  const table = parseInterrupts(text, []);
  if (table === null) throw new Error('no table');
  const bytes = Buffer.from(text, 'latin1');
  return new InterruptScanner(table, bytes, bytes.length);
}

function expectAsParsed(scanner: InterruptScanner, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  expect(scanner.scan(bytes, bytes.length)).toBe(true);
  const table = parseInterrupts(text, []);
  if (table === null) throw new Error('no table');
  const parsed = interruptKinds.flatMap((kind) => [...countsOfKind(table, kind)]);
  expect([...scanner.counts]).toEqual(parsed);
}

test('as the parser: zeros, the largest count, rows of one kind together', () => {
  const rows = (call: number[]) => ({
    24: [1, 0, 0],
    25: [0, 7, 0],
    LOC: [5, 0, 99],
    CAL: call,
    TLB: [0, 0, 0],
  });
  const first = interruptsText([0, 2, 5], rows([0, 10, 100]));
  const scanner = scannerOf(first);
  expectAsParsed(scanner, first);
  expectAsParsed(scanner, interruptsText([0, 2, 5], rows([1, 4_294_967_295, 200])));
});

/** As arch/arm64/kernel/smp.c prints it. */
test('as the parser: rows of arm64', () => {
  const text = [
    '           CPU0       CPU1       ',
    ' 11:      12345          6     GICv3  27 Level     arch_timer',
    'IPI0:       100        200       Rescheduling interrupts',
    'IPI1:         0          3       Function call interrupts',
    'Err:          0',
    '',
  ].join('\n');
  expectAsParsed(scannerOf(text), text);
});

test('another row, another CPU, a cut text: refused', () => {
  const text = interruptsText([0, 1], { 24: [1, 2], CAL: [3, 4] });
  const scanner = scannerOf(text);
  const scan = (changed: string) => scanner.scan(Buffer.from(changed, 'latin1'), changed.length);
  expect(scan(interruptsText([0, 1], { 24: [1, 2], 25: [0, 0], CAL: [3, 4] }))).toBe(false);
  expect(scan(interruptsText([0, 2], { 24: [1, 2], CAL: [3, 4] }))).toBe(false);
  expect(scan(text.slice(0, 60))).toBe(false);
  expect(scan(text)).toBe(true);
});

test.skipIf(!existsSync('/proc/interrupts'))('as the parser on this kernel (skipped without /proc)', () => {
  const text = readFileSync('/proc/interrupts', 'latin1');
  expectAsParsed(scannerOf(text), text);
});

const recorded = (largeRecordings === null ? [] : readdirSync(largeRecordings))
  .map((name) => join(largeRecordings ?? '', name))
  .filter((folder) => existsSync(join(folder, 'proc-end/interrupts')));

test.skipIf(recorded.length === 0)(
  'learned at the start of a recording, as the parser at its end (skipped without the large recordings)',
  () => {
    for (const folder of recorded) {
      const scanner = scannerOf(readFileSync(join(folder, 'proc-start/interrupts'), 'latin1'));
      const end = readFileSync(join(folder, 'proc-end/interrupts'), 'latin1');
      // Recordings that take CPUs off have other columns at their end; then it is refused, never misread.
      const sameCpus = parseInterrupts(end, [])?.cpus.join() === scanner.cpus.join();
      if (sameCpus) expectAsParsed(scanner, end);
      else expect(scanner.scan(Buffer.from(end, 'latin1'), end.length)).toBe(false);
    }
  },
);

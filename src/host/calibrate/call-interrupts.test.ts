import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { callInterrupts } from './call-interrupts.ts';

const folder = mkdtempSync(join(tmpdir(), 'drainlab-calls-'));
afterAll(() => rmSync(folder, { recursive: true }));

function countsIn(text: string, cpuCount: number): number[] | null {
  const path = join(folder, 'interrupts');
  writeFileSync(path, text);
  const counts = callInterrupts(cpuCount, path);
  return counts === null ? null : [...counts];
}

describe('the call interrupts of /proc/interrupts', () => {
  it('stand in the row CAL on x86; a CPU that is not online has no column', () => {
    const text = `           CPU0       CPU2
  0:         10         20   IO-APIC   2-edge      timer
RES:          5          6   Rescheduling interrupts
CAL:        111        333   Function call interrupts
`;
    expect(countsIn(text, 3)).toEqual([111, 0, 333]);
  });

  it('stand in the row of that text on arm64, whatever its number', () => {
    const text = `           CPU0       CPU1
IPI0:         1          2       Rescheduling interrupts
IPI1:        40         50       Function call interrupts
IPI2:         0          0       CPU stop interrupts
`;
    expect(countsIn(text, 2)).toEqual([40, 50]);
  });

  it('are not there on a machine of one CPU', () => {
    expect(countsIn('           CPU0\n  0:         10   timer\n', 1)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { BitSet } from '../base/bit-set.ts';
import { parseInterrupts } from '../snapshot/interrupts.ts';
import { InterruptTotals } from './interrupt-totals.ts';

/** Rows CAL and RES of the named CPUs. */
function table(cpus: readonly number[], calls: readonly number[], wakes: readonly number[]) {
  const text = [
    cpus.map((cpu) => `CPU${cpu}`).join(' '),
    `CAL: ${calls.join(' ')}  Function call interrupts`,
    `RES: ${wakes.join(' ')}  Rescheduling interrupts`,
    '',
  ].join('\n');
  const parsed = parseInterrupts(text, []);
  if (parsed === null) throw new Error('not a table');
  return parsed;
}

const isolated = BitSet.of(4, [2, 3]);
const total = (totals: InterruptTotals, kind: string, isIsolated: boolean) =>
  totals.rows().find((row) => row.kind === kind && row.isolated === isIsolated)?.total;

describe('sums of interrupts', () => {
  it('begin with what was counted since boot, isolated CPUs apart', () => {
    const totals = new InterruptTotals();
    totals.add(table([0, 1, 2, 3], [10, 20, 3, 4], [1, 1, 0, 2]), isolated);
    expect([total(totals, 'call', false), total(totals, 'call', true)]).toEqual([30, 7]);
    expect([total(totals, 'reschedule', false), total(totals, 'reschedule', true)]).toEqual([2, 2]);
    expect(totals.rows()).toHaveLength(14);
  });

  it('do not fall when a CPU goes offline, and go on when it comes back', () => {
    const totals = new InterruptTotals();
    totals.add(table([0, 1, 2, 3], [10, 20, 3, 4], [0, 0, 0, 0]), isolated);
    totals.add(table([0, 2, 3], [11, 3, 4], [0, 0, 0]), isolated);
    expect(total(totals, 'call', false)).toBe(31);
    totals.add(table([0, 1, 2, 3], [11, 25, 3, 4], [0, 0, 0, 0]), isolated);
    expect(total(totals, 'call', false)).toBe(36);
  });

  it('take no leap when a CPU comes that was never seen', () => {
    const totals = new InterruptTotals();
    totals.add(table([0], [10], [0]), isolated);
    totals.add(table([0, 1], [10, 5000], [0, 0]), isolated);
    totals.add(table([0, 1], [10, 5003], [0, 0]), isolated);
    expect(total(totals, 'call', false)).toBe(13);
  });

  it('follow a counter of 32 bits over its end, and take no other fall for that', () => {
    const totals = new InterruptTotals();
    totals.add(table([0], [2 ** 32 - 6], [900]), isolated);
    totals.add(table([0], [4], [100]), isolated);
    expect(total(totals, 'call', false)).toBe(2 ** 32 + 4);
    expect(total(totals, 'reschedule', false)).toBe(900);
  });

  it('count for the group that the CPU is in at the time', () => {
    const totals = new InterruptTotals();
    totals.add(table([0, 1], [5, 5], [0, 0]), BitSet.of(2, []));
    totals.add(table([0, 1], [6, 8], [0, 0]), BitSet.of(2, [1]));
    expect([total(totals, 'call', false), total(totals, 'call', true)]).toEqual([11, 3]);
  });
});

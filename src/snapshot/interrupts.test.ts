import { describe, expect, test } from 'vitest';
import { countsOfKind, functionCalls, parseInterrupts } from './interrupts.ts';

/** CPU 1 is offline: columns are the online CPUs. Forms of x86, shortened. */
const x86 = `            CPU0       CPU2       CPU3
   0:        119          0          7   IO-APIC   2-edge      timer
 NMI:          1          2          3   Non-maskable interrupts
 LOC:       2637       1708       1903   Local timer interrupts
 IWI:          5          0          1   IRQ work interrupts
 RES:        239        282        143   Rescheduling interrupts
 CAL:        601        665        389   Function call interrupts
 TLB:         10          1          2   TLB shootdowns
 ERR:          4
 MIS:          0
 PIN:          0          0          0   Posted-interrupt notification event
`;

/** arm64 of 4.9 and of 6.10: the rows have other numbers. */
const arm64 = {
  '4.9': `           CPU0       CPU1
  3:    5909266    7894987     GICv3  27 Level     arch_timer
 13:      46419          0     GICv3  77 Level     eth0
IPI0:        40         54       Rescheduling interrupts
IPI1:       985        608       Function call interrupts
IPI2:         0          0       CPU stop interrupts
IPI3:         3          4       Timer broadcast interrupts
IPI4:         7          8       IRQ work interrupts
IPI5:         0          0       CPU wake-up interrupts
Err:          0
`,
  '6.10': `           CPU0       CPU1
 11:    5909266    7894987     GICv3  27 Level     arch_timer
IPI0:        40         54       Rescheduling interrupts
IPI1:       985        608       Function call interrupts
IPI2:         1          2       CPU stop interrupts
IPI3:         0          0       CPU stop (for crash dump) interrupts
IPI4:         3          4       Timer broadcast interrupts
IPI5:         7          8       IRQ work interrupts
IPI6:         0          0       CPU backtrace interrupts
IPI7:         0          0       KGDB roundup interrupts
Err:          0
`,
};

function tableOf(text: string) {
  const problems: string[] = [];
  const table = parseInterrupts(text, problems);
  if (table === null) throw new Error('no table');
  return { table, problems };
}

describe('/proc/interrupts of x86', () => {
  const { table, problems } = tableOf(x86);

  test('has a column for each online CPU, and rows by label', () => {
    expect(table.cpus).toEqual([0, 2, 3]);
    expect(table.rows.map(({ label, kind }) => [label, kind])).toEqual([
      ['0', 'other'],
      ['NMI', 'other'],
      ['LOC', 'timer'],
      ['IWI', 'irqWork'],
      ['RES', 'reschedule'],
      ['CAL', 'call'],
      ['TLB', 'tlb'],
      ['PIN', 'other'],
    ]);
    expect(table.rows[0].text).toBe('IO-APIC 2-edge timer');
    expect([...table.rows[5].counts]).toEqual([601, 665, 389]);
  });

  test('ERR and MIS have one sum for all CPUs and are left out without a word', () => {
    expect(problems).toEqual([]);
  });

  test('CAL is printed without the flushes of the TLB from 3.7 to 4.7 only', () => {
    expect([...functionCalls(table, '3.10.0-1160.el7.x86_64')]).toEqual([611, 666, 391]);
    expect([...functionCalls(table, '3.0.101')]).toEqual([601, 665, 389]);
    expect([...functionCalls(table, '4.9.0-19-amd64')]).toEqual([601, 665, 389]);
    expect([...functionCalls(table, '')]).toEqual([601, 665, 389]);
  });
});

describe('/proc/interrupts of arm64', () => {
  test.each(Object.entries(arm64))('%s: rows are told by their text', (_, text) => {
    const { table, problems } = tableOf(text);
    expect(problems).toEqual([]);
    const kinds = ['reschedule', 'call', 'timer', 'irqWork'] as const;
    expect(kinds.map((kind) => [...countsOfKind(table, kind)])).toEqual([
      [40, 54],
      [985, 608],
      [5909269, 7894991],
      [7, 8],
    ]);
  });

  test('both kinds of CPU stop are stops', () => {
    expect([...countsOfKind(tableOf(arm64['6.10']).table, 'stop')]).toEqual([1, 2]);
  });
});

describe('what is damaged', () => {
  test('a row that was cut is left out and said', () => {
    const { table, problems } = tableOf(x86.slice(0, x86.indexOf('389')));
    expect(table.rows.at(-1)?.label).toBe('RES');
    expect(problems).toEqual([
      'proc/interrupts: the row CAL has not one count for each of 3 CPUs; it is left out.',
    ]);
  });

  test.each(['', 'MemTotal: 1 kB\n', 'CPU3 CPU1\n 1: 2 3\n', 'CPU0 CPU99999\n'])('%j is no table', (text) => {
    expect(parseInterrupts(text, [])).toBeNull();
  });
});
